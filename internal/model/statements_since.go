package model

import (
	"cmp"
	"slices"
	"time"
)

// StatementCounts is all that pg_stat_statements had counted at one instant. It
// is not changed once it was read, so that many can hold it. An entry takes 88
// bytes: 0.4 MB for the 5,000 that are kept by default.
type StatementCounts struct {
	StatementHead
	Entries []StatementCount // in the order of their ids: see [CountStatements]
}

// StatementHead says what a reading of the counters goes on from.
type StatementHead struct {
	At        time.Time // the server's clock
	Started   time.Time // of the server
	Reset     time.Time // of the counters as a whole, as the server tells it or as it was seen; zero for unknown
	Evictions int64     // 0 before extension version 1.9, which does not tell
	All       bool      // the entries of all roles are seen
}

// StatementCount is the counters of one entry.
type StatementCount struct {
	StatementID
	StatementWork
}

// StatementTick is what took most time between two readings that followed each
// other.
type StatementTick struct {
	At      time.Time // of the later one, by the server's clock
	Elapsed time.Duration
	Rows    []StatementCount // of the first statements by time
	Rest    bool             // there were others, that did less
}

// Of is the work of one statement in the step; not ok when it is not known
// because it was not among the first ones.
func (t StatementTick) Of(id StatementID) (work StatementWork, ok bool) {
	for i := range t.Rows {
		if t.Rows[i].StatementID == id {
			return t.Rows[i].StatementWork, true
		}
	}
	return StatementWork{}, !t.Rest
}

// CountStatements makes a reading of entries in any order; it keeps the slice.
func CountStatements(head StatementHead, entries []StatementCount) *StatementCounts {
	slices.SortFunc(entries, func(a, b StatementCount) int { return a.StatementID.compare(b.StatementID) })
	return &StatementCounts{StatementHead: head, Entries: entries}
}

func (id StatementID) compare(o StatementID) int {
	return cmp.Or(cmp.Compare(id.ID, o.ID), cmp.Compare(id.Database, o.Database), cmp.Compare(id.Role, o.Role),
		cmp.Compare(toInt(id.TopLevel), toInt(o.TopLevel)))
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Breaks says why the counters do not go on from those of an earlier reading;
// "" when they do.
func (c *StatementCounts) Breaks(from *StatementCounts) string {
	switch {
	case c == nil || from == nil:
		return "there is no reading to count from"
	case !c.Started.Equal(from.Started):
		return "the server was started anew since"
	case !c.Reset.Equal(from.Reset):
		return "the statistics of statements were reset since"
	case c.All != from.All:
		return "the role may see other statements now than then"
	case c.At.Before(from.At):
		return "the clock of the server was set back since"
	}
	return ""
}

// ResetSince tells whether it looks as if all counters began anew between two
// readings of a server that does not tell. One entry that is thrown out is
// among those that count least.
func (c *StatementCounts) ResetSince(from *StatementCounts) bool {
	return c != nil && from != nil && c.Reset.IsZero() && 2*c.calls() < from.calls()
}

func (c *StatementCounts) calls() int64 {
	sum := int64(0)
	for i := range c.Entries {
		sum += c.Entries[i].Calls
	}
	return sum
}

// Since is the work from an earlier reading up to the newest one, in the form
// of that between the last two. void says why it cannot be told; "" when it can.
func (s Statements) Since(from *StatementCounts) (since Statements, void string) {
	if void := s.Counts.Breaks(from); void != "" {
		return Statements{}, void
	}
	s.Elapsed = s.Counts.At.Sub(from.At)
	s.Evicted = s.Counts.Evictions > from.Evictions
	s.Rows = s.Counts.work(from)
	for i := range s.Rows {
		s.Rows[i].Text = s.Names.Texts[s.Rows[i].ID]
	}
	return s, ""
}

// work gives what was done since from, most time first, without what did
// nothing. Both readings are in the same order, so one pass is enough.
func (c *StatementCounts) work(from *StatementCounts) []Statement {
	rows := make([]Statement, 0, len(c.Entries)/4)
	total, at := time.Duration(0), 0
	for i := range c.Entries {
		now := &c.Entries[i]
		var was StatementWork
		for at < len(from.Entries) && from.Entries[at].compare(now.StatementID) < 0 {
			at++ // thrown out since
		}
		if at < len(from.Entries) && from.Entries[at].StatementID == now.StatementID {
			was = from.Entries[at].StatementWork
		}
		if d := now.since(was); d.Calls != 0 || d.Total != 0 {
			total += d.Total
			rows = append(rows, Statement{StatementID: now.StatementID, StatementWork: d})
		}
	}
	return withShares(rows, total)
}

// since is the work beyond an earlier state of the same entry. An entry that is
// new, or that shrank because it was thrown out or reset, began later, so all
// that it counts is new.
func (w StatementWork) since(was StatementWork) StatementWork {
	if w.Calls < was.Calls || w.Total < was.Total || w.Rows < was.Rows || w.Blocks() < was.Blocks() {
		return w
	}
	return StatementWork{
		Calls: w.Calls - was.Calls, Rows: w.Rows - was.Rows, Total: w.Total - was.Total,
		Hits: w.Hits - was.Hits, Reads: w.Reads - was.Reads,
		TempBytes: w.TempBytes - was.TempBytes, WALBytes: w.WALBytes - was.WALBytes,
	}
}

// withShares puts the shares of the time into rows, and the rows in order.
func withShares(rows []Statement, total time.Duration) []Statement {
	for i := range rows {
		if total > 0 {
			rows[i].Share = 100 * float64(rows[i].Total) / float64(total)
		}
	}
	slices.SortFunc(rows, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(b.Calls, a.Calls), a.compare(b.StatementID))
	})
	return rows
}
