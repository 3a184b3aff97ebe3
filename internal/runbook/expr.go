package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Truth is the outcome of a check. A reading that is missing or old is unknown:
// it passes nothing.
type Truth int

// The outcomes.
const (
	Unknown Truth = iota
	Fail
	Pass
)

// String is the word of the outcome.
func (t Truth) String() string { return [...]string{"unknown", "fail", "pass"}[t] }

// Expr is an expression of a step: comparisons of metrics, joined by "and" or
// by "or", for instance "db.query.longest < 5s for 1m". The zero Expr is absent.
type Expr struct {
	Text  string
	any   bool // joined by or
	terms []term
}

// term is one comparison.
type term struct {
	metric string
	limit  alert.Threshold
	lasts  time.Duration // for which it has to hold; 0 is now
}

// Absent tells that no expression was written.
func (e Expr) Absent() bool { return len(e.terms) == 0 }

// ParseExpr reads an expression. Metrics must be among those of [alert.Metrics],
// and units fit them.
func ParseExpr(text string) (Expr, error) {
	e := Expr{Text: strings.Join(strings.Fields(text), " ")}
	fields := strings.Fields(text)
	both := slices.Contains(fields, "and") && slices.Contains(fields, "or")
	if both {
		return Expr{}, fmt.Errorf("%q: join by and, or by or, not by both", e.Text)
	}
	e.any = slices.Contains(fields, "or")
	for len(fields) > 0 {
		end := slices.IndexFunc(fields, func(f string) bool { return f == "and" || f == "or" })
		part := fields
		if end >= 0 {
			part, fields = fields[:end], fields[end+1:]
			if len(fields) == 0 {
				return Expr{}, fmt.Errorf("%q: something is missing at its end", e.Text)
			}
		} else {
			fields = nil
		}
		t, err := parseTerm(part)
		if err != nil {
			return Expr{}, err
		}
		e.terms = append(e.terms, t)
	}
	if len(e.terms) == 0 {
		return Expr{}, fmt.Errorf("an empty expression: write metric op value [for duration]")
	}
	return e, nil
}

func parseTerm(fields []string) (term, error) {
	text := strings.Join(fields, " ")
	if len(fields) < 2 {
		return term{}, fmt.Errorf("%q: write metric op value [for duration]", text)
	}
	t := term{metric: fields[0]}
	rest := fields[1:]
	if i := slices.Index(rest, "for"); i >= 0 {
		lasts, err := time.ParseDuration(strings.Join(rest[i+1:], ""))
		if err != nil || lasts <= 0 {
			return term{}, fmt.Errorf("%q: after for comes a length of time: 30s, 5m", text)
		}
		t.lasts, rest = lasts, rest[:i]
	}
	var err error
	if t.limit, err = alert.ParseThreshold(strings.Join(rest, " ")); err != nil {
		return term{}, fmt.Errorf("%q: %w", text, err)
	}
	known, ok := findMetric(t.metric)
	if !ok {
		return term{}, unknownName{"metric", t.metric, metricNames()}
	}
	if _, err := t.limit.In(known.Unit); err != nil {
		return term{}, fmt.Errorf("%q: %w", text, err)
	}
	return t, nil
}

// unknownName is a name that nothing has.
type unknownName struct {
	kind, name string
	valid      []string
}

// Error says which name.
func (u unknownName) Error() string { return fmt.Sprintf("unknown %s %q", u.kind, u.name) }

func findMetric(name string) (alert.Metric, bool) {
	all := alert.Metrics()
	i := slices.IndexFunc(all, func(m alert.Metric) bool { return m.Name == name })
	if i < 0 {
		return alert.Metric{}, false
	}
	return all[i], true
}

func metricNames() []string {
	var names []string
	for _, m := range alert.Metrics() {
		names = append(names, m.Name)
	}
	return names
}

// Holds tells whether the expression holds for every series of its metrics:
// what a check or a verification asks. Reading is the value that decided.
func (e Expr) Holds(v store.View) (t Truth, reading string) { return e.eval(v, true) }

// Applies tells whether it holds for any series of its metrics: what a
// condition asks.
func (e Expr) Applies(v store.View) (t Truth, reading string) { return e.eval(v, false) }

// eval joins the outcomes of the terms. What decides is told.
func (e Expr) eval(v store.View, every bool) (Truth, string) {
	decisive := Fail
	if e.any {
		decisive = Pass
	}
	out, said := opposite(decisive), ""
	for i, t := range e.terms {
		got, reading := t.eval(v, every)
		if got == decisive {
			return got, reading
		}
		if got == Unknown || i == 0 {
			out, said = got, reading
		}
	}
	return out, said
}

func opposite(t Truth) Truth {
	if t == Pass {
		return Fail
	}
	return Pass
}

// shortWindow is the window of a metric that has several, which checks look at.
const shortWindow = "1m"

// eval joins the outcomes of the series of the metric.
func (t term) eval(v store.View, every bool) (Truth, string) {
	decisive := Pass
	if every {
		decisive = Fail
	}
	out, said, found := opposite(decisive), "", false
	for _, src := range v.Sources() {
		for _, f := range src.Facts {
			if f.Name != t.metric || f.Labels["window"] != "" && f.Labels["window"] != shortWindow {
				continue
			}
			got := t.one(v, src, f)
			reading := readingOf(f, got)
			if got == decisive {
				return got, reading
			}
			if got == Unknown || !found {
				out, said, found = got, reading, true
			}
		}
	}
	if !found {
		return Unknown, t.metric + " is not read here"
	}
	return out, said
}

// one is the outcome for one series.
func (t term) one(v store.View, src store.Status, f model.Fact) Truth {
	if !f.Known || src.State != store.OK && !told(src, f) {
		return Unknown
	}
	now := t.holds(f.Value, f.Unit)
	if now != Pass || t.lasts == 0 {
		return now
	}
	points := v.Series(f.Name, f.Labels, v.Now().Add(-t.lasts-2*src.Every))
	since := v.Now().Add(-t.lasts)
	long := false // whether a reading is old enough
	for _, p := range points {
		long = long || !p.At.After(since.Add(src.Every))
		if p.At.After(since) && t.holds(p.Value, f.Unit) != Pass {
			return Fail
		}
	}
	if !long {
		return Unknown
	}
	return Pass
}

// told tells whether the newest failure of a source itself gives the fact.
func told(src store.Status, f model.Fact) bool {
	return slices.ContainsFunc(src.Told, func(other model.Fact) bool {
		return other.Name == f.Name && other.Labels.String() == f.Labels.String()
	})
}

func (t term) holds(value float64, unit model.Unit) Truth {
	ok, err := t.limit.Holds(value, unit)
	switch {
	case err != nil:
		return Unknown
	case ok:
		return Pass
	default:
		return Fail
	}
}

// readingOf says what was read: "db.query.longest 12 s".
func readingOf(f model.Fact, t Truth) string {
	name := f.Name
	labels := model.Labels{}
	for k, v := range f.Labels {
		if k != "window" {
			labels[k] = v
		}
	}
	if s := labels.String(); s != "" {
		name += " " + s
	}
	if !f.Known {
		return name + ": " + f.Why
	}
	text := name + " " + alert.Number(f.Value, f.Unit)
	if t == Unknown {
		text += ", not known for long enough or too old"
	}
	return text
}
