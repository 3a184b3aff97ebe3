package model

import (
	"math"
	"time"
)

// lastTransaction is how far an id may run ahead of the oldest row that is not
// frozen before PostgreSQL takes no more writes: 2^31 less its safety margin.
const lastTransaction = 2_146_483_647

// relationFacts is how many sequences and databases get facts of their own:
// those that are worst off. The others end later.
const relationFacts = 5

// Wraparound is how far transaction and multixact ids have run from the oldest
// rows that are not frozen. Source: pg_database of all databases, pg_class of
// the connected one; needs no right.
type Wraparound struct {
	FreezeAge      int64         // autovacuum_freeze_max_age: from here on a vacuum is forced
	MultiFreezeAge int64         // autovacuum_multixact_freeze_max_age
	Databases      []DatabaseAge // oldest first
	Relations      []RelationAge // the oldest of the connected database, oldest first
}

// Distance is the age of the oldest row that is not frozen.
type Distance struct {
	XIDAge  int64 // transactions
	MXIDAge int64 // multixacts
}

// Pct is how much of the way to the last id is gone, in percent: the worse of
// the two kinds.
func (d Distance) Pct() float64 { return 100 * float64(max(d.XIDAge, d.MXIDAge)) / lastTransaction }

// DatabaseAge is one database of the server.
type DatabaseAge struct {
	Name string
	Distance
}

// RelationAge is one table, materialised view, catalogue or TOAST table.
type RelationAge struct {
	OID     int64
	Schema  string
	Name    string
	ToastOf string // schema.name of the table whose TOAST table it is; "" otherwise
	Bytes   int64  // of the heap, about
	Distance
}

// Title is the relation's name for people: a TOAST table goes by its owner's.
func (r RelationAge) Title() string {
	if r.ToastOf != "" {
		return r.ToastOf + " (toast)"
	}
	return r.Schema + "." + r.Name
}

// ForcedPct is the age in percent of the age from which a vacuum is forced, the
// worse of the two kinds; not ok while that is not known.
func (w Wraparound) ForcedPct(d Distance) (pct float64, ok bool) {
	if w.FreezeAge <= 0 || w.MultiFreezeAge <= 0 {
		return 0, false
	}
	return max(100*float64(d.XIDAge)/float64(w.FreezeAge), 100*float64(d.MXIDAge)/float64(w.MultiFreezeAge)), true
}

// Facts implements the snapshot of the store.
func (w Wraparound) Facts() []Fact {
	var facts []Fact
	for _, d := range w.Databases[:min(len(w.Databases), relationFacts)] {
		labels := Labels{"database": d.Name}
		facts = append(facts, Known("db.wraparound.pct", d.Pct(), Percent, labels))
		if pct, ok := w.ForcedPct(d.Distance); ok {
			facts = append(facts, Known("db.wraparound.freeze", pct, Percent, labels))
		}
	}
	return facts
}

// Sequences are the sequences that end one day, those nearest to it first.
// Source: pg_sequences, pg_depend. Their values need SELECT or USAGE on each.
type Sequences struct {
	Rows   []Sequence
	Hidden string // whose values the role may not see, and the grant that opens them; "" when all are seen
}

// Sequence is one sequence that does not begin anew at its end.
type Sequence struct {
	OID        int64
	Schema     string
	Name       string
	Type       string // bigint, integer, smallint
	Readable   bool   // false: Last is hidden from the role
	Last       *int64 // nil while it was never used, or is hidden
	Min        int64
	Max        int64
	Increment  int64
	Table      string // schema.name of the table whose column it feeds; "" for none
	Column     string
	ColumnType string // integer, smallint, bigint, numeric, …
}

// FullName is the schema and the name, unquoted, for people.
func (s Sequence) FullName() string { return s.Schema + "." + s.Name }

// End is the last value that it can give and its column can take.
func (s Sequence) End() int64 {
	low, high := columnRange(s.ColumnType)
	if s.Increment < 0 {
		return max(s.Min, low)
	}
	return min(s.Max, high)
}

