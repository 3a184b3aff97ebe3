package main

import (
	"fmt"
	"strings"

	"tocsin/internal/runbook"
)

func runbooksPage(books []runbook.Book) string {
	var rows, later [][]string
	for _, b := range books {
		live := 0
		for _, s := range b.Steps() {
			if !s.Manual() {
				live++
			}
			if s.Block.Later != "" {
				later = append(later, []string{code(b.ID), s.Title, code(s.Block.Later)})
			}
		}
		rows = append(rows, []string{
			"[" + b.ID + "](../internal/runbook/books/" + b.ID + ".md)", string(b.Severity), b.Title,
			fmt.Sprintf("%d of %d", live, len(b.Steps())), codes(b.Triggers),
		})
	}
	return page("Runbooks",
		"Markdown for people, in whose steps tocsin looks at live readings and names actions. They work without a configuration and without\n"+
			"a network: `tocsin runbook list`, `tocsin runbook show BOOK`. A live step is one that looks at a reading, names an action or asks\n"+
			"for a fact; the others are ticked by hand. A book is followed in an incident, on view 9 of the dashboard (`I`).",
		table([]string{"book", "severity", "title", "live steps", "led to by"}, rows),
		"## Done by hand for now",
		"Steps that will name an action once it exists. `tocsin runbook lint` lists them, and calls it a fault when the action is there.",
		table([]string{"book", "step", "action"}, later),
		"## Books of your own",
		"Files in the folder `runbooks` beside the configuration. One with the name of a shipped one stands in its place. `tocsin runbook lint`\n"+
			"reads all of it: an unknown key, metric, action or step and a value of the wrong type are faults, with file and line, and so is\n"+
			"a rule whose book is not there. A book with a fault is not used, and the shipped one of its name stays. A step whose `when` and\n"+
			"`verify` can hold at once gets a note: it is done whatever its action did.",
		"````markdown\n"+runbookExample+"````",
		"`##` begins a phase, and the range at its end is its clock: `(0-15 min)`, `(1-4 hours)`, `(48+ hours)`. `###` begins a step, with at\n"+
			"most one block in the language `step`. A block has an `id` and at most one of `check`, `action` and `ask`.",
		"- A comparison is `metric op value`, with `for` and a length of time when it has to last. `and` and `or` join several, and `and` holds\n"+
			"  tighter. Operators are `<` `<=` `==` `!=` `>=` `>`, units those of the [rules](rules.md). Of a metric with windows the minute counts.\n"+
			"- A check or `verify` holds when it does for every series of the metric, a `verify` of those that its action is about (`table`); `when`\n"+
			"  applies when it does for any, and not where there is none, or where nothing that gives the metric is configured.\n"+
			"- What is missing, old, or taken of fewer requests than a rule on it wants is unknown. Unknown passes nothing.\n"+
			"- A parameter or fact is one of "+codes(runbook.Types())+".\n"+
			"- "+facts()+"are known to every book: what the readings tell when the step comes.")
}

// facts lists what every book may name.
func facts() string {
	var out strings.Builder
	for _, f := range runbook.Facts() {
		out.WriteString(code("$"+f.Name) + " ")
	}
	return out.String()
}
