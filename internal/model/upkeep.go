package model

import (
	"strconv"
	"time"
)

// Progress lists the long operations that tell how far they are. Source:
// the views pg_stat_progress_*.
type Progress struct {
	Rows   []Operation // by their beginning
	Hidden string      // what the role may not see and the grant that opens it; "" when all is seen
}

// Operation is one long operation.
type Operation struct {
	Kind         string // VACUUM, VACUUM FULL, CREATE INDEX, ANALYZE, CLUSTER, COPY FROM, BASE BACKUP, …
	PID          int
	BackendStart time.Time // identifies the session together with PID; zero where hidden
	Database     string
	Relation     string // schema.name; "" in another database, or for none
	Phase        string
	Done         int64  // in the unit of Total
	Total        int64  // 0 where the end is not known
	Unit         string // blocks, rows, B
	Note         string // what else it tells: "waits for pid 4711"
	App          string // application_name
	Running      *time.Duration
}

// Pct is how far the phase is; not ok where the end is not known.
func (o Operation) Pct() (pct float64, ok bool) {
	if o.Total <= 0 {
		return 0, false
	}
	return min(100*float64(o.Done)/float64(o.Total), 100), true
}

// Key identifies the operation across refreshes.
func (o Operation) Key() string { return o.Kind + "/" + strconv.Itoa(o.PID) }

// Facts implements the snapshot of the store.
func (p Progress) Facts() []Fact {
	return []Fact{Known("db.progress.running", float64(len(p.Rows)), None, nil)}
}

// Horizon lists who keeps vacuum from removing rows: nothing that died after
// the oldest of them can be removed. Source: pg_stat_activity,
// pg_prepared_xacts, pg_replication_slots, pg_stat_replication.
type Horizon struct {
	Rows   []Holder // the oldest first
	Hidden string   // what the role may not see and the grant that opens it; "" when all is seen
}

// Holder is one that holds back the horizon.
type Holder struct {
	Kind         string // session, prepared, slot, standby
	Name         string // of the slot, the standby or the prepared transaction; application_name of the session
	PID          int    // of the session; 0 for the others
	BackendStart time.Time
	Database     string // "" means that it holds back all of them
	Owner        string
	XminAge      int64 // transactions begun since its snapshot
	For          *time.Duration
	State        string
}

// Key identifies the holder across refreshes.
func (h Holder) Key() string { return h.Kind + "/" + h.Name + "/" + strconv.Itoa(h.PID) }

// Facts implements the snapshot of the store.
func (h Horizon) Facts() []Fact {
	oldest := int64(0)
	for _, row := range h.Rows {
		oldest = max(oldest, row.XminAge)
	}
	return []Fact{Known("db.horizon.xids", float64(oldest), None, nil)}
}

// Pooler is what a PgBouncer does. Source: SHOW POOLS, SHOW DATABASES, SHOW
// VERSION on its admin console.
type Pooler struct {
	Version string
	Pools   []Pool // most waiting clients first
}

// Pool is one pair of database and user.
type Pool struct {
	Database string
	User     string
	Mode     string // session, transaction, statement
	Active   int    // clients that have a server connection
	Waiting  int    // clients that wait for one
	Busy     int    // server connections in use
	Idle     int    // server connections free
	Size     int    // server connections there may be; 0 where that is not known
	MaxWait  time.Duration
}

// Waiting is the number of clients that wait for a server connection.
func (p Pooler) Waiting() int {
	n := 0
	for _, pool := range p.Pools {
		n += pool.Waiting
	}
	return n
}

// MaxWait is how long the one waits who waits longest.
func (p Pooler) MaxWait() time.Duration {
	longest := time.Duration(0)
	for _, pool := range p.Pools {
		longest = max(longest, pool.MaxWait)
	}
	return longest
}

// Facts implements the snapshot of the store.
func (p Pooler) Facts() []Fact {
	clients := 0
	for _, pool := range p.Pools {
		clients += pool.Active + pool.Waiting
	}
	return []Fact{
		Known("db.pooler.down", 0, None, nil), Known("db.pooler.clients", float64(clients), None, nil),
		Known("db.pooler.waiting", float64(p.Waiting()), None, nil), Known("db.pooler.maxwait", p.MaxWait().Seconds(), Seconds, nil),
	}
}

// FailFacts says what a failed read itself tells: after so many attempts in a
// row the pooler is down.
func (Pooler) FailFacts(f *Fail) []Fact {
	if f.Class != Down {
		return nil
	}
	return []Fact{Known("db.pooler.down", float64(f.Attempts), None, nil)}
}
