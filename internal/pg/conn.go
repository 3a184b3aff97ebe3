package pg

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/internal/model"
)

// Conn is a connection for one action: not read-only, without statement
// timeout, outside any transaction. Its user is one goroutine and closes it.
type Conn struct {
	server *Server
	kept   *keptConn
	back   func() // gives the connection back to where it came from
}

// keptConn is a connection with what the server said on it beside results.
type keptConn struct {
	*pgx.Conn
	is      identityRow // when the connection was last looked at
	notices []string
}

// Action opens a connection of its own for an action that may take long and
// that changes something: a server that takes no writes is refused. When the
// server is full, the spare one is lent instead.
func (s *Server) Action(ctx context.Context) (*Conn, error) {
	kept, err := s.dialAction(ctx)
	conn := &Conn{server: s, kept: kept, back: func() { closeSoon(kept.Conn) }}
	if fail, ok := errors.AsType[*model.Fail](err); ok && fail.Class == model.Full {
		conn, err = s.Spare(ctx)
	}
	if err != nil {
		return nil, err
	}
	if why := conn.Standby(); why != "" {
		conn.Close()
		return nil, &model.Fail{Class: model.Missing, Text: why}
	}
	return conn, nil
}

// Spare lends the connection that is kept for short actions (cancel,
// terminate) and for looking things up; it is there when the server takes no
// new ones. It waits while another has it.
func (s *Server) Spare(ctx context.Context) (*Conn, error) {
	if err := s.spare.turn.enter(ctx); err != nil {
		return nil, &model.Fail{Class: model.Broken, Text: "the connection for actions is in use: " + err.Error()}
	}
	if err := s.spare.check(ctx, s); err != nil {
		s.spare.turn.leave()
		return nil, err
	}
	back := func() {
		s.spare.givenBack()
		s.spare.turn.leave()
	}
	return &Conn{server: s, kept: s.spare.kept, back: back}, nil
}

// dialAction opens an action connection to the server that is watched, and
// refuses one that a pooler is in or that leads to another server.
func (s *Server) dialAction(ctx context.Context) (*keptConn, error) {
	kept := &keptConn{}
	conn, err := s.dial(ctx, call{settings: actionSettings(), bound: true, onNotice: func(_ *pgconn.PgConn, n *pgconn.Notice) {
		kept.notices = append(kept.notices, textOf(n))
	}})
	if err != nil {
		return nil, err
	}
	kept.Conn = conn
	a := asked{server: s, began: time.Now()}
	if kept.is, err = readIdentity(ctx, conn); err != nil {
		closeSoon(conn)
		return nil, a.fail(ctx, err)
	}
	if fail := s.unfit(kept); fail != nil {
		closeSoon(conn)
		return nil, fail
	}
	return kept, nil
}

// unfit says why a connection is none for actions; nil when it is one.
func (s *Server) unfit(kept *keptConn) error {
	if uint32(kept.is.PID) != kept.PgConn().PID() || s.throughPooler() {
		return &model.Fail{
			Class: model.Missing,
			Text:  "connected through a pooler at " + s.Address() + ", where a session's settings and pid are not its own",
			Hint:  "give the direct address of the server (port 5432 where the pooler has 6543)",
		}
	}
	if fail := s.elsewhere(kept.is); fail != nil {
		return fail
	}
	return nil
}

// Address is where the server is, for people: "db.internal:5432".
func (c *Conn) Address() string { return c.server.Address() }

// Standby says that the server is a standby, which takes no writes and no
// maintenance; "" when it is a primary.
func (c *Conn) Standby() string {
	if !c.kept.is.Standby {
		return ""
	}
	return "PostgreSQL at " + c.server.Address() + " is a standby: it takes no writes"
}

// ReadOnly says that no session of this role and database may write unless it
// asks for it, as providers set it when a disk is full; "" when they may.
func (c *Conn) ReadOnly() string {
	if !c.kept.is.ReadOnly {
		return ""
	}
	return "PostgreSQL at " + c.server.Address() + " is read-only: default_transaction_read_only is on"
}

// textOf is a notice with its level in English, whatever lc_messages says; the
// text itself is in the server's language.
func textOf(n *pgconn.Notice) string { return n.SeverityUnlocalized + ": " + n.Message }

// Close gives the connection back. Settings made on it are undone. A second
// call does nothing.
func (c *Conn) Close() {
	if c.back != nil {
		c.back()
		c.back = nil
	}
}

func (c *Conn) asked() asked { return asked{server: c.server, began: time.Now()} }

// PID is the pid of the backend, by which progress views know this session.
func (c *Conn) PID() int { return int(c.kept.PgConn().PID()) }

// Exec runs one statement and returns its command tag and what the server said
// beside it: VACUUM without the right succeeds and only warns. Several
// statements in one text are refused by the protocol. When ctx ends, the
// statement is cancelled at the server.
func (c *Conn) Exec(ctx context.Context, sql string, args ...any) (tag string, notices []string, err error) {
	c.kept.notices = nil
	a := c.asked()
	got, err := c.exec(ctx, sql, args)
	if err != nil {
		err = a.fail(ctx, err)
	}
	return got.String(), c.kept.notices, err
}

// exec keeps pgx from using the simple protocol, which it does for a statement
// without arguments and which would run several statements.
func (c *Conn) exec(ctx context.Context, sql string, args []any) (pgconn.CommandTag, error) {
	if len(args) == 0 {
		result := c.kept.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Read()
		return result.CommandTag, result.Err
	}
	return c.kept.Exec(ctx, sql, append([]any{pgx.QueryExecModeExec}, args...)...)
}

// Row is the answer of one row. Scan gives an error for which [NoRow] is true
// when there was none.
type Row interface{ Scan(dest ...any) error }

// QueryRow runs one statement and returns its first row.
func (c *Conn) QueryRow(ctx context.Context, sql string, args ...any) Row {
	a := c.asked()
	row := c.kept.QueryRow(ctx, sql, append([]any{pgx.QueryExecModeExec}, args...)...)
	return classedRow{row, func(err error) error { return a.fail(ctx, err) }}
}

// NoRow tells whether the error says that a query had no row.
func NoRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

type classedRow struct {
	row  pgx.Row
	fail func(error) error
}

func (r classedRow) Scan(dest ...any) error {
	err := r.row.Scan(dest...)
	if err == nil || NoRow(err) {
		return err
	}
	return r.fail(err)
}

// Query runs one statement on an action connection and scans its rows into
// structs by column name (heap_bytes into HeapBytes).
func Query[T any](ctx context.Context, c *Conn, sql string, args ...any) ([]T, error) {
	a := c.asked()
	got, err := queryRaw[T](ctx, c, sql, args...)
	if err != nil {
		return nil, a.fail(ctx, err)
	}
	return got, nil
}

// queryRaw leaves the error as the driver gives it.
func queryRaw[T any](ctx context.Context, c *Conn, sql string, args ...any) ([]T, error) {
	rows, err := c.kept.Query(ctx, sql, append([]any{pgx.QueryExecModeExec}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// closeSoon ends a connection politely, and by force when the server does not
// answer.
func closeSoon(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_ = conn.Close(ctx) // closed either way
}
