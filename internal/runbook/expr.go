package runbook

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"tocsin/actions"
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

// Expr is an expression of a step: comparisons of metrics, joined by "and" and
// "or", for instance "db.query.longest < 5s for 1m". As everywhere, "and" holds
// tighter than "or". The zero Expr is absent.
type Expr struct {
	Text  string
	cases [][]term // one of them has to hold, with all its terms
}

// term is one comparison.
type term struct {
	metric alert.Metric
	limit  alert.Threshold
	lasts  time.Duration // for which it has to hold; 0 is now
	least  int           // sample size below which a share or a quantile says nothing
}

// Absent tells that no expression was written.
func (e Expr) Absent() bool { return len(e.cases) == 0 }

// measures tells whether it only has to be read: any number is at least 0.
func (e Expr) measures() bool {
	return !e.Absent() && !slices.ContainsFunc(slices.Concat(e.cases...), func(t term) bool { return t.limit.Op != ">=" || t.limit.Value != 0 })
}

// ParseExpr reads an expression. Metrics must be among those of [alert.Metrics],
// and units fit them.
func ParseExpr(text string) (Expr, error) { return newVocabulary().expr(text) }

// vocabulary is what expressions may name. It is made once for many of them.
type vocabulary map[string]meaning

// meaning is what an expression has to know of a metric.
type meaning struct {
	metric alert.Metric
	least  int // sample size below which it says nothing
}

func newVocabulary() vocabulary {
	v := vocabulary{}
	for _, m := range alert.Metrics() {
		v[m.Name] = meaning{metric: m}
	}
	for _, r := range alert.Defaults().Rules {
		m := v[r.Metric]
		if r.MinCount > 0 && (m.least == 0 || r.MinCount < m.least) {
			m.least = r.MinCount
			v[r.Metric] = m
		}
	}
	return v
}

func (v vocabulary) expr(text string) (Expr, error) {
	fields := strings.Fields(text)
	e := Expr{Text: strings.Join(fields, " ")}
	for _, one := range parts(fields, "or") {
		var all []term
		for _, part := range parts(one, "and") {
			t, err := v.term(part)
			if err != nil {
				return Expr{}, err
			}
			all = append(all, t)
		}
		e.cases = append(e.cases, all)
	}
	return e, nil
}

// parts cuts words at each of one word: as many parts as there are of it, and one.
func parts(fields []string, at string) [][]string {
	var out [][]string
	for {
		i := slices.Index(fields, at)
		if i < 0 {
			return append(out, fields)
		}
		out, fields = append(out, fields[:i]), fields[i+1:]
	}
}

