package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// documentVersion rises when the form of a JSON document changes in a way that
// breaks who reads it.
const documentVersion = 1

// The types below are the form of `status -o json`. What is absent is null.
type statusDocument struct {
	Version int              `json:"version"`
	Target  string           `json:"target"`
	At      time.Time        `json:"at"`
	Sources []sourceDocument `json:"sources"`
	Metrics []metricDocument `json:"metrics"`
	Alerts  []alertDocument  `json:"alerts"`
	Suspect *suspectDocument `json:"suspect"`
}

type sourceDocument struct {
	Name   string      `json:"name"`
	State  store.State `json:"state"`
	At     *time.Time  `json:"at"`
	TookMS *int64      `json:"took_ms"`
	Error  *string     `json:"error"`
	Hint   *string     `json:"hint"`
	Note   *string     `json:"note"` // why it is read less often than it should be
}

type metricDocument struct {
	Name   string       `json:"name"`
	Labels model.Labels `json:"labels"`
	Value  *float64     `json:"value"`
	Unit   model.Unit   `json:"unit"`
	State  *string      `json:"state"`
	Source string       `json:"source"`
	Count  *int         `json:"count"` // sample size behind a ratio or quantile
}

type alertDocument struct {
	Rule      string         `json:"rule"`
	Labels    model.Labels   `json:"labels"`
	State     alert.State    `json:"state"`
	Severity  alert.Severity `json:"severity"`
	Since     *time.Time     `json:"since"`
	Value     *float64       `json:"value"`
	Threshold string         `json:"threshold"`
	Runbook   *string        `json:"runbook"`
}

type suspectDocument struct {
	Summary  string            `json:"summary"`
	Evidence []string          `json:"evidence"`
	Action   *string           `json:"action"`
	Args     map[string]string `json:"args"`
	Runbook  *string           `json:"runbook"` // of the cause; null where that of its alert is the one
}

// document gives the look the form that scripts rely on.
func (l look) document() statusDocument {
	out := statusDocument{
		Version: documentVersion, Target: l.target, At: *instant(l.view.Now()),
		Sources: []sourceDocument{}, Metrics: []metricDocument{}, Alerts: []alertDocument{},
	}
	states := l.metricStates()
	for _, src := range l.view.Sources() {
		out.Sources = append(out.Sources, l.sourceDocument(src))
		for _, f := range src.Facts {
			out.Metrics = append(out.Metrics, metricOf(f, src.Name, states))
		}
	}
	for _, a := range l.alerts {
		out.Alerts = append(out.Alerts, alertDocument{
			Rule: a.Rule, Labels: a.Labels, State: a.State, Severity: a.Severity, Since: instant(a.Since),
			Value: number(a.Value, a.Known), Threshold: a.Threshold.String(), Runbook: word(a.Runbook),
		})
	}
	if s := l.suspect; s.Found() {
		out.Suspect = &suspectDocument{Summary: s.Summary, Evidence: list(s.Evidence), Action: word(s.Action), Args: s.Args, Runbook: word(s.Book)}
	}
	return out
}

func (l look) sourceDocument(src store.Status) sourceDocument {
	text, hint := l.fault(src)
	out := sourceDocument{Name: src.Name, State: src.State, At: instant(src.At), Error: word(text), Hint: word(hint), Note: word(src.Note)}
	if src.State != store.Pending && src.State != store.Unconfigured {
		took := src.Took.Milliseconds()
		out.TookMS = &took
	}
	return out
}

func metricOf(f model.Fact, source string, states map[string]string) metricDocument {
	out := metricDocument{
		Name: f.Name, Labels: f.Labels, Value: number(f.Value, f.Known), Unit: f.Unit,
		State: word(states[seriesKey(f.Name, f.Labels)]), Source: source,
	}
	if f.Count > 0 {
		out.Count = &f.Count
	}
	if out.Labels == nil {
		out.Labels = model.Labels{}
	}
	return out
}

// metricStates says of every number that rules look at whether it passes; the
// worst word counts where several rules do.
func (l look) metricStates() map[string]string {
	out := map[string]string{}
	for _, a := range l.alerts {
		key := seriesKey(a.Metric, a.Labels)
		switch {
		case a.State == alert.Pending || a.State == alert.Firing:
			out[key] = "fail"
		case a.State == alert.Unknown && out[key] != "fail":
			out[key] = "unknown"
		case out[key] == "":
			out[key] = "pass"
		}
	}
	return out
}

func seriesKey(metric string, labels model.Labels) string {
	return metric + "{" + labels.String() + "}"
}

// word is a text, or null where there is none.
func word(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// instant is a time in UTC to the millisecond, or null where there is none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// number is a value, or null where it is not known; JSON has no infinity.
func number(v float64, known bool) *float64 {
	if !known || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// list is never null.
func list(items []string) []string { return append([]string{}, items...) }

// putJSON prints a document for scripts.
func (c *command) putJSON(document any) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(document); err != nil {
		return &exit{exitFailed, err}
	}
	return c.put(out.Bytes())
}
