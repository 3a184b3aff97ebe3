package collectors

import (
	"context"
	"fmt"
	"slices"
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
	last   *model.StatementCounts
	past   []model.StatementTick
	texts  texts
	names  names
}

// statementsHead is a row of the query statements_info.
type statementsHead struct {
	At        time.Time
	Started   time.Time
	Reset     *time.Time // nil before extension version 1.9, which does not tell
	Evictions int64
}

// Collect reads on the slow lane. The first reading gives no rows.
func (s *Statements) Collect(ctx context.Context) (model.Statements, error) {
	lane := s.Server.Slow()
	read, err := pg.Read(ctx, lane, readStatements)
	if err != nil {
		return model.Statements{}, err
	}
	cur := model.CountStatements(read.goesOn(s.last), read.entries)
	if cur.ResetSince(s.last) {
		cur.Reset = cur.At // seen, not told
	}
	out := model.Statements{Counts: cur, Names: s.published()}
	if between, void := out.Since(s.last); void == "" {
		out = between
		s.remember(out)
	}
	s.last = cur
	out.Hidden, out.Past = unseen(read.caps, "statements"), s.past
	s.texts.fill(ctx, lane, out.Rows, cur.At)
	s.names.fill(ctx, lane, out.Rows)
	out.Names, out.NoTexts = s.published(), s.texts.trouble
	return out, nil
}

func (s *Statements) published() model.StatementNames {
	return model.StatementNames{Texts: s.texts.known, Roles: s.names.roles, Databases: s.names.databases}
}

// What is remembered of the time while watching: half an hour of readings, and
// of each the statements that took most time.
const (
	ticksKept = 180
	tickRows  = 100
)

// remember keeps the step that the newest reading ended. What was published
// before is not touched.
func (s *Statements) remember(between model.Statements) {
	tick := model.StatementTick{At: between.Counts.At, Elapsed: between.Elapsed, Rest: len(between.Rows) > tickRows}
	for _, row := range between.Rows[:min(len(between.Rows), tickRows)] {
		tick.Rows = append(tick.Rows, model.StatementCount{StatementID: row.StatementID, StatementWork: row.StatementWork})
	}
	s.past = append(slices.Clip(s.past[max(len(s.past)-ticksKept+1, 0):]), tick)
}

// statementsRead is one reading as the server gave it.
type statementsRead struct {
	head    statementsHead
	entries []model.StatementCount
	caps    pg.Caps
}

// goesOn is the head of the reading, with what the server does not tell from
// the one before.
func (r statementsRead) goesOn(last *model.StatementCounts) model.StatementHead {
	out := model.StatementHead{At: r.head.At, Started: r.head.Started, Evictions: r.head.Evictions, All: r.caps.ReadStats}
	switch {
	case r.head.Reset != nil:
		out.Reset = *r.head.Reset
	case last != nil:
		out.Reset = last.Reset
	}
	return out
}

func readStatements(ctx context.Context, s *pg.Session) (statementsRead, error) {
	none := statementsRead{}
	if err := statementsReadable(s); err != nil {
		return none, err
	}
	headSQL, err := pickStatements(s, "statements_info")
	if err != nil {
		return none, err
	}
	rowsSQL, err := pickStatements(s, "statements")
	if err != nil {
		return none, err
	}
	head, err := pg.One[statementsHead](ctx, s, headSQL)
	if err != nil {
		return none, err
	}
	entries, err := pg.List[model.StatementCount](ctx, s, rowsSQL)
	if err != nil {
		return none, err
	}
	return statementsRead{head: head, entries: entries, caps: s.Caps()}, nil
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
