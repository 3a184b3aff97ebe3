package pg

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// lockLimit is how long a read waits for a lock: whoever comes after it in the
// queue waits too.
const lockLimit = 250 * time.Millisecond

// reader is the connection of a read lane. Whatever goes over it is a
// [Statement]: nothing else of this package can reach the connection inside,
// so a lane sends only what was embedded when the program was built.
type reader struct {
	conn   *pgx.Conn // used in this file alone
	limits limits
	usage  *usage
	pooled bool // its settings and prepared statements are not its own
}

func (s *Server) reader(conn *pgx.Conn, l limits) *reader {
	return &reader{conn: conn, limits: l, usage: &s.usage, pooled: s.throughPooler()}
}

// rowsOf runs a statement and scans its rows by column name.
func rowsOf[T any](ctx context.Context, s *Session, stmt Statement, args []any) (got []T, err error) {
	err = s.lane.conn.query(ctx, s.source, stmt, args, func(rows pgx.Rows) (err error) {
		got, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	})
	return got, err
}

// query runs a statement and lets take have its rows. It is prepared once per
// connection; behind a pooler it is not, and has its limits with it.
func (r *reader) query(ctx context.Context, source *meter, stmt Statement, args []any, take func(pgx.Rows) error) error {
	defer r.usage.measure(source)()
	if r.pooled {
		return r.bounded(ctx, stmt, args, take)
	}
	if stmt.once {
		args = append([]any{pgx.QueryExecModeExec}, args...)
	}
	rows, err := r.conn.Query(ctx, stmt.text, args...)
	if err != nil {
		return err
	}
	return take(rows)
}

// bounded sends the limits and the statement together, which makes them one
// transaction, that ends with them.
func (r *reader) bounded(ctx context.Context, stmt Statement, args []any, take func(pgx.Rows) error) error {
	bounds, err := Pick(sqlFiles, "limits", 13)
	if err != nil {
		return err
	}
	r.usage.statements.Add(1)
	both := &pgx.Batch{}
	both.Queue(bounds.text, millisText(r.limits.statement), millisText(lockLimit))
	both.Queue(stmt.text, args...).Query(take)
	return r.conn.SendBatch(ctx, both).Close()
}

func millisText(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// pid is the process that the handshake named: a pooler's own, behind one.
func (r *reader) pid() int { return int(r.conn.PgConn().PID()) }

// parameter is what the server last told of one of its parameters; "" for
// nothing.
func (r *reader) parameter(name string) string { return r.conn.PgConn().ParameterStatus(name) }

func (r *reader) broken() bool { return r.conn.IsClosed() }

func (r *reader) close() { closeSoon(r.conn) }
