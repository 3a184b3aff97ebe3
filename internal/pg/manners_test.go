package pg_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// Behind a pooler nothing that belongs to a session may be set: each statement
// has its limits with it, and leaves none behind.
func TestPooledStatementsAreBounded(t *testing.T) {
	t.Parallel()
	bouncer := testkit.Pooler(t, servers.Postgres(t))
	s := open(t, pg.Config{DSN: bouncer.DSN("postgres")})
	_, err := read(t.Context(), s.Fast(), "SELECT 1::bigint AS n FROM pg_sleep(30)")
	wantFail(t, err, model.Broken, "took longer than 1 s") // the server's limit, not ours
	_, err = read(t.Context(), s.Fast(), "CREATE TABLE never ()")
	wantFail(t, err, model.Broken, "read-only")
	other := testkit.Connect(t, bouncer.DSN("postgres")+" default_query_exec_mode=exec")
	for range 10 { // over all connections of the pool
		for name, want := range map[string]string{"statement_timeout": "0", "lock_timeout": "0", "transaction_read_only": "off"} {
			if got := testkit.One[string](t, other, "SHOW "+name); got != want {
				t.Fatalf("it left %s at %s", name, got)
			}
		}
	}
}

// The spare connection is there again when somebody took it, before it is
// needed: when the server is full it is too late.
func TestTheSpareConnectionIsLookedAfter(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, withSettings(nil))
	admin := testkit.Connect(t, p.DSN("postgres", "postgres"))
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres"), Spare: true})
	backend(t, s.Fast())
	all := func(n int) func(context.Context) bool {
		return func(context.Context) bool {
			return testkit.One[int](t, admin, "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'tocsin'") == n
		}
	}
	testkit.Until(t, 5*time.Second, "lane and spare", all(2))
	testkit.Exec(t, admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tocsin'")
	testkit.Until(t, 5*time.Second, "their end", all(0))
	backend(t, s.Fast())
	testkit.Until(t, 5*time.Second, "lane and spare again", all(2))
}

func TestUsage(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	one := s.For("one")
	backend(t, s.Slow())
	backend(t, one.Fast())
	cost := s.CostOf("one")
	cost()
	before := s.Usage()
	if _, err := read(t.Context(), one.Fast(), "SELECT 1::bigint AS n FROM pg_sleep(0.3)"); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context(), s.Slow(), "SELECT length(repeat('x', 10))::bigint AS n FROM pg_sleep(0.1)"); err != nil {
		t.Fatal(err)
	}
	after := s.Usage()
	if after.Connections != 2 || after.Statements-before.Statements != 2 || after.Bytes <= before.Bytes {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if busy := after.Busy - before.Busy; busy < 400*time.Millisecond || busy > 3*time.Second {
		t.Errorf("busy for %s", busy)
	}
	if got := cost(); got < 300*time.Millisecond || got != after.Sources["one"]-before.Sources["one"] {
		t.Errorf("the source cost %s, of %s", got, after.Sources)
	}
	if got := cost(); got != 0 || s.CostOf("none") != nil {
		t.Errorf("asked again it says %s", got)
	}
	s.Close()
	if n := s.Usage().Connections; n != 0 {
		t.Errorf("%d connections are open after the end", n)
	}
}

// A read that waits for its lane costs the server nothing meanwhile.
func TestTheWaitForALaneIsNoCost(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	quick, long := s.For("quick"), s.For("long")
	backend(t, quick.Slow())
	cost := s.CostOf("quick")
	cost()
	inside, done := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := pg.Read(t.Context(), long.Slow(), func(ctx context.Context, s *pg.Session) (int64, error) {
			close(inside)
			row, err := pg.One[struct{ N int64 }](ctx, s, pg.Text("SELECT 1::bigint AS n FROM pg_sleep(1)"))
			return row.N, err
		})
		done <- err
	}()
	<-inside
	began := time.Now()
	backend(t, quick.Slow())
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("it did not wait: %s", took)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := cost(); got > 500*time.Millisecond {
		t.Errorf("the wait counts: %s", got)
	}
}

// The server says to every session which one it is in: each lane keeps to its
// own, and sends no statement inside a transaction that stays open.
func TestLanesStayOutsideTransactions(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	admin := testkit.Connect(t, p.DSN("postgres", "postgres"))
	for _, lane := range []*pg.Lane{s.Fast(), s.Slow()} {
		pid := backend(t, lane)
		if got := testkit.One[string](t, admin, fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", pid)); got != "idle" {
			t.Errorf("after a read the lane is %s", got)
		}
	}
}
