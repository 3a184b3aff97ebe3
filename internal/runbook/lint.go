package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// Finding is one thing that is wrong with the books, or worth knowing.
type Finding struct {
	File string // of the book, or rules
	Line int    // of the file; 0 when it is about the whole of it
	Text string
	Note bool // worth knowing, and no fault: a step that people do until its action exists
}

// String gives the finding with its place.
func (f Finding) String() string {
	place := f.File
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
	}
	return place + ": " + f.Text
}

// Known is what the books may name.
type Known struct {
	Actions []actions.Action
	Rules   alert.Set
	Now     time.Time // for the age of a review
}

// Lint finds what is wrong with a set of books, each by itself and all
// together: a rule whose book is not there, for instance.
func Lint(books []Book, k Known) []Finding {
	var out []Finding
	words := newVocabulary()
	for _, b := range books {
		out = append(out, words.lint(b, k)...)
	}
	for _, r := range k.Rules.Rules {
		switch {
		case r.Runbook == "":
			out = append(out, Finding{File: "rules", Text: "rule " + r.ID + " names no runbook"})
		case !slices.ContainsFunc(books, func(b Book) bool { return b.ID == r.Runbook }):
			out = append(out, Finding{File: "rules", Text: "rule " + r.ID + ": there is no runbook " + r.Runbook})
		}
	}
	return out
}

func (v vocabulary) lint(b Book, k Known) []Finding {
	l := linter{book: b, known: k, words: v, facts: map[string]string{}}
	l.whole()
	l.steps()
	return l.found
}

// faults joins what keeps a book from being used; nil when nothing does.
func (v vocabulary) faults(b Book, k Known) error {
	var errs []error
	for _, f := range v.lint(b, k) {
		if !f.Note {
			errs = append(errs, errors.New(f.String()))
		}
	}
	return errors.Join(errs...)
}

// linter looks at one book.
type linter struct {
	book  Book
	known Known
	words vocabulary
	facts map[string]string // types by the names that $ may stand before, so far
	found []Finding
}

func (l *linter) fault(line int, format string, args ...any) {
	l.found = append(l.found, Finding{File: l.book.File(), Line: line, Text: fmt.Sprintf(format, args...)})
}

func (l *linter) note(line int, format string, args ...any) {
	l.found = append(l.found, Finding{File: l.book.File(), Line: line, Text: fmt.Sprintf(format, args...), Note: true})
}

func (l *linter) whole() {
	if l.book.Stale(l.known.Now) {
		l.note(0, "last reviewed %s, over 180 days ago", l.book.Reviewed.Format(time.DateOnly))
	}
	for _, name := range l.book.Triggers {
		_, rule := l.known.Rules.Rule(name)
		if _, metric := l.words[name]; !rule && !metric {
			l.fault(0, "trigger %s is no rule and no metric", name)
		}
	}
}

func (l *linter) steps() {
	for _, p := range slices.Concat(Facts(), l.book.Params) {
		l.facts[p.Name] = p.Type
	}
	names := map[string]bool{}
	for _, s := range l.book.Steps() {
		if names[s.Name()] {
			l.fault(s.Line, "a step %s stands above", s.Name())
		}
		names[s.Name()] = true
		l.step(s)
	}
	for _, s := range l.book.Steps() {
		if to := s.Block.OnFail; to != "" && to != "stop" && to != "continue" && !names[to] {
			l.fault(s.Line, "on_fail: there is no step %s", to)
		}
	}
}

func (l *linter) step(s Step) {
	b := s.Block
	if b.Later != "" {
		if _, ok := l.action(b.Later); ok {
			l.fault(s.Line, "the action %s exists by now: use it", b.Later)
		} else {
			l.note(s.Line, "done by hand until there is an action %s", b.Later)
		}
	}
	if b.Ask != nil {
		if before, ok := l.facts[b.Ask.Fact]; ok && before != b.Ask.Type {
			l.fault(s.Line, "%s is a %s already, and asked for as %s", b.Ask.Fact, before, b.Ask.Type)
		}
		l.facts[b.Ask.Fact] = b.Ask.Type
	}
	if kind := l.facts[b.From]; b.From != "" && kind != "time" {
		l.fault(s.Line, "from: %s is no time that the book asks for before", b.From)
	}
	if b.Action == "" {
		return
	}
	if when, verify, both := overlap(b.When, b.Verify); both {
		l.note(s.Line, "when and verify can hold at once, %s %s and %s: the step is then done whatever its action did", when.metric.Name, when.limit, verify.limit)
	}
	a, ok := l.action(b.Action)
	if !ok {
		l.fault(s.Line, "there is no action %s", b.Action)
		return
	}
	l.arguments(s, a)
}

