package ui

import (
	"strconv"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// evicted says that some of the work is in nobody's counters.
const evicted = "incomplete: pg_stat_statements threw entries out; raise pg_stat_statements.max"

// statementsFrame shows what ended between the last two readings, or since the
// mark where one is set.
func statementsFrame(in In) Frame {
	r := read(in.View, store.StatementsKey())
	v, marked := in.Counted.shown(r.Value), in.Counted.Set && in.Counted.Void == ""
	t := &Table{Columns: statementColumns(), Sort: "share", Desc: true, Empty: "no statement ended between the last two readings"}
	about := "what ended in the last " + age(v.Elapsed) + ", most time first" + keyHint(in, "; ", "mark", "marks, to count from here on")
	switch {
	case marked:
		t.Empty = "no statement ended since the mark"
		about = "since " + in.Counted.span(in) + keyHint(in, "; ", "mark", "marks anew") + keyHint(in, ", ", "mark.off", "takes it off")
		if v.Elapsed <= 0 {
			t.Empty = "the next reading is the first to be counted"
		}
	case r.has() && v.Elapsed <= 0:
		t.Empty, about = "needs two readings", ""
	}
	t.Rows = in.Counted.made.of(v)
	f := Frame{Head: append(hidden(in, r.Value.Hidden), in.Counted.voidLine(in)...), Table: t}
	if r.has() && about != "" {
		f.Head = append(f.Head, Line{gap(1), span(Muted, about)})
	}
	if v.Evicted {
		f.Head = append(f.Head, Line{gap(1), span(Unknown, in.glyphs().Unknown+" "+evicted)})
	}
	return frameOf(in, f, r.status)
}

func statementColumns() []Column {
	return []Column{
		{Name: "share", Title: "share", Width: 7, Right: true},
		{Name: "time", Title: "time", Width: 8, Right: true},
		{Name: "mean", Title: "mean", Width: 8, Right: true},
		{Name: "calls", Title: "calls", Width: 9, Right: true, Drop: 1},
		{Name: "rows", Title: "rows", Width: 8, Right: true, Drop: 5},
		{Name: "blocks", Title: "blocks", Width: 8, Right: true, Drop: 6},
		{Name: "read", Title: "read", Width: 8, Right: true, Drop: 3},
		{Name: "hits", Title: "hits", Width: 7, Right: true, Drop: 4},
		{Name: "temp", Title: "temp", Width: 9, Right: true, Drop: 2},
		{Name: "wal", Title: "wal", Width: 9, Right: true, Drop: 7},
		{Name: "statement", Title: "statement", Least: 40},
	}
}

func statementRows(v model.Statements) []Row {
	rows := make([]Row, 0, len(v.Rows))
	for _, s := range v.Rows {
		rows = append(rows, statementRow(s, v.Elapsed))
	}
	return rows
}

func statementRow(s model.Statement, elapsed time.Duration) Row {
	calls := perSecond(s, elapsed)
	return Row{Key: s.Key(), Args: statementArgs(s.StatementID), Cells: []Cell{
		{Text: percent(s.Share), Num: s.Share, HasNum: true, Role: Strong},
		{Text: took(s.Total), Num: s.Total.Seconds(), HasNum: true},
		{Text: took(s.Mean()), Num: s.Mean().Seconds(), HasNum: true},
		{Text: rate(calls), Num: calls, HasNum: true},
		some(s.Rows), some(s.Blocks()), some(s.Reads), ratio(s.Hits, s.Blocks()),
		size(s.TempBytes), size(s.WALBytes), {Text: statementText(s)},
	}}
}

// statementArgs is by what the actions on a statement know it.
func statementArgs(id model.StatementID) map[string]string {
	return map[string]string{
		"queryid": strconv.FormatInt(id.ID, 10), "dbid": strconv.FormatInt(id.Database, 10), "userid": strconv.FormatInt(id.Role, 10),
	}
}

// ratio is a cell with a part of a whole in percent; nothing where the whole is
// nothing.
func ratio(part, all int64) Cell {
	if all == 0 {
		return Cell{}
	}
	v := 100 * float64(part) / float64(all)
	return Cell{Text: percent(v), Num: v, HasNum: true}
}

// some is a cell with a number of things; nothing for none.
func some(n int64) Cell {
	if n == 0 {
		return Cell{}
	}
	return tally(n)
}

// size is a cell with a number of bytes; nothing for none.
func size(n int64) Cell {
	if n == 0 {
		return Cell{}
	}
	return Cell{Text: bytes(n), Num: float64(n), HasNum: true}
}
