package ui

import (
	"strconv"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// serviceDetail shows everything that is known of one service.
func serviceDetail(in In, key string) []Line {
	got, ok := in.View.Sample(key)
	if !ok {
		return nil
	}
	lines := sourceLines(in, statusOf(in.View, key))
	switch s := got.(type) {
	case store.Sample[model.Probe]:
		return append(lines, probeLines(in, s)...)
	case store.Sample[model.App]:
		return append(lines, appLines(s)...)
	case store.Sample[model.StatusPage]:
		return append(lines, pageLines(in, s)...)
	case store.Sample[model.SupabaseProject]:
		return append(lines, projectLines(in, s.Value)...)
	default:
		return lines
	}
}

// sourceLines tell how a source is read, with its failure in full.
func sourceLines(in In, s store.Status) []Line {
	lines := []Line{labelled("source", s.Name+", every "+age(s.Every)), labelled("state", string(s.State))}
	if s.Note != "" {
		lines = append(lines, wrapped("note", s.Note, in.Width)...)
	}
	if d, ok := s.Age(in.View.Now()); ok {
		lines = append(lines, labelled("read", age(d)+" ago, at "+in.clock(s.At)+", in "+took(s.Took)))
	}
	if f := s.Fail; f != nil {
		lines = append(lines, wrapped("error", f.Text, in.Width)...)
		if f.Hint != "" {
			lines = append(lines, wrapped("what to do", f.Hint, in.Width)...)
		}
		if !f.Since.IsZero() {
			lines = append(lines, labelled("failing since", in.clock(f.Since)+", "+plural(f.Attempts, "attempt", "attempts")))
		}
	}
	return append(lines, Line{})
}

func probeLines(in In, s store.Sample[model.Probe]) []Line {
	if s.At.IsZero() {
		return nil
	}
	p := s.Value
	lines := []Line{
		labelled("address", p.Address),
		labelled("up", yesNo(p.Up)),
		labelled("newest try", passed(p)),
		labelled("latency", took(p.Latency)),
		labelled("tries", count(int64(p.Tries))+lastTries(p)),
	}
	if p.TLSDays != nil {
		lines = append(lines, labelled("certificate", "ends in "+age(time.Duration(*p.TLSDays*24*float64(time.Hour)))))
	}
	if f := p.Fresh; f != nil && f.Why != "" {
		lines = append(lines, wrapped("content", "age unknown: "+f.Why, in.Width)...)
	} else if f != nil {
		lines = append(lines, labelled("content", age(f.Age)+" old, limit "+age(f.Max)))
	}
	return lines
}

// lastTries says how many tries in a row gave the same; nothing of the first.
func lastTries(p model.Probe) string {
	switch {
	case p.Failures > 0:
		return ", the last " + count(int64(p.Failures)) + " failed"
	case p.Passes > 0:
		return ", the last " + count(int64(p.Passes)) + " passed"
	default:
		return ""
	}
}

func passed(p model.Probe) string {
	text := "passed"
	if !p.Passed {
		text = "failed: " + p.Why
	}
	if p.Status > 0 {
		text += " (HTTP " + strconv.Itoa(p.Status) + ")"
	}
	return text
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func appLines(s store.Sample[model.App]) []Line {
	var lines []Line
	for _, w := range s.Value.Windows {
		if w.Elapsed <= 0 {
			continue
		}
		text := count(w.Requests) + " requests, "
		if w.NoErrors != "" {
			text += "errors unknown: " + w.NoErrors
		} else {
			text += count(w.Errors) + " errors"
		}
		for _, q := range []struct {
			name string
			v    *time.Duration
		}{{"p50", w.P50}, {"p95", w.P95}, {"p99", w.P99}} {
			if q.v != nil {
				text += ", " + q.name + " " + took(*q.v)
			}
		}
		lines = append(lines, labelled("last "+age(w.Elapsed), text))
	}
	for _, f := range burns(s.Value) {
		text := "unknown: " + f.Why
		if f.Known {
			text = f.Says + ", of " + number(model.AvailabilityGoal) + " % in 30 days"
		}
		lines = append(lines, labelled("budget over "+f.Labels["window"], text))
	}
	return lines
}

func pageLines(in In, s store.Sample[model.StatusPage]) []Line {
	if s.At.IsZero() {
		return nil
	}
	p := s.Value
	lines := []Line{labelled("page", p.URL), labelled("says", p.Text+" ("+p.Indicator+")")}
	for _, i := range p.Incidents {
		lines = append(lines, wrapped("incident", i.Name, in.Width)...)
		lines = append(lines, labelled("", i.Impact+", since "+in.full(i.Since)+", updated "+in.full(i.Updated)))
	}
	for _, c := range p.Components {
		lines = append(lines, labelled("component", c.Name+": "+c.Status))
	}
	return lines
}
