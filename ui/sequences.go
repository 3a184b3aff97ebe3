package ui

import (
	"fmt"
	"strconv"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func sequencesFrame(in In) Frame {
	r := read(in.View, store.SequencesKey())
	t := &Table{
		Columns: []Column{
			{Name: "sequence", Title: "sequence"},
			{Name: "used", Title: "used", Width: 10, Right: true},
			{Name: "left", Title: "left", Width: 9, Right: true},
			{Name: "last", Title: "last value", Width: 20, Right: true, Drop: 3},
			{Name: "type", Title: "type", Width: 9, Drop: 2},
			{Name: "feeds", Title: "feeds", Width: 36, Drop: 1},
		},
		Sort: "used", Desc: true, Empty: "no sequence that ends can be seen",
	}
	for _, s := range r.Value.Rows {
		t.Rows = append(t.Rows, sequenceRow(in, s))
	}
	return frameOf(in, Frame{Head: hidden(in, r.Value.Hidden), Table: t}, r.status)
}

func sequenceRow(in In, s model.Sequence) Row {
	used := Cell{Text: "?", Role: Unknown, Num: -1, HasNum: true}
	if pct, ok := s.UsedPct(); ok {
		used = Cell{Text: percent(pct), Num: pct, HasNum: true}
		if overLimit(in, "db.sequence.used", pct, model.Percent) {
			used.Text, used.Role = in.mark(2)+" "+used.Text, Warn
		}
	}
	left, ok := s.Left()
	last := Cell{}
	if s.Last != nil {
		last = Cell{Text: strconv.FormatInt(*s.Last, 10), Num: float64(*s.Last), HasNum: true, Role: Muted}
	}
	feeds := Cell{Text: feedsText(s), Role: Muted}
	if s.NarrowColumn() && s.Table != "" {
		feeds.Role = Plain
	}
	args := map[string]string{}
	if s.Table != "" {
		args["table"] = s.Table
	}
	return Row{Key: strconv.FormatInt(s.OID, 10), Args: args, Cells: []Cell{
		{Text: s.FullName(), Role: Strong}, used, maybe(left, ok, amount), last, {Text: s.Type, Role: Muted}, feeds,
	}}
}

// amount gives a number of things that may be beyond any counter.
func amount(v float64) string { return scaled(v, 1000, []string{"", "k", "M", "G", "T", "P", "E"}) }

// feedsText names the column, and its type where that ends first.
func feedsText(s model.Sequence) string {
	if s.Table == "" {
		return ""
	}
	text := s.Table + "." + s.Column
	if s.NarrowColumn() {
		text = s.ColumnType + " " + text
	}
	return text
}

func sequenceDetail(in In, key string) []Line {
	v := read(in.View, store.SequencesKey()).Value
	for _, s := range v.Rows {
		if strconv.FormatInt(s.OID, 10) != key {
			continue
		}
		lines := []Line{
			labelled("sequence", s.FullName()),
			labelled("range", fmt.Sprintf("%d to %d by %d, %s", s.Min, s.Max, s.Increment, s.Type)),
			labelled("value", sequenceValue(s)),
		}
		if pct, ok := s.UsedPct(); ok {
			left, _ := s.Left()
			lines = append(lines, labelled("used", percent(pct)+", "+amount(left)+" values are left"))
		} else {
			lines = append(lines, labelled("how", v.Hidden))
		}
		if s.Table != "" {
			lines = append(lines, labelled("feeds", s.Table+"."+s.Column+", "+s.ColumnType))
		}
		if s.NarrowColumn() {
			lines = append(lines, labelled("ends at", fmt.Sprintf("%d: the column is narrower than the sequence", s.End())))
		}
		return lines
	}
	return []Line{{span(Muted, "this sequence is gone")}}
}

func sequenceValue(s model.Sequence) string {
	switch {
	case !s.Readable:
		return "hidden"
	case s.Last == nil:
		return "never used"
	default:
		return strconv.FormatInt(*s.Last, 10)
	}
}
