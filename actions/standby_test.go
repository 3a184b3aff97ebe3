package actions_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/local"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// all are the actions on a table that change it.
func (w *world) all() *actions.Runner {
	w.Helper()
	s := w.as("postgres")
	return newRunner(w.T, actions.Options{}, actions.Vacuum(s), actions.Terminate(s), actions.Analyze(s), actions.VacuumFull(s, disk(roomy)),
		actions.Reindex(s, disk(roomy)), actions.IndexCreate(s, disk(roomy)), actions.IndexDrop(s))
}

// upkeepOf are all of them with arguments that a primary would take.
func upkeepOf() map[string]actions.Args {
	table := "public.orders"
	return map[string]actions.Args{
		"pg.vacuum": {"table": table}, "pg.analyze": {"table": table}, "pg.vacuum.full": {"table": table},
		"pg.reindex": {"table": table}, "pg.index.create": {"table": table, "columns": "id"},
	}
}

// An action on a server that has become a standby refuses with the reason, and
// runs once it takes writes; what ends sessions runs on both.
func TestActionsOnAStandbyAndAfterItsPromotion(t *testing.T) {
	t.Parallel()
	for _, major := range []int{13, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			primary := testkit.PostgresMajor(t, major, local.PostgresOptions{})
			testkit.Exec(t, testkit.Connect(t, primary.DSN("postgres", "postgres")), "CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 100) g")
			standby := testkit.Standby(t, primary, "replica1")
			w := &world{T: t, server: standby, db: "postgres"}
			testkit.Until(t, 10*time.Second, "the table to arrive", func(ctx context.Context) bool {
				var there bool
				w.admin = w.session("admin")
				return w.admin.QueryRow(ctx, "SELECT to_regclass('orders') IS NOT NULL").Scan(&there) == nil && there
			})
			r := w.all()
			for id, args := range upkeepOf() {
				w.refused(r, id, args, "is a standby: ")
			}
			victim := w.identity(w.session("victim"))
			if out, err := do(t, r, "pg.terminate", victim); err != nil || out.Ending != actions.Done {
				t.Errorf("terminate on a standby: %+v, %v", out, err)
			}
			promote(t, w)
			for id, args := range upkeepOf() {
				if out, err := do(t, r, id, args); err != nil || out.Ending != actions.Done {
					t.Errorf("%s after the promotion: %s, %v", id, out.Text, err)
				}
			}
		})
	}
}

func promote(t *testing.T, w *world) {
	t.Helper()
	if err := w.server.Promote(); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, 20*time.Second, "the promotion", func(ctx context.Context) bool {
		standby := true
		return w.admin.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&standby) == nil && !standby
	})
}

// Where every session is read-only by default, what such a session must not
// send is refused; vacuum, which may be what helps, is not.
func TestActionsWhereSessionsAreReadOnly(t *testing.T) {
	t.Parallel()
	server := testkit.Postgres(t, local.PostgresOptions{})
	admin := testkit.Connect(t, server.DSN("postgres", "postgres"))
	testkit.Exec(t, admin, "CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 100) g",
		"ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	w := &world{T: t, server: server, db: "postgres"}
	testkit.Until(t, 10*time.Second, "the setting", func(context.Context) bool {
		w.admin = w.session("admin")
		return testkit.One[string](t, w.admin, "SHOW default_transaction_read_only") == "on"
	})
	r := w.all()
	w.refused(r, "pg.index.create", upkeepOf()["pg.index.create"], "default_transaction_read_only is on")
	if out, err := do(t, r, "pg.vacuum", upkeepOf()["pg.vacuum"]); err != nil || out.Ending != actions.Done {
		t.Errorf("vacuum: %s, %v", out.Text, err)
	}
}

// A server that was replaced by another under the same address gets nothing
// that was meant for the one before.
func TestActionsFollowTheServerThatIsWatched(t *testing.T) {
	t.Parallel()
	server := testkit.Postgres(t, local.PostgresOptions{})
	testkit.Exec(t, testkit.Connect(t, server.DSN("postgres", "postgres")), "CREATE TABLE orders (id int)")
	w := &world{T: t, server: server, db: "postgres"}
	watched := w.as("postgres")
	r := newRunner(t, actions.Options{}, actions.Vacuum(watched))
	w.look(watched)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.refused(r, "pg.vacuum", actions.Args{"table": "public.orders"}, "was started anew")
	w.look(watched)
	if out, err := do(t, r, "pg.vacuum", actions.Args{"table": "public.orders"}); err != nil {
		t.Errorf("once it was looked at again: %s, %v", out.Text, err)
	}
}

// look reads on the fast lane, as the dashboard does every other second.
func (w *world) look(s *pg.Server) {
	w.Helper()
	_, err := pg.Read(w.Context(), s.Fast(), func(context.Context, *pg.Session) (struct{}, error) { return struct{}{}, nil })
	if err != nil {
		w.Fatal(err)
	}
}
