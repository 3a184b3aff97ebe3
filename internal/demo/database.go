package demo

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tocsin/internal/local"
)

//go:embed schema.sql
var schemaSQL string

// database is the company's PostgreSQL with the passwords of its roles.
type database struct {
	server    *local.Postgres
	passwords map[string]string // by role
	admin     *pgxpool.Pool     // the superuser, over the Unix socket
}

// startDatabase starts PostgreSQL; everybody but the superuser on the socket
// needs a password, as other people may be on this machine.
func startDatabase(ctx context.Context, binaries local.PostgresBinaries, dir string) (*database, error) {
	server, err := local.StartPostgres(ctx, local.PostgresOptions{
		Binaries: binaries,
		Dir:      dir,
		Settings: map[string]string{
			"max_connections":     "60",
			"password_encryption": "scram-sha-256",
			"track_io_timing":     "on",
			"jit":                 "off",
		},
		HBA: []string{"host all all 127.0.0.0/8 scram-sha-256"},
	})
	if err != nil {
		return nil, err
	}
	d := &database{server: server, passwords: map[string]string{}}
	for _, role := range []string{"app", "worker", "reports", "tocsin"} {
		d.passwords[role] = rand.Text()
	}
	return d, nil
}

// load makes the roles, the database and the data.
func (d *database) load(ctx context.Context) error {
	if err := runAs(ctx, d.server.SocketDSN("postgres", "postgres"), d.roles()); err != nil {
		return fmt.Errorf("make the roles: %w", err)
	}
	loader := d.server.SocketDSN("shop", "postgres") + " application_name=" + loaderName
	if err := runAs(ctx, loader, []string{"SET ROLE shop", schemaSQL}); err != nil {
		return fmt.Errorf("load the data: %w", err)
	}
	var err error
	if d.admin, err = adminPool(ctx, d.server); err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return fmt.Errorf("bring the statistics up to date: %w", err)
	}
	return d.createStatements(ctx)
}

func (d *database) roles() []string {
	statements := []string{"CREATE ROLE shop NOLOGIN"}
	for role, password := range d.passwords {
		statements = append(statements, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", role, password))
	}
	return append(statements,
		// The worker runs the shop's maintenance, which changes its tables.
		"GRANT shop TO worker",
		"GRANT pg_monitor, pg_signal_backend, shop TO tocsin",
		"ALTER ROLE tocsin REPLICATION", // to drop replication slots
		"CREATE DATABASE shop OWNER shop",
	)
}

// createStatements lets tocsin resume a standby, adds pg_stat_statements where
// the server has it, and forgets what it took to set the shop up.
func (d *database) createStatements(ctx context.Context) error {
	err := runAs(ctx, d.server.SocketDSN("shop", "postgres"), []string{
		"GRANT EXECUTE ON FUNCTION pg_wal_replay_pause(), pg_wal_replay_resume() TO tocsin",
		`DO $$ BEGIN
		  IF current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' THEN
		    CREATE EXTENSION pg_stat_statements;
		    PERFORM pg_stat_statements_reset();
		  END IF;
		END $$`})
	if err != nil {
		return fmt.Errorf("create pg_stat_statements: %w", err)
	}
	return nil
}

// adminPool connects as the superuser; it keeps few connections, and not for long.
func adminPool(ctx context.Context, server *local.Postgres) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(server.SocketDSN("shop", "postgres") + " application_name=admin")
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MaxConnIdleTime = 2, 10*time.Second
	return pgxpool.NewWithConfig(ctx, config)
}

// dsn is the address of the shop's database for a role.
func (d *database) dsn(role, application string) string {
	return fmt.Sprintf("%s password=%s application_name=%s", d.server.DSN("shop", role), d.passwords[role], application)
}

// runAs runs statements one after another on a connection of their own.
func runAs(ctx context.Context, dsn string, statements []string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	for _, sql := range statements {
		// The simple protocol takes a whole file of statements at once.
		if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return errors.Join(err, conn.Close(ctx))
		}
	}
	return conn.Close(ctx)
}

// session is one connection that a fault holds, with its identity on the server.
type session struct {
	conn    *pgx.Conn
	pid     uint32
	started time.Time // backend_start
}

func (d *database) connect(ctx context.Context, role, application string) (*session, error) {
	conn, err := pgx.Connect(ctx, d.dsn(role, application))
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, pid: conn.PgConn().PID()}
	err = conn.QueryRow(ctx, "SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()").Scan(&s.started)
	if err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return s, nil
}

// state is the session's state as the server tells it, "" when it has ended.
func (d *database) state(ctx context.Context, s *session) (string, error) {
	var state string
	err := d.admin.QueryRow(ctx, "SELECT coalesce(state, '') FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2",
		s.pid, s.started).Scan(&state)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return state, err
}

// close ends our end of a session, if there is one. The server has often ended
// the other end before, as that is how faults are mended.
func (s *session) close(ctx context.Context) {
	if s != nil {
		_ = s.conn.Close(ctx)
	}
}

// stop ends the server. The pool has to go first, or ending would wait for it.
func (d *database) stop(ctx context.Context) error {
	if d.admin != nil {
		d.admin.Close()
	}
	return d.server.Stop(ctx)
}