// NarrowColumn tells whether the column it feeds ends before the sequence does.
func (s Sequence) NarrowColumn() bool {
	return s.Increment > 0 && s.End() < s.Max || s.Increment < 0 && s.End() > s.Min
}

// Left is how many values it can still give; not ok while its value is hidden.
func (s Sequence) Left() (values float64, ok bool) {
	if !s.Readable || s.Increment == 0 {
		return 0, false
	}
	return max(math.Round((1-s.used())*s.span()/math.Abs(float64(s.Increment))), 0), true
}

// UsedPct is the share of its values that are gone, in percent; 0 while it was
// never used. Not ok while its value is hidden.
func (s Sequence) UsedPct() (pct float64, ok bool) {
	return 100 * s.used(), s.Readable && s.Increment != 0
}

// span is the distance from its first possible value to its end.
func (s Sequence) span() float64 {
	if s.Increment < 0 {
		return float64(s.Max) - float64(s.End())
	}
	return float64(s.End()) - float64(s.Min)
}

func (s Sequence) used() float64 {
	span := s.span()
	switch {
	case s.Last == nil:
		return 0
	case span <= 0:
		return 1
	case s.Increment < 0:
		return (float64(s.Max) - float64(*s.Last)) / span
	default:
		return (float64(*s.Last) - float64(s.Min)) / span
	}
}

// columnRange is what a column of a type can hold; unlimited for what is wider
// than any sequence.
func columnRange(kind string) (low, high int64) {
	switch kind {
	case "smallint":
		return -1 << 15, 1<<15 - 1
	case "integer":
		return -1 << 31, 1<<31 - 1
	default:
		return -1 << 63, 1<<63 - 1
	}
}

// Facts implements the snapshot of the store: one for each of the sequences
// that are nearest to their end.
func (s Sequences) Facts() []Fact {
	var facts []Fact
	for _, row := range s.Rows {
		if pct, ok := row.UsedPct(); ok && len(facts) < relationFacts {
			facts = append(facts, Known("db.sequence.used", pct, Percent, Labels{"sequence": row.FullName()}))
		}
	}
	if s.Hidden != "" {
		facts = append(facts, Unknown("db.sequence.used", Percent, nil, s.Hidden))
	}
	return facts
}

// Bloat estimates how much a rewrite of each table would free. Source:
// pg_class, pg_stats; the statistics of a table need SELECT on it.
type Bloat struct {
	Rows        []BloatedTable // most bytes to gain first; those of which nothing is known last
	Hidden      string         // of which tables the role may not see the statistics, and the grant; "" when all are seen
	Unestimated int            // tables without statistics: never analysed, or of no column that has any
}

// BloatedTable is the estimate for one table or materialised view.
type BloatedTable struct {
	OID        int64
	Schema     string
	Name       string
	HeapBytes  int64  // about
	ToastBytes int64  // about; large values make the estimate rough
	BloatBytes *int64 // what a rewrite of the heap would free, about; nil while not known
	Readable   bool   // the role may see its statistics
	RLS        bool   // row-level security hides them, whatever is granted
	Rows       int64  // reltuples; -1 or 0 when never analysed
	ModSince   int64  // rows changed since the statistics were taken
}

// FullName is the schema and the name, unquoted, for people.
func (b BloatedTable) FullName() string { return b.Schema + "." + b.Name }

// Pct is the share of the heap that a rewrite would free, in percent.
func (b BloatedTable) Pct() (pct float64, ok bool) {
	if b.BloatBytes == nil || b.HeapBytes <= 0 {
		return 0, false
	}
	return 100 * float64(*b.BloatBytes) / float64(b.HeapBytes), true
}

// Doubt says why the estimate is not to be relied on; "" when it is.
func (b BloatedTable) Doubt() string {
	switch {
	case b.BloatBytes == nil:
		return ""
	case b.Rows > 0 && b.ModSince*5 > b.Rows:
		return "old: a fifth of its rows or more changed since it was analyzed"
	case b.ToastBytes > b.HeapBytes:
		return "rough: most of it is TOAST"
	}
	return ""
}

