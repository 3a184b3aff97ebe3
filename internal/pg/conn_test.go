package pg_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

func TestConn(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN(servers.Database(t, p), "postgres")})
	ctx := within(t, 20*time.Second)
	c, err := s.Action(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, sql := range []string{"CREATE TABLE plain (id int)", "VACUUM (ANALYZE) plain"} {
		if _, _, err := c.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}

	t.Run("notices and tag", func(t *testing.T) {
		tag, notices, err := c.Exec(ctx, "DROP TABLE IF EXISTS nothing")
		if err != nil || tag != "DROP TABLE" || len(notices) != 1 || !strings.HasPrefix(notices[0], "NOTICE: ") {
			t.Errorf("got %q, %q, %v", tag, notices, err)
		}
	})
	t.Run("one statement only", func(t *testing.T) {
		if _, _, err := c.Exec(ctx, "SELECT 1; SELECT 2"); err == nil {
			t.Error("two statements in one text were run")
		}
	})
	t.Run("row", func(t *testing.T) {
		var sum int
		if err := c.QueryRow(ctx, "SELECT $1::int + 1", 41).Scan(&sum); err != nil || sum != 42 {
			t.Errorf("got %d, %v", sum, err)
		}
		if err := c.QueryRow(ctx, "SELECT 1 WHERE false").Scan(&sum); !pg.NoRow(err) {
			t.Errorf("got %v, want no row", err)
		}
	})
	t.Run("cancel keeps the connection", func(t *testing.T) {
		if _, _, err := c.Exec(within(t, 100*time.Millisecond), "SELECT pg_sleep(30)"); err == nil {
			t.Fatal("was not cancelled")
		}
		if _, _, err := c.Exec(ctx, "SELECT 1"); err != nil {
			t.Error(err)
		}
	})
}

func TestQuoteTable(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	name := servers.Database(t, p)
	testkit.Exec(t, testkit.Connect(t, p.DSN(name, "postgres")),
		`CREATE SCHEMA "Shop"`, `CREATE TABLE "Shop"."Order Items" (id int)`,
		`CREATE TABLE plain (id int)`, `CREATE TABLE "Plain" (id int)`,
		`CREATE SCHEMA "a.b"`, `CREATE TABLE "a.b".c ()`,
		`CREATE SCHEMA a`, `CREATE TABLE a."b.c" ()`)
	s := open(t, pg.Config{DSN: p.DSN(name, "postgres")})
	ctx := within(t, 20*time.Second)
	tables := []struct{ name, want string }{
		{"Shop.Order Items", `"Shop"."Order Items"`},
		{"public.plain", "public.plain"},
		{"plain", "public.plain"},
		{"Plain", `public."Plain"`},
		{`"Shop"."Order Items"`, `"Shop"."Order Items"`},
		{`a."b.c"`, `a."b.c"`},
	}
	for _, tt := range tables {
		quoted, oid, err := s.QuoteTable(ctx, tt.name)
		if err != nil || quoted != tt.want || oid == 0 {
			t.Errorf("QuoteTable(%q) = %q, %d, %v, want %q", tt.name, quoted, oid, err, tt.want)
		}
	}
	for name, class := range map[string]model.Class{"a.b.c": model.Broken, "public.none": model.Missing, `"open`: model.Missing} {
		_, _, err := s.QuoteTable(ctx, name)
		if fail, ok := errors.AsType[*model.Fail](err); !ok || fail.Class != class {
			t.Errorf("QuoteTable(%q): %v, want class %s", name, err, class)
		}
	}
}

func TestSpareIsLentAndReset(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN(servers.Database(t, p), "postgres")})
	ctx := within(t, 20*time.Second)
	first, err := s.Spare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := first.Exec(ctx, "SET lock_timeout = '3s'"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Spare(within(t, 50*time.Millisecond)); err == nil {
		t.Error("the spare connection was lent twice")
	}
	pid := first.PID()
	first.Close()
	again, err := s.Spare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var timeout string
	if err := again.QueryRow(ctx, "SHOW lock_timeout").Scan(&timeout); err != nil || timeout != "0" || again.PID() != pid {
		t.Errorf("lock_timeout %q, pid %d, %v, want 0 on pid %d", timeout, again.PID(), err, pid)
	}
}

// A server that is slow while the spare connection is given back does not cost
// us that: once it is full there might not be another.
func TestASlowServerKeepsTheSpare(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN(servers.Database(t, p), "postgres")})
	ctx := within(t, 20*time.Second)
	conn, err := s.Spare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	pid := conn.PID()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	again, err := s.Spare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.PID() != pid {
		t.Errorf("pid %d, want %d as before", again.PID(), pid)
	}
}
