package alert

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/internal/strict"
)

// fileVersion is the form of rules files this program reads.
const fileVersion = 1

// rulesFile is a rules file as written.
type rulesFile struct {
	Version    int           `yaml:"version"`
	Every      time.Duration `yaml:"every"`
	StaleAfter int           `yaml:"stale_after"`
	Rules      []writtenRule `yaml:"rules"`
}

// writtenRule is one rule as written. What is nil keeps the value of the rule
// it overrides.
type writtenRule struct {
	ID          string         `yaml:"id"`
	Off         bool           `yaml:"off"` // takes the rule away
	Metric      *string        `yaml:"metric"`
	Window      *string        `yaml:"window"`
	Fire        *string        `yaml:"fire"`
	For         *time.Duration `yaml:"for"`
	Clear       *string        `yaml:"clear"`
	ClearFor    *time.Duration `yaml:"clear_for"`
	MinCount    *int           `yaml:"min_count"`
	OnUnknown   *OnUnknown     `yaml:"on_unknown"`
	Severity    *Severity      `yaml:"severity"`
	Group       *string        `yaml:"group"`
	InhibitedBy []string       `yaml:"inhibited_by"`
	Runbook     *string        `yaml:"runbook"`
}

// Load reads the text of a rules file over a set: a rule with the id of one of
// the set overrides what it names of it, one with an id of its own is added.
// All faults are told at once, each with its place in the file of that name.
func Load(name string, data []byte, base Set) (Set, error) {
	doc, err := strict.Parse(name, data)
	if err != nil {
		return Set{}, err
	}
	var file rulesFile
	if err := doc.Decode(&file); err != nil {
		return Set{}, err
	}
	m := merge{doc: doc, set: base, metrics: newCatalogue()}
	m.set.Rules = slices.Clone(base.Rules)
	m.head(file)
	for i, w := range file.Rules {
		m.rule(file, i, w)
	}
	if err := errors.Join(m.errs...); err != nil {
		return Set{}, err
	}
	return m.set, nil
}

// merge applies a file to a set and collects its faults.
type merge struct {
	doc     *strict.Doc
	set     Set
	metrics catalogue
	errs    []error
}

func (m *merge) refuse(path []any, format string, args ...any) {
	m.errs = append(m.errs, m.doc.Errorf(path, format, args...))
}

func (m *merge) head(file rulesFile) {
	if file.Version != fileVersion {
		m.refuse([]any{"version"}, "version %d: this program reads version %d", file.Version, fileVersion)
	}
	if file.Every < 0 || file.StaleAfter < 0 {
		m.refuse(nil, "every and stale_after are above zero")
	}
	if file.Every > 0 {
		m.set.Every = file.Every
	}
	if file.StaleAfter > 0 {
		m.set.StaleAfter = file.StaleAfter
	}
}

func (m *merge) rule(file rulesFile, i int, w writtenRule) {
	path := []any{"rules", i}
	if w.ID == "" {
		m.refuse(path, "id is missing")
		return
	}
	if slices.ContainsFunc(file.Rules[:i], func(other writtenRule) bool { return other.ID == w.ID }) {
		m.refuse([]any{"rules", i, "id"}, "a rule %q stands above", w.ID)
		return
	}
	at := slices.IndexFunc(m.set.Rules, func(r Rule) bool { return r.ID == w.ID })
	switch {
	case w.Off && at < 0:
		m.errs = append(m.errs, m.doc.Unknown([]any{"rules", i, "id"}, "rule", w.ID, m.ids()))
	case w.Off:
		m.set.Rules = slices.Delete(m.set.Rules, at, at+1)
	case at < 0:
		m.set.Rules = append(m.set.Rules, m.fill(path, Rule{ID: w.ID, OnUnknown: Keep}, w))
	default:
		m.set.Rules[at] = m.fill(path, m.set.Rules[at], w)
	}
}

func (m *merge) ids() []string {
	ids := make([]string, len(m.set.Rules))
	for i, r := range m.set.Rules {
		ids[i] = r.ID
	}
	return ids
}

