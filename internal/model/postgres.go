package model

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Connections counts the client connections of a PostgreSQL server against the
// slots that ordinary roles may use.
// Source: pg_stat_activity, pg_settings, pg_roles, pg_database.
type Connections struct {
	Version  string       // server_version: "15.18"
	Standby  bool         // pg_is_in_recovery()
	Max      int          // max_connections
	Reserved int          // superuser_reserved_connections + reserved_connections (16+)
	Clients  int          // client backends; where the role may not see backend types, backends of any database
	ByState  []Count      // without tocsin's own reading sessions
	ByApp    []Count      // application_name, most first
	ByRole   []Count      // usename, most first
	Limits   []SlotsLimit // limits of single roles and databases
	Hidden   string       // what the role may not see and the grant that opens it; "" when all is seen
}

// Count is how often a name occurs.
type Count struct {
	Name string
	N    int
}

// SlotsLimit is a connection limit of one role or one database.
type SlotsLimit struct {
	Kind  string // role, database
	Name  string
	Limit int
	Used  int
}

// Usable is the number of slots that ordinary roles may use.
func (c Connections) Usable() int { return max(c.Max-c.Reserved, 0) }

// UsedPct is Clients in percent of Usable; not ok when no slot is usable.
func (c Connections) UsedPct() (pct float64, ok bool) {
	if c.Usable() == 0 {
		return 0, false
	}
	return 100 * float64(c.Clients) / float64(c.Usable()), true
}

// State is the number of connections in one state; 0 when there is none.
func (c Connections) State(name string) int {
	i := slices.IndexFunc(c.ByState, func(n Count) bool { return n.Name == name })
	if i < 0 {
		return 0
	}
	return c.ByState[i].N
}

// Facts implements the snapshot of the store.
func (c Connections) Facts() []Fact {
	facts := []Fact{
		Known("db.down", 0, None, nil),
		Known("db.connections.clients", float64(c.Clients), None, nil),
		Known("db.connections.usable", float64(c.Usable()), None, nil),
	}
	if pct, ok := c.UsedPct(); ok {
		facts = append(facts, Known("db.connections.used", pct, Percent, nil))
	} else {
		facts = append(facts, Unknown("db.connections.used", Percent, nil, "no slot is usable for ordinary roles"))
	}
	for _, state := range []string{"active", "idle", "idle in transaction"} {
		f := Known("db.sessions", float64(c.State(state)), None, Labels{"state": state})
		if c.Hidden != "" {
			f = Unknown("db.sessions", None, f.Labels, c.Hidden)
		}
		facts = append(facts, f)
	}
	return facts
}

// FailFacts says what a failed read itself tells: a server that refuses, times
// out or drops the connection is down after so many attempts in a row.
func (Connections) FailFacts(f *Fail) []Fact {
	if f.Class != Down {
		return nil
	}
	return []Fact{notAnswered("db.down", f.Attempts)}
}

// OwnApp is the application_name of our own sessions. An action's work has ":"
// and the id of the call behind it, so that it can be found again.
const OwnApp = "tocsin"

// Activity is what the sessions of a PostgreSQL server do now, and who waits
// for whom. Source: pg_stat_activity, pg_blocking_pids, pg_locks.
type Activity struct {
	Sessions []Session
	Hidden   string // what the role may not see and the grant that opens it; "" when all is seen
}

// Session is one backend. A nil age means that there is no such thing (no open
// transaction) or that the role may not see it.
type Session struct {
	PID          int
	BackendStart time.Time // together with PID the identity of a session
	LeaderPID    int       // the leader of a parallel worker; 0 otherwise
	Type         string    // backend_type; "" when hidden
	Database     string
	Role         string
	App          string // application_name
	Client       string // client_addr; "" for a local socket
	State        string // active, idle, idle in transaction, …; "" when hidden or a background process
	WaitType     string // wait_event_type
	Wait         string // wait_event
	QueryID      int64  // 0 when not computed
	Conn         *time.Duration
	Tx           *time.Duration // age of the open transaction
	QueryAge     *time.Duration // since query_start; of a session that is not active, its last statement
	StateAge     *time.Duration
	XminAge      int64 // age(backend_xmin) in transactions; 0 when it holds no snapshot
	HasXID       bool  // it has written
	Query        string
	BlockedBy    []int      // pids; 0 stands for a prepared transaction
	WaitsFor     *LockWait  // nil when it waits for no heavyweight lock
	Holds        []LockHeld // the locks others wait for, where it is a blocker; the strongest first
}

