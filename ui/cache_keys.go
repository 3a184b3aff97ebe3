package ui

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// keysFrame is the view of what lies in the cache: its keys by prefix, then
// the largest single ones.
func keysFrame(in In) Frame {
	r := read(in.View, store.KeyspaceKey())
	t := &Table{
		Columns: []Column{
			{Name: "what", Title: "what", Width: 7},
			{Name: "name", Title: "keys", Least: 20},
			{Name: "count", Title: "number", Width: 9, Right: true},
			{Name: "growth", Title: "growth", Width: 10, Right: true, Drop: 2},
			{Name: "size", Title: "memory", Width: 10, Right: true},
			{Name: "share", Title: "of limit", Width: 8, Right: true, Drop: 1},
			{Name: "end", Title: "without end", Width: 12, Right: true},
			{Name: "type", Title: "type", Width: 8, Drop: 3},
		},
		Empty: "the database is empty",
	}
	for _, p := range r.Value.Prefixes {
		t.Rows = append(t.Rows, prefixRow(r.Value, p))
	}
	for _, k := range r.Value.Big {
		t.Rows = append(t.Rows, bigKeyRow(r.Value, k))
	}
	return frameOf(in, Frame{Head: keysHead(in, r.Value), Table: t}, r.status)
}

// keysHead says how sure the numbers are.
func keysHead(in In, k model.Keyspace) []Line {
	text := count(k.Keys) + " keys, all looked at"
	if !k.Whole() {
		text = count(k.Keys) + " keys, estimated from " + count(k.Sampled) + " of them (" + whole(k.SamplePct()) + ")"
	}
	text += "; memory from " + count(k.Measured) + " that were measured"
	line := Line{gap(1), span(Muted, text)}
	if k.Policy != "" {
		line = append(line, span(Muted, "; when full: "+k.Policy))
	}
	return append([]Line{line}, hidden(in, k.Hidden)...)
}

func prefixRow(k model.Keyspace, p model.Prefix) Row {
	row := Row{Key: "prefix/" + p.Name, Cells: []Cell{
		{Text: "prefix", Role: Muted}, {Text: prefixName(p), Role: Strong}, tally(p.Keys), keysGrowth(p),
		{Text: "?", Role: Unknown}, {}, {Text: "?", Role: Unknown}, {},
	}}
	if p.Name != "" {
		row.Args = map[string]string{"prefix": p.Name}
	}
	if p.Bytes != nil {
		row.Cells[4], row.Cells[5] = size(*p.Bytes), limitShare(k, *p.Bytes)
	}
	if p.Forever != nil {
		row.Cells[6] = Cell{Text: whole(*p.Forever), Num: *p.Forever, HasNum: true}
	}
	return row
}

// prefixName is a prefix with its star, as a purge takes it.
func prefixName(p model.Prefix) string {
	if p.Name == "" {
		return "(no prefix)"
	}
	return p.Name + "*"
}

// keysGrowth is how fast keys become more; nothing where that is not known.
func keysGrowth(p model.Prefix) Cell {
	switch {
	case p.Growth == nil:
		return Cell{}
	case *p.Growth > 0:
		return Cell{Text: "+" + rate(*p.Growth), Num: *p.Growth, HasNum: true}
	}
	return Cell{Text: rate(*p.Growth), Num: *p.Growth, HasNum: true}
}

// limitShare is a part of the memory that the server may take.
func limitShare(k model.Keyspace, n int64) Cell {
	if k.Max <= 0 {
		return Cell{}
	}
	pct := 100 * float64(n) / float64(k.Max)
	return Cell{Text: whole(pct), Num: pct, HasNum: true}
}

func bigKeyRow(k model.Keyspace, b model.BigKey) Row {
	return Row{Key: "key/" + b.Key, Cells: []Cell{
		{Text: "key", Role: Muted}, {Text: b.Key}, {}, {}, size(b.Bytes), limitShare(k, b.Bytes), {Text: endText(b.TTL)}, {Text: b.Type, Role: Muted},
	}}
}

// endText is when a key ends: in 3m12s, never.
func endText(ttl *time.Duration) string {
	switch {
	case ttl == nil:
		return "?"
	case *ttl < 0:
		return "never"
	}
	return "in " + age(*ttl)
}

