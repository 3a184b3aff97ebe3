package model

import (
	"cmp"
	"slices"
	"time"
)

// TableParent is a partitioned table: a name for its partitions together.
type TableParent struct {
	OID    int64
	Schema string
	Name   string
	Parent int64 // OID of the partitioned table it is itself a part of; 0 for none
}

// Due is how far one kind of automatic work on a table is from its threshold.
type Due struct {
	What string // vacuum, insert vacuum, analyze, freeze
	Have int64  // dead, inserted or changed rows; for freeze the age
	At   int64  // the work begins above it; negative while it is turned off
}

// Pct is how far it has come, in percent; not ok while the work is turned off.
func (d Due) Pct() (pct float64, ok bool) {
	switch {
	case d.At < 0:
		return 0, false
	case d.At == 0:
		return 100 * float64(min(d.Have, 1)), true
	default:
		return 100 * float64(d.Have) / float64(d.At), true
	}
}

// NextDue is the automatic work that is nearest to its threshold; not ok where
// all is turned off or nothing is known.
func (t Table) NextDue() (next Due, ok bool) {
	best := -1.0
	for _, d := range t.Due {
		if pct, on := d.Pct(); on && pct > best {
			next, best, ok = d, pct, true
		}
	}
	return next, ok
}

// SeqHeavy tells whether a large table is often read from end to end: a
// hundredth of all scans or more.
func (t Table) SeqHeavy() bool {
	return t.Live > SmallTable && t.SeqScans >= 10 && t.SeqScans*100 >= t.IdxScans && t.SeqRows >= t.SeqScans*t.Live/2
}

// Whole gives the tables with all partitions of a table summed up in one row,
// largest first.
func (t Tables) Whole() []Table {
	parents := make(map[int64]TableParent, len(t.Parents))
	for _, p := range t.Parents {
		parents[p.OID] = p
	}
	out := make([]Table, 0, len(t.Rows))
	at := map[int64]int{} // of the sum, by the root
	for _, row := range t.Rows {
		root, ok := rootOf(parents, row.Parent)
		if !ok {
			out = append(out, row)
			continue
		}
		i, seen := at[root.OID]
		if !seen {
			i = len(out)
			at[root.OID] = i
			out = append(out, Table{OID: root.OID, Schema: root.Schema, Name: root.Name})
		}
		out[i] = out[i].plus(row)
	}
	slices.SortStableFunc(out, func(a, b Table) int { return cmp.Compare(b.Bytes(), a.Bytes()) })
	return out
}

// PartsOf gives the partitions below a partitioned table, at any depth.
func (t Tables) PartsOf(oid int64) []Table {
	parents := make(map[int64]TableParent, len(t.Parents))
	for _, p := range t.Parents {
		parents[p.OID] = p
	}
	var out []Table
	for _, row := range t.Rows {
		if root, ok := rootOf(parents, row.Parent); ok && root.OID == oid {
			out = append(out, row)
		}
	}
	return out
}

// rootOf follows the parents up. A parent that was not listed (it was attached
// between two queries) ends the way.
func rootOf(parents map[int64]TableParent, oid int64) (root TableParent, ok bool) {
	for range len(parents) {
		p, listed := parents[oid]
		if !listed {
			break
		}
		root, ok, oid = p, true, p.Parent
	}
	return root, ok
}

// plus adds a partition. Of instants the oldest stays, of ages the greatest, of
// work that is due the nearest; growth only where all parts know theirs.
func (t Table) plus(part Table) Table {
	first := t.Parts == 0
	t.Parts++
	t.HeapBytes, t.IndexBytes, t.ToastBytes = t.HeapBytes+part.HeapBytes, t.IndexBytes+part.IndexBytes, t.ToastBytes+part.ToastBytes
	t.Live, t.Dead, t.ModSince = t.Live+part.Live, t.Dead+part.Dead, t.ModSince+part.ModSince
	t.SeqScans, t.SeqRows, t.IdxScans = t.SeqScans+part.SeqScans, t.SeqRows+part.SeqRows, t.IdxScans+part.IdxScans
	t.XIDAge, t.MXIDAge = max(t.XIDAge, part.XIDAge), max(t.MXIDAge, part.MXIDAge)
	t.AutovacuumOff = t.AutovacuumOff || part.AutovacuumOff
	if first {
		t.LastVacuum, t.LastAutovacuum, t.LastAnalyze = part.LastVacuum, part.LastAutovacuum, part.LastAnalyze
		t.GrowthPerDay, t.Due = part.GrowthPerDay, part.Due
		return t
	}
	t.LastVacuum, t.LastAutovacuum = oldest(t.LastVacuum, part.LastVacuum), oldest(t.LastAutovacuum, part.LastAutovacuum)
	t.LastAnalyze = oldest(t.LastAnalyze, part.LastAnalyze)
	t.GrowthPerDay = both(t.GrowthPerDay, part.GrowthPerDay)
	t.Due = nearest(t, part)
	return t
}

// oldest is the older instant; never is older than any.
func oldest(a, b *time.Time) *time.Time {
	if a == nil || b == nil {
		return nil
	}
	if b.Before(*a) {
		return b
	}
	return a
}

func both(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	sum := *a + *b
	return &sum
}

// nearest is the work of that table of which some is nearest to its threshold.
func nearest(a, b Table) []Due {
	x, okA := a.NextDue()
	y, okB := b.NextDue()
	pctA, _ := x.Pct()
	pctB, _ := y.Pct()
	if okB && (!okA || pctB > pctA) {
		return b.Due
	}
	return a.Due
}