// LockWait is the lock a session waits for. Source: pg_locks, not granted.
type LockWait struct {
	Type     string         // locktype: relation, transactionid, tuple, virtualxid, …
	Mode     string         // AccessExclusiveLock
	Relation string         // schema.name; "" where the lock is on no relation
	For      *time.Duration // how long it waits; nil before PostgreSQL 14
}

// LockHeld is a granted lock on a relation that somebody waits for.
type LockHeld struct {
	Mode     string
	Relation string
}

// IsClient tells whether the session belongs to a client. A hidden type counts
// as one when it has a database.
func (s Session) IsClient() bool {
	return s.Type == "client backend" || s.Type == "" && s.Database != ""
}

// Ours tells whether it is a session of tocsin: one that reads, or the work of
// an action, of this operator or another.
func (s Session) Ours() bool { return s.App == OwnApp || strings.HasPrefix(s.App, OwnApp+":") }

// IdleInTx tells whether the session holds a transaction open and does nothing.
func (s Session) IdleInTx() bool {
	return s.State == "idle in transaction" || s.State == "idle in transaction (aborted)"
}

// Waiting tells whether the session waits for a lock of another session.
func (s Session) Waiting() bool { return len(s.BlockedBy) > 0 || s.WaitType == "Lock" }

// Key identifies the session across refreshes: pid and start.
func (s Session) Key() string {
	return strconv.Itoa(s.PID) + "/" + strconv.FormatInt(s.BackendStart.UnixMicro(), 36)
}

// Args identify the session for an action: pid and backend_start.
func (s Session) Args() map[string]string {
	return map[string]string{
		"pid": strconv.Itoa(s.PID), "backend_start": s.BackendStart.UTC().Format(time.RFC3339Nano),
	}
}

// Facts implements the snapshot of the store. Who waits for whom is seen
// without any right; what runs and for how long is not.
func (a Activity) Facts() []Fact {
	waiting := 0
	for _, s := range a.Sessions {
		if s.IsClient() && s.Waiting() {
			waiting++
		}
	}
	facts := []Fact{Known("db.locks.waiting", float64(waiting), None, nil)}
	if a.Hidden != "" {
		return append(facts,
			Unknown("db.query.longest", Seconds, nil, a.Hidden), Unknown("db.tx.longest", Seconds, nil, a.Hidden))
	}
	query, tx := a.longest()
	return append(facts,
		Known("db.query.longest", query.Seconds(), Seconds, nil), Known("db.tx.longest", tx.Seconds(), Seconds, nil))
}

// longest finds the ages of the oldest running statement that waits for no
// lock and of the oldest transaction, of clients.
func (a Activity) longest() (query, tx time.Duration) {
	for _, s := range a.Sessions {
		if !s.IsClient() || s.Ours() {
			continue // what an operator runs through us is no trouble of the server
		}
		if s.State == "active" && !s.Waiting() && s.QueryAge != nil {
			query = max(query, *s.QueryAge)
		}
		if s.Tx != nil {
			tx = max(tx, *s.Tx)
		}
	}
	return query, tx
}

// Statements is the work of each statement kind between two readings.
// Source: pg_stat_statements as deltas over the real time between.
type Statements struct {
	Elapsed time.Duration // between the two readings; 0 after the first, when Rows is empty
	Rows    []Statement   // most total time first
	Evicted bool          // entries were thrown out meanwhile (pg_stat_statements_info.dealloc grew): incomplete
	Hidden  string        // what the role may not see and the grant that opens it; "" when all is seen
	NoTexts string        // why texts are missing; "" while they are fetched
}

// Statement is the delta of one entry of pg_stat_statements.
type Statement struct {
	ID        int64 // queryid
	Role      int64 // userid, an oid
	Database  int64 // dbid, an oid
	TopLevel  bool
	Text      string // normalised; "" until it was fetched
	Calls     int64
	Rows      int64
	Total     time.Duration // execution time within Elapsed
	Share     float64       // of the execution time of all rows, in percent
	Hits      int64         // shared blocks found in the cache
	Reads     int64         // shared blocks read
	TempBytes int64         // written to temporary files
	WALBytes  int64
}

// OwnMark stands behind the first word of every statement by which tocsin reads
// a server, so that it is known again among all others. In front of it, from
// PostgreSQL 18 on, pg_stat_statements would leave it out.
const OwnMark = "/* tocsin */"

// Ours tells whether the statement is one by which tocsin reads.
func (s Statement) Ours() bool {
	_, rest, _ := strings.Cut(s.Text, " ")
	return strings.HasPrefix(rest, OwnMark)
}