// overlap finds comparisons of one metric that a condition and a verification
// make, and that one value satisfies both.
func overlap(when, verify Expr) (a, b term, both bool) {
	for _, a = range slices.Concat(when.cases...) {
		for _, b = range slices.Concat(verify.cases...) {
			if a.metric.Name == b.metric.Name && a.meets(b) {
				return a, b, true
			}
		}
	}
	return term{}, term{}, false
}

// meets tells whether one value satisfies both comparisons of one metric: it
// tries the limits, and a value on each side of them.
func (t term) meets(other term) bool {
	unit := t.metric.Unit
	one, err := t.limit.In(unit)
	two, err2 := other.limit.In(unit)
	if err != nil || err2 != nil {
		return false
	}
	low, high := min(one, two), max(one, two)
	between := (low + high) / 2
	if unit == model.None { // a count is whole
		between = low + 1
	}
	return slices.ContainsFunc([]float64{0, low, between, high, high + 1}, func(value float64) bool {
		return t.holds(value, unit) == Pass && other.holds(value, unit) == Pass
	})
}

func (l *linter) action(id string) (actions.Action, bool) {
	i := slices.IndexFunc(l.known.Actions, func(a actions.Action) bool { return a.ID == id })
	if i < 0 {
		return actions.Action{}, false
	}
	return l.known.Actions[i], true
}

// arguments compares what a step gives with what the action takes.
func (l *linter) arguments(s Step, a actions.Action) {
	for _, name := range sorted(s.Block.With) {
		i := slices.IndexFunc(a.Params, func(p actions.Param) bool { return p.Name == name })
		if i < 0 {
			l.fault(s.Line, "action %s takes no %s", a.ID, name)
			continue
		}
		l.argument(s, a.Params[i], s.Block.With[name])
	}
	for _, p := range a.Params {
		if _, given := s.Block.With[p.Name]; !given && !p.Optional {
			l.fault(s.Line, "action %s needs %s", a.ID, p.Name)
		}
	}
}

// argument compares one value with what its parameter may be.
func (l *linter) argument(s Step, p actions.Param, value string) {
	name, isName := strings.CutPrefix(value, "$")
	if !isName {
		if why := p.Fault(value); why != "" {
			l.fault(s.Line, "%s: %q: %s", p.Name, value, why)
		}
		return
	}
	kind, ok := l.facts[name]
	switch {
	case !ok:
		l.fault(s.Line, "$%s is neither a parameter nor asked for before", name)
	case !fits(kind, p.Type):
		l.fault(s.Line, "%s is a %s, and $%s a %s", p.Name, p.Type, name, kind)
	}
}

// fits tells whether a value of one type may be given where an action wants
// another: as text anything may.
func fits(kind string, want actions.Type) bool {
	return kind == string(want) || want == actions.TypeString || want == actions.TypeSpan && kind == "duration"
}

// Facts are what every book may name behind $: what the readings themselves
// tell when the step comes.
func Facts() []Param {
	pid, start := string(actions.TypePID), string(actions.TypeTime)
	return []Param{
		{"blocker.pid", pid}, {"blocker.backend_start", start}, // the session at the root of the lock tree
		{"suspect.pid", pid}, {"suspect.backend_start", start}, // what the verdict names
		{"suspect.table", string(actions.TypeTable)},
		{"suspect.prefix", string(actions.TypePrefix)},
		{"suspect.slot", string(actions.TypeString)},
		{"suspect.deployment", string(actions.TypeDeployment)},
	}
}
