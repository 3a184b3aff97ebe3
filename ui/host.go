package ui

import (
	"cmp"
	"slices"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// disks lists the file systems, those first that are fullest.
func disks(h model.Host) []model.Disk {
	out := slices.Clone(h.Disks)
	slices.SortStableFunc(out, func(a, b model.Disk) int {
		x, _ := a.UsedPct()
		y, _ := b.UsedPct()
		return cmp.Or(cmp.Compare(y, x), cmp.Compare(a.Mount, b.Mount))
	})
	return out
}

// diskLevel is how loud the alerts on one file system are.
func diskLevel(in In, mount string) int {
	level := 0
	for _, a := range in.Alerts {
		if a.Labels["fs"] == mount && a.Trouble() && a.Muted == nil {
			level = max(level, int(a.Level()))
		}
	}
	return level
}

// hostPanel is the box of the overview: the machine tocsin runs on.
func hostPanel(in In) Panel {
	r := read(in.View, store.HostKey())
	h := r.Value
	p := Panel{ID: "host", Title: "Host", Level: levelOf(in, "host.")}
	if r.has() {
		p.Title += "  " + h.Name
		p.Lines = hostLines(in, h)
		p.Short = Line{span(Muted, "cpu "), span(roleOf(in, "host.cpu"), orUnknown(h.CPU, whole)), gap(2),
			span(Muted, "mem "), span(roleOf(in, "host.memory"), memoryText(h))}
		if all := disks(h); len(all) > 0 {
			p.Short = append(p.Short, gap(2), span(Muted, "disk "), span(levelRole(diskLevel(in, all[0].Mount), Plain), diskText(all[0])))
		}
	}
	return panelOf(in, p, r.status)
}

// roleOf is the role of a number by the alert on it.
func roleOf(in In, metric string) Role {
	a, ok := alertOn(in, metric, nil)
	if !ok {
		return Strong
	}
	return alertRole(a, Strong)
}

func memoryText(h model.Host) string {
	pct, ok := h.MemPct()
	if !ok {
		return "?"
	}
	return whole(pct)
}

func memoryFree(h model.Host) string {
	if h.MemWhy != "" {
		return "?"
	}
	return bytes(h.MemFree)
}

func diskText(d model.Disk) string {
	text := d.Mount + " "
	if pct, ok := d.UsedPct(); ok {
		text += whole(pct)
	} else {
		text += "?"
	}
	if d.FullIn != nil {
		text += " full in " + age(*d.FullIn)
	}
	return text
}

func hostLines(in In, h model.Host) []Line {
	wide := max(in.Width-30, 0)
	lines := []Line{
		{gap(1), field(5, Muted, "cpu"), figure(6, roleOf(in, "host.cpu"), orUnknown(h.CPU, whole)), gap(2),
			shareLine(in, wide, "host.cpu", nil), gap(2), span(Muted, "load "+loadText(h, 0)+" of "+count(int64(h.CPUs)))},
		{gap(1), field(5, Muted, "mem"), figure(6, roleOf(in, "host.memory"), memoryText(h)), gap(2),
			shareLine(in, wide, "host.memory", nil), gap(2), span(Muted, memoryFree(h)+" free")},
	}
	for _, d := range disks(h)[:min(len(h.Disks), 3)] {
		lines = append(lines, Line{gap(1), field(5, Muted, "disk"), span(levelRole(diskLevel(in, d.Mount), Plain), diskText(d))})
	}
	net := Line{gap(1), field(5, Muted, "net"), span(Plain, "in "+orUnknown(h.NetIn, perSecondBytes)+"  out "+orUnknown(h.NetOut, perSecondBytes))}
	if h.Pressure != nil && in.Width >= 48 {
		net = append(net, gap(2), span(Muted, "io wait "+whole(h.Pressure.IO)))
	}
	return append(lines, net)
}

func perSecondBytes(v float64) string { return bytes(v) + "/s" }

func hostFrame(in In) Frame {
	r := read(in.View, store.HostKey())
	f := Frame{Table: quantities(in, hostItems(r.Value))}
	f.Head = []Line{{gap(1), span(Muted, "the machine tocsin runs on: "), span(Plain, r.Value.Name)}}
	return frameOf(in, f, r.status)
}

func hostItems(h model.Host) []quantity {
	memory := quantity{key: "memory", name: "memory", metric: "host.memory", share: true, text: "?",
		means: memoryFree(h) + " of " + bytes(h.MemTotal) + " available"}
	if h.MemLimited {
		memory.means += ", the limit of this cgroup"
	}
	if pct, ok := h.MemPct(); ok {
		memory = memory.is(pct, percent(pct))
	}
	items := []quantity{
		quantity{key: "cpu", name: "cpu", metric: "host.cpu", share: true, means: "of " + plural(h.CPUs, "CPU", "CPUs")}.perhaps(h.CPU, percent),
		loadItem(h),
		memory,
		swapItem(h),
	}
	for _, d := range disks(h) {
		items = append(items, diskItems(d)...)
	}
	items = append(items,
		quantity{key: "in", name: "network in"}.perhaps(h.NetIn, perSecondBytes),
		quantity{key: "out", name: "network out"}.perhaps(h.NetOut, perSecondBytes),
		quantity{key: "read", name: "disk read"}.perhaps(h.DiskRead, perSecondBytes),
		quantity{key: "write", name: "disk write"}.perhaps(h.DiskWrite, perSecondBytes))
	return append(items, pressureItems(h)...)
}

// loadText is the load over 1, 5 or 15 minutes.
func loadText(h model.Host, i int) string {
	if h.Load == nil {
		return "?"
	}
	return number(h.Load[i])
}

func loadItem(h model.Host) quantity {
	q := quantity{key: "load", name: "load", metric: "host.load1", text: "?",
		means: "5 min " + loadText(h, 1) + ", 15 min " + loadText(h, 2)}
	if h.Load == nil {
		return q
	}
	return q.is(h.Load[0], loadText(h, 0))
}

func swapItem(h model.Host) quantity {
	q := quantity{key: "swap", name: "swap", text: "?", means: "in use"}
	if h.SwapUsed == nil {
		return q
	}
	return q.is(float64(*h.SwapUsed), bytes(*h.SwapUsed))
}

func diskItems(d model.Disk) []quantity {
	labels := model.Labels{"fs": d.Mount}
	used := diskUsed(d, quantity{key: "disk " + d.Mount, metric: "host.disk.used"})
	items := []quantity{used}
	if d.InodesPct != nil {
		items = append(items, quantity{key: "inodes " + d.Mount, name: "inodes " + d.Mount, metric: "host.disk.inodes",
			labels: labels, share: true}.perhaps(d.InodesPct, percent))
	}
	return items
}

// diskUsed is how full a file system is.
func diskUsed(d model.Disk, q quantity) quantity {
	q.name, q.labels, q.share, q.text = "disk "+d.Mount, model.Labels{"fs": d.Mount}, true, "?"
	pct, ok := d.UsedPct()
	if !ok {
		q.means = d.Why
		return q
	}
	q.means = bytes(d.Used) + " of " + bytes(d.Total)
	if d.FullIn != nil {
		q.means += ", full in " + age(*d.FullIn) + " at this rate"
	}
	return q.is(pct, percent(pct))
}

func pressureItems(h model.Host) []quantity {
	if h.Pressure == nil {
		return nil
	}
	var items []quantity
	for _, p := range []struct {
		of string
		v  float64
	}{{"cpu", h.Pressure.CPU}, {"memory", h.Pressure.Memory}, {"io", h.Pressure.IO}} {
		items = append(items, quantity{key: "pressure " + p.of, name: "waiting for " + p.of, metric: "host.pressure",
			labels: model.Labels{"of": p.of}, share: true, means: "of the last 10 s some task waited"}.is(p.v, percent(p.v)))
	}
	return items
}

func hostDetail(in In, _ string) []Line {
	r := read(in.View, store.HostKey())
	lines := sourceLines(in, r.status)
	if !r.has() {
		return lines
	}
	return append(lines, labelled("machine", r.Value.Name), labelled("running since", in.ago(&r.Value.BootedSince)))
}
