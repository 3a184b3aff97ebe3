package collectors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Statements reads what each kind of statement did since the reading before.
// Source: pg_stat_statements, the numbers of all entries each time, the texts
// seldom. Without pg_monitor the entries of other roles are hidden. It
// remembers the last reading: one goroutine at a time may collect.
type Statements struct {
	Server *pg.Server
	last   *reading
	texts  texts
}

// reading is the counters at one instant.
type reading struct {
	head     readingHead
	caps     pg.Caps
	counters map[entry]counters
}

// readingHead is a row of the query statements_info.
type readingHead struct {
	At        time.Time // the server's clock
	Started   time.Time // of the server
	Evictions int64     // 0 before extension version 1.9, which does not tell
	BlockSize int64
}

// entry identifies a row of pg_stat_statements.
type entry struct {
	Role     int64
	Database int64
	ID       int64
	TopLevel bool
}

// counters are the numbers of one entry since it was made.
type counters struct {
	Calls      int64
	Rows       int64
	TotalMs    float64
	Hits       int64
	Reads      int64
	TempBlocks int64
	WALBytes   int64
}

type statementRow struct {
	entry
	counters
}

// Collect reads on the slow lane. The first reading gives no rows.
func (s *Statements) Collect(ctx context.Context) (model.Statements, error) {
	cur, err := pg.Read(ctx, s.Server.Slow(), readStatements)
	if err != nil {
		return model.Statements{}, err
	}
	out := model.Statements{Hidden: unseen(cur.caps, "statements")}
	if s.last.comparable(cur) {
		out.Elapsed = cur.head.At.Sub(s.last.head.At)
		out.Rows = deltas(s.last.counters, cur)
		out.Evicted = cur.head.Evictions > s.last.head.Evictions
	}
	s.last = &cur
	s.texts.fill(ctx, s.Server.Slow(), out.Rows, cur.head.At)
	out.NoTexts = s.texts.trouble
	return out, nil
}

func readStatements(ctx context.Context, s *pg.Session) (reading, error) {
	if err := statementsReadable(s); err != nil {
		return reading{}, err
	}
	headSQL, err := pickStatements(s, "statements_info")
	if err != nil {
		return reading{}, err
	}
	rowsSQL, err := pickStatements(s, "statements")
	if err != nil {
		return reading{}, err
	}
	head, err := pg.One[readingHead](ctx, s, headSQL)
	if err != nil {
		return reading{}, err
	}
	rows, err := pg.List[statementRow](ctx, s, rowsSQL)
	if err != nil {
		return reading{}, err
	}
	out := reading{head: head, caps: s.Caps(), counters: make(map[entry]counters, len(rows))}
	for _, row := range rows {
		out.counters[row.entry] = row.counters
	}
	return out, nil
}

// pickStatements follows the version of the extension, not of the server.
func pickStatements(s *pg.Session, name string) (pg.Statement, error) {
	stmt, err := pg.Pick(queries, name, s.Caps().PgssMajor())
	return stmt.In(s.Caps().PgssAt), err
}

// statementsReadable says what is missing where the extension is not there.
func statementsReadable(s *pg.Session) error {
	caps, db := s.Caps(), s.Database()
	switch {
	case caps.PgssVer == "":
		return &model.Fail{
			Class: model.Missing,
			Text:  "the extension pg_stat_statements is not in database " + db,
			Hint:  "CREATE EXTENSION pg_stat_statements; it has to be in shared_preload_libraries since the start of the server",
		}
	case caps.PgssMajor() == 0:
		return &model.Fail{
			Class: model.Missing,
			Text:  fmt.Sprintf("the extension pg_stat_statements in database %s is too old: %s", db, caps.PgssVer),
			Hint:  "ALTER EXTENSION pg_stat_statements UPDATE",
		}
	case caps.PgssShut:
		return &model.Fail{
			Class: model.Denied,
			Text:  fmt.Sprintf("role %s may not use the schema of pg_stat_statements", caps.Role),
			Hint:  caps.GrantUsage(caps.PgssAt),
		}
	}
	return nil
}

const (
	textsVisible = 50          // rows whose texts are fetched
	textsEvery   = time.Minute // between two fetches
	textsDear    = time.Second // a fetch that took longer is the last
	textsKept    = 1000        // texts remembered, of up to 2000 bytes
)

// texts remembers the texts of statements, since reading one costs the server
// as much as reading all of them.
type texts struct {
	known   map[int64]string // by queryid
	at      time.Time        // of the newest fetch
	off     bool
	trouble string // why texts are missing; "" while they are not
}

// fill puts the texts into the rows and fetches unknown ones of the first rows.
func (t *texts) fill(ctx context.Context, lane *pg.Lane, rows []model.Statement, now time.Time) {
	ids := t.unknown(rows[:min(len(rows), textsVisible)])
	if len(ids) > 0 && !t.off && now.Sub(t.at) >= textsEvery {
		t.at = now
		t.fetch(ctx, lane, ids)
	}
	for i := range rows {
		rows[i].Text = t.known[rows[i].ID]
	}
}

func (t *texts) unknown(rows []model.Statement) []int64 {
	var ids []int64
	for _, row := range rows {
		if _, ok := t.known[row.ID]; !ok {
			ids = append(ids, row.ID)
		}
	}
	return ids
}

type textRow struct {
	ID   int64
	Text string
}

// fetch asks for the texts of ids. That it fails is no failure of the reading.
func (t *texts) fetch(ctx context.Context, lane *pg.Lane, ids []int64) {
	began := time.Now()
	rows, err := pg.Read(ctx, lane, func(ctx context.Context, s *pg.Session) ([]textRow, error) {
		began = time.Now() // the wait for the lane costs the server nothing
		stmt, err := pickStatements(s, "statement_texts")
		if err != nil {
			return nil, err
		}
		return pg.List[textRow](ctx, s, stmt, ids)
	})
	t.note(err, time.Since(began))
	if err == nil {
		t.remember(ids, rows)
	}
}

func (t *texts) note(err error, took time.Duration) {
	switch fail, failed := errors.AsType[*model.Fail](err); {
	case failed && fail.Class == model.Down:
		t.trouble = err.Error() // dear for another reason
	case took > textsDear:
		t.off = true
		t.trouble = fmt.Sprintf("texts of statements are off: reading them took %.1f s", took.Seconds())
	case err != nil:
		t.trouble = err.Error()
	default:
		t.trouble = ""
	}
}

// remember keeps the texts; an id without one is not asked for again.
func (t *texts) remember(ids []int64, rows []textRow) {
	if t.known == nil || len(t.known)+len(ids) > textsKept {
		t.known = map[int64]string{}
	}
	for _, id := range ids {
		t.known[id] = ""
	}
	for _, row := range rows {
		t.known[row.ID] = row.Text
	}
}
