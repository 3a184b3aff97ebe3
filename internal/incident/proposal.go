package incident

import (
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
// becomes one at the end. Nothing is applied by itself. text is the book as it
// was pinned, line the line of the heading of each of its steps, from 1.
func (s State) Propose(text string, line map[string]int) string {
	if s.Book == nil {
		return ""
	}
	remarks := map[int][]string{}
	for name, at := range line {
		if step, ok := s.Step(s.Book.Runbook, name); ok {
			if remark := s.remark(step.Is); remark != "" {
				remarks[at] = append(remarks[at], remark)
			}
		}
	}
	extra := s.unlisted()
	if len(remarks) == 0 && len(extra) == 0 {
		return ""
	}
	var out strings.Builder
	n := 0
	for l := range strings.Lines(text) {
		out.WriteString(l)
		n++
		for _, remark := range remarks[n] {
			fmt.Fprintf(&out, "*%s*\n\n", remark)
		}
	}
	if len(extra) > 0 {
		fmt.Fprintf(&out, "\n## Proposed by %s\n", s.ID)
	}
	for _, action := range extra {
		fmt.Fprintf(&out, "### %s\nIt helped in this incident. Say when it is right, and give it its arguments.\n```step\nid: %s\nlater: %s\n```\n",
			action, strings.NewReplacer(".", "-", "_", "-").Replace(action), action)
	}
	return out.String()
}

// remark is what the next version of a step should know; "" for nothing.
func (s State) remark(step StepEvent) string {
	day := s.At.UTC().Format(time.DateOnly)
	switch {
	case step.Ended == KindStepSkipped:
		return fmt.Sprintf("Proposed %s: it was skipped (%s). Is it needed?", day, step.Reason)
	case step.Ended == KindStepOverridden:
		return fmt.Sprintf("Proposed %s: it was called done by hand (%s). Is its check right?", day, step.Reason)
	case step.Late:
		return fmt.Sprintf("Proposed %s: it took %s. Is its target right?", day, took(time.Duration(step.TookS)*time.Second))
	}
	return ""
}

// unlisted are the actions that helped and are no step of the book.
func (s State) unlisted() []string {
	var out []string
	for _, a := range s.Actions {
		if s.Effects[a.Is.ID].Verdict == "helped" && !slices.Contains(s.Book.Actions, a.Is.Action) && !slices.Contains(out, a.Is.Action) {
			out = append(out, a.Is.Action)
		}
	}
	return out
}
