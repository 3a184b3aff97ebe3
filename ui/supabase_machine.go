package ui

import (
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// machineFrame is the machine that the database of a project at Supabase runs
// on, as the host's is the one tocsin runs on.
func machineFrame(in In) Frame {
	r := read(in.View, store.SupabaseMachineKey())
	f := Frame{Table: quantities(in, machineItems(r.Value))}
	f.Head = []Line{{gap(1), span(Muted, "the machine of the database at Supabase, told once a minute: "), span(Plain, machineName(in))}}
	return frameOf(in, f, r.status)
}

// machineName is the size of the machine; "" where it is not known.
func machineName(in In) string {
	c := read(in.View, store.SupabaseComputeKey())
	return commas(c.Value.Size, c.Value.SizeID)
}

func machineItems(m model.SupabaseMachine) []quantity {
	memory := quantity{key: "memory", name: "memory", metric: "supabase.memory", share: true, text: "?"}
	if pct, ok := m.MemPct(); ok {
		memory = memory.is(pct, percent(pct))
		memory.means = bytes(*m.MemFree) + " of " + bytes(*m.MemTotal) + " available"
	}
	items := []quantity{
		quantity{key: "cpu", name: "cpu", metric: "supabase.cpu", share: true, means: "of " + plural(m.CPUs, "CPU", "CPUs")}.perhaps(m.CPU, percent),
		quantity{key: "wait", name: "waiting for the disk", metric: "supabase.cpu.wait", share: true, means: "of the processors' time"}.perhaps(m.IOWait, percent),
		machineLoad(m),
		memory,
		machineSwap(m),
		quantity{key: "oom", name: "out of memory", metric: "supabase.oom_kills", means: "processes ended since the reading before"}.perhapsCount(m.OOMKills),
	}
	for _, d := range m.Disks {
		items = append(items, machineDisk(d))
	}
	items = append(items,
		quantity{key: "read", name: "disk read", metric: "supabase.disk.reads"}.perhaps(m.DiskRead, perSecondBytes),
		quantity{key: "write", name: "disk write", metric: "supabase.disk.writes"}.perhaps(m.DiskWrite, perSecondBytes),
		quantity{key: "ops", name: "disk operations", metric: "supabase.disk.ops"}.perhaps(m.DiskOps, rate),
		quantity{key: "busy", name: "disk busy", metric: "supabase.disk.busy", share: true, means: "of the time, the busiest disk"}.perhaps(m.DiskBusy, percent),
		quantity{key: "in", name: "network in"}.perhaps(m.NetIn, perSecondBytes),
		quantity{key: "out", name: "network out"}.perhaps(m.NetOut, perSecondBytes))
	return append(items, machineDatabase(m)...)
}

func machineLoad(m model.SupabaseMachine) quantity {
	q := quantity{key: "load", name: "load", text: "?"}
	if m.Load == nil {
		return q
	}
	q.means = "5 min " + number(m.Load[1]) + ", 15 min " + number(m.Load[2])
	return q.is(m.Load[0], number(m.Load[0]))
}

func machineSwap(m model.SupabaseMachine) quantity {
	q := quantity{key: "swap", name: "swap", text: "?", means: "in use"}
	if m.SwapUsed == nil {
		return q
	}
	return q.is(float64(*m.SwapUsed), bytes(*m.SwapUsed))
}

func machineDisk(d model.Disk) quantity {
	used := quantity{key: "disk " + d.Mount, name: "disk " + d.Mount, metric: "supabase.disk.used", labels: model.Labels{"fs": d.Mount}, share: true, text: "?",
		means: bytes(d.Used) + " of " + bytes(d.Total)}
	if pct, ok := d.UsedPct(); ok {
		used = used.is(pct, percent(pct))
	}
	if d.FullIn != nil {
		used.means += ", full in " + age(*d.FullIn) + " at this rate"
	}
	return used
}

// machineDatabase is what the machine says of the database on it.
func machineDatabase(m model.SupabaseMachine) []quantity {
	slots := quantity{key: "slots", name: "connections", metric: "supabase.connections", share: true, text: "?"}
	if pct, ok := m.SlotsPct(); ok {
		slots = slots.is(pct, percent(pct))
		slots.means = count(*m.Clients) + " of " + count(*m.Slots)
	}
	up := quantity{key: "up", name: "database", metric: "supabase.postgres.down", text: "?"}
	if m.Up != nil {
		up = up.says(map[bool]string{true: "answers", false: "down"}[*m.Up])
	}
	return []quantity{up, slots,
		quantity{key: "waiting", name: "pooler queue", metric: "supabase.pooler.waiting", means: "clients that wait for a connection"}.perhapsCount(m.Waiting)}
}

func machineDetail(in In, _ string) []Line {
	r := read(in.View, store.SupabaseMachineKey())
	lines := sourceLines(in, r.status)
	if !r.has() {
		return lines
	}
	for _, name := range r.Value.Missing {
		lines = append(lines, labelled("not told", name))
	}
	return lines
}
