package model

import (
	"slices"
	"time"
)

// Databases is what the databases of a PostgreSQL server did between two
// readings. Source: pg_stat_database.
type Databases struct {
	Elapsed time.Duration // between the two readings; 0 after the first
	Rows    []Database    // by name
}

// Database is one database.
type Database struct {
	Name     string
	Backends int            // numbackends
	Now      DatabaseCounts // within Elapsed; zero after the first reading
	Ever     DatabaseCounts // since Since
	Since    *time.Time     // stats_reset; nil for never
	Reset    bool           // the counters began anew, so Now says nothing
}

// DatabaseCounts are the counters of a database.
type DatabaseCounts struct {
	Commits   int64
	Rollbacks int64
	Hits      int64 // blocks found in the cache
	Reads     int64 // blocks read from the system
	TempFiles int64
	TempBytes int64
	Deadlocks int64
	Conflicts int64 // statements cancelled because they were in the way of recovery; on standbys
}

// Sum adds up what all databases did within Elapsed.
func (d Databases) Sum() DatabaseCounts {
	var sum DatabaseCounts
	for _, row := range d.Rows {
		if !row.Reset {
			sum = sum.plus(row.Now, 1)
		}
	}
	return sum
}

// Minus is the difference to an earlier reading; not ok when a counter went
// back.
func (c DatabaseCounts) Minus(prev DatabaseCounts) (diff DatabaseCounts, ok bool) {
	diff = c.plus(prev, -1)
	least := min(diff.Commits, diff.Rollbacks, diff.Hits, diff.Reads, diff.TempFiles, diff.TempBytes, diff.Deadlocks, diff.Conflicts)
	return diff, least >= 0
}

func (c DatabaseCounts) plus(o DatabaseCounts, sign int64) DatabaseCounts {
	return DatabaseCounts{
		Commits: c.Commits + sign*o.Commits, Rollbacks: c.Rollbacks + sign*o.Rollbacks,
		Hits: c.Hits + sign*o.Hits, Reads: c.Reads + sign*o.Reads,
		TempFiles: c.TempFiles + sign*o.TempFiles, TempBytes: c.TempBytes + sign*o.TempBytes,
		Deadlocks: c.Deadlocks + sign*o.Deadlocks, Conflicts: c.Conflicts + sign*o.Conflicts,
	}
}

// HitPct is the share of blocks found in the cache; not ok when none was asked for.
func (c DatabaseCounts) HitPct() (pct float64, ok bool) {
	if c.Hits+c.Reads <= 0 {
		return 0, false
	}
	return 100 * float64(c.Hits) / float64(c.Hits+c.Reads), true
}

// Facts implements the snapshot of the store.
func (d Databases) Facts() []Fact {
	sum := d.Sum()
	hit := Unknown("db.cache.hit", Percent, nil, "no block was asked for")
	if pct, ok := sum.HitPct(); ok {
		hit = Known("db.cache.hit", pct, Percent, nil)
		hit.Count = int(sum.Hits + sum.Reads)
	}
	facts := []Fact{
		hit, d.rate("db.commits", sum.Commits, PerSecond), d.rate("db.rollbacks", sum.Rollbacks, PerSecond),
		d.rate("db.temp.bytes", sum.TempBytes, BytesPerS),
		Known("db.deadlocks", float64(sum.Deadlocks), None, nil), Known("db.conflicts", float64(sum.Conflicts), None, nil),
	}
	if d.Elapsed <= 0 {
		for i := range facts {
			facts[i] = Unknown(facts[i].Name, facts[i].Unit, nil, "needs two readings")
		}
	}
	return facts
}

func (d Databases) rate(name string, n int64, unit Unit) Fact {
	return Known(name, float64(n)/max(d.Elapsed.Seconds(), 1e-9), unit, nil)
}

// Checkpoints is how a PostgreSQL server writes its buffers to disk. Source:
// pg_stat_bgwriter, pg_stat_checkpointer (17+), pg_control_checkpoint.
type Checkpoints struct {
	Timed     int64         // since Since
	Requested int64         // since Since: WAL came faster than max_wal_size allows, or somebody asked
	Write     time.Duration // spent writing, since Since
	Sync      time.Duration // spent syncing, since Since
	Buffers   int64         // written by checkpoints, since Since
	Clean     int64         // written by the background writer, since Since
	Halted    int64         // rounds it stopped early, having written too many; since Since
	Backends  *int64        // written by sessions themselves, since Since; nil from 17 on, where pg_stat_io has it
	Since     *time.Time    // stats_reset
	Last      time.Duration // age of the last checkpoint, on a standby restart point
}

// RequestedPct is the share of checkpoints that were not due by time; not ok
// when there was none.
func (c Checkpoints) RequestedPct() (pct float64, ok bool) {
	if c.Timed+c.Requested == 0 {
		return 0, false
	}
	return 100 * float64(c.Requested) / float64(c.Timed+c.Requested), true
}

