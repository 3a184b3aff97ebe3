package ui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// perSecond is the calls of a statement per second.
func perSecond(s model.Statement, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return float64(s.Calls) / elapsed.Seconds()
}

// statementText is the text of a statement, or what stands for it.
func statementText(s model.Statement) string {
	if s.Text == "" {
		return "(text not read yet, id " + strconv.FormatInt(s.ID, 10) + ")"
	}
	return oneLine(bareSQL(s.Text))
}

// bareSQL is a statement without the comments that it begins with.
func bareSQL(text string) string {
	for {
		text = strings.TrimSpace(text)
		end := ""
		switch {
		case strings.HasPrefix(text, "--"):
			end = "\n"
		case strings.HasPrefix(text, "/*"):
			end = "*/"
		default:
			return text
		}
		_, rest, found := strings.Cut(text, end)
		if !found {
			return text
		}
		text = rest
	}
}

// statementsPanel is the box of the overview.
func statementsPanel(in In) Panel {
	r := read(in.View, store.StatementsKey())
	v := r.Value
	p := Panel{ID: "statements", Title: "Statements"}
	if !r.has() {
		return panelOf(in, p, r.status)
	}
	if v.Elapsed <= 0 {
		p.Lines = []Line{{gap(1), span(Muted, "needs two readings")}}
		p.Short = Line{span(Muted, in.glyphs().Ellipsis)}
		return panelOf(in, p, r.status)
	}
	p.Title += "  " + in.glyphs().Delta + " " + age(v.Elapsed)
	p.Lines = []Line{{figure(6, Muted, "share"), figure(9, Muted, "mean"), figure(10, Muted, "calls"), gap(2), span(Muted, "statement")}}
	rows := slices.DeleteFunc(slices.Clone(v.Rows), model.Statement.Ours) // view 2 has them
	for _, s := range rows[:min(len(rows), listRows(in))] {
		p.Lines = append(p.Lines, Line{figure(6, Strong, whole(s.Share)), figure(9, Plain, took(s.Mean())),
			figure(10, Muted, rate(perSecond(s, v.Elapsed))), gap(2), span(Plain, statementText(s))})
	}
	if len(v.Rows) == 0 {
		p.Lines = []Line{{gap(1), span(Muted, "no statement ended in the last "+age(v.Elapsed))}}
		p.Short = Line{span(Muted, "none ended in "+age(v.Elapsed))}
		return panelOf(in, p, r.status)
	}
	top := v.Rows[0]
	p.Short = Line{figure(5, Strong, whole(top.Share)), gap(1), span(Plain, "mean "+took(top.Mean())), gap(2), span(Muted, statementText(top))}
	return panelOf(in, p, r.status)
}

func statementsFrame(in In) Frame {
	r := read(in.View, store.StatementsKey())
	v := r.Value
	t := &Table{
		Columns: []Column{
			{Name: "share", Title: "share", Width: 7, Right: true},
			{Name: "mean", Title: "mean", Width: 8, Right: true},
			{Name: "calls", Title: "calls", Width: 9, Right: true, Drop: 1},
			{Name: "rows", Title: "rows/call", Width: 9, Right: true, Drop: 4},
			{Name: "hits", Title: "hits", Width: 7, Right: true, Drop: 3},
			{Name: "temp", Title: "temp", Width: 9, Right: true, Drop: 2},
			{Name: "wal", Title: "wal", Width: 9, Right: true, Drop: 5},
			{Name: "statement", Title: "statement"},
		},
		Sort: "share", Desc: true, Empty: "no statement ended between the last two readings",
	}
	if r.has() && v.Elapsed <= 0 {
		t.Empty = "needs two readings"
	}
	for _, s := range v.Rows {
		t.Rows = append(t.Rows, statementRow(s, v.Elapsed))
	}
	f := Frame{Head: hidden(in, v.Hidden), Table: t}
	if v.Elapsed > 0 {
		f.Head = append(f.Head, Line{gap(1), span(Muted, "what ended in the last "+age(v.Elapsed)+", most time first")})
	}
	if v.Evicted {
		f.Head = append(f.Head, Line{gap(1), span(Unknown, "? incomplete: pg_stat_statements threw entries out; raise pg_stat_statements.max")})
	}
	return frameOf(in, f, r.status)
}

func statementRow(s model.Statement, elapsed time.Duration) Row {
	calls := perSecond(s, elapsed)
	return Row{Key: s.Key(), Cells: []Cell{
		{Text: percent(s.Share), Num: s.Share, HasNum: true, Role: Strong},
		{Text: took(s.Mean()), Num: s.Mean().Seconds(), HasNum: true},
		{Text: rate(calls), Num: calls, HasNum: true},
		ratio(s.Rows, s.Calls, 1, number), ratio(s.Hits, s.Hits+s.Reads, 100, percent),
		size(s.TempBytes), size(s.WALBytes), {Text: statementText(s)},
	}}
}

// ratio is a cell with a part of a whole; nothing where the whole is nothing.
func ratio(part, all int64, factor float64, format func(float64) string) Cell {
	if all == 0 {
		return Cell{}
	}
	v := factor * float64(part) / float64(all)
	return Cell{Text: format(v), Num: v, HasNum: true}
}

// size is a cell with a number of bytes; nothing for none.
func size(n int64) Cell {
	if n == 0 {
		return Cell{}
	}
	return Cell{Text: bytes(n), Num: float64(n), HasNum: true}
}

// statementDetail shows a statement in full with its numbers.
func statementDetail(in In, key string) []Line {
	v := read(in.View, store.StatementsKey()).Value
	for _, s := range v.Rows {
		if s.Key() != key {
			continue
		}
		lines := []Line{
			labelled("queryid", strconv.FormatInt(s.ID, 10)),
			labelled("time", took(s.Total)+" within "+age(v.Elapsed)+", "+percent(s.Share)+" of all"),
			labelled("calls", count(s.Calls)+", "+rate(perSecond(s, v.Elapsed))+", mean "+took(s.Mean())),
			labelled("rows", count(s.Rows)),
			labelled("blocks", count(s.Hits)+" found in the cache, "+count(s.Reads)+" read"),
			labelled("written", bytes(s.TempBytes)+" to temporary files, "+bytes(s.WALBytes)+" WAL"),
			labelled("level", topLevel(s.TopLevel)),
			{}, {span(Title, "statement")},
		}
		text := s.Text
		if text == "" {
			text = statementText(s)
		}
		for _, part := range wrap(text, in.Width) {
			lines = append(lines, Line{span(Plain, part)})
		}
		return lines
	}
	return []Line{{span(Muted, "this statement did not run between the last two readings")}}
}

func topLevel(top bool) string {
	if top {
		return "sent by a client"
	}
	return "run inside a function"
}
