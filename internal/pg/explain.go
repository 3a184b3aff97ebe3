package pg

import (
	"context"
	"strings"
	"time"

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
	// explainedAs is the name of the prepared statement.
	explainedAs = "tocsin_explained"
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
func (c *Conn) Explain(ctx context.Context, statement, searchPath string) (plan string, err error) {
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
		_ = c.kept.PgConn().Deallocate(ctx, explainedAs) // it may not be there
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
	prepared, err := c.kept.PgConn().Prepare(ctx, explainedAs, statement, nil)
	if err != nil {
		return "", err
	}
	sql := model.OwnMark + "EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE " + explainedAs + openParameters(prepared)
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
