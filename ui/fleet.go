package ui

import (
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// fleetFrame is the view of every machine that a Prometheus knows of: the sums,
// and the worst of them.
func fleetFrame(in In) Frame {
	r := read(in.View, store.FleetKey())
	t := &Table{
		Columns: []Column{
			{Name: "state", Title: "state", Width: 8},
			{Name: "host", Title: "host", Width: 36},
			{Name: "cpu", Title: "cpu", Width: 8, Right: true},
			{Name: "memory", Title: "memory", Width: 8, Right: true},
			{Name: "disk", Title: "disk", Width: 8, Right: true},
			{Name: "note", Title: ""},
		},
		Empty: "Prometheus knows of no machine",
	}
	for _, h := range r.Value.Worst() {
		t.Rows = append(t.Rows, fleetRow(in, r.Value, h))
	}
	return frameOf(in, Frame{Head: fleetHead(in, r.Value), Table: t}, r.status)
}

// fleetHead sums the fleet up.
func fleetHead(in In, f model.Fleet) []Line {
	down := Line{gap(1), field(8, Muted, "hosts"), span(Strong, orUnknown(f.Total, count)), gap(2), span(Muted, "down "),
		span(roleOf(in, "fleet.down"), orUnknown(f.Down, count))}
	lines := []Line{down}
	for _, u := range []struct {
		name, metric, max string
		use               model.FleetUse
	}{{"cpu", "fleet.cpu", "fleet.cpu.max", f.CPU}, {"memory", "fleet.memory", "fleet.memory.max", f.Memory}, {"disk", "fleet.disk", "fleet.disk.max", f.Disk}} {
		lines = append(lines, Line{gap(1), field(8, Muted, u.name), figure(8, Strong, orUnknown(u.use.Mean, whole)), span(Muted, " on average, most "),
			figure(6, roleOf(in, u.max), orUnknown(u.use.Max, whole)), gap(2), shareLine(in, min(max(in.Width-70, 0), 30), u.metric, nil), gap(2),
			span(Muted, orUnknown(u.use.Over, count)+" over "+whole(model.FleetLimit))})
	}
	if f.Total != nil && int(*f.Total) > len(f.Hosts) {
		lines = append(lines, Line{gap(1), span(Muted, "below: the worst "+count(int64(len(f.Hosts)))+" of "+count(*f.Total))})
	}
	return append(lines, Line{})
}

func fleetRow(in In, f model.Fleet, h model.FleetHost) Row {
	level, word := 0, "up"
	if h.Down {
		level, word = 2, "down"
	}
	note := Cell{}
	if h.Down {
		note = Cell{Text: "its newest scrape failed", Role: Warn}
	}
	return Row{Key: h.Name, Cells: []Cell{
		{Text: in.mark(level) + " " + word, Role: levelRole(level, Plain), Num: float64(level), HasNum: true},
		{Text: h.Name, Role: Strong},
		useCell(f, h, func(h model.FleetHost) *float64 { return h.CPU }),
		useCell(f, h, func(h model.FleetHost) *float64 { return h.Memory }),
		useCell(f, h, func(h model.FleetHost) *float64 { return h.Disk }),
		note,
	}}
}

// useCell is a share in use. One that is not among the worst is under the least
// of those.
func useCell(f model.Fleet, h model.FleetHost, of func(model.FleetHost) *float64) Cell {
	v := of(h)
	if v != nil {
		c := Cell{Text: whole(*v), Num: *v, HasNum: true}
		if *v > model.FleetLimit {
			c.Role = Warn
		}
		return c
	}
	if least, ok := f.Least(of); ok && !h.Down {
		return Cell{Text: "< " + whole(least), Role: Muted, Num: least - 1, HasNum: true}
	}
	return Cell{Text: "?", Role: Unknown}
}

func fleetDetail(in In, key string) []Line {
	r := read(in.View, store.FleetKey())
	lines := sourceLines(in, r.status)
	for _, h := range r.Value.Hosts {
		if h.Name == key {
			return append(lines, labelled("host", h.Name), labelled("up", yesNo(!h.Down)), labelled("cpu", orUnknown(h.CPU, percent)+", over 5 m"),
				labelled("memory", orUnknown(h.Memory, percent)+" not available"), labelled("disk", orUnknown(h.Disk, percent)+", its fullest file system"))
		}
	}
	return lines
}
