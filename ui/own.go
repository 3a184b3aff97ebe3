package ui

import (
	"strconv"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// ownItems say what tocsin itself costs the server, and whether it can tell of
// alerts beyond the screen.
func ownItems(in In) []quantity { return append(costItems(in), noticeItems(in)...) }

func costItems(in In) []quantity {
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

// noticeItems say of each way by which alerts are told whether they arrive.
func noticeItems(in In) []quantity {
	r := read(in.View, store.NoticesKey())
	if !r.has() {
		return nil // nobody is to be told, or it is not known yet
	}
	var out []quantity
	for _, c := range r.Value.Channels {
		it := quantity{
			key: r.status.Name + "/" + c.Name, name: "about me: tells " + c.Name, metric: "notify.failing", labels: model.Labels{"channel": c.Name},
			means: noticeMeans(in, c, r.Value.Lost),
		}
		text := "ready"
		switch {
		case c.Fail != "":
			text = "failing"
		case c.Waiting > 0:
			text = "sending"
		case c.Sent > 0:
			text = "told " + strconv.Itoa(c.Sent)
		}
		if r.Value.Elsewhere {
			it.means = joined(in.glyphs(), "another tocsin here tells", it.means)
		}
		out = append(out, it.is(float64(c.Waiting), text))
	}
	return out
}

// noticeMeans is what of a channel is worth knowing, the worst first.
func noticeMeans(in In, c model.NoticeChannel, lost string) string {
	var parts []string
	if c.Fail != "" {
		parts = append(parts, "for "+age(in.View.Now().Sub(c.Since))+": "+c.Fail)
	}
	if c.Waiting > 0 {
		parts = append(parts, strconv.Itoa(c.Waiting)+" waiting")
	}
	if c.Dropped > 0 {
		parts = append(parts, strconv.Itoa(c.Dropped)+" dropped: too many, too old or refused")
	}
	if lost != "" {
		parts = append(parts, "what waits is not on disk: "+lost)
	}
	if !c.At.IsZero() {
		parts = append(parts, "last "+in.clock(c.At))
	}
	return joined(in.glyphs(), parts...)
}
