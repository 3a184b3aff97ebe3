package ui

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// worstTable is the table with the largest share of dead rows among those that
// are large enough for it to say something; not ok when there is none.
func worstTable(t model.Tables) (worst model.Table, pct float64, ok bool) {
	for _, row := range t.Rows {
		p, known := row.DeadPct()
		if known && row.Live+row.Dead > model.SmallTable && (!ok || p > pct) {
			worst, pct, ok = row, p, true
		}
	}
	return worst, pct, ok
}

// tablesPanel stands for the tables on a small screen, and gives the line that
// a large one shows below the statements.
func tablesPanel(in In) Panel {
	r := read(in.View, store.TablesKey())
	p := Panel{ID: "tables", Title: "Tables", Level: levelOf(in, "db.dead_tuples")}
	if !r.has() {
		return panelOf(in, p, r.status)
	}
	all := len(r.Value.Rows) + r.Value.More
	line := Line{span(Muted, "about "+bytes(r.Value.Total())+" in "+plural(all, "table", "tables"))}
	if worst, pct, ok := worstTable(r.Value); ok {
		role := Plain
		if overLimit(in, "db.dead_tuples.pct", pct, model.Percent) {
			role = levelRole(max(p.Level, 2), Plain)
		}
		line = append(Line{span(role, "dead rows "+whole(pct)+" of "+worst.FullName()), gap(2)}, line...)
	}
	p.Lines, p.Short = []Line{append(Line{gap(1)}, line...)}, line
	return panelOf(in, p, r.status)
}

func tablesFrame(in In) Frame {
	r := read(in.View, store.TablesKey())
	t := &Table{
		Columns: []Column{
			{Name: "table", Title: "table"},
			{Name: "size", Title: "size", Width: 9, Right: true},
			{Name: "index", Title: "indexes", Width: 9, Right: true, Drop: 3},
			{Name: "live", Title: "live", Width: 8, Right: true, Drop: 2},
			{Name: "dead", Title: "dead", Width: 8, Right: true, Drop: 1},
			{Name: "share", Title: "dead %", Width: 8, Right: true},
			{Name: "seq", Title: "seq scans", Width: 9, Right: true, Drop: 5},
			{Name: "idx", Title: "idx scans", Width: 9, Right: true, Drop: 6},
			{Name: "growth", Title: "growth/d", Width: 9, Right: true, Drop: 6},
			{Name: "due", Title: "next due", Width: 14, Right: true, Drop: 5},
			{Name: "vacuum", Title: "vacuumed", Width: 14, Right: true, Drop: 4},
			{Name: "analyze", Title: "analyzed", Width: 9, Right: true, Drop: 7},
			{Name: "xid", Title: "xid age", Width: 8, Right: true, Drop: 8},
		},
		Empty: "no table can be seen",
	}
	rows := r.Value.Whole()
	slices.SortStableFunc(rows, func(a, b model.Table) int {
		return cmp.Or(cmp.Compare(deadRank(b), deadRank(a)), cmp.Compare(b.Bytes(), a.Bytes()), cmp.Compare(a.OID, b.OID))
	})
	for _, row := range rows {
		t.Rows = append(t.Rows, tableRow(in, row))
	}
	f := Frame{Table: t}
	if r.Value.More > 0 {
		f.Head = []Line{{gap(1), span(Muted, plural(r.Value.More, "smaller table is", "smaller tables are")+" left out, together about "+bytes(r.Value.MoreBytes))}}
	}
	return frameOf(in, f, r.status)
}

// deadRank orders tables by dead rows; small ones, of which the share says
// nothing, come last.
func deadRank(t model.Table) float64 {
	pct, ok := t.DeadPct()
	if !ok || t.Live+t.Dead <= model.SmallTable {
		return -1
	}
	return pct
}

func tableRow(in In, t model.Table) Row {
	share := Cell{}
	if pct, ok := t.DeadPct(); ok {
		share = Cell{Text: percent(pct), Num: pct, HasNum: true, Role: Muted}
		if t.Live+t.Dead > model.SmallTable {
			share.Role = Plain
			if overLimit(in, "db.dead_tuples.pct", pct, model.Percent) {
				share.Role, share.Text = Warn, "! "+share.Text
			}
		}
	}
	return Row{
		Key: strconv.FormatInt(t.OID, 10), Args: map[string]string{"table": t.FullName()},
		Cells: []Cell{
			{Text: tableTitle(t), Role: Strong}, {Text: bytes(t.Bytes()), Num: float64(t.Bytes()), HasNum: true},
			size(t.IndexBytes), tally(t.Live), tally(t.Dead), share, seqCell(in, t), tally(t.IdxScans),
			growthCell(t), dueCell(in, t), vacuumCell(in, t), sinceCell(in, t.LastAnalyze), tally(t.XIDAge),
		},
	}
}

// lastVacuum is the newer of the last vacuums by hand and automatic; nil for never.
func lastVacuum(t model.Table) *time.Time {
	switch {
	case t.LastVacuum == nil:
		return t.LastAutovacuum
	case t.LastAutovacuum == nil, t.LastVacuum.After(*t.LastAutovacuum):
		return t.LastVacuum
	default:
		return t.LastAutovacuum
	}
}

// vacuumCell is the age of the last vacuum; a table left out by autovacuum says so.
func vacuumCell(in In, t model.Table) Cell {
	c := sinceCell(in, lastVacuum(t))
	if t.AutovacuumOff {
		c.Text, c.Role = "auto off "+c.Text, Warn
	}
	return c
}

func sinceCell(in In, t *time.Time) Cell {
	if t == nil {
		return Cell{Text: "never", Role: Muted}
	}
	d := in.View.Now().Sub(*t)
	return Cell{Text: age(d), Role: Muted, Num: d.Seconds(), HasNum: true}
}

// ago is an instant with its distance from now.
func (in In) ago(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return age(in.View.Now().Sub(*t)) + " ago (" + in.when(*t) + ")"
}
