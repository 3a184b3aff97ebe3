package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// pass is one look at all series.
type pass struct {
	set     Set
	metrics catalogue
	now     time.Time
	facts   map[string][]given
	sources []store.Status
	down    map[string]bool // groups of sources whose server is down
	before  map[string]series
	keys    map[string][]string // of before, by their rule
	after   map[string]series
}

func newPass(set Set, metrics catalogue, v store.View, before map[string]series) *pass {
	sources := v.Sources()
	p := &pass{
		set: set, metrics: metrics, now: v.Now(), facts: index(sources), sources: sources, down: map[string]bool{},
		before: before, keys: map[string][]string{}, after: make(map[string]series, len(before)),
	}
	for key, s := range before {
		p.keys[s.Rule] = append(p.keys[s.Rule], key)
	}
	return p
}

// given is a fact with the source that gives it.
type given struct {
	fact *model.Fact
	from *store.Status
}

// index finds the facts of sources by their name.
func index(sources []store.Status) map[string][]given {
	facts := map[string][]given{}
	for i := range sources {
		src := &sources[i]
		for j := range src.Facts {
			f := &src.Facts[j]
			facts[f.Name] = append(facts[f.Name], given{f, src})
		}
	}
	return facts
}

// run applies the rules, those first that tell whether a server is down:
// what is read from it depends on that.
func (p *pass) run() {
	for _, r := range p.set.Rules {
		if tellsDown(r.Metric) {
			p.apply(r)
		}
	}
	for _, s := range p.after {
		rule, _ := p.set.Rule(s.Rule)
		if from, ok := p.source(s.Source); ok && from.Group != "" && tellsDown(rule.Metric) && s.State == Firing {
			p.down[from.Group] = true
		}
	}
	for _, r := range p.set.Rules {
		if !tellsDown(r.Metric) {
			p.apply(r)
		}
	}
}

// worsen drops the acknowledgement of a series whose metric has crossed the
// next threshold: that of a rule on the same thing with a higher severity. Who
// took on one per cent of errors has not taken on ten.
func (p *pass) worsen() {
	for key, s := range p.after {
		if s.Ack == nil {
			continue
		}
		rule, _ := p.set.Rule(s.Rule)
		for otherKey, other := range p.after {
			next, _ := p.set.Rule(other.Rule)
			if next.Metric != rule.Metric || next.Severity >= rule.Severity || !agree(s.Labels, other.Labels) {
				continue
			}
			if other.standing() == Firing && p.before[otherKey].standing() != Firing {
				p.after[key] = s.acked(nil, p.now)
			}
		}
	}
}

// tellsDown tells whether a metric says that a server is down.
func tellsDown(metric string) bool { return strings.HasSuffix(metric, ".down") }

func (p *pass) source(name string) (store.Status, bool) {
	i := slices.IndexFunc(p.sources, func(s store.Status) bool { return s.Name == name })
	if i < 0 {
		return store.Status{}, false
	}
	return p.sources[i], true
}

// apply follows all series of one rule: those in the view, those remembered
// that are not in it, and those that no source could give yet.
func (p *pass) apply(r Rule) {
	seen := map[string]bool{}
	for _, g := range p.facts[r.Metric] {
		if r.Window != "" && g.fact.Labels[windowLabel] != r.Window {
			continue
		}
		reading, got := p.judge(r, g)
		seen[g.from.Name] = true
		p.follow(r, series{Labels: g.fact.Labels, Source: g.from.Name, Reading: reading}, got)
	}
	for _, key := range p.keys[r.ID] {
		if _, done := p.after[key]; !done {
			s := p.before[key]
			seen[s.Source] = true
			p.missing(r, s)
		}
	}
	for _, src := range p.sources {
		if src.At.IsZero() && src.State == store.Error && !seen[src.Name] && p.metrics.gives(src.Name, r.Metric) {
			reading := Reading{Unit: p.metrics[r.Metric].Unit, Why: src.Fail.Text}
			p.follow(r, series{Source: src.Name, Reading: reading}, unclear)
		}
	}
}

// follow takes one reading of a series.
func (p *pass) follow(r Rule, found series, got verdict) {
	key := keyOf(r.ID, found.Labels)
	s, known := p.before[key]
	if !known {
		s = series{Rule: r.ID, Labels: found.Labels, State: OK, Severity: r.Severity, Last: p.now}
	}
	s.Source = found.Source
	s.Reading = found.Reading
	p.after[key] = s.next(r, got, p.now)
}

// missing decides about a series that is not in the view. Where its source is
// good or no longer configured the thing itself is gone (a dropped table), and
// that clears; else its reading is only missing, and that clears nothing.
func (p *pass) missing(r Rule, s series) {
	got, why := under, "no longer there"
	if from, ok := p.source(s.Source); ok && from.State != store.Unconfigured {
		switch old := p.tooOld(from); {
		case old != "":
			got, why = unclear, old
		case from.State == store.Pending:
			got, why = unclear, "not read yet"
		}
	}
	s.Reading.Known, s.Reading.Why = false, why
	if s = s.next(r, got, p.now); !s.idle() || s.State == Unknown {
		p.after[keyOf(r.ID, s.Labels)] = s
	}
}

// judge compares one reading with the thresholds of a rule.
func (p *pass) judge(r Rule, g given) (Reading, verdict) {
	f := g.fact
	out := Reading{Value: f.Value, Known: f.Known, Unit: f.Unit, Count: f.Count, Why: f.Why, Says: f.Says}
	if why := p.doubt(r, g); why != "" {
		out.Known, out.Why = false, why
	}
	if !out.Known {
		return out, unclear
	}
	fires, err := r.Fire.Holds(f.Value, f.Unit)
	if err != nil {
		out.Known, out.Why = false, err.Error()
		return out, unclear
	}
	clears, _ := r.Clear.Holds(f.Value, f.Unit) // of the same kind as Fire: Load and Defaults see to it
	switch {
	case fires:
		return out, over
	case clears:
		return out, under
	default:
		return out, between
	}
}

// doubt says why a fact that was given cannot be relied on; "" when it can.
func (p *pass) doubt(r Rule, g given) string {
	if !g.fact.Known {
		return g.fact.Why
	}
	if told(g) {
		return ""
	}
	if why := p.tooOld(*g.from); why != "" {
		return why
	}
	if g.fact.Count < r.MinCount {
		return fmt.Sprintf("%d in the window, %d are needed to tell", g.fact.Count, r.MinCount)
	}
	return ""
}

// told tells whether the newest failure itself gives the fact, which then is
// as new as that attempt.
func told(g given) bool {
	return slices.ContainsFunc(g.from.Told, func(f model.Fact) bool {
		return f.Name == g.fact.Name && f.Labels.String() == g.fact.Labels.String()
	})
}

// tooOld says why the values of a source are no longer to be relied on: its
// server is down, or they are older than so many of its intervals.
func (p *pass) tooOld(src store.Status) string {
	if src.Fail != nil && src.Fail.Class == model.Down && p.down[src.Group] {
		return src.Fail.Text
	}
	age, ok := src.Age(p.now)
	switch {
	case !ok && src.Fail != nil:
		return src.Fail.Text
	case ok && src.Every > 0 && age > time.Duration(p.set.StaleAfter)*src.Every+src.Took:
		why := "last read " + ago(age) + " ago"
		switch {
		case src.Fail != nil:
			why += ": " + src.Fail.Text
		case src.Note != "":
			why += ": " + src.Note
		}
		return why
	default:
		return ""
	}
}
