package actions_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

// bloat fills a table and deletes two thirds of it, without any vacuum.
func (w *world) bloat(table string, rows int) {
	w.Helper()
	testkit.Exec(w.T, w.admin,
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (id int)", table),
		fmt.Sprintf("ALTER TABLE %s SET (autovacuum_enabled = off)", table),
		fmt.Sprintf("INSERT INTO %s SELECT generate_series(1, %d)", table, rows),
		fmt.Sprintf("DELETE FROM %s WHERE id %% 3 > 0", table))
	testkit.Until(w.T, 10*time.Second, "the statistics to arrive", func(context.Context) bool { return w.dead(table) > 0 })
}

func (w *world) dead(table string) int64 {
	w.Helper()
	return testkit.One[int64](w.T, w.admin, "SELECT n_dead_tup FROM pg_stat_all_tables WHERE relid = $1::text::regclass", table)
}

func TestVacuum(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	table := `public."Order items"`
	w.bloat(table, 30_000)
	r := w.runner("postgres")
	args := actions.Args{"table": "public.Order items"}

	p, err := r.Plan(t.Context(), "pg.vacuum", args)
	if err != nil || p.Refuse != "" {
		t.Fatalf("%v, refused: %s", err, p.Refuse)
	}
	wantText(t, strings.Join(p.Steps, "\n"), `VACUUM (ANALYZE) public."Order items"`)
	wantText(t, notesOf(p), "20,000 rows of 30,000 rows are dead (67 %)", "will not: make the file smaller")
	if w.dead(table) != 20_000 {
		t.Fatal("the plan changed something")
	}
	out, err := do(t, r, "pg.vacuum", args)
	if err != nil || out.Verdict != actions.Helped {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "vacuumed in ", "20,000 dead rows → 0 dead rows", "dead rows 66.7 % → 0 %", "helped")
	if e := out.Effects[0]; e.Labels.String() != (model.Labels{"table": "public.Order items"}).String() {
		t.Errorf("effect %+v", e)
	}
	if w.dead(table) != 0 {
		t.Errorf("%d dead rows are left", w.dead(table))
	}
}

// A warning in passing is no reason to call a vacuum skipped.
func TestVacuumWithWarning(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	w.bloat("public.orders", 3000)
	testkit.Exec(t, w.admin,
		"CREATE FUNCTION public.odd(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'odd'; RETURN $1; END $$",
		"CREATE INDEX ON public.orders (public.odd(id))")
	out, err := do(t, w.runner("postgres"), "pg.vacuum", actions.Args{"table": "public.orders"})
	if err != nil || out.Verdict != actions.Helped {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "with a warning (odd)", "2,000 dead rows → 0 dead rows")
}

func TestVacuumOfPartitions(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	testkit.Exec(t, w.admin, "CREATE TABLE public.events (id int) PARTITION BY RANGE (id)",
		"CREATE TABLE public.events_1 PARTITION OF public.events FOR VALUES FROM (0) TO (100000) WITH (autovacuum_enabled = off)",
		"INSERT INTO public.events SELECT generate_series(1, 900)", "DELETE FROM public.events WHERE id > 300")
	testkit.Until(t, 10*time.Second, "the statistics to arrive", func(context.Context) bool { return w.dead("public.events_1") == 600 })
	out, err := do(t, w.runner("postgres"), "pg.vacuum", actions.Args{"table": "public.events"})
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, out.Text, "600 dead rows → 0 dead rows")
}

// An old snapshot makes a vacuum useless: the card names it first, and the
// result says so. A transaction that has written keeps rows as well, though it
// has no snapshot between its statements.
func TestVacuumWithOldSnapshot(t *testing.T) {
	for name, holds := range map[string][]string{
		"snapshot": {"BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1"},
		"writer":   {"BEGIN", "CREATE TABLE public.other (id int)"},
	} {
		t.Run(name, func(t *testing.T) { vacuumBehind(t, holds) })
	}
}

func vacuumBehind(t *testing.T, holds []string) {
	w := newWorld(t, servers.Postgres(t))
	testkit.Exec(t, w.admin, "CREATE TABLE public.orders (id int)")
	holder := w.session("report")
	testkit.Exec(t, holder, holds...)
	w.bloat("public.orders", 3000)
	out, err := do(t, w.runner("postgres"), "pg.vacuum", actions.Args{"table": "public.orders"})
	if err != nil || out.Verdict != actions.NoEffect {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "2,000 dead rows → 2,000 dead rows", fmt.Sprintf("kept for pid %d (app=report, role postgres, idle in transaction)", holder.PgConn().PID()), "no effect")
}

// A vacuum makes no dead rows: what was not counted before, or died meanwhile, is
// not called its harm.
func TestVacuumMakesNothingWorse(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	testkit.Exec(t, w.admin, "CREATE TABLE public.orders (id int)")
	testkit.Exec(t, w.session("report"), "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1")
	w.bloat("public.orders", 3000)
	testkit.Exec(t, w.admin, "SELECT pg_stat_reset_single_table_counters('public.orders'::regclass)")
	out, err := do(t, w.runner("postgres"), "pg.vacuum", actions.Args{"table": "public.orders"})
	if err != nil || out.Verdict == actions.Worse {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "0 dead rows → 2,000 dead rows")
}

