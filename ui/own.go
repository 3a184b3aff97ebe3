package ui

import (
	"strconv"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// ownItems say what tocsin itself costs the server.
func ownItems(in In) []quantity {
	r := read(in.View, store.OwnKey())
	if !r.has() {
		return withheld("about me", r.status)
	}
	o := r.Value
	use := plural(o.Connections, "connection", "connections") + ", " + strconv.Itoa(o.Statements) + " statements, " + bytes(o.Bytes) + " a minute"
	it := quantity{key: r.status.Name + "/", name: "about me", metric: "db.own.time", means: joined(in.glyphs(), "of a core at most"+byServer(in), use)}
	return []quantity{it.is(o.BusyPct(), percent(o.BusyPct()))}
}

// byServer is what the server counts of it; "" where that is not known.
func byServer(in In) string {
	pct, ok := read(in.View, store.StatementsKey()).Value.OwnPct()
	if !ok {
		return ""
	}
	return ", the server counts " + percent(pct)
}

// ownLines say how it was measured, which source takes how much, and which ones
// are read less often for it.
func ownLines(in In) []Line {
	o := read(in.View, store.OwnKey()).Value
	lines := wrapped("by us", percent(o.BusyPct())+": from sending a statement until its last row is here, with the network; the server spent less", in.Width)
	if pct, ok := read(in.View, store.StatementsKey()).Value.OwnPct(); ok {
		lines = append(lines, wrapped("by the server", percent(pct)+" (pg_stat_statements): without parsing and planning, for every tocsin that reads it", in.Width)...)
	}
	lines = append(lines, Line{}, columnsLine("source", "in a minute", "of a core"))
	for _, s := range o.Sources {
		pct := 100 * s.Busy.Seconds() / model.OwnOver.Seconds()
		line := columnsLine(s.Name, took(s.Busy), percent(pct))
		if note := statusOf(in.View, s.Name).Note; note != "" {
			line = append(line, gap(2), span(Muted, note))
		}
		lines = append(lines, line)
	}
	return lines
}