// Mean is the execution time of one call; 0 when there was none.
func (s Statement) Mean() time.Duration {
	if s.Calls == 0 {
		return 0
	}
	return s.Total / time.Duration(s.Calls)
}

// Key identifies the statement across refreshes.
func (s Statement) Key() string {
	return strconv.FormatInt(s.ID, 36) + "/" + strconv.FormatInt(s.Role, 36) + "/" +
		strconv.FormatInt(s.Database, 36) + "/" + strconv.FormatBool(s.TopLevel)
}

// Facts implements the snapshot of the store.
func (s Statements) Facts() []Fact {
	if s.Elapsed <= 0 {
		return []Fact{
			Unknown("db.statements.calls", PerSecond, nil, "needs two readings"),
			Unknown("db.statements.mean", Millis, nil, "needs two readings"),
			Unknown("db.own.exec", Percent, nil, "needs two readings"),
		}
	}
	calls, total := int64(0), time.Duration(0)
	for _, row := range s.Rows {
		calls += row.Calls
		total += row.Total
	}
	mean := Unknown("db.statements.mean", Millis, nil, "no statement ended")
	if calls > 0 {
		mean = Known("db.statements.mean", float64(total)/float64(calls)/float64(time.Millisecond), Millis, nil)
		mean.Count = int(calls)
	}
	return []Fact{Known("db.statements.calls", float64(calls)/s.Elapsed.Seconds(), PerSecond, nil), mean, s.ownFact()}
}

// Tables are the sizes and the dead rows of the user's tables.
// Source: pg_class.relpages (as old as the last VACUUM or ANALYZE, so "about"),
// pg_stat_all_tables.
type Tables struct {
	Rows      []Table       // what has storage: partitions one by one; largest first
	Parents   []TableParent // partitioned tables, which have none
	More      int           // smaller tables that are left out
	MoreBytes int64         // of these, about
}

// Total is the size of all tables together, about.
func (t Tables) Total() int64 {
	total := t.MoreBytes
	for _, row := range t.Rows {
		total += row.Bytes()
	}
	return total
}

// Table is one table or materialised view.
type Table struct {
	OID            int64
	Schema         string
	Name           string
	Materialized   bool  // a materialised view
	Parent         int64 // OID of the partitioned table it is a part of; 0 for none
	HeapBytes      int64 // about
	IndexBytes     int64 // about
	ToastBytes     int64 // about
	Live           int64 // n_live_tup
	Dead           int64 // n_dead_tup
	SeqScans       int64 // seq_scan since the statistics began
	SeqRows        int64 // seq_tup_read: rows that these scans read
	IdxScans       int64
	ModSince       int64 // n_mod_since_analyze
	XIDAge         int64 // age(relfrozenxid)
	MXIDAge        int64 // mxid_age(relminmxid)
	AutovacuumOff  bool  // autovacuum_enabled=off in its storage options
	LastVacuum     *time.Time
	LastAutovacuum *time.Time
	LastAnalyze    *time.Time // by hand or automatic, the newer
	Due            []Due      `db:"-"` // what autovacuum will do to it, and when; not a column but computed
	GrowthPerDay   *float64   `db:"-"` // bytes, about; nil until it was watched for a while
	Parts          int        `db:"-"` // partitions summed up in it; 0 for a table of its own
}

// SmallTable is the number of rows up to which the share of dead rows says
// nothing: a vacuum of such a table is not worth a look.
const SmallTable = 10_000

// FullName is the schema and the name, unquoted, for people.
func (t Table) FullName() string { return t.Schema + "." + t.Name }

// Bytes is the size of heap, indexes and TOAST together, about.
func (t Table) Bytes() int64 { return t.HeapBytes + t.IndexBytes + t.ToastBytes }

// DeadPct is the share of dead rows in percent; not ok for an empty table.
func (t Table) DeadPct() (pct float64, ok bool) {
	all := t.Live + t.Dead
	if all == 0 {
		return 0, false
	}
	return 100 * float64(t.Dead) / float64(all), true
}

// Facts implements the snapshot of the store.
func (t Tables) Facts() []Fact {
	var facts []Fact
	for _, row := range t.Rows {
		if pct, ok := row.DeadPct(); ok && row.Live+row.Dead > SmallTable {
			f := Known("db.dead_tuples.pct", pct, Percent, Labels{"table": row.FullName()})
			f.Count = int(row.Dead)
			facts = append(facts, f)
		}
	}
	return append(facts, Known("db.tables.bytes", float64(t.Total()), Bytes, nil))
}
