package pg

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/internal/model"
)

const (
	// explainLimit bounds the whole of [Conn.Explain] at the server; planning
	// takes milliseconds.
	explainLimit = "5s"
	// explainLockWait is how long the planner waits for a table that somebody
	// has locked.
	explainLockWait = "500ms"
	// explainedAs begins the name of the prepared statement.
	explainedAs = "tocsin_explained_"
)

// Explain lets the server plan one statement, with its parameters left open,
// and returns the answer of EXPLAIN (FORMAT JSON, VERBOSE). The statement is
// never run, whatever its text says: the protocol prepares it, which takes one
// statement only, and EXPLAIN names what was prepared. All happens in a
// transaction that only reads and is rolled back, so that a function that the
// planner itself calls can change nothing either. searchPath is how the session
// that runs the statement finds its tables.
//
// EXPLAIN (GENERIC_PLAN) would be simpler, but servers before 16 do not have it,
// and it takes its text as it is: a second statement in it would be run.
//
// Only queries and changes of rows are planned. That is no nicety: a prepared
// EXECUTE of its own name sends EXPLAIN in circles until the backend runs out of
// stack, and the crash takes all sessions of the server with it (PostgreSQL 13
// to 18). For the same reason nobody can know the name.
func (c *Conn) Explain(ctx context.Context, statement, searchPath string) (plan string, err error) {
	if !hasPlan(statement) {
		return "", &model.Fail{Class: model.Broken, Text: "it has no plan: only queries and changes of rows have one"}
	}
	a := c.asked()
	plan, err = c.explain(ctx, statement, searchPath)
	c.endExplain(ctx)
	if err != nil {
		return "", a.fail(ctx, err)
	}
	return plan, nil
}

// endExplain leaves the transaction and forgets the prepared statement. Where
// that fails the connection is broken, which its return notices.
func (c *Conn) endExplain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := c.exec(ctx, "ROLLBACK", nil); err == nil {
		_ = c.kept.PgConn().Deallocate(ctx, c.server.explains) // it may not be there
	}
}

func (c *Conn) explain(ctx context.Context, statement, searchPath string) (string, error) {
	for _, set := range []string{
		"BEGIN READ ONLY",
		"SET LOCAL statement_timeout = '" + explainLimit + "'",
		"SET LOCAL lock_timeout = '" + explainLockWait + "'",
		"SET LOCAL plan_cache_mode = force_generic_plan", // any values: those of the parameters are not known
	} {
		if _, err := c.exec(ctx, set, nil); err != nil {
			return "", err
		}
	}
	if _, err := c.exec(ctx, "SELECT set_config('search_path', $1, true)", []any{searchPath}); err != nil {
		return "", err
	}
	prepared, err := c.kept.PgConn().Prepare(ctx, c.server.explains, statement, nil)
	if err != nil {
		return "", err
	}
	sql := model.OwnMark + "EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE " + c.server.explains + openParameters(prepared)
	result := c.kept.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return "", result.Err
	}
	var b strings.Builder
	for _, row := range result.Rows {
		b.Write(row[0])
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// openParameters are as many NULLs as the statement has parameters: the generic
// plan does not look at them.
func openParameters(d *pgconn.StatementDescription) string {
	if len(d.ParamOIDs) == 0 {
		return ""
	}
	return "(NULL" + strings.Repeat(", NULL", len(d.ParamOIDs)-1) + ")"
}

// hasPlan tells whether a statement is a query or a change of rows by its first
// word.
func hasPlan(statement string) bool {
	first := pastComments(statement)
	if strings.HasPrefix(first, "(") {
		return true
	}
	end := strings.IndexFunc(first, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end >= 0 {
		first = first[:end]
	}
	switch strings.ToUpper(first) {
	case "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE":
		return true
	}
	return false
}

// pastComments is a statement from its first word on, as the server reads it:
// comments in /* */ lie in each other, those after -- end at either end of a
// line. It is "" where a comment does not end.
func pastComments(sql string) string {
	depth := 0
	for sql != "" {
		switch {
		case strings.HasPrefix(sql, "/*"):
			depth, sql = depth+1, sql[2:]
		case depth > 0 && strings.HasPrefix(sql, "*/"):
			depth, sql = depth-1, sql[2:]
		case depth == 0 && strings.HasPrefix(sql, "--"):
			end := strings.IndexAny(sql, "\n\r")
			if end < 0 {
				return ""
			}
			sql = sql[end:]
		case depth == 0 && !strings.ContainsRune(" \t\n\r\f", rune(sql[0])):
			return sql
		default:
			sql = sql[1:]
		}
	}
	return ""
}
