package pg_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// pair is a primary, its standby, and how often a watcher was told of a turn.
type pair struct {
	primary, standby *local.Postgres
	turns            atomic.Int64
}

// everyPair runs a test with a real standby on the oldest and the newest major.
func everyPair(t *testing.T, test func(t *testing.T, p *pair)) {
	for _, major := range []int{13, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			primary := testkit.PostgresMajor(t, major, withSettings(nil))
			test(t, &pair{primary: primary, standby: testkit.Standby(t, primary, "replica1")})
		})
	}
}

// watch opens a server on these hosts.
func (p *pair) watch(t *testing.T, more string, hosts ...*local.Postgres) *pg.Server {
	t.Helper()
	names, ports := "", ""
	for i, h := range hosts {
		if i > 0 {
			names, ports = names+",", ports+","
		}
		names, ports = names+"127.0.0.1", ports+fmt.Sprint(h.Port())
	}
	dsn := fmt.Sprintf("host=%s port=%s user=postgres dbname=postgres sslmode=disable %s", names, ports, more)
	return open(t, pg.Config{DSN: dsn, Turned: func() { p.turns.Add(1) }})
}

// look reads what a lane's session can do, and tells it, as the connections'
// reader does, whether the server is a standby.
func look(t *testing.T, l *pg.Lane) pg.Caps {
	t.Helper()
	caps, err := pg.Read(within(t, 10*time.Second), l, func(ctx context.Context, s *pg.Session) (pg.Caps, error) {
		row, err := pg.One[struct{ Standby bool }](ctx, s, pg.Text("SELECT pg_is_in_recovery() AS standby"))
		if err == nil {
			s.Saw(row.Standby)
		}
		return s.Caps(), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return caps
}

// promote makes a primary of the standby and returns when it is one.
func (p *pair) promote(t *testing.T) {
	t.Helper()
	if err := p.standby.Promote(); err != nil {
		t.Fatal(err)
	}
	conn := testkit.Connect(t, p.standby.DSN("postgres", "postgres"))
	testkit.Until(t, 20*time.Second, "the promotion", func(context.Context) bool {
		return !testkit.One[bool](t, conn, "SELECT pg_is_in_recovery()")
	})
}

func placeOf(p *local.Postgres) string { return fmt.Sprintf("127.0.0.1:%d", p.Port()) }

// A promotion is known after the next read, on every lane, and told once.
func TestPromotionIsNoticedAtOnce(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, p *pair) {
		s := p.watch(t, "", p.standby)
		was := look(t, s.Fast())
		if !was.Standby || !look(t, s.Slow()).Standby || p.turns.Load() != 0 {
			t.Fatalf("before: %+v, told %d times", was, p.turns.Load())
		}
		p.promote(t)
		look(t, s.Fast())
		is := look(t, s.Fast())
		if is.Standby || is.Same(was.Identity) || is.PID != was.PID || is.System != was.System || is.System == 0 {
			t.Errorf("after: %+v, before %+v", is, was)
		}
		if look(t, s.Slow()).Standby {
			t.Error("the slow lane still reads a standby")
		}
		if n := p.turns.Load(); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

// Of several hosts the primary is watched, wherever it stands in the list; when
// it is gone, what is left of them; and what acts goes where one looks.
func TestSeveralHosts(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, p *pair) {
		for attrs, want := range map[string]*local.Postgres{"any": p.standby, "primary": p.primary, "prefer-standby": p.standby, "read-write": p.primary} {
			s := p.watch(t, "target_session_attrs="+attrs, p.standby, p.primary)
			if look(t, s.Fast()); s.Address() != placeOf(want) {
				t.Errorf("%s: watches %s, want %s", attrs, s.Address(), placeOf(want))
			}
		}
		s := p.watch(t, "", p.standby, p.primary)
		p.watches(t, s, p.primary, 0)
		p.halt(t)
		p.watches(t, s, p.standby, 1)
		_, err := s.Action(within(t, 10*time.Second))
		wantFail(t, err, model.Missing, "is a standby: it takes no writes")
		p.comeBack(t, s)
		p.watches(t, s, p.primary, 2)
		p.halt(t)
		p.watches(t, s, p.standby, 3)
		p.promote(t)
		look(t, s.Fast())
		conn, err := s.Action(within(t, 10*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, _, err := conn.Exec(t.Context(), "CREATE TABLE written ()"); err != nil {
			t.Error(err)
		}
	})
}

// watches checks where both lanes are, and how often that was news.
func (p *pair) watches(t *testing.T, s *pg.Server, want *local.Postgres, turns int64) {
	t.Helper()
	fast, slow := look(t, s.Fast()), look(t, s.Slow())
	if s.Address() != placeOf(want) || fast.Standby != (want == p.standby) || !fast.Same(slow.Identity) || p.turns.Load() != turns {
		t.Fatalf("watches %s, want %s; fast %+v, slow %+v, told %d times, want %d",
			s.Address(), placeOf(want), fast.Identity, slow.Identity, p.turns.Load(), turns)
	}
}

func (p *pair) halt(t *testing.T) {
	t.Helper()
	if err := p.primary.Halt(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// comeBack starts the primary again, to which the fast lane then goes by
// itself when it looks again, at the latest after half a minute.
func (p *pair) comeBack(t *testing.T, s *pg.Server) {
	t.Helper()
	if err := p.primary.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, 20*time.Second, "the primary to be watched", func(ctx context.Context) bool {
		_, err := pg.Read(ctx, s.Fast(), func(_ context.Context, s *pg.Session) (struct{}, error) {
			s.Saw(!s.Caps().Standby) // makes it look now
			return struct{}{}, nil
		})
		return err == nil && s.Address() == placeOf(p.primary)
	})
}

// Another cluster at the same address is another server, whatever its numbers.
func TestAnotherClusterAtTheSameAddress(t *testing.T) {
	t.Parallel()
	first := testkit.Postgres(t, withSettings(nil))
	p := &pair{}
	s := p.watch(t, "", first)
	was := look(t, s.Fast())
	if err := first.Halt(t.Context()); err != nil {
		t.Fatal(err)
	}
	opts := withSettings(nil)
	opts.Port = first.Port()
	testkit.Postgres(t, opts)
	if is := look(t, s.Fast()); is.System == was.System || is.Same(was.Identity) || p.turns.Load() != 1 {
		t.Errorf("was %+v, is %+v, told %d times", was.Identity, is.Identity, p.turns.Load())
	}
}

// A role from which the right to know the cluster was taken reads on.
func TestTheClusterMayBeUnknown(t *testing.T) {
	t.Parallel()
	server := testkit.Postgres(t, withSettings(nil))
	testkit.Exec(t, testkit.Connect(t, server.DSN("postgres", "postgres")),
		"CREATE ROLE plain LOGIN", "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
	s := open(t, pg.Config{DSN: server.DSN("postgres", "plain")})
	if caps := look(t, s.Fast()); caps.System != 0 || caps.Started.IsZero() {
		t.Errorf("%+v", caps)
	}
}
