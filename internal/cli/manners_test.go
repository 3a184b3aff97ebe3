package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/config"
	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/sched"
	"tocsin/internal/store"
	"tocsin/internal/testkit"
)

// wired puts a program together that watches a PostgreSQL server.
func wired(t *testing.T, dsn string) *program {
	t.Helper()
	p, err := wire(config.Valid{State: t.TempDir()}, config.Target{Name: "test", Postgres: &config.Postgres{DSN: dsn}}, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// watching lets a program read all its sources until the test ends.
func watching(t *testing.T, dsn string) *program {
	t.Helper()
	p := wired(t, dsn)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		sched.Run(ctx, p.jobs...)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return p
}

// await waits until every source of the server is as it should be.
func (p *program) await(t *testing.T, limit time.Duration, what string, holds func(store.Status) bool) {
	t.Helper()
	defer func() {
		for _, src := range p.store.View().Sources() {
			if t.Failed() && src.Group == "postgres" {
				t.Logf("%s is %s: %v %s, read at %s", src.Name, src.State, src.Fail, src.Note, src.At)
			}
		}
	}()
	testkit.Until(t, limit, what, func(context.Context) bool {
		return !slices.ContainsFunc(p.store.View().Sources(), func(s store.Status) bool { return s.Group == "postgres" && !holds(s) })
	})
}

// good tells whether a source is read as it should be. The extension that one
// of them needs is not there.
func good(s store.Status) bool {
	return s.State == store.OK && s.Note == "" || s.Name == store.StatementsKey().Name && s.Fail != nil && s.Fail.Class == model.Missing
}

// What a source waits for its lane must not count as its cost, or a slow one
// would slow down all others: each is wired with a server of its own.
func TestEverySourceOfTheServerIsPacedByItsOwnCost(t *testing.T) {
	p := wired(t, "host=127.0.0.1 port=1 user=nobody")
	for _, j := range p.jobs {
		if j.Timing.Group == "postgres" && j.Timing.Cost == nil {
			t.Errorf("%s has no cost: wire it with server.For(its name)", j.Name)
		}
	}
}

// A lane that finds no room at the server waits; the other goes on, and what
// was held back is read again when there is room.
func TestOnlyTheFastLaneRunsWhereTheServerIsFull(t *testing.T) {
	server := testkit.Postgres(t, local.PostgresOptions{})
	admin := testkit.Connect(t, server.DSN("postgres", "postgres"))
	testkit.Exec(t, admin, "CREATE ROLE watch LOGIN", "GRANT pg_monitor TO watch")
	p := watching(t, server.DSN("postgres", "watch"))
	p.await(t, 20*time.Second, "all to be read", good)
	slow, err := pg.Read(t.Context(), p.postgres.Slow(), func(_ context.Context, s *pg.Session) (int, error) { return s.Caps().PID, nil })
	if err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, admin, "ALTER ROLE watch CONNECTION LIMIT 1", fmt.Sprintf("SELECT pg_terminate_backend(%d)", slow))
	p.wakeGroup("postgres")
	heavy := func(s store.Status) bool {
		return slices.Contains([]string{"pg.tables", "pg.indexes", "pg.horizon"}, s.Name)
	}
	p.await(t, 20*time.Second, "the slow lane to be without a connection", func(s store.Status) bool {
		full := s.Fail != nil && s.Fail.Class == model.Full
		return !heavy(s) || full || strings.Contains(s.Note, "takes no more connections")
	})
	seen := p.store.View().Now()
	p.await(t, 10*time.Second, "the fast lane to go on", func(s store.Status) bool {
		return s.Name != "pg.activity" && s.Name != "pg.connections" || s.State == store.OK && s.At.Sub(seen) > 4*time.Second
	})
	testkit.Exec(t, admin, "ALTER ROLE watch CONNECTION LIMIT -1")
	p.wakeGroup("postgres")
	p.await(t, 30*time.Second, "all to be read again", good)
}

// A promotion is seen within seconds by all that reads the server, stands among
// what changed and beside the verdict, and rates begin anew.
func TestAPromotionIsSeenEverywhere(t *testing.T) {
	for _, major := range []int{13, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			primary := testkit.PostgresMajor(t, major, local.PostgresOptions{})
			standby := testkit.Standby(t, primary, "replica1")
			p := watching(t, standby.DSN("postgres", "postgres"))
			p.await(t, 20*time.Second, "all to be read", good)
			if err := standby.Promote(); err != nil {
				t.Fatal(err)
			}
			var changes []model.ServerChange
			testkit.Until(t, 10*time.Second, "the promotion to be seen", func(context.Context) bool {
				v := p.store.View()
				connections, _ := store.Get(v, store.ConnectionsKey())
				replication, _ := store.Get(v, store.ReplicationKey())
				changes = replication.Value.Changes
				return !connections.Value.Standby && !replication.Value.Standby && len(changes) > 0
			})
			if !strings.Contains(changes[0].Text, "was promoted") {
				t.Errorf("what changed: %+v", changes)
			}
			v := p.store.View()
			verdict := alert.Diagnose(v, p.engine.Step(v))
			if !slices.ContainsFunc(verdict.Against, func(text string) bool { return strings.Contains(text, "was promoted") }) {
				t.Errorf("the verdict does not tell: %+v", verdict)
			}
		})
	}
}
