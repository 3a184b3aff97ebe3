package ui

import (
	"strconv"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// wraparoundFrame shows the databases first, then the relations that keep the
// connected one old.
func wraparoundFrame(in In) Frame {
	r := read(in.View, store.WraparoundKey())
	t := &Table{
		Columns: []Column{
			{Name: "what", Title: "database or relation"},
			{Name: "gone", Title: "gone", Width: 10, Right: true},
			{Name: "forced", Title: "to forced", Width: 9, Right: true},
			{Name: "xid", Title: "xid age", Width: 9, Right: true, Drop: 1},
			{Name: "mxid", Title: "mxid age", Width: 9, Right: true, Drop: 2},
			{Name: "size", Title: "heap", Width: 9, Right: true, Drop: 3},
		},
		Empty: "no database can be seen",
	}
	w := r.Value
	for _, d := range w.Databases {
		t.Rows = append(t.Rows, Row{Key: "db/" + d.Name, Cells: ageCells(in, w, "database "+d.Name, d.Distance, Cell{})})
	}
	for _, rel := range w.Relations {
		t.Rows = append(t.Rows, Row{
			Key: strconv.FormatInt(rel.OID, 10), Args: relationArgs(rel),
			Cells: ageCells(in, w, "  "+rel.Title(), rel.Distance, size(rel.Bytes)),
		})
	}
	f := Frame{Table: t, Head: []Line{{gap(1), span(Muted,
		"at 100 % gone no write is taken; vacuum is forced from an age of "+count(w.FreezeAge)+" transactions or "+count(w.MultiFreezeAge)+" multixacts")}}}
	return frameOf(in, f, r.status)
}

func ageCells(in In, w model.Wraparound, name string, d model.Distance, heap Cell) []Cell {
	pct := d.Pct()
	gone := Cell{Text: percent(pct), Num: pct, HasNum: true}
	if overLimit(in, "db.wraparound.pct", pct, model.Percent) {
		gone.Text, gone.Role = in.mark(2)+" "+gone.Text, Warn
	}
	forced, ok := w.ForcedPct(d)
	return []Cell{{Text: name, Role: Strong}, gone, maybe(forced, ok, whole), tally(d.XIDAge), tally(d.MXIDAge), heap}
}

// relationArgs name the table to vacuum: for a TOAST table its owner.
func relationArgs(r model.RelationAge) map[string]string {
	if r.ToastOf != "" {
		return map[string]string{"table": r.ToastOf}
	}
	return map[string]string{"table": r.Schema + "." + r.Name}
}

func wraparoundDetail(in In, key string) []Line {
	w := read(in.View, store.WraparoundKey()).Value
	if name, ok := strings.CutPrefix(key, "db/"); ok {
		for _, d := range w.Databases {
			if d.Name == name {
				return distanceLines(w, labelled("database", d.Name), d.Distance)
			}
		}
		return []Line{{span(Muted, "this database is gone")}}
	}
	for _, r := range w.Relations {
		if strconv.FormatInt(r.OID, 10) == key {
			return append(distanceLines(w, labelled("relation", r.Title()), r.Distance), labelled("heap", "about "+bytes(r.Bytes)))
		}
	}
	return []Line{{span(Muted, "this relation is no longer among the oldest")}}
}

func distanceLines(w model.Wraparound, title Line, d model.Distance) []Line {
	lines := []Line{
		title,
		labelled("transactions", count(d.XIDAge)+" since the oldest row was frozen; a vacuum is forced at "+count(w.FreezeAge)),
		labelled("multixacts", count(d.MXIDAge)+" since the oldest; a vacuum is forced at "+count(w.MultiFreezeAge)),
		labelled("gone", percent(d.Pct())+" of the way to the last id, where no write is taken"),
	}
	if forced, ok := w.ForcedPct(d); ok && forced > 100 {
		lines = append(lines, labelled("overdue", "autovacuum is at it by force, even where it is turned off; what holds an old snapshot keeps it from getting through"))
	}
	return lines
}
