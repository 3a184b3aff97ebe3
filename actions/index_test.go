package actions_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/testkit"
)

// A build that waits for an old snapshot says for whom; cancelled, it has
// ended at the server and left nothing.
func TestIndexCreateBehindASnapshot(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			w := newWorld(t, servers.PostgresMajor(t, major))
			testkit.Exec(t, w.admin, "CREATE TABLE public.orders (id int, note text)", "INSERT INTO public.orders SELECT generate_series(1, 100)")
			old := w.session("report")
			testkit.Exec(t, old, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1")
			var shown []string
			r := w.keeper("postgres", disk(roomy))
			ended := make(chan actions.Outcome, 1)
			said := make(chan struct{})
			go func() {
				out, _ := r.Do(t.Context(), actions.Order{
					Action: "pg.index.create", Args: actions.Args{"table": "public.orders", "columns": "id, note"}, Confirm: yes,
					Step: func(p actions.Progress) {
						shown = append(shown, p.Text)
						if len(shown) == 1 {
							close(said)
						}
					},
				})
				ended <- out
			}()
			select {
			case <-said:
			case <-time.After(20 * time.Second):
				t.Fatal("no progress was shown")
			}
			if err := r.Cancel(r.Running()[0].ID); err != nil {
				t.Fatal(err)
			}
			out := <-ended
			if out.Ending != actions.Cancelled {
				t.Errorf("ended %s: %s", out.Ending, out.Text)
			}
			wantText(t, out.Text, "the invalid index public.orders_id_note_idx that it left was dropped")
			wantText(t, shown[0], "waits for pid "+strconv.Itoa(int(old.PgConn().PID()))+", app=report")
			if w.invalid() != "" || w.ours() != 0 {
				t.Errorf("left: %q, %d running", w.invalid(), w.ours())
			}
		})
	}
}

func TestIndexCreateRefusals(t *testing.T) {
	w := newWorld(t, servers.PostgresMajor(t, 16))
	plain := "idx_" + w.db
	testkit.Exec(t, w.admin, "CREATE ROLE "+plain+" LOGIN", "CREATE TABLE public.orders (id int, total int)", "INSERT INTO orders SELECT i, 1 FROM generate_series(1, 20000) i",
		"ANALYZE orders", "CREATE TABLE public.events (id int) PARTITION BY RANGE (id)", "CREATE INDEX pair ON orders (id, total)")
	t.Cleanup(func() { _, _ = w.admin.Exec(context.Background(), "DROP ROLE "+plain) })
	for _, tt := range []struct {
		name, role string
		free       actions.Free
		args       actions.Args
		want       string
	}{
		{"no such column", "postgres", disk(roomy), actions.Args{"table": "public.orders", "columns": "id,totl"}, `has no column "totl": it has id, total`},
		{"not a column but SQL", "postgres", disk(roomy), actions.Args{"table": "public.orders", "columns": "id); DROP TABLE orders; --"}, "has no column"},
		{"twice", "postgres", disk(roomy), actions.Args{"table": "public.orders", "columns": "id,id"}, "named twice"},
		{"covered by a longer one", "postgres", disk(roomy), actions.Args{"table": "public.orders", "columns": "id"}, "index public.pair begins with the same columns"},
		{"partitioned", "postgres", disk(roomy), actions.Args{"table": "public.events", "columns": "id"}, "one for each partition"},
		{"no room", "postgres", disk(1000), actions.Args{"table": "public.orders", "columns": "total"}, "the disk has too little room"},
		{"no right", plain, disk(roomy), actions.Args{"table": "public.orders", "columns": "total"}, "only its owner postgres may, which is a superuser"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sub := *w
			sub.T = t
			sub.refused(sub.keeper(tt.role, tt.free), "pg.index.create", tt.args, tt.want)
		})
	}
}

// Rows that are not unique: told without their values, nothing is left. A
// leftover of somebody else's try is dropped before the next one.
func TestIndexCreateUnique(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			w := newWorld(t, servers.PostgresMajor(t, major))
			testkit.Exec(t, w.admin, "CREATE TABLE public.users (email text)", "INSERT INTO users VALUES ('ada@example.test'), ('ada@example.test')")
			r := w.keeper("postgres", disk(roomy))
			args := actions.Args{"table": "public.users", "columns": "email", "unique": "yes"}
			out, err := do(t, r, "pg.index.create", args)
			if out.Ending != actions.Failed || len(out.Result.Done) > 0 {
				t.Fatalf("%s, %v, %+v", out.Ending, err, out.Result)
			}
			wantText(t, out.Text, "several rows of public.users have the same email", "public.users_email_idx that it left was dropped")
			if strings.Contains(out.Text, "ada@") || w.invalid() != "" {
				t.Errorf("%s, left %q", out.Text, w.invalid())
			}
			_, err = w.admin.Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY broken ON public.users (email)")
			if err == nil || w.invalid() != "broken" {
				t.Fatalf("%v, %s", err, w.invalid())
			}
			testkit.Exec(t, w.admin, "DELETE FROM users WHERE ctid = (SELECT min(ctid::text) FROM users)::tid")
			out, err = do(t, r, "pg.index.create", args)
			if err != nil {
				t.Fatal(err)
			}
			wantText(t, strings.Join(out.Result.Done, "\n"), "DROP INDEX CONCURRENTLY public.broken", "CREATE UNIQUE INDEX CONCURRENTLY users_email_idx ON public.users (email)")
			if w.invalid() != "" {
				t.Error("left: " + w.invalid())
			}
		})
	}
}

