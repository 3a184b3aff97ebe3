package ui

import (
	"strconv"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// wasteful is the share of a heap, in percent, from which a rewrite would gain
// enough to be marked, and wastefulBytes the least gain.
const (
	wasteful      = 30
	wastefulBytes = 100 << 20
)

func bloatFrame(in In) Frame {
	r := read(in.View, store.BloatKey())
	t := &Table{
		Columns: []Column{
			{Name: "table", Title: "table"},
			{Name: "gain", Title: "to gain", Width: 9, Right: true},
			{Name: "share", Title: "of heap", Width: 10, Right: true},
			{Name: "heap", Title: "heap", Width: 9, Right: true, Drop: 1},
			{Name: "toast", Title: "toast", Width: 9, Right: true, Drop: 3},
			{Name: "note", Title: "", Width: 34, Drop: 2},
		},
		Sort: "gain", Desc: true, Empty: "no table can be seen",
	}
	for _, row := range r.Value.Rows {
		t.Rows = append(t.Rows, bloatRow(in, row))
	}
	head := append(hidden(in, r.Value.Hidden), Line{gap(1), span(Muted, "what a rewrite would free, estimated from the statistics of the columns")})
	return frameOf(in, Frame{Head: head, Table: t}, r.status)
}

func bloatRow(in In, b model.BloatedTable) Row {
	gain, share := Cell{Text: "?", Role: Unknown, Num: -1, HasNum: true}, Cell{Text: "?", Role: Unknown, Num: -1, HasNum: true}
	if pct, ok := b.Pct(); ok {
		gain = Cell{Text: bytes(*b.BloatBytes), Num: float64(*b.BloatBytes), HasNum: true}
		share = Cell{Text: percent(pct), Num: pct, HasNum: true}
		if pct >= wasteful && *b.BloatBytes >= wastefulBytes && b.Doubt() == "" {
			share.Text, share.Role = in.mark(2)+" "+share.Text, Warn
		}
	}
	return Row{
		Key: strconv.FormatInt(b.OID, 10), Args: map[string]string{"table": b.FullName()},
		Cells: []Cell{
			{Text: b.FullName(), Role: Strong}, gain, share, size(b.HeapBytes), size(b.ToastBytes),
			{Text: bloatNote(b), Role: Muted},
		},
	}
}

// bloatNote says why there is no estimate, or why not to rely on it.
func bloatNote(b model.BloatedTable) string {
	switch {
	case b.BloatBytes != nil:
		return b.Doubt()
	case !b.Readable:
		return "statistics hidden: needs SELECT on it"
	case b.RLS:
		return "statistics hidden by row-level security"
	case b.HeapBytes == 0:
		return "empty or never analyzed"
	default:
		return "no statistics: analyze it"
	}
}

func bloatDetail(in In, key string) []Line {
	v := read(in.View, store.BloatKey()).Value
	for _, b := range v.Rows {
		if strconv.FormatInt(b.OID, 10) != key {
			continue
		}
		lines := []Line{labelled("table", b.FullName()), labelled("heap", "about "+bytes(b.HeapBytes)), labelled("toast", "about "+bytes(b.ToastBytes))}
		if pct, ok := b.Pct(); ok {
			lines = append(lines, labelled("to gain", "about "+bytes(*b.BloatBytes)+", "+percent(pct)+" of the heap, by a rewrite"),
				labelled("rows", count(b.Rows)+" when analyzed, "+count(b.ModSince)+" changed since"))
		}
		if note := bloatNote(b); note != "" {
			lines = append(lines, labelled("note", note))
		}
		if !b.Readable {
			lines = append(lines, labelled("how", v.Hidden))
		}
		return lines
	}
	return []Line{{span(Muted, "this table is gone")}}
}
