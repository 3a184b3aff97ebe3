package ui

import (
	"strconv"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// partsShown is how many partitions of a table are listed, the largest.
const partsShown = 50

// tableTitle is the name of a table, with what it is where that is not a plain one.
func tableTitle(t model.Table) string {
	switch {
	case t.Parts > 0:
		return t.FullName() + " (" + plural(t.Parts, "partition", "partitions") + ")"
	case t.Materialized:
		return t.FullName() + " (materialized)"
	default:
		return t.FullName()
	}
}

// seqCell is the number of sequential scans, marked where they read a large
// table again and again.
func seqCell(in In, t model.Table) Cell {
	c := tally(t.SeqScans)
	if t.SeqHeavy() {
		c.Text, c.Role = in.mark(2)+" "+c.Text, Warn
	}
	return c
}

// growthCell is what a table grows by in a day; nothing until it was watched
// for a while.
func growthCell(t model.Table) Cell {
	if t.GrowthPerDay == nil {
		return Cell{}
	}
	return Cell{Text: growth(*t.GrowthPerDay), Num: *t.GrowthPerDay, HasNum: true}
}

func growth(perDay float64) string {
	switch {
	case perDay > 0:
		return "+" + bytes(perDay)
	case perDay < 0:
		return "-" + bytes(-perDay)
	default:
		return "0 B"
	}
}

// dueCell is the automatic work that comes next, and how near it is.
func dueCell(in In, t model.Table) Cell {
	next, ok := t.NextDue()
	if !ok {
		return Cell{}
	}
	pct, _ := next.Pct()
	c := Cell{Text: dueName(next) + " " + whole(min(pct, 999)), Num: pct, HasNum: true, Role: Muted}
	if pct > 100 {
		c.Text, c.Role = dueName(next)+" due", Plain
	}
	if pct > 200 && t.Live+t.Dead > model.SmallTable {
		c.Text, c.Role = in.mark(2)+" "+c.Text, Warn
	}
	return c
}

// dueName is the kind of work in a word.
func dueName(d model.Due) string {
	switch d.What {
	case "insert vacuum":
		return "vacuum"
	case "freeze multixacts":
		return "freeze"
	default:
		return d.What
	}
}

// tableDetail shows everything that is known of one table.
func tableDetail(in In, key string) []Line {
	v := read(in.View, store.TablesKey()).Value
	for _, t := range v.Whole() {
		if strconv.FormatInt(t.OID, 10) == key {
			return append(tableLines(in, t), partLines(in, v.PartsOf(t.OID))...)
		}
	}
	return []Line{{span(Muted, "this table is gone")}}
}

func tableLines(in In, t model.Table) []Line {
	dead := count(t.Dead)
	if pct, ok := t.DeadPct(); ok {
		dead += ", " + percent(pct) + " of all rows"
	}
	auto := "on"
	if t.AutovacuumOff {
		auto = "OFF in the storage options of this table: it is never vacuumed by itself"
		if t.Parts > 0 {
			auto = "OFF in the storage options of some partition: that is never vacuumed by itself"
		}
	}
	grows := "not known yet: it takes half an hour of watching"
	if t.GrowthPerDay != nil {
		grows = "about " + growth(*t.GrowthPerDay) + " a day, while watched"
	}
	scans := count(t.SeqScans) + " sequential, " + count(t.IdxScans) + " by an index"
	if t.SeqHeavy() {
		scans += "; a large part is read from end to end: an index may be missing"
	}
	lines := []Line{
		labelled("table", tableTitle(t)),
		labelled("size", "about "+bytes(t.Bytes())+": heap "+bytes(t.HeapBytes)+", indexes "+bytes(t.IndexBytes)+", toast "+bytes(t.ToastBytes)),
		labelled("growth", grows),
		labelled("live rows", count(t.Live)), labelled("dead rows", dead),
		labelled("autovacuum", auto),
		labelled("vacuumed", "by hand "+in.ago(t.LastVacuum)+", automatic "+in.ago(t.LastAutovacuum)),
		labelled("analyzed", in.ago(t.LastAnalyze)+", "+count(t.ModSince)+" rows changed since"),
	}
	lines = append(lines, dueLines(t)...)
	return append(lines,
		labelled("scans", scans),
		labelled("age", count(t.XIDAge)+" transactions, "+count(t.MXIDAge)+" multixacts since rows were frozen"))
}

// dueLines say of each kind of automatic work when it comes; of partitions,
// those of the one that is nearest.
func dueLines(t model.Table) []Line {
	var lines []Line
	for _, d := range t.Due {
		text := "never: turned off"
		if pct, ok := d.Pct(); ok {
			text = "above " + count(d.At) + ", now " + count(d.Have) + ", " + whole(min(pct, 999))
			if pct > 100 {
				text += ": due"
			}
		}
		lines = append(lines, labelled(d.What, text))
	}
	return lines
}

func partLines(in In, parts []model.Table) []Line {
	if len(parts) == 0 {
		return nil
	}
	lines := []Line{{}, {span(Title, plural(len(parts), "partition", "partitions"))}}
	for _, p := range parts[:min(len(parts), partsShown)] {
		dead := ""
		if pct, ok := p.DeadPct(); ok {
			dead = "dead " + percent(pct)
		}
		lines = append(lines, Line{figure(9, Plain, bytes(p.Bytes())), gap(2), field(12, Muted, dead), gap(1), span(Plain, p.FullName()),
			span(Muted, "  vacuumed "+in.ago(lastVacuum(p)))})
	}
	return lines
}