// Facts implements the snapshot of the store.
func (c Checkpoints) Facts() []Fact {
	requested := Unknown("db.checkpoints.requested", Percent, nil, "no checkpoint was counted")
	if pct, ok := c.RequestedPct(); ok {
		requested = Known("db.checkpoints.requested", pct, Percent, nil)
		requested.Count = int(c.Timed + c.Requested)
	}
	return []Fact{Known("db.checkpoints.age", c.Last.Seconds(), Seconds, nil), requested}
}

// WAL is how much write-ahead log is made between two readings, and how much
// lies on disk. Source: the position of the log, pg_stat_wal (14+), pg_ls_waldir().
type WAL struct {
	Elapsed   time.Duration // between the two readings; 0 after the first
	Bytes     *int64        // made, on a standby replayed; nil after the first reading
	Records   *int64        // nil before 14 and after a reset
	FullPages *int64        // whole pages in it, for want of an earlier change since the checkpoint
	Stalls    *int64        // times its buffers were full (wal_buffers)
	Dir       *int64        // bytes in the folder; nil where the role may not list it
	Hidden    string        // what the role may not see and the grant that opens it; "" when all is seen
}

// PerSecond is the WAL made per second; not ok after the first reading.
func (w WAL) PerSecond() (bytes float64, ok bool) {
	if w.Bytes == nil || w.Elapsed <= 0 {
		return 0, false
	}
	return float64(*w.Bytes) / w.Elapsed.Seconds(), true
}

// Facts implements the snapshot of the store.
func (w WAL) Facts() []Fact {
	rate := Unknown("db.wal.rate", BytesPerS, nil, "needs two readings")
	if v, ok := w.PerSecond(); ok {
		rate = Known("db.wal.rate", v, BytesPerS, nil)
	}
	dir := Unknown("db.wal.dir", Bytes, nil, w.Hidden)
	if w.Dir != nil {
		dir = Known("db.wal.dir", float64(*w.Dir), Bytes, nil)
	}
	return []Fact{rate, dir}
}

// IO is what the processes of a PostgreSQL server read and wrote between two
// readings. Source: pg_stat_io, from 16 on.
type IO struct {
	Elapsed time.Duration // between the two readings; 0 after the first
	Timed   bool          // track_io_timing; without it times are not known
	Rows    []IORow       // most bytes first; without those that did nothing
	Why     string        // why there is nothing to read; "" from 16 on
}

// IORow is one kind of process, object and context.
type IORow struct {
	Backend    string
	Object     string // relation, temp relation, wal (18+)
	Context    string // normal, vacuum, bulkread, bulkwrite, init
	Reads      int64
	ReadBytes  int64
	ReadTime   time.Duration
	Writes     int64
	WriteBytes int64
	WriteTime  time.Duration
	Hits       int64
	Evictions  int64
}

// Facts implements the snapshot of the store.
func (i IO) Facts() []Fact {
	if i.Elapsed <= 0 {
		why := i.Why
		if why == "" {
			why = "needs two readings"
		}
		return []Fact{Unknown("db.io.reads", BytesPerS, nil, why), Unknown("db.io.writes", BytesPerS, nil, why)}
	}
	reads, writes := int64(0), int64(0)
	for _, row := range i.Rows {
		reads += row.ReadBytes
		writes += row.WriteBytes
	}
	return []Fact{
		Known("db.io.reads", float64(reads)/i.Elapsed.Seconds(), BytesPerS, nil),
		Known("db.io.writes", float64(writes)/i.Elapsed.Seconds(), BytesPerS, nil),
	}
}

// Settings are the settings of a PostgreSQL server that are not at their
// default, and what changed. Source: pg_settings.
type Settings struct {
	Rows    []Setting       // by name
	Changes []SettingChange // seen since tocsin watches, the oldest first
	Hidden  string          // what the role may not see and the grant that opens it; "" when all is seen
}

// Setting is one setting. The value of one that may hold a secret is not read.
type Setting struct {
	Name    string
	Value   string // with its unit
	Source  string // configuration file, database, user, …
	Restart bool   // a change waits for a restart
}

// SettingChange is a setting that another reading found different.
type SettingChange struct {
	At   time.Time // of the reading that found it
	Name string
	From string
	To   string
}

// Waiting are the settings whose change waits for a restart.
func (s Settings) Waiting() []string {
	var out []string
	for _, row := range s.Rows {
		if row.Restart {
			out = append(out, row.Name)
		}
	}
	slices.Sort(out)
	return out
}

// Facts implements the snapshot of the store.
func (s Settings) Facts() []Fact {
	return []Fact{Known("db.settings.pending", float64(len(s.Waiting())), None, nil)}
}
