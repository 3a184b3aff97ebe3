package ui

import (
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// freshProbe is a probe that tells how old the content of a service is.
type freshProbe struct {
	source string
	probe  model.Probe
}

// freshProbes lists the current probes that know the age of their content.
func freshProbes(in In) []freshProbe {
	var out []freshProbe
	for _, p := range store.All[model.Probe](in.View) {
		if p.Status.State == store.OK && p.Sample.Value.Fresh != nil {
			out = append(out, freshProbe{p.Status.Name, p.Sample.Value})
		}
	}
	return out
}

// stale tells whether the content is older than it may be.
func (f freshProbe) stale() bool {
	return f.probe.Fresh.Why == "" && f.probe.Fresh.Age > f.probe.Fresh.Max
}

// text says how old the content is, and how old it may be.
func (f freshProbe) text() string {
	if f.probe.Fresh.Why != "" {
		return bare(f.source) + " age unknown: " + f.probe.Fresh.Why
	}
	return bare(f.source) + " serves content " + age(f.probe.Fresh.Age) + " old, limit " + age(f.probe.Fresh.Max)
}

func (f freshProbe) line() Line {
	switch {
	case f.probe.Fresh.Why != "":
		return Line{gap(1), span(Unknown, "? "+f.text())}
	case f.stale():
		return Line{gap(1), span(Warn, "! "+f.text())}
	default:
		return Line{gap(1), span(Muted, f.text())}
	}
}

// cachePanel is the box of the overview. How old the content is that services
// give stands here as well: that is what a cache gets wrong.
func cachePanel(in In) Panel {
	r := read(in.View, store.RedisKey())
	p := Panel{ID: "cache", Title: "Cache", Level: levelOf(in, "cache.")}
	if r.has() {
		p.Lines = redisLines(in, r.Value)
		p.Short = Line{span(Muted, "hits "), span(Strong, orUnknown(r.Value.HitPct, percent)), gap(2),
			span(Muted, "mem "), span(Plain, redisMemory(r.Value))}
	}
	p = panelOf(in, p, r.status)
	for _, f := range freshProbes(in) {
		switch {
		case f.stale():
			p.Short = append(Line{span(Warn, f.text()), gap(2)}, p.Short...)
		case f.probe.Fresh.Why != "":
			p.Level = max(p.Level, int(alert.Unclear))
			p.Short = append(p.Short, gap(2), span(Unknown, f.text()))
		default:
			continue
		}
		p.Lines = append([]Line{f.line()}, p.Lines...)
	}
	return p
}

func redisLines(in In, r model.Redis) []Line {
	lines := []Line{
		{gap(1), field(5, Muted, "hits"), figure(7, Strong, orUnknown(r.HitPct, percent)), gap(2),
			shareLine(in, max(in.Width-31, 0), "cache.hit_ratio", nil), gap(2), span(Muted, "mem "), span(Plain, redisMemory(r))},
		{gap(1), span(Plain, "evicted "+orUnknown(r.Evicted, rate)), gap(2), span(Plain, orUnknown(r.Clients, count)+" clients"),
			gap(2), span(Plain, count(r.Keys)+" keys")},
	}
	if in.Width >= 48 {
		lines[1] = append(lines[1], gap(2), span(Muted, "slow log "+orUnknown(r.SlowLog, count)))
	}
	lines = append(lines, hidden(in, r.Hidden)...)
	if r.RDBFailed {
		lines = append(lines, Line{gap(1), span(Warn, "! the last background save failed")})
	}
	return lines
}

// redisMemory is the share of the limit in use, or the size where there is no
// limit; a server that does not tell gives 0.
func redisMemory(r model.Redis) string {
	if r.Used == 0 {
		return "?"
	}
	if pct, ok := r.MemPct(); ok {
		return whole(pct)
	}
	return bytes(r.Used)
}

// orUnknown is a number, or the mark for one that is not known.
func orUnknown[N int64 | float64](v *N, format func(N) string) string {
	if v == nil {
		return "?"
	}
	return format(*v)
}

func cacheFrame(in In) Frame {
	r := read(in.View, store.RedisKey())
	t := quantities(in, append(redisItems(r.Value), upstashItems(in)...))
	f := frameOf(in, Frame{Head: hidden(in, r.Value.Hidden), Table: t}, r.status)
	var fresh []quantity
	for _, p := range freshProbes(in) {
		it := quantity{key: p.source, name: "content of " + bare(p.source), args: purgeArgs(p.probe),
			metric: "cache.age", labels: model.Labels{"service": p.probe.Service}, means: freshMeans(p)}
		if p.probe.Fresh.Why == "" {
			it = it.is(p.probe.Fresh.Age.Seconds(), age(p.probe.Fresh.Age)+" old")
		} else {
			it.text = "?"
		}
		fresh = append(fresh, it)
	}
	rows := quantityRows(in, fresh)
	for i, p := range freshProbes(in) {
		if p.stale() {
			rows[i].Cells[1].Role, rows[i].Cells[1].Text = Warn, "! "+rows[i].Cells[1].Text
		}
	}
	if f.Table.Empty == "" && len(f.Table.Columns) == 0 {
		f.Table.Columns = t.Columns
	}
	f.Table.Rows = append(rows, f.Table.Rows...)
	return f
}

// freshMeans says how old content may be, and what clears it.
func freshMeans(p freshProbe) string {
	if p.probe.Fresh.Why != "" {
		return p.probe.Fresh.Why
	}
	text := "limit " + age(p.probe.Fresh.Max)
	purge, tag := p.probe.Fresh.Purge, p.probe.Fresh.Tag
	if purge == "" && tag == "" {
		return text + "; its probe does not say what to purge (fresh: {purge: ...} or {tag: ...})"
	}
	if purge != "" {
		text += "; a purge removes " + strings.TrimSuffix(purge, "*") + "*"
	}
	if tag != "" {
		text += "; at the CDN it has the tag " + tag
	}
	return text
}

func redisItems(r model.Redis) []quantity {
	memory := quantity{key: "memory", name: "memory", metric: "cache.memory.bytes", means: "the server does not tell it", text: "?"}
	if r.Used > 0 {
		memory.means = "no limit is set (maxmemory)"
		memory = memory.is(float64(r.Used), bytes(r.Used))
	}
	if pct, ok := r.MemPct(); ok {
		memory.means = whole(pct) + " of " + bytes(r.Max)
	}
	items := []quantity{
		quantity{key: "hits", name: "hits", metric: "cache.hit_ratio", share: true, means: "of " + count(r.Lookups) + " lookups"}.perhaps(r.HitPct, percent),
		redisLatency(r),
		quantity{key: "ops", name: "commands", metric: "cache.ops"}.perhaps(r.Ops, rate),
		quantity{key: "evicted", name: "evicted", metric: "cache.evicted", means: "keys thrown out for want of memory"}.perhaps(r.Evicted, rate),
		memory,
		quantity{key: "clients", name: "clients", metric: "cache.clients", means: orUnknown(r.Blocked, count) + " blocked"}.perhapsCount(r.Clients),
		quantity{key: "keys", name: "keys", metric: "cache.keys"}.is(float64(r.Keys), count(r.Keys)),
		slowLog(r),
		quantity{key: "role", name: "role", means: "Redis " + r.Version}.says(redisRole(r)),
	}
	if r.RDBFailed {
		items = append(items, quantity{key: "save", name: "background save", means: "the last one failed: see the log of the server"}.says("failed"))
	}
	return items
}

// redisLatency is unknown of a server that was not asked yet.
func redisLatency(r model.Redis) quantity {
	it := quantity{key: "latency", name: "latency", metric: "cache.latency", means: "one round trip, of the network and of INFO", text: "?"}
	if r.Latency > 0 {
		it = it.is(r.Latency.Seconds(), took(r.Latency))
	}
	return it
}

func slowLog(r model.Redis) quantity {
	return quantity{key: "slow", name: "slow log", means: "entries"}.perhapsCount(r.SlowLog)
}

func redisRole(r model.Redis) string {
	if r.Replica {
		return "replica"
	}
	return "primary"
}

// cacheDetail shows how the source of a line is read.
func cacheDetail(in In, key string) []Line {
	if _, ok := in.View.Sample(key); ok {
		return serviceDetail(in, key)
	}
	return sourceLines(in, statusOf(in.View, store.RedisKey().Name))
}