func TestIndexDrop(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	testkit.Exec(t, w.admin, "CREATE TABLE public.users (email text)", "INSERT INTO users VALUES ('a'), ('a')")
	if _, err := w.admin.Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY broken ON public.users (email)"); err == nil {
		t.Fatal("the index is unique")
	}
	r := w.keeper("postgres", disk(roomy))
	args := actions.Args{"index": "public.broken"}
	w.refused(r, "pg.index.drop", actions.Args{"index": "public.users"}, "there is no index public.users")
	busy := w.session("migration")
	testkit.Exec(t, busy, "BEGIN", "LOCK TABLE public.users IN SHARE UPDATE EXCLUSIVE MODE")
	w.refused(r, "pg.index.drop", args, "it may be one that is being built")
	testkit.Exec(t, busy, "ROLLBACK")
	if out, err := do(t, r, "pg.index.drop", args); err != nil || w.invalid() != "" {
		t.Errorf("%v, %+v, left %q", err, out, w.invalid())
	}
}

func TestReindexCancelled(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			w := newWorld(t, servers.PostgresMajor(t, major))
			testkit.Exec(t, w.admin, "CREATE TABLE public.orders (id int PRIMARY KEY)", "INSERT INTO orders SELECT generate_series(1, 100)")
			writer := w.session("api")
			testkit.Exec(t, writer, "BEGIN", "INSERT INTO orders VALUES (1000)")
			r := w.keeper("postgres", disk(roomy))
			args := actions.Args{"table": "public.orders"}
			ended := w.begin(r, "pg.reindex", args)
			if err := r.Cancel(r.Running()[0].ID); err != nil {
				t.Fatal(err)
			}
			testkit.Until(t, 10*time.Second, "the rebuild to end", func(ctx context.Context) bool {
				return testkit.One[int](t, w.admin, `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND state = 'active' AND datname = current_database()`) == 0
			})
			testkit.Exec(t, writer, "COMMIT") // the removal of a leftover waits for it as well
			out := <-ended
			if out.Ending != actions.Cancelled || w.invalid() != "" || w.ours() != 0 {
				t.Errorf("ended %s: %s, left %q", out.Ending, out.Text, w.invalid())
			}
			wantText(t, out.Text, "ccnew that it left was dropped")
		})
	}
}

// What somebody else's failed rebuild left is dropped before the next one.
func TestReindexDropsLeftovers(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	testkit.Exec(t, w.admin, "CREATE TABLE public.orders (id int PRIMARY KEY)", "INSERT INTO orders SELECT generate_series(1, 100)")
	writer, other := w.session("api"), w.session("migration")
	testkit.Exec(t, writer, "BEGIN", "INSERT INTO orders VALUES (1000)")
	gone := w.background(other, "REINDEX TABLE CONCURRENTLY public.orders")
	testkit.Until(t, 10*time.Second, "the rebuild to wait", func(context.Context) bool { return w.waiting() == 1 })
	r := w.keeper("postgres", disk(roomy))
	args := actions.Args{"table": "public.orders"}
	testkit.Exec(t, w.admin, fmt.Sprintf("SELECT pg_cancel_backend(%d)", other.PgConn().PID()))
	<-gone
	testkit.Exec(t, writer, "COMMIT")
	if w.invalid() != "orders_pkey_ccnew" {
		t.Fatal("left: " + w.invalid())
	}
	out, err := do(t, r, "pg.reindex", args)
	if err != nil || w.invalid() != "" {
		t.Fatalf("%v, %+v, left %q", err, out, w.invalid())
	}
	wantText(t, strings.Join(out.Result.Done, "\n"), "DROP INDEX CONCURRENTLY public.orders_pkey_ccnew", "REINDEX TABLE CONCURRENTLY public.orders")
}

// A build whose session is ended from outside has left nothing either.
func TestIndexCreateLosesItsSession(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	testkit.Exec(t, w.admin, "CREATE TABLE public.orders (id int)", "INSERT INTO public.orders SELECT generate_series(1, 100)")
	old := w.session("report")
	testkit.Exec(t, old, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1")
	ended := w.begin(w.keeper("postgres", disk(roomy)), "pg.index.create", actions.Args{"table": "public.orders", "columns": "id"})
	testkit.Exec(t, w.admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tocsin:%' AND datname = current_database()")
	out := <-ended
	if out.Ending != actions.Failed || len(out.Result.Done) > 0 || w.invalid() != "" {
		t.Errorf("ended %s: %+v, left %q", out.Ending, out.Result, w.invalid())
	}
	wantText(t, out.Text, "public.orders_id_idx that it left was dropped")
}
