package runbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
)

// Finding is one thing that is wrong with the books, or worth knowing.
type Finding struct {
	Book string
	Line int // of the file; 0 when it is about the whole book
	Text string
	Note bool // worth knowing, and no fault: a step that people do until its action exists
}

// String gives the finding with its place.
func (f Finding) String() string {
	place := f.Book
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
	for _, b := range books {
		l := linter{book: b, known: k}
		l.whole()
		l.steps()
		out = append(out, l.found...)
	}
	for _, r := range k.Rules.Rules {
		if !slices.ContainsFunc(books, func(b Book) bool { return b.ID == r.Runbook }) {
			out = append(out, Finding{Book: cmp.Or(r.Runbook, "(none)"), Text: "there is no such book, and rule " + r.ID + " names it"})
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.Book, b.Book), cmp.Compare(a.Line, b.Line)) })
	return out
}

// linter looks at one book.
type linter struct {
	book  Book
	known Known
	facts map[string]bool // names that $ may stand before, so far
	found []Finding
}

func (l *linter) fault(line int, format string, args ...any) {
	l.found = append(l.found, Finding{Book: l.book.ID, Line: line, Text: fmt.Sprintf(format, args...)})
}

func (l *linter) note(line int, format string, args ...any) {
	l.found = append(l.found, Finding{Book: l.book.ID, Line: line, Text: fmt.Sprintf(format, args...), Note: true})
}

func (l *linter) whole() {
	if l.book.Stale(l.known.Now) {
		l.note(0, "last reviewed %s, over 180 days ago", l.book.Reviewed.Format(time.DateOnly))
	}
	for _, name := range l.book.Triggers {
		_, rule := l.known.Rules.Rule(name)
		if _, metric := findMetric(name); !rule && !metric {
			l.fault(0, "trigger %s is no rule and no metric", name)
		}
	}
}

func (l *linter) steps() {
	l.facts = map[string]bool{}
	for _, name := range FactNames() {
		l.facts[name] = true
	}
	for _, p := range l.book.Params {
		l.facts[p.Name] = true
	}
	ids := map[string]bool{}
	for _, s := range l.book.Steps() {
		if ids[s.Block.ID] && s.Block.ID != "" {
			l.fault(s.Line, "a step %s stands above", s.Block.ID)
		}
		ids[s.Block.ID] = true
		l.step(s)
	}
	for _, s := range l.book.Steps() {
		if to := s.Block.OnFail; to != "" && to != "stop" && to != "continue" && !ids[to] {
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
		l.facts[b.Ask.Fact] = true
	}
	if b.Action == "" {
		return
	}
	a, ok := l.action(b.Action)
	if !ok {
		l.fault(s.Line, "there is no action %s", b.Action)
		return
	}
	l.arguments(s, a)
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
		if !slices.ContainsFunc(a.Params, func(p actions.Param) bool { return p.Name == name }) {
			l.fault(s.Line, "action %s takes no %s", a.ID, name)
		}
		if fact, ok := strings.CutPrefix(s.Block.With[name], "$"); ok && !l.facts[fact] {
			l.fault(s.Line, "$%s is neither a parameter nor asked for before", fact)
		}
	}
	for _, p := range a.Params {
		if _, given := s.Block.With[p.Name]; !given && !p.Optional {
			l.fault(s.Line, "action %s needs %s", a.ID, p.Name)
		}
	}
}

// FactNames are the names that every book may use behind $: what the readings
// themselves tell when the step comes.
func FactNames() []string {
	return []string{
		"blocker.pid", "blocker.backend_start", // the session at the root of the lock tree
		"suspect.pid", "suspect.backend_start", "suspect.table", "suspect.prefix", "suspect.deployment", // what the verdict names
	}
}
