package ui

import (
	"slices"
	"strconv"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// progressFrame lists the long operations and how far they are.
func progressFrame(in In) Frame {
	r := read(in.View, store.ProgressKey())
	t := &Table{
		Columns: []Column{
			{Name: "kind", Title: "operation", Width: 25},
			{Name: "relation", Title: "on", Width: 24},
			{Name: "phase", Title: "phase", Width: 30, Drop: 2},
			{Name: "done", Title: "done", Width: 7, Right: true},
			{Name: "course", Title: "", Width: 12, Drop: 5},
			{Name: "for", Title: "for", Width: 8, Right: true},
			{Name: "pid", Title: "pid", Width: 8, Right: true, Drop: 3},
			{Name: "app", Title: "app", Width: 12, Drop: 4},
			{Name: "note", Title: "", Drop: 1},
		},
		Empty: "no long operation is under way",
	}
	for _, o := range r.Value.Rows {
		t.Rows = append(t.Rows, operationRow(in, o))
	}
	return frameOf(in, Frame{Head: hidden(in, r.Value.Hidden), Table: t}, r.status)
}

func operationRow(in In, o model.Operation) Row {
	done, course := Cell{Text: "?", Role: Unknown}, Cell{}
	if pct, ok := o.Pct(); ok {
		done = Cell{Text: whole(pct), Num: pct, HasNum: true, Role: Strong}
		course.Text = in.glyphs().Stack([]float64{pct / 100}, 12)
	}
	return Row{Key: o.Key(), Args: processArgs(o.PID, o.BackendStart), Cells: []Cell{
		{Text: o.Kind, Role: Strong}, {Text: relationText(o)}, {Text: o.Phase, Role: Muted}, done, course, ageCell(o.Running),
		{Text: strconv.Itoa(o.PID), Num: float64(o.PID), HasNum: true}, {Text: o.App, Role: Muted}, {Text: o.Note, Role: Muted},
	}}
}

func relationText(o model.Operation) string {
	if o.Relation == "" && o.Database != "" {
		return "in database " + o.Database
	}
	return o.Relation
}

// progressDetail shows everything that is known of one operation.
func progressDetail(in In, key string) []Line {
	rows := read(in.View, store.ProgressKey()).Value.Rows
	i := slices.IndexFunc(rows, func(o model.Operation) bool { return o.Key() == key })
	if i < 0 {
		return []Line{{span(Muted, "this operation has ended")}}
	}
	o := rows[i]
	lines := []Line{
		labelled("operation", o.Kind), labelled("on", relationText(o)), labelled("phase", o.Phase),
		labelled("done", doneText(o)), labelled("running", orNone(o.Running, "not known")),
		labelled("pid", strconv.Itoa(o.PID)+", application "+o.App),
	}
	if o.Note != "" {
		lines = append(lines, labelled("note", o.Note))
	}
	return append(lines, Line{}, Line{span(Muted, "Each phase counts from nothing again.")})
}

func doneText(o model.Operation) string {
	format := func(n int64) string { return count(n) + " " + o.Unit }
	if o.Unit == "B" {
		format = func(n int64) string { return bytes(n) }
	}
	if o.Total <= 0 {
		return format(o.Done) + ", the end is not known"
	}
	return format(o.Done) + " of " + format(o.Total)
}

// progressLines are the operations under way for the overview, a few of them.
func progressLines(in In) []Line {
	r := read(in.View, store.ProgressKey())
	if r.status.State != store.OK {
		return nil
	}
	var lines []Line
	rows := r.Value.Rows
	for _, o := range rows[:min(len(rows), 2)] {
		text := o.Kind + " " + relationText(o)
		if pct, ok := o.Pct(); ok {
			text += " " + whole(pct)
		}
		lines = append(lines, Line{gap(1), span(Plain, text+lastingText(o.Running))})
	}
	if more := len(rows) - len(lines); more > 0 {
		lines = append(lines, Line{gap(1), span(Muted, plural(more, "more operation", "more operations"))})
	}
	return lines
}
