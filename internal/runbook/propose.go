package runbook

import (
	"fmt"
	"strings"

	"tocsin/actions"
)

// ActionStep writes an action as a step of a book, after steps that ask for what
// it needs; as a step that people do by hand where nothing can ask for that. why
// says why it is proposed.
func ActionStep(a actions.Action, why string) string {
	name := ProposedName(a.ID)
	var out strings.Builder
	var with []string
	for _, p := range a.Params {
		if p.Optional {
			continue
		}
		kind := string(p.Type)
		if p.Type == actions.TypeSpan {
			kind = "duration"
		}
		if !isType(kind) {
			return HandStep(a.ID, why+" No step can ask for its "+p.Name+".")
		}
		fact := nameFrom(a.ID + "-" + p.Name)
		fmt.Fprintf(&out, "### %s: which %s\n```step\nid: proposed-%s\nask: {fact: %s, type: %s, prompt: %q}\n```\n", a.Title, p.Name, fact, fact, kind, p.Name+" of "+a.ID)
		with = append(with, fmt.Sprintf("%s: $%s", p.Name, fact))
	}
	fmt.Fprintf(&out, "### %s\n%s\n```step\nid: %s\naction: %s\n", a.Title, why, name, a.ID)
	if len(with) > 0 {
		fmt.Fprintf(&out, "with: {%s}\n", strings.Join(with, ", "))
	}
	return out.String() + "```\n"
}

// HandStep writes an action as a step that people do by hand.
func HandStep(action, why string) string {
	return fmt.Sprintf("### %s, by hand\n%s\n```step\nid: %s\n```\n", action, why, ProposedName(action))
}

// ProposedName is the name of the step that is proposed for an action.
func ProposedName(action string) string { return "proposed-" + nameFrom(action) }

// nameFrom is the name of an action or parameter as that of a step or fact.
func nameFrom(text string) string { return strings.NewReplacer(".", "-", "_", "-").Replace(text) }
