package ui

import (
	"fmt"

	"tocsin/internal/incident"
)

// ledgerFrame is which action helped against which alert in past incidents.
func ledgerFrame(in In) Frame {
	t := &Table{
		Columns: []Column{
			{Name: "alert", Title: "alert", Width: 26},
			{Name: "action", Title: "action", Width: 20},
			{Name: "helped", Title: "helped", Width: 10, Right: true},
			{Name: "worse", Title: "worse", Width: 6, Right: true, Drop: 3},
			{Name: "last", Title: "last", Width: 8, Right: true, Drop: 2},
			{Name: "by", Title: "by how much, in the middle", Drop: 1},
		},
		Empty: "no action was measured in a closed incident yet",
	}
	for _, h := range in.Duty.Ledger {
		role := Plain
		if h.Worse > 0 {
			role = Warn
		}
		t.Rows = append(t.Rows, Row{Key: h.Rule + " " + h.Action, Cells: []Cell{
			{Text: h.Rule}, {Text: h.Action, Role: Strong}, {Text: helpedText(h), Num: float64(h.Helped) / float64(h.Runs), HasNum: true},
			{Text: count(int64(h.Worse)), Role: role, Num: float64(h.Worse), HasNum: true},
			{Text: in.when(h.Last), Num: float64(h.Last.Unix()), HasNum: true, Role: Muted}, {Text: byHowMuch(in, h), Role: Muted},
		}})
	}
	return Frame{Table: t}
}

func helpedText(h incident.Helped) string { return fmt.Sprintf("%d of %d", h.Helped, h.Runs) }

func byHowMuch(in In, h incident.Helped) string {
	if h.Before == nil || h.After == nil {
		return ""
	}
	arrow := " → "
	if in.ASCII {
		arrow = " > "
	}
	return h.Metric + " " + value(*h.Before, h.Unit) + arrow + value(*h.After, h.Unit)
}

// ledgerDetail lists the incidents in which the action was run.
func ledgerDetail(in In, key string) []Line {
	for _, h := range in.Duty.Ledger {
		if h.Rule+" "+h.Action != key {
			continue
		}
		lines := []Line{labelled("alert", h.Rule), labelled("action", h.Action), labelled("helped", helpedText(h)), labelled("by how much", byHowMuch(in, h)), {}}
		for _, s := range in.Duty.Past {
			if s.Mentions(h.Rule) && s.Mentions(h.Action) {
				lines = append(lines, labelled(in.when(s.At), s.Title()))
			}
		}
		return lines
	}
	return nil
}

// provenLines says of what the verdict offers how often it helped before.
func provenLines(in In) []Line {
	for _, h := range in.Duty.Ledger {
		if h.Rule == in.Suspect.Rule && h.Action == in.Suspect.Action {
			return []Line{labelled("helped before", helpedText(h)+" times against "+h.Rule+", last "+in.when(h.Last))}
		}
	}
	return nil
}
