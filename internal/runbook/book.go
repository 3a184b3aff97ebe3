// Package runbook reads the runbooks: Markdown for people, with steps that
// look at live readings and name registered actions. It parses them, finds
// their faults and keeps the shipped ones. It must not run anything: whoever
// plays a book hands its actions to the runner.
package runbook

import (
	"cmp"
	"strings"
	"time"
	"unicode"

	"tocsin/actions"
	"tocsin/internal/alert"
)

// Book is one runbook.
type Book struct {
	ID       string // the name of its file: lock-pileup
	Title    string
	Severity alert.Severity // proposed for an incident that is opened from here; "" where there is none
	Triggers []string       // ids of rules and names of metrics that lead here
	Owner    string
	Reviewed time.Time // the day somebody read it last
	Params   []Param
	Intro    string // Markdown before the first phase
	Phases   []Phase
	Path     string // where it was read; "" for a shipped one
	Sum      string // SHA-256 of its text, in hex
	Text     string // as it was written
}

// Param is a value that a step can take by $name.
type Param struct {
	Name string
	Type string // string, int, duration, bool or the type of an action's parameter
}

// Phase is a part of a book: "Triage (0-15 min)".
type Phase struct {
	Title string
	From  time.Duration // of its target, from the start of the incident
	To    time.Duration // 0 where the heading names none
	Prose string        // Markdown before its first step
	Steps []Step
}

// Step is one thing to do. Without a block it is done by hand.
type Step struct {
	Title string
	Prose string // Markdown, with fences that are shown and never run
	Block Block
	Line  int // of its heading, from 1
}

// Block is what a step does by itself: at most one of Check, Action and Ask.
// The zero Block is none.
type Block struct {
	ID     string
	Within time.Duration // target, from the start of the phase; 0 for none
	From   string        // the asked fact, a time, that Within counts from instead; "" for the phase
	When   Expr          // the step is offered where it applies
	Check  Expr          // closes the step when it passes
	Action string        // id of the action
	With   actions.Args  // of the action; $name stands for a parameter or a fact
	Verify Expr          // what must hold after the action
	Needs  []Gate
	OnFail string // id of a step, "stop" or "continue"
	Ask    *Ask
	Later  string // id of an action that will do this step once it exists
}

// Gate is what has to be there before an action of a book runs.
type Gate string

// The gates.
const (
	NeedEvidence Gate = "evidence"
	NeedApproval Gate = "approval"
	NeedBackup   Gate = "backup<24h"
	NeedIncident Gate = "incident"
)

// Ask asks the operator for a fact.
type Ask struct {
	Fact   string
	Type   string
	Prompt string
}

// Name tells a step apart from the others of its book: its id, or its title in
// the form of one.
func (s Step) Name() string {
	words := strings.FieldsFunc(strings.ToLower(s.Title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return cmp.Or(s.Block.ID, strings.Join(words, "-"))
}

// Manual tells whether people do the step.
func (s Step) Manual() bool {
	return s.Block.Check.Absent() && s.Block.Action == "" && s.Block.Ask == nil
}

// Stale tells whether nobody has read the book for half a year.
func (b Book) Stale(now time.Time) bool { return now.Sub(b.Reviewed) > staleAfter }

const staleAfter = 180 * 24 * time.Hour

// File is where the book stands, for places in it.
func (b Book) File() string { return cmp.Or(b.Path, b.ID+".md") }

// Step finds a step by its name.
func (b Book) Step(name string) (Step, bool) {
	for _, s := range b.Steps() {
		if s.Name() == name {
			return s, true
		}
	}
	return Step{}, false
}

// Steps lists all steps, in order.
func (b Book) Steps() []Step {
	var out []Step
	for _, p := range b.Phases {
		out = append(out, p.Steps...)
	}
	return out
}
