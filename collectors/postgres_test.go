package collectors

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// everyMajor runs a test on a server of each supported version, in a database
// of its own.
func everyMajor(t *testing.T, test func(t *testing.T, d database)) {
	t.Helper()
	for _, major := range testkit.Majors() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			server := servers.PostgresMajor(t, major)
			test(t, database{server: server, name: servers.Database(t, server), major: major})
		})
	}
}

// database is where one test runs.
type database struct {
	server *local.Postgres
	name   string
	major  int
}

// admin connects as the superuser.
func (d database) admin(t *testing.T) *pgx.Conn {
	t.Helper()
	return testkit.Connect(t, d.server.DSN(d.name, "postgres"))
}

// role makes a role that ends with the test.
func (d database) role(t *testing.T, name, grants string) string {
	t.Helper()
	admin := d.admin(t)
	name = fmt.Sprintf("%s_%s", name, d.name)
	testkit.Exec(t, admin, "CREATE ROLE "+name+" LOGIN")
	if grants != "" {
		testkit.Exec(t, admin, "GRANT "+grants+" TO "+name)
	}
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), d.server.DSN("postgres", "postgres"))
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), "DROP ROLE "+name); err != nil {
			t.Error(err)
		}
	})
	return name
}

// watch opens the sessions that a target in this database would have.
func (d database) watch(t *testing.T, role string) *pg.Server {
	t.Helper()
	s, err := pg.Open(pg.Config{DSN: d.server.DSN(d.name, role)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// statements makes the extension and gives its collector after a first reading.
func (d database) statements(t *testing.T, role string) *Statements {
	t.Helper()
	testkit.Exec(t, d.admin(t), "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
	c := &Statements{Server: d.watch(t, role)}
	if first := collect(t, c); first.Elapsed != 0 || len(first.Rows) != 0 {
		t.Fatalf("first reading gave %d rows of %s", len(first.Rows), first.Elapsed)
	}
	return c
}

type collector[T any] interface {
	Collect(ctx context.Context) (T, error)
}

// collect reads once and expects that to work.
func collect[T any](t *testing.T, c collector[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got, err := c.Collect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// failure reads once and expects that to fail.
func failure[T any](t *testing.T, c collector[T]) *model.Fail {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := c.Collect(ctx)
	fail, ok := errors.AsType[*model.Fail](err)
	if !ok {
		t.Fatalf("got error %v, want a model.Fail", err)
	}
	return fail
}

// background runs a statement that will wait, until the test ends.
func background(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = conn.Exec(ctx, sql) // ends with the cancellation
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func pidOf(conn *pgx.Conn) int { return int(conn.PgConn().PID()) }

func session(t *testing.T, a model.Activity, pid int) model.Session {
	t.Helper()
	for _, s := range a.Sessions {
		if s.PID == pid {
			return s
		}
	}
	t.Fatalf("session %d is not listed", pid)
	return model.Session{}
}

func localOptions(setting, value string) local.PostgresOptions {
	return local.PostgresOptions{Settings: map[string]string{setting: value}}
}
