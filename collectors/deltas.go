package collectors

import (
	"cmp"
	"slices"
	"time"

	"tocsin/internal/model"
)

// comparable tells whether the counters of cur go on from those of r: the same
// server since its start, seen with the same rights.
func (r *reading) comparable(cur reading) bool {
	return r != nil && r.head.Started.Equal(cur.head.Started) && r.caps.ReadStats == cur.caps.ReadStats &&
		cur.head.At.After(r.head.At)
}

// deltas gives what happened since prev, most time first. An entry that is
// new, or that shrank because it was thrown out or reset, began after prev was
// read, so all it counts is new.
func deltas(prev map[entry]counters, cur reading) []model.Statement {
	var rows []model.Statement
	total := 0.0
	for key, now := range cur.counters {
		d := now.since(prev[key])
		if d.Calls == 0 && d.TotalMs == 0 {
			continue
		}
		total += d.TotalMs
		rows = append(rows, d.statement(key, cur.head.BlockSize))
	}
	for i := range rows {
		if total > 0 {
			rows[i].Share = 100 * millis(rows[i].Total) / total
		}
	}
	slices.SortFunc(rows, func(a, b model.Statement) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Key(), b.Key()))
	})
	return rows
}

func (c counters) since(prev counters) counters {
	if c.Calls < prev.Calls || c.TotalMs < prev.TotalMs {
		return c
	}
	return counters{
		Calls: c.Calls - prev.Calls, Rows: c.Rows - prev.Rows, TotalMs: c.TotalMs - prev.TotalMs,
		Hits: c.Hits - prev.Hits, Reads: c.Reads - prev.Reads,
		TempBlocks: c.TempBlocks - prev.TempBlocks, WALBytes: c.WALBytes - prev.WALBytes,
	}
}

func (c counters) statement(key entry, blockSize int64) model.Statement {
	return model.Statement{
		ID: key.ID, Role: key.Role, Database: key.Database, TopLevel: key.TopLevel,
		Calls: c.Calls, Rows: c.Rows, Total: time.Duration(c.TotalMs * float64(time.Millisecond)),
		Hits: c.Hits, Reads: c.Reads, TempBytes: c.TempBlocks * blockSize, WALBytes: c.WALBytes,
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
