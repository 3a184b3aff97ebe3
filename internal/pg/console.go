package pg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/model"
)

// Console is the admin console of a PgBouncer over one kept connection. The
// console speaks the simple protocol only and does not understand a ping, so
// it is no [Server]. Make it with OpenConsole.
type Console struct {
	server *Server // for its way to connect and to word errors; its lanes are not used
	turn   gate
	conn   *pgx.Conn
}

// consoleDatabase is the name by which PgBouncer's console is reached.
const consoleDatabase = "pgbouncer"

// ConsoleQuery is a question that the console may be asked.
type ConsoleQuery string

// The questions. Each only reads, and stats_users may ask them.
const (
	ShowVersion   ConsoleQuery = "SHOW VERSION"
	ShowPools     ConsoleQuery = "SHOW POOLS"
	ShowDatabases ConsoleQuery = "SHOW DATABASES"
)

// OpenConsole reads the configuration; it connects to nothing yet. A database
// that is not named is the console's.
func OpenConsole(cfg Config) (*Console, error) {
	server, err := Open(cfg)
	if err != nil {
		return nil, fmt.Errorf("the pooler: %w", err)
	}
	if server.base.Database == "" {
		server.base.Database = consoleDatabase
	}
	server.base.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	server.setPooled() // it refuses every startup parameter but application_name
	return &Console{server: server, turn: newGate()}, nil
}

// Show asks one question and gives the rows by the names of their columns,
// which differ between versions. The errors are of type [model.Fail].
func (c *Console) Show(ctx context.Context, q ConsoleQuery) ([]map[string]string, error) {
	began := time.Now()
	if err := c.turn.enter(ctx); err != nil {
		return nil, c.server.waitFail(err, began)
	}
	defer c.turn.leave()
	limited, cancel := context.WithTimeout(ctx, FastLimit)
	defer cancel()
	for {
		fresh := c.conn == nil
		rows, err := c.attempt(limited, q)
		if err == nil || !c.drop() || fresh || limited.Err() != nil {
			return rows, err
		}
	}
}

func (c *Console) attempt(ctx context.Context, q ConsoleQuery) ([]map[string]string, error) {
	if c.conn == nil {
		conn, err := c.server.dial(ctx, call{})
		if err != nil {
			return nil, c.notAllowed(err)
		}
		c.conn = conn
	}
	a := c.server.asks(FastLimit)
	got, err := c.conn.Query(ctx, string(q))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q, a.fail(ctx, err))
	}
	rows, err := pgx.CollectRows(got, byName)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q, a.fail(ctx, err))
	}
	return rows, nil
}

// notAllowed recognises a role that the console turns away. PgBouncer has one
// SQLSTATE for all it refuses, so its text has to do.
func (c *Console) notAllowed(err error) error {
	fail, ok := errors.AsType[*model.Fail](err)
	if !ok || !strings.HasSuffix(fail.Text, ": not allowed") {
		return err
	}
	hint := "add role " + quoteRole(c.server.base.User) + " to stats_users of pgbouncer.ini and RELOAD"
	return &model.Fail{Class: model.Denied, Text: fail.Text, Hint: hint}
}

// byName takes the texts as they came.
func byName(row pgx.CollectableRow) (map[string]string, error) {
	out := map[string]string{}
	for i, raw := range row.RawValues() {
		out[row.FieldDescriptions()[i].Name] = string(raw)
	}
	return out, nil
}

// drop gives up a connection that broke and tells whether it had.
func (c *Console) drop() bool {
	if c.conn == nil || !c.conn.IsClosed() {
		return false
	}
	c.conn = nil
	return true
}

// Close ends the connection; it does not wait for a console that does not answer.
func (c *Console) Close() {
	c.server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if c.turn.enter(ctx) != nil {
		return
	}
	defer c.turn.leave()
	if c.conn != nil {
		closeSoon(c.conn)
		c.conn = nil
	}
}

func (s *Server) asks(limit time.Duration) asked {
	return asked{server: s, began: time.Now(), limit: limit}
}
