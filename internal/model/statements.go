package model

import (
	"strconv"
	"strings"
	"time"
)

// Statements is the work of each statement kind between two readings.
// Source: pg_stat_statements as deltas over the real time between.
type Statements struct {
	Elapsed time.Duration // between the two readings; 0 after the first, when Rows is empty
	Rows    []Statement   // most total time first
	Evicted bool          // entries were thrown out meanwhile (pg_stat_statements_info.dealloc grew): incomplete
	Hidden  string        // what the role may not see and the grant that opens it; "" when all is seen
	NoTexts string        // why texts are missing; "" while they are fetched

	// What follows is shared by many samples and too much to be kept with each:
	// it is not part of the JSON form, and absent where a sample comes out of it.

	Counts *StatementCounts `json:"-"` // the newer of the two readings, for [Statements.Since]; nil when absent
	Names  StatementNames   `json:"-"`
	Past   []StatementTick  `json:"-"` // the steps up to now while watching, oldest first
}

// StatementID identifies an entry of pg_stat_statements.
type StatementID struct {
	ID       int64 // queryid
	Role     int64 // userid, an oid
	Database int64 // dbid, an oid
	TopLevel bool  // sent by a client, not run inside a function
}

// StatementWork is what pg_stat_statements counts of an entry: since that was
// made, or between two readings.
type StatementWork struct {
	Calls     int64
	Rows      int64
	Total     time.Duration // execution time
	Hits      int64         // shared blocks found in the cache
	Reads     int64         // shared blocks read
	TempBytes int64         // written to temporary files
	WALBytes  int64
}

// Statement is the delta of one entry of pg_stat_statements.
type Statement struct {
	StatementID
	StatementWork

	Text  string  // normalised, up to [StatementTextMax] characters; "" until it was fetched
	Share float64 // of the execution time of all rows, in percent
}

// StatementTextMax is the number of characters that are kept of a statement.
const StatementTextMax = 2000

// StatementNames are the words for the numbers of statements, as far as they
// were fetched. It is not changed once it was published.
type StatementNames struct {
	Texts     map[int64]string // by queryid; "" for one that has none
	Roles     map[int64]string // by oid
	Databases map[int64]string // by oid
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
func (w StatementWork) Mean() time.Duration {
	if w.Calls == 0 {
		return 0
	}
	return w.Total / time.Duration(w.Calls)
}

// Blocks is the number of shared blocks that were touched.
func (w StatementWork) Blocks() int64 { return w.Hits + w.Reads }

// Key identifies the statement across refreshes.
func (id StatementID) Key() string {
	return strconv.FormatInt(id.ID, 36) + "/" + strconv.FormatInt(id.Role, 36) + "/" +
		strconv.FormatInt(id.Database, 36) + "/" + strconv.FormatBool(id.TopLevel)
}

// Whole is the work of all statements together.
func (s Statements) Whole() StatementWork {
	var all StatementWork
	for i := range s.Rows {
		all.add(s.Rows[i].StatementWork)
	}
	return all
}

func (w *StatementWork) add(o StatementWork) {
	w.Calls += o.Calls
	w.Rows += o.Rows
	w.Total += o.Total
	w.Hits += o.Hits
	w.Reads += o.Reads
	w.TempBytes += o.TempBytes
	w.WALBytes += o.WALBytes
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
	all := s.Whole()
	mean := Unknown("db.statements.mean", Millis, nil, "no statement ended")
	if all.Calls > 0 {
		mean = Known("db.statements.mean", float64(all.Total)/float64(all.Calls)/float64(time.Millisecond), Millis, nil)
		mean.Count = int(all.Calls)
	}
	return []Fact{Known("db.statements.calls", float64(all.Calls)/s.Elapsed.Seconds(), PerSecond, nil), mean, s.ownFact()}
}