func (v vocabulary) term(fields []string) (term, error) {
	text := strings.Join(fields, " ")
	if len(fields) == 0 {
		return term{}, errors.New("a comparison is missing: write metric op value [for duration], with and or or between two")
	}
	if len(fields) < 2 {
		return term{}, fmt.Errorf("%q: write metric op value [for duration]", text)
	}
	known, ok := v[fields[0]]
	if !ok {
		return term{}, unknownName{"metric", fields[0], sorted(v)}
	}
	t := term{metric: known.metric, least: known.least}
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
	if _, err := t.limit.In(t.metric.Unit); err != nil {
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

// Holds tells whether the expression holds for every series of its metrics:
// what a check or a verification asks. With the arguments of an action, series
// of something else do not count: a vacuum of one table is not judged by
// another one.
func (e Expr) Holds(v store.View, of actions.Args) (Truth, Reading) { return e.eval(v, of, true) }

// Applies tells whether it holds for any series of its metrics: what a
// condition asks. It does not where the source is well and tells of none.
func (e Expr) Applies(v store.View) (Truth, Reading) { return e.eval(v, nil, false) }

// eval joins the outcomes of the cases: one that passes decides.
func (e Expr) eval(v store.View, of actions.Args, every bool) (Truth, Reading) {
	return join(e.cases, Pass, func(all []term) (Truth, Reading) {
		return join(all, Fail, func(t term) (Truth, Reading) { return t.eval(v, of, every) })
	})
}

// join joins outcomes of which one decides. Without that one, an unknown keeps
// the others from deciding. The reading is that of the outcome: of several the
// one with the least room where all have to pass, else the one with the most.
func join[T any](list []T, decisive Truth, outcome func(T) (Truth, Reading)) (out Truth, said Reading) {
	rank := []Truth{opposite(decisive), Unknown, decisive}
	for i, one := range list {
		got, reading := outcome(one)
		above := slices.Index(rank, got) - slices.Index(rank, out)
		nearer := reading.room < said.room
		if decisive == Pass {
			nearer = reading.room > said.room
		}
		if i == 0 || above > 0 || above == 0 && nearer {
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

// found is one series of a metric.
type found struct {
	src  store.Status
	fact model.Fact
}

// eval joins the outcomes of the series of the metric.
func (t term) eval(v store.View, of actions.Args, every bool) (Truth, Reading) {
	var list []found
	for _, src := range v.Sources() {
		for _, f := range src.Facts {
			if f.Name == t.metric.Name && concerns(f.Labels, of) {
				list = append(list, found{src, f})
			}
		}
	}
	list = ofShortWindow(list)
	if len(list) == 0 {
		return t.nothing(v, every)
	}
	decisive := Pass
	if every {
		decisive = Fail
	}
	return join(list, decisive, func(s found) (Truth, Reading) { return t.one(v, s, every) })
}

// nothing is the outcome where the metric has no series. A condition does not
// apply where nobody gives the metric here, nor where one that does is well: the
// series that is not there is then of something that is not there, a replication
// slot for instance.
func (t term) nothing(v store.View, every bool) (Truth, Reading) {
	configured, well := false, false
	for _, s := range v.Sources() {
		if s.State != store.Unconfigured && t.metric.GivenBy(s.Name) {
			configured, well = true, well || s.State == store.OK
		}
	}
	switch {
	case !every && !configured:
		return Fail, nothing(t.metric.Name, "not configured here")
	case !every && well:
		return Fail, nothing(t.metric.Name, "there is none here")
	}
	return Unknown, nothing(t.metric.Name, "not read here")
}

// ofShortWindow leaves out the series of other windows, where the metric has the
// short one.
func ofShortWindow(list []found) []found {
	window := func(f found) string { return f.fact.Labels["window"] }
	if !slices.ContainsFunc(list, func(f found) bool { return window(f) == shortWindow }) {
		return list
	}
	return slices.DeleteFunc(list, func(f found) bool { return window(f) != "" && window(f) != shortWindow })
}

// concerns tells whether a series is not of something else than the arguments
// name.
func concerns(labels model.Labels, of actions.Args) bool {
	for name, value := range labels {
		if wanted, named := of[name]; named && wanted != value {
			return false
		}
	}
	return true
}

// one is the outcome for one series. What every series has to keep is a limit;
// a condition is none.
func (t term) one(v store.View, s found, every bool) (Truth, Reading) {
	f := s.fact
	if !f.Known {
		return Unknown, nothing(nameOf(f), f.Why)
	}
	reading := Reading{Of: nameOf(f), Is: alert.Number(f.Value, f.Unit), room: math.Inf(1)}
	if s.src.State != store.OK && !told(s.src, f) {
		return Unknown, reading.flawed("too old")
	}
	if f.Count < t.least {
		return Unknown, reading.flawed(fmt.Sprintf("of %d only: %d are needed to tell", f.Count, t.least))
	}
	if every {
		reading = reading.against(t.limit, f.Value, f.Unit)
	}
	now := t.holds(f.Value, f.Unit)
	if now != Pass || t.lasts == 0 {
		return now, reading
	}
	switch now = t.lasted(v, s); now {
	case Unknown:
		reading.Flaw = "not known for long enough"
	case Fail:
		reading.Flaw = "not for " + alert.Number(t.lasts.Seconds(), model.Seconds) + " yet"
	}
	return now, reading
}

// lasted tells whether it has held for the whole time, by the readings there are.
func (t term) lasted(v store.View, s found) Truth {
	points := v.Series(s.fact.Name, s.fact.Labels, v.Now().Add(-t.lasts-2*s.src.Every))
	since := v.Now().Add(-t.lasts)
	long := false // whether a reading is old enough
	for _, p := range points {
		long = long || !p.At.After(since.Add(s.src.Every))
		if p.At.After(since) && t.holds(p.Value, s.fact.Unit) != Pass {
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

// nameOf names a series: "db.dead_tuples.pct table=public.orders". The short
// window goes without saying.
func nameOf(f model.Fact) string {
	labels := maps.Clone(f.Labels)
	if labels["window"] == shortWindow {
		delete(labels, "window")
	}
	if s := labels.String(); s != "" {
		return f.Name + " " + s
	}
	return f.Name
}
