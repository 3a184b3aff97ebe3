package ui

import (
	"strconv"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// healthyIndexes is how many indexes without a problem are listed, the largest.
const healthyIndexes = 300

// indexesFrame lists what is wrong with the indexes first, then the largest.
func indexesFrame(in In) Frame {
	r := read(in.View, store.IndexesKey())
	t := &Table{
		Columns: []Column{
			{Name: "problem", Title: "problem", Width: 12},
			{Name: "index", Title: "index"},
			{Name: "table", Title: "on", Width: 18, Drop: 2},
			{Name: "size", Title: "size", Width: 9, Right: true},
			{Name: "scans", Title: "scans", Width: 9, Right: true, Drop: 1},
			{Name: "last", Title: "last scan", Width: 9, Right: true, Drop: 3},
		},
		Empty: "no index can be seen",
	}
	x := r.Value
	for _, p := range []model.Problem{model.InvalidIndex, model.TwinIndex, model.CoveredIndex} {
		t.Rows = append(t.Rows, indexRows(in, x, p)...)
	}
	for _, k := range x.Missing {
		t.Rows = append(t.Rows, foreignRow(in, k))
	}
	t.Rows = append(t.Rows, indexRows(in, x, model.UnusedIndex)...)
	t.Rows = append(t.Rows, indexRows(in, x, model.UnderWayIndex)...)
	healthy := indexRows(in, x, model.HealthyIndex)
	t.Rows = append(t.Rows, healthy[:min(len(healthy), healthyIndexes)]...)
	f := Frame{Head: append(hidden(in, x.Hidden), indexesHead(in, x)), Table: t}
	if n := len(healthy) - healthyIndexes; n > 0 {
		f.Foot = []Line{{gap(1), span(Muted, plural(n, "smaller index", "smaller indexes")+" without a problem are not listed")}}
	}
	return frameOf(in, f, r.status)
}

// indexesHead says how far "no scans" can be relied on.
func indexesHead(in In, x model.Indexes) Line {
	text := "scans counted since the statistics of this database began, at an unknown time"
	if x.Since != nil {
		text = "scans counted since " + in.full(*x.Since) + ", " + age(in.View.Now().Sub(*x.Since))
	}
	if x.Standby {
		return Line{gap(1), span(Warn, text+"; on this standby alone: the primary may use what is not scanned here")}
	}
	return Line{gap(1), span(Muted, text+"; not on standbys, which count for themselves")}
}

func indexRows(in In, x model.Indexes, p model.Problem) []Row {
	var rows []Row
	for _, i := range x.Rows {
		if i.Problem() == p {
			rows = append(rows, indexRow(in, i))
		}
	}
	return rows
}

func indexRow(in In, i model.Index) Row {
	last := Cell{}
	if i.LastScan != nil {
		last = sinceCell(in, i.LastScan)
	}
	return Row{
		Key: strconv.FormatInt(i.OID, 10), Args: map[string]string{"table": i.Table, "index": i.FullName()},
		Cells: []Cell{
			problemCell(in, i), {Text: i.Name, Role: Strong}, {Text: i.Table, Role: Muted},
			size(i.Bytes), tally(i.Scans), last,
		},
	}
}

// problemCell names the problem of an index; nothing for none.
func problemCell(in In, i model.Index) Cell {
	p := i.Problem()
	c := Cell{Num: float64(p), HasNum: true}
	switch p {
	case model.InvalidIndex:
		c.Text, c.Role = in.mark(2)+" invalid", Warn
		if i.Leftover {
			c.Text = in.mark(2) + " leftover"
		}
	case model.TwinIndex:
		c.Text, c.Role = in.mark(2)+" duplicate", Warn
	case model.CoveredIndex:
		c.Text = "covered"
	case model.UnusedIndex:
		c.Text = "no scans"
	case model.UnderWayIndex:
		c.Text, c.Role = "being built", Muted
	}
	return c
}

func foreignRow(in In, k model.ForeignKey) Row {
	cols := strings.Join(k.Columns, ",")
	return Row{
		Key: "fk/" + strconv.FormatInt(k.OID, 10), Args: map[string]string{"table": k.Table, "columns": cols},
		Cells: []Cell{
			{Text: in.mark(2) + " missing", Role: Warn, Num: float64(model.CoveredIndex) + 0.5, HasNum: true},
			{Text: "(" + cols + ") for " + k.Name, Role: Strong}, {Text: k.Table, Role: Muted}, {}, {}, {},
		},
	}
}

// indexDetail shows everything that is known of one index, or of a foreign key
// that has none.
func indexDetail(in In, key string) []Line {
	x := read(in.View, store.IndexesKey()).Value
	for _, k := range x.Missing {
		if "fk/"+strconv.FormatInt(k.OID, 10) == key {
			return foreignLines(k)
		}
	}
	for _, i := range x.Rows {
		if strconv.FormatInt(i.OID, 10) == key {
			return indexLines(in, x, i)
		}
	}
	return []Line{{span(Muted, "this index is gone")}}
}

func foreignLines(k model.ForeignKey) []Line {
	return []Line{
		labelled("foreign key", k.Name),
		labelled("table", k.Table+", heap about "+bytes(k.Bytes)),
		labelled("columns", strings.Join(k.Columns, ", ")),
		labelled("refers to", k.RefersTo),
		labelled("missing", "no valid index begins with these columns: each delete or key change in "+k.RefersTo+" reads the whole table"),
	}
}

func indexLines(in In, x model.Indexes, i model.Index) []Line {
	lines := []Line{
		labelled("index", i.FullName()), labelled("on", i.Table), labelled("size", "about "+bytes(i.Bytes)),
		labelled("kind", indexKind(i)), labelled("problem", indexProblem(i)),
	}
	scans := count(i.Scans)
	if i.LastScan != nil {
		scans += ", the last " + in.ago(i.LastScan)
	}
	return append(lines, labelled("scans", scans), labelled("counted", strings.TrimPrefix(indexesHead(in, x)[1].Text, "scans counted ")))
}

func indexKind(i model.Index) string {
	switch {
	case i.Primary:
		return "primary key"
	case i.Unique:
		return "unique"
	default:
		return "plain"
	}
}

// indexProblem says what is wrong with an index, and what follows.
func indexProblem(i model.Index) string {
	switch i.Problem() {
	case model.InvalidIndex:
		if i.Leftover {
			return "left over from a REINDEX CONCURRENTLY that failed: it costs writes and serves no read; drop it"
		}
		return "invalid: it costs writes and serves no read; drop it or build it again"
	case model.TwinIndex:
		return "exactly like " + i.TwinOf + ": one of them is enough"
	case model.CoveredIndex:
		return "its columns are the first ones of " + i.CoveredBy
	case model.UnusedIndex:
		return "never scanned since the statistics began, and no constraint needs it"
	case model.UnderWayIndex:
		return "being built by pid " + strconv.Itoa(i.BuiltBy)
	default:
		return "none known"
	}
}