func TestVacuumRefusals(t *testing.T) {
	w := newWorld(t, servers.PostgresMajor(t, 17))
	plain := "vac_" + w.db
	w.bloat("public.orders", 300)
	testkit.Exec(t, w.admin, "CREATE ROLE "+plain+" LOGIN", "CREATE VIEW public.shown AS SELECT 1")
	t.Cleanup(func() { _, _ = w.admin.Exec(context.Background(), "DROP OWNED BY "+plain+"; DROP ROLE "+plain) })
	r := w.runner(plain)
	for _, tt := range []struct{ name, table, want string }{
		{"no right", "public.orders", "GRANT MAINTAIN ON public.orders TO " + plain},
		{"no such table", "public.nothing", "no table public.nothing"},
		{"a view", "public.shown", "no table public.shown"},
		{"not a name", `public."orders; DROP TABLE orders`, "no table"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := do(t, r, "pg.vacuum", actions.Args{"table": tt.table})
			if err == nil || len(out.Result.Done) > 0 {
				t.Fatalf("ran: %+v", out)
			}
			wantText(t, err.Error(), tt.want)
		})
	}
	t.Run("granted", func(t *testing.T) {
		testkit.Exec(t, w.admin, "GRANT MAINTAIN ON public.orders TO "+plain)
		if out, err := do(t, r, "pg.vacuum", actions.Args{"table": "public.orders"}); err != nil || out.Verdict != actions.Helped {
			t.Errorf("%v, %s", err, out.Text)
		}
	})
}

func TestVacuumRightBefore17(t *testing.T) {
	w := newWorld(t, servers.PostgresMajor(t, 15))
	plain := "vac_" + w.db
	w.bloat("public.orders", 300)
	testkit.Exec(t, w.admin, "CREATE ROLE "+plain+" LOGIN")
	t.Cleanup(func() { _, _ = w.admin.Exec(context.Background(), "DROP ROLE "+plain) })
	out, err := do(t, w.runner(plain), "pg.vacuum", actions.Args{"table": "public.orders"})
	if out.Ending != actions.Refused || err == nil {
		t.Fatalf("%s, %v", out.Ending, err)
	}
	wantText(t, err.Error(), "only its owner postgres may, which is a superuser: run it as that role")

	// The right is lost between the card and the key: the server only warns.
	action := actions.Vacuum(w.as(plain))
	plan := actions.Plan{ID: "X", Target: "public.orders", Args: actions.Args{"table": "public.orders"}, Steps: []string{"VACUUM (ANALYZE) public.orders"}}
	result, err := action.Run(t.Context(), plan, func(actions.Progress) {})
	if err == nil || len(result.Done) > 0 || !strings.Contains(err.Error(), "the server did nothing: ") {
		t.Errorf("a skipped vacuum: %+v, %v", result, err)
	}
	if w.dead("public.orders") == 0 {
		t.Error("it was vacuumed")
	}
}

func TestVacuumBehindALock(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	w.bloat("public.orders", 300)
	root := w.session("migration")
	testkit.Exec(t, root, "BEGIN", "LOCK TABLE public.orders IN SHARE UPDATE EXCLUSIVE MODE")
	r := w.runner("postgres")
	p, err := r.Plan(t.Context(), "pg.vacuum", actions.Args{"table": "public.orders"})
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, notesOf(p), fmt.Sprintf("waits for: pid %d, which holds ShareUpdateExclusiveLock: gives up after 5 s", root.PgConn().PID()))

	// While it waits it shows up under our name, and can be cancelled.
	ended := make(chan actions.Outcome)
	go func() { out, _ := do(t, r, "pg.vacuum", actions.Args{"table": "public.orders"}); ended <- out }()
	testkit.Until(t, 4*time.Second, "the vacuum to wait", func(context.Context) bool { return w.waiting() == 1 })
	running := r.Running()
	name := testkit.One[string](t, w.admin, "SELECT application_name FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND state = 'active'")
	if len(running) != 1 || name != "tocsin:"+running[0].ID {
		t.Fatalf("running %+v as %s", running, name)
	}
	if err := r.Cancel(running[0].ID); err != nil {
		t.Fatal(err)
	}
	if out := <-ended; out.Ending != actions.Cancelled {
		t.Errorf("ended %s: %s", out.Ending, out.Text)
	}
	if w.waiting() != 0 {
		t.Error("the vacuum still waits at the server")
	}
}

func TestVacuumShowsProgress(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	w.bloat("public.orders", 200_000)
	testkit.Exec(t, w.admin, "CREATE INDEX ON public.orders (id)", "ALTER DATABASE "+w.db+" SET vacuum_cost_delay = 10", "ALTER DATABASE "+w.db+" SET vacuum_cost_limit = 15")
	var texts []string
	out, err := w.runner("postgres").Do(t.Context(), actions.Order{
		Action: "pg.vacuum", Args: actions.Args{"table": "public.orders"}, Confirm: yes,
		Step: func(p actions.Progress) { texts = append(texts, p.Text) },
	})
	if err != nil || out.Verdict != actions.Helped {
		t.Fatalf("%v, %+v", err, out)
	}
	if len(texts) == 0 {
		t.Error("no progress was shown")
	}
}

// The server drops the connection in the middle: nothing is claimed.
func TestVacuumLosesItsConnection(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	w.bloat("public.orders", 300)
	root := w.session("migration")
	testkit.Exec(t, root, "BEGIN", "LOCK TABLE public.orders IN SHARE UPDATE EXCLUSIVE MODE")
	r := w.runner("postgres")
	ended := make(chan error)
	go func() { _, err := do(t, r, "pg.vacuum", actions.Args{"table": "public.orders"}); ended <- err }()
	testkit.Until(t, 4*time.Second, "the vacuum to wait", func(context.Context) bool { return w.waiting() == 1 })
	testkit.Exec(t, w.admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tocsin:%' AND datname = current_database()")
	if err := <-ended; err == nil {
		t.Error("it says that it worked")
	}
}
