package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ProposalName is the file of the proposed runbook beside the timeline.
const ProposalName = "runbook.proposed.md"

// Propose is the runbook that was followed with what its next version should
// say, as a file to read and compare; "" when there is nothing to change. Under
// the heading of each step that people skipped, did by their own judgement or
// reached too late stands what happened; an action that helped and is no step
// becomes one at the end, as written by step. Nothing is applied by itself. text
// is the book as it was pinned, line the line of the heading of each of its
// steps, from 1.
func (s State) Propose(text string, line map[string]int, step func(ActionRun) string) string {
	if !s.Proposes() {
		return ""
	}
	remarks, gone := map[int]string{}, []remark{}
	for _, r := range s.remarks() {
		at, ok := line[r.Step]
		switch {
		case r.Runbook != s.Book.Runbook: // followed before, or after
		case ok:
			remarks[at] = r.text
		default:
			gone = append(gone, r) // of an earlier version
		}
	}
	extra, day := s.unlisted(), s.At.UTC().Format(time.DateOnly)
	var out strings.Builder
	n := 0
	for l := range strings.Lines(text) {
		out.WriteString(l)
		n++
		if remark := remarks[n]; remark != "" {
			fmt.Fprintf(&out, "*Proposed %s: %s*\n\n", day, remark)
		}
	}
	if len(extra)+len(gone) > 0 {
		fmt.Fprintf(&out, "\n## Proposed by %s\n", s.ID)
	}
	for _, r := range gone {
		fmt.Fprintf(&out, "*%s, which is no step any more: %s*\n\n", r.Step, r.text)
	}
	for _, run := range extra {
		out.WriteString(step(run))
	}
	return out.String()
}

// Proposes tells whether the book that is followed has something to learn.
func (s State) Proposes() bool {
	return s.Book != nil && (len(s.unlisted()) > 0 ||
		slices.ContainsFunc(s.remarks(), func(r remark) bool { return r.Runbook == s.Book.Runbook }))
}

// remark is what the next version of a step should know.
type remark struct {
	StepEvent

	text string
}

// remarks are what the books should learn from how they were followed: steps
// that people skipped or did by their own judgement, and targets that were missed.
func (s State) remarks() []remark {
	var out []remark
	for _, step := range s.newestSteps() {
		reason := cmp.Or(strings.Join(strings.Fields(step.Reason), " "), "no reason given")
		switch {
		case step.Ended == KindStepSkipped:
			out = append(out, remark{step, fmt.Sprintf("it was skipped (%s). Is it needed?", reason)})
		case step.Ended == KindStepOverridden:
			out = append(out, remark{step, fmt.Sprintf("it was called done by hand (%s). Is its check right?", reason)})
		case step.Late && step.Ended == KindStepDone:
			out = append(out, remark{step, fmt.Sprintf("it took %s. Is its target right?", took(time.Duration(step.TookS)*time.Second))})
		}
	}
	return out
}

// newestSteps is the newest word on each step, in the order of these words.
func (s State) newestSteps() []StepEvent {
	var out []StepEvent
	for _, e := range s.Events {
		is := data[StepEvent](e)
		if step, ok := s.Step(is.Runbook, is.Step); ok && step.At.Equal(e.At) && step.Is.Ended == e.Kind {
			out = append(out, step.Is)
		}
	}
	return out
}

// unlisted are the first calls of the actions that helped and are no step of the
// book.
func (s State) unlisted() []ActionRun {
	var out []ActionRun
	for _, a := range s.Actions {
		listed := slices.Contains(s.Book.Actions, a.Is.Action) || slices.ContainsFunc(out, func(o ActionRun) bool { return o.Action == a.Is.Action })
		if s.Effects[a.Is.ID].Verdict == "helped" && !listed {
			out = append(out, a.Is)
		}
	}
	return out
}