// fill gives a rule with what was written over it, and checks it.
func (m *merge) fill(path []any, r Rule, w writtenRule) Rule {
	set(&r.Metric, w.Metric)
	set(&r.Window, w.Window)
	set(&r.For, w.For)
	set(&r.ClearFor, w.ClearFor)
	set(&r.MinCount, w.MinCount)
	set(&r.OnUnknown, w.OnUnknown)
	set(&r.Severity, w.Severity)
	set(&r.Group, w.Group)
	set(&r.Runbook, w.Runbook)
	if w.InhibitedBy != nil {
		r.InhibitedBy = w.InhibitedBy
	}
	before := len(m.errs)
	m.threshold(append(path, "fire"), &r.Fire, w.Fire)
	m.threshold(append(path, "clear"), &r.Clear, w.Clear)
	if r.Clear.Op == "" && r.Fire.Op != "" {
		r.Clear = r.Fire.opposite()
	}
	if len(m.errs) > before {
		return r
	}
	for _, f := range faults(r, m.set, m.metrics) {
		m.errs = append(m.errs, m.place(path, f))
	}
	return r
}

// set overrides a value where one was written.
func set[T any](value, written *T) {
	if written != nil {
		*value = *written
	}
}

func (m *merge) threshold(path []any, into *Threshold, written *string) {
	if written == nil {
		return
	}
	got, err := ParseThreshold(*written)
	if err != nil {
		m.refuse(path, "%v", err)
	}
	*into = got
}

func (m *merge) place(path []any, f fault) error {
	path = append(slices.Clone(path), f.key)
	if f.valid == nil {
		return m.doc.Errorf(path, "%s", f.text)
	}
	return m.doc.Unknown(path, f.text, f.name, f.valid)
}

// fault is what is wrong with one key of a rule: a text, or an unknown name of
// some kind.
type fault struct {
	key   string
	text  string // the fault, or with valid the kind of name
	name  string
	valid []string
}

// faults tells what is wrong with a rule of a set.
func faults(r Rule, s Set, metrics catalogue) []fault {
	var out []fault
	refuse := func(key, format string, args ...any) {
		out = append(out, fault{key: key, text: fmt.Sprintf(format, args...)})
	}
	if r.Fire.Op == "" {
		refuse("id", "rule %s: fire is missing", r.ID)
	}
	if m, ok := metrics[r.Metric]; ok {
		out = append(out, misfits(r, m)...)
	} else {
		out = append(out, fault{key: "metric", text: "metric", name: r.Metric, valid: slices.Sorted(maps.Keys(metrics))})
	}
	if !slices.Contains([]Severity{P0, P1, P2, P3}, r.Severity) {
		refuse("severity", "severity %q: one of P0, P1, P2, P3", r.Severity)
	}
	if r.OnUnknown != Keep && r.OnUnknown != Fire && r.OnUnknown != "" {
		refuse("on_unknown", "on_unknown %q: keep or fire; missing data is never ok", r.OnUnknown)
	}
	if r.For < 0 || r.ClearFor < 0 || r.MinCount < 0 {
		refuse("id", "rule %s: for, clear_for and min_count are not below zero", r.ID)
	}
	for _, by := range r.InhibitedBy {
		if _, ok := s.Rule(by); !ok || by == r.ID {
			m := merge{set: s}
			out = append(out, fault{key: "inhibited_by", text: "rule", name: by, valid: m.ids()})
		}
	}
	return out
}

// misfits tells where thresholds and window do not suit the metric, and where
// one and the same reading would both fire and clear.
func misfits(r Rule, m Metric) []fault {
	fire, err := r.Fire.In(m.Unit)
	if err != nil {
		return []fault{{key: "fire", text: err.Error()}}
	}
	clear, err := r.Clear.In(m.Unit)
	if err != nil {
		return []fault{{key: "clear", text: err.Error()}}
	}
	var out []fault
	// Each comparison changes at its own number alone: one reading of each
	// stretch between and beyond the two, and the two themselves, are all there is.
	low, high := min(fire, clear), max(fire, clear)
	for _, value := range []float64{low, high, (low + high) / 2, low - 1, high + 1} {
		fires, _ := r.Fire.Holds(value, m.Unit)
		clears, _ := r.Clear.Holds(value, m.Unit)
		if fires && clears {
			out = append(out, fault{key: "clear", text: fmt.Sprintf("fire %q and clear %q both hold for %s", r.Fire, r.Clear, number(value, m.Unit))})
			break
		}
	}
	if windowed := slices.Contains(m.Labels, windowLabel); windowed != (r.Window != "") {
		text := "metric " + m.Name + " has no window"
		if windowed {
			text = "window is missing: metric " + m.Name + " is taken over " + windowsOf(m.Name)
		}
		out = append(out, fault{key: "window", text: text})
	}
	return out
}

// windowsOf names the windows of a metric.
func windowsOf(metric string) string {
	if metric == "slo.burn" {
		return "1h and 6h"
	}
	return "1m and 5m"
}
