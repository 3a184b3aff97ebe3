package ui

import (
	"strconv"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// shownBelow is how many of the sessions that wait for the same one are listed
// when there is not room for all.
const shownBelow = 3

func locksFrame(in In) Frame {
	r := read(in.View, store.ActivityKey())
	roots := r.Value.LockTree()
	waiting := 0
	t := &Table{
		Columns: []Column{
			{Name: "waits", Title: "waits", Width: 6, Right: true},
			{Name: "pid", Title: "pid", Width: 13},
			{Name: "app", Title: "app", Width: 10, Drop: 1},
			{Name: "user", Title: "user", Width: 9, Drop: 5},
			{Name: "state", Title: "state", Width: 14},
			{Name: "tx", Title: "tx age", Width: 7, Right: true},
			{Name: "lock", Title: "lock", Width: 24, Drop: 3},
			{Name: "on", Title: "on", Width: 18, Drop: 2},
			{Name: "statement", Title: "statement", Drop: 4},
		},
		Empty: "nobody waits for a lock",
	}
	for _, w := range roots {
		waiting += w.Waits
	}
	t.Rows = forest(in, roots)
	f := Frame{Head: hidden(in, r.Value.Hidden), Table: t}
	if r.Value.Hidden != "" {
		t.Empty = "no lock that can be seen is waited for"
	}
	if waiting > 0 {
		f.Head = append(f.Head, Line{gap(1), span(Strong, plural(len(roots), "root", "roots")+", "+
			count(int64(waiting))+" waiting"), span(Muted, "  end a root and those below it go on")})
	}
	return frameOf(in, f, r.status)
}

// forest are the rows of all trees: as many of the sessions that wait for the
// same one as there is room for, a few in any case.
func forest(in In, roots []*model.Waiter) []Row {
	var rows []Row
	for limit := shownBelow; ; limit++ {
		var more []Row
		for _, w := range roots {
			more = append(more, lockRows(in, w, "", limit)...)
		}
		if rows != nil && len(more) > in.Height-3 || len(more) == len(rows) && limit > in.Height {
			return rows
		}
		rows = more
	}
}

// lockRows is the row of a session and, below it, of those that wait for it.
func lockRows(in In, w *model.Waiter, lead string, limit int) []Row {
	rows := []Row{lockRow(in, w, lead)}
	g := in.glyphs()
	under := strings.NewReplacer(g.Branch, g.Vertical, g.Last, " ").Replace(lead)
	for i, b := range w.Below {
		if i == limit && len(w.Below) > limit+1 {
			return append(rows, moreRow(w, under+g.Last, len(w.Below)-limit, g.Ellipsis))
		}
		branch := g.Branch
		if i == len(w.Below)-1 {
			branch = g.Last
		}
		rows = append(rows, lockRows(in, b, under+branch, limit)...)
	}
	return rows
}

// moreRow stands for the rest of those that wait for a session.
func moreRow(w *model.Waiter, lead string, n int, ellipsis string) Row {
	cells := make([]Cell, 5)
	cells[1] = Cell{Text: lead + ellipsis + strconv.Itoa(n) + " more", Role: Muted}
	cells[4] = Cell{Text: "Enter lists", Role: Muted}
	return Row{Key: "more/" + strconv.Itoa(w.PID), Cells: cells}
}

func lockRow(in In, w *model.Waiter, lead string) Row {
	root := lead == ""
	waits, role := Cell{}, Plain
	if w.Waits > 0 {
		waits = Cell{Text: count(int64(w.Waits)), Num: float64(w.Waits), HasNum: true}
	}
	if root {
		role = Bad
		waits.Role = Bad
	}
	s := w.Session
	if s == nil {
		return Row{Key: "pid/" + strconv.Itoa(w.PID), Cells: []Cell{waits, {Text: lead + unseen(w.PID), Role: role}}}
	}
	return Row{Key: s.Key(), Args: sessionArgs(*s), Cells: []Cell{
		waits, {Text: lead + strconv.Itoa(s.PID), Role: role, Num: float64(s.PID), HasNum: true},
		{Text: s.App}, {Text: s.Role, Role: Muted}, stateCell(*s), ageCell(s.Tx),
		lockCell(in, *s, root), {Text: relationOf(*s, root)}, {Text: oneLine(s.Query), Role: Muted},
	}}
}

// unseen names a blocker that is not among the sessions.
func unseen(pid int) string {
	if pid == 0 {
		return "prepared"
	}
	return strconv.Itoa(pid) + " gone?"
}

// lockCell is the lock that a root holds, or that a session waits for.
func lockCell(in In, s model.Session, root bool) Cell {
	if root && len(s.Holds) > 0 {
		return Cell{Text: shortMode(s.Holds[0].Mode)}
	}
	if s.WaitsFor == nil {
		return Cell{}
	}
	text := in.glyphs().Back + " " + shortMode(s.WaitsFor.Mode)
	if s.WaitsFor.Relation == "" {
		text += " (" + s.WaitsFor.Type + ")"
	}
	return Cell{Text: text}
}

func relationOf(s model.Session, root bool) string {
	if root && len(s.Holds) > 0 {
		return s.Holds[0].Relation
	}
	if s.WaitsFor == nil {
		return ""
	}
	return s.WaitsFor.Relation
}

func shortMode(mode string) string { return strings.TrimSuffix(mode, "Lock") }
