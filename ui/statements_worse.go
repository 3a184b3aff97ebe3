package ui

import (
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// dearRegression is the part of the time that passed from which the extra cost
// of a statement is marked: it keeps a tenth of a processor busy.
const dearRegression = 0.1

// worseFrame shows the statements that became slower with the mark: those that
// cost most because of it come first. Without a mark it is what was before the
// dashboard was started that they are compared with.
func worseFrame(in In) Frame {
	r := read(in.View, store.StatementsKey())
	c := in.Counted
	t := &Table{
		Columns: []Column{
			{Name: "extra", Title: "extra", Width: 9, Right: true},
			{Name: "before", Title: "before", Width: 8, Right: true},
			{Name: "now", Title: "now", Width: 8, Right: true},
			{Name: "factor", Title: "slower", Width: 7, Right: true, Drop: 1},
			{Name: "calls", Title: "calls", Width: 9, Right: true, Drop: 2},
			{Name: "share", Title: "share", Width: 7, Right: true, Drop: 3},
			{Name: "statement", Title: "statement", Least: 30},
		},
		Sort: "extra", Desc: true, Empty: "nothing has ended yet that could be compared: the next reading is the first",
	}
	if c.Since.Elapsed > 0 {
		t.Empty = "no statement is clearly slower than before; " + count(int64(len(c.Since.Rows))) + " ran since"
	}
	for _, w := range c.Worse {
		t.Rows = append(t.Rows, worseRow(in, w))
	}
	f := Frame{Head: append(hidden(in, r.Value.Hidden), c.voidLine(in)...), Table: t}
	if c.Void == "" && c.Counts != nil {
		about := "slower since " + c.span(in) + "; extra is what it cost" + keyHint(in, "; ", "mark", "marks anew")
		f.Head = append(f.Head, Line{gap(1), span(Muted, about)})
	}
	return frameOf(in, f, r.status)
}

func worseRow(in In, w model.Regression) Row {
	elapsed := in.Counted.Since.Elapsed
	extra := Cell{Text: took(w.Extra()), Num: w.Extra().Seconds(), HasNum: true, Role: Strong}
	if w.Extra().Seconds() > dearRegression*elapsed.Seconds() {
		extra.Text, extra.Role = in.mark(2)+" "+extra.Text, Warn
	}
	calls := perSecond(w.Statement, elapsed)
	return Row{Key: w.Key(), Args: statementArgs(w.StatementID), Cells: []Cell{
		extra,
		{Text: took(w.Before.Mean()), Num: w.Before.Mean().Seconds(), HasNum: true},
		{Text: took(w.Mean()), Num: w.Mean().Seconds(), HasNum: true},
		{Text: times(w.Factor()), Num: w.Factor(), HasNum: true},
		{Text: rate(calls), Num: calls, HasNum: true},
		{Text: percent(w.Share), Num: w.Share, HasNum: true},
		{Text: statementText(w.Statement)},
	}}
}

// times is how many times more: x4.0, in letters that every terminal has.
func times(factor float64) string { return "x" + number(factor) }