// Facts implements the snapshot of the store.
func (b Bloat) Facts() []Fact {
	if b.Hidden != "" {
		return []Fact{Unknown("db.bloat.bytes", Bytes, nil, b.Hidden)}
	}
	total := int64(0)
	for _, row := range b.Rows {
		if row.BloatBytes != nil {
			total += *row.BloatBytes
		}
	}
	return []Fact{Known("db.bloat.bytes", float64(total), Bytes, nil)}
}

// Indexes are the indexes of the user's tables, and foreign keys without one.
// Source: pg_index, pg_stat_all_indexes, pg_constraint; needs no right, save
// for who builds an index.
type Indexes struct {
	Rows    []Index      // those with a problem first, then the largest
	Missing []ForeignKey // without an index that begins with their columns; largest table first
	Since   *time.Time   // when the counters of this database began (stats_reset); nil where the server does not tell
	Standby bool         // the scans are those of this standby only
	Hidden  string       // why it is not known whether an invalid index is being built; "" when it is, or none is invalid
}

// Index is one index on a table or materialised view.
type Index struct {
	OID       int64
	Table     string // schema.name of the table
	Schema    string
	Name      string
	Bytes     int64      // about
	Scans     int64      // since the statistics began
	LastScan  *time.Time // nil for never, and before PostgreSQL 16
	Unique    bool
	Primary   bool
	Valid     bool
	Leftover  bool   // _ccnew or _ccold of a REINDEX CONCURRENTLY that failed
	BuiltBy   int    // pid of the session that builds it; 0 when nobody does or that is hidden
	Unused    bool   // never scanned, and no constraint, replica identity or partition needs it
	TwinOf    string // index that is exactly alike; "" for none
	CoveredBy string // longer index that begins with the same columns; "" for none
}

// FullName is the schema and the name, unquoted, for people.
func (i Index) FullName() string { return i.Schema + "." + i.Name }

// Broken tells whether it is invalid and nobody is known to build it: it costs
// writes and serves no read.
func (i Index) Broken() bool { return !i.Valid && i.BuiltBy == 0 }

// Problem is what is wrong with an index.
type Problem int

// The problems, the worst first.
const (
	InvalidIndex  Problem = iota // it serves no read and costs writes
	TwinIndex                    // another one is exactly alike
	CoveredIndex                 // a longer one does the same
	UnusedIndex                  // no scan since the statistics began
	UnderWayIndex                // being built
	HealthyIndex
)

// Problem gives the worst problem of the index.
func (i Index) Problem() Problem {
	switch {
	case i.Broken():
		return InvalidIndex
	case !i.Valid:
		return UnderWayIndex
	case i.TwinOf != "":
		return TwinIndex
	case i.CoveredBy != "":
		return CoveredIndex
	case i.Unused:
		return UnusedIndex
	default:
		return HealthyIndex
	}
}

// ForeignKey is a constraint whose columns no index begins with: each delete
// or key change in the table it refers to reads the whole of its own.
type ForeignKey struct {
	OID      int64
	Name     string
	Table    string // schema.name
	RefersTo string // schema.name
	Columns  []string
	Bytes    int64 // of the table's heap, about; 0 for a partitioned one
}

// Facts implements the snapshot of the store.
func (x Indexes) Facts() []Fact {
	broken, unused := 0, int64(0)
	for _, i := range x.Rows {
		if i.Broken() {
			broken++
		}
		if i.Unused {
			unused += i.Bytes
		}
	}
	invalid := Known("db.indexes.invalid", float64(broken), None, nil)
	switch {
	case broken > 0 && x.Standby:
		invalid = Unknown("db.indexes.invalid", None, nil, "what is invalid on a standby may be an index that its primary builds just now: look there")
	case broken > 0 && x.Hidden != "":
		invalid = Unknown("db.indexes.invalid", None, nil, x.Hidden)
	}
	return []Fact{invalid, Known("db.indexes.unused.bytes", float64(unused), Bytes, nil),
		Known("db.indexes.missing", float64(len(x.Missing)), None, nil)}
}