func keysDetail(in In, key string) []Line {
	k := read(in.View, store.KeyspaceKey()).Value
	for _, p := range k.Prefixes {
		if "prefix/"+p.Name == key {
			return prefixLines(in, k, p)
		}
	}
	for _, b := range k.Big {
		if "key/"+b.Key == key {
			return append(wrapped("key", b.Key, in.Width), labelled("type", nameOr(b.Type, "not asked")),
				labelled("memory", bytes(b.Bytes)), labelled("ends", endText(b.TTL)))
		}
	}
	return []Line{{span(Muted, "this is no longer among them")}}
}

func prefixLines(in In, k model.Keyspace, p model.Prefix) []Line {
	number := count(p.Keys)
	if !k.Whole() {
		number = "about " + number + ", give or take " + count(int64(k.Noise(p)))
	}
	lines := append(wrapped("keys", prefixName(p), in.Width), labelled("number", number))
	if p.Before != nil {
		lines = append(lines, labelled("before", count(*p.Before)+", "+age(k.Elapsed)+" ago"))
	}
	lines = append(lines, labelled("memory", orUnknown(p.Bytes, bytes[int64])), labelled("without end", orUnknown(p.Forever, whole)))
	if key := in.Keys["cache.purge"]; key != "" && p.Name != "" {
		lines = append(lines, labelled("purge", key+" removes all of them; its card says first what that costs"))
	}
	return lines
}

// slowLogFrame is the view of the commands of the cache that took long.
func slowLogFrame(in In) Frame {
	r := read(in.View, store.SlowLogKey())
	t := &Table{
		Columns: []Column{
			{Name: "at", Title: "at", Width: 12},
			{Name: "took", Title: "took", Width: 9, Right: true},
			{Name: "client", Title: "client", Width: 22, Drop: 1},
			{Name: "command", Title: "command, without its values"},
		},
		Empty: "no command took longer than the server counts as slow (slowlog-log-slower-than)",
	}
	for _, e := range r.Value.Entries {
		t.Rows = append(t.Rows, Row{Key: slowKey(e), Cells: []Cell{
			{Text: in.clock(e.At), Role: Muted, Num: float64(e.At.Unix()), HasNum: true},
			{Text: took(e.Took), Num: e.Took.Seconds(), HasNum: true}, {Text: e.Client, Role: Muted}, {Text: e.Text},
		}})
	}
	f := Frame{Table: t}
	if r.Value.Lacks != "" {
		t.Empty = ""
		f.Head = hidden(in, r.Value.Lacks)
	}
	return frameOf(in, f, r.status)
}

func slowKey(e model.SlowCommand) string { return count(e.ID) + "/" + e.At.String() }

func slowLogDetail(in In, key string) []Line {
	for _, e := range read(in.View, store.SlowLogKey()).Value.Entries {
		if slowKey(e) == key {
			lines := []Line{labelled("at", in.ago(&e.At)), labelled("took", took(e.Took)), labelled("client", e.Client)}
			return append(lines, wrapped("command", e.Text, in.Width)...)
		}
	}
	return []Line{{span(Muted, "this is no longer in the slow log")}}
}

// upstashItems are what Upstash itself counts; none where that is not read.
func upstashItems(in In) []quantity {
	r := read(in.View, store.UpstashKey())
	if !r.has() {
		return nil
	}
	u := r.Value
	storage := quantity{key: "upstash/storage", name: "at Upstash: storage", metric: "upstash.storage", share: true, means: "the limit is not told"}
	if pct, ok := u.UsedPct(); ok {
		storage.means = whole(pct) + " of " + bytes(u.Max)
	}
	cost := "no budget is set"
	if u.Budget > 0 {
		cost = "of a budget of $" + number(u.Budget) + " a month"
	}
	return []quantity{
		quantity{key: "upstash/state", name: "at Upstash: state", means: "plan " + u.Plan + ", evicts: " + yesNo(u.Eviction)}.says(u.State),
		quantity{key: "upstash/hits", name: "at Upstash: hits", metric: "upstash.hit_ratio", share: true, means: "of " + number(u.Lookups) + " lookups"}.perhaps(u.HitPct, percent),
		quantity{key: "upstash/p99", name: "at Upstash: p99", metric: "upstash.latency.p99", means: "of its own latency"}.perhaps(u.P99, func(ms float64) string { return value(ms, model.Millis) }),
		storage.is(float64(u.Storage), bytes(u.Storage)),
		quantity{key: "upstash/month", name: "at Upstash: month", metric: "upstash.spent", means: cost + "; " + count(u.Requests) + " commands, " + bytes(u.Bandwidth)}.is(u.Billing, "$"+number(u.Billing)),
	}
}
