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
		return "(no text yet, id " + strconv.FormatInt(s.ID, 10) + ")"
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
	if len(rows) == 0 {
		p.Lines = []Line{{gap(1), span(Muted, "no statement ended in the last "+age(v.Elapsed))}}
		p.Short = Line{span(Muted, "none ended in "+age(v.Elapsed))}
		return panelOf(in, p, r.status)
	}
	top := rows[max(slices.IndexFunc(rows, func(s model.Statement) bool { return s.Text != "" }), 0)] // one line says little without its text
	p.Short = Line{figure(5, Strong, whole(top.Share)), gap(1), span(Plain, "mean "+took(top.Mean())), gap(2), span(Muted, statementText(top))}
	return panelOf(in, p, r.status)
}
