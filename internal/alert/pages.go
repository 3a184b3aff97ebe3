package alert

import (
	"maps"
	"slices"
	"time"
)

// PageKind says what is to be told beyond the screen.
type PageKind string

// The kinds of pages.
const (
	Trigger     PageKind = "trigger"     // it began to fire, or got worse
	Acknowledge PageKind = "acknowledge" // somebody took it on
	Resolve     PageKind = "resolve"     // it is over
)

// Page is one thing to tell of one alert, once.
type Page struct {
	Kind  PageKind
	Alert Alert // as it is; of one that is gone, no more than its rule, severity and when it began
}

// Paged is what was told of one alert and is not over.
type Paged struct {
	Rule     string    `json:"rule"`
	Severity Severity  `json:"severity"`
	Since    time.Time `json:"since"`
	Acked    bool      `json:"acked,omitempty"`
	Gone     time.Time `json:"gone,omitzero"` // since when there is no such alert
}

// goneFor is how long an alert that was told has to be gone before it is told to
// be over: a program that has just begun may not know of it yet.
const goneFor = 2 * time.Minute

// Pages is what was told and is not over, by the keys of the alerts. It is plain
// data: kept on disk, it makes each crossing be told once, whoever looks.
type Pages map[string]Paged

// Next compares what was told with how the alerts are, and gives what is to be
// told. One that another explains, or that is silenced, is not told before it
// speaks for itself; that it is over is told in any case, but not before that is
// known for sure.
func (p Pages) Next(now time.Time, alerts []Alert) (Pages, []Page) {
	next, out := maps.Clone(p), []Page(nil)
	if next == nil {
		next = Pages{}
	}
	here := map[string]bool{}
	for _, a := range alerts {
		key := a.Key()
		here[key] = true
		told, was := p[key]
		if !told.Gone.IsZero() {
			told.Gone = time.Time{}
			next[key] = told
		}
		switch {
		case was && a.State == OK:
			delete(next, key)
			out = append(out, Page{Resolve, ended(a, told)})
		case a.State == Firing && !a.Inhibited && a.Muted == nil && (!was || a.Severity < told.Severity):
			next[key] = Paged{Rule: a.Rule, Severity: a.Severity, Since: a.Since, Acked: a.Acked != nil}
			out = append(out, Page{Trigger, a})
		case was && told.Acked != (a.Acked != nil):
			told.Acked = a.Acked != nil
			next[key] = told
			if told.Acked {
				out = append(out, Page{Acknowledge, a})
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p)) {
		told := p[key]
		switch {
		case here[key]:
		case told.Gone.IsZero() || told.Gone.After(now):
			told.Gone = now
			next[key] = told
		case now.Sub(told.Gone) >= goneFor:
			delete(next, key)
			out = append(out, Page{Resolve, ended(Alert{Rule: told.Rule, State: OK}, told)})
		}
	}
	return next, out
}

// ended is an alert that is over, with what was told of it.
func ended(a Alert, told Paged) Alert {
	a.Since, a.Severity = told.Since, told.Severity
	return a
}
