package actions_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/testkit"
)

// disk is a disk with that much room.
func disk(bytes int64) actions.Free {
	return func(context.Context, string) (int64, error) { return bytes, nil }
}

const roomy = 1 << 40

// keeper can do all upkeep, on a disk with that much room.
func (w *world) keeper(role string, free actions.Free) *actions.Runner {
	w.Helper()
	s := w.as(role)
	return newRunner(w.T, actions.Options{}, actions.Analyze(s), actions.VacuumFull(s, free), actions.Reindex(s, free),
		actions.IndexCreate(s, free), actions.IndexDrop(s))
}

// begin runs an action in the background and returns when it waits for a lock.
func (w *world) begin(r *actions.Runner, id string, args actions.Args) <-chan actions.Outcome {
	w.Helper()
	ended := make(chan actions.Outcome, 1)
	go func() { out, _ := do(w.T, r, id, args); ended <- out }()
	testkit.Until(w.T, 20*time.Second, id+" to wait", func(ctx context.Context) bool {
		var waits bool
		err := w.admin.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity
WHERE application_name LIKE 'tocsin:%' AND datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits)
		return err == nil && waits
	})
	return ended
}

// invalid lists the indexes that are not valid, by name.
func (w *world) invalid() string {
	w.Helper()
	return testkit.One[string](w.T, w.admin, `SELECT coalesce(string_agg(indexrelid::regclass::text, ' '), '') FROM pg_index WHERE NOT indisvalid`)
}

func (w *world) ours() int {
	w.Helper()
	return testkit.One[int](w.T, w.admin, `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tocsin:%' AND state = 'active' AND datname = current_database()`)
}

func (w *world) refused(r *actions.Runner, id string, args actions.Args, want string) {
	w.Helper()
	out, err := do(w.T, r, id, args)
	if err == nil || out.Ending == actions.Done || len(out.Result.Done) > 0 {
		w.Errorf("%s %v ran: %+v", id, args, out)
		return
	}
	wantText(w.T, err.Error(), want)
}

func TestUpkeepOnEveryMajor(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			w := newWorld(t, servers.PostgresMajor(t, major))
			w.bloat(`public."Order items"`, 30_000)
			table := actions.Args{"table": "public.Order items"}
			r := w.keeper("postgres", disk(roomy))
			w.eachStep(r, table)
		})
	}
}

// eachStep does everything once, in the order in which each needs the one before.
func (w *world) eachStep(r *actions.Runner, table actions.Args) {
	w.Helper()
	columns := actions.Args{"table": table["table"], "columns": "id"}
	for _, tt := range []struct {
		id   string
		args actions.Args
		want string
	}{
		{"pg.analyze", table, "analyzed in "},
		{"pg.index.create", columns, "built public.Order items_id_idx in "},
		{"pg.vacuum.full", table, "rewritten in "},
		{"pg.reindex", table, "rebuilt in "},
		{"pg.reindex", actions.Args{"table": table["table"], "index": "public.Order items_id_idx"}, "rebuilt in "},
	} {
		out, err := do(w.T, r, tt.id, tt.args)
		if err != nil || out.Ending != actions.Done {
			w.Errorf("%s: %v, %+v", tt.id, err, out)
			continue
		}
		wantText(w.T, out.Text, tt.want)
		if tt.id == "pg.vacuum.full" && out.Verdict != actions.Helped {
			w.Errorf("%s: %s", tt.id, out.Text)
		}
	}
	w.refused(r, "pg.index.create", columns, "index public.Order items_id_idx begins with the same columns already")
	w.refused(r, "pg.index.drop", actions.Args{"index": "public.Order items_id_idx"}, "it is valid")
	testkit.Until(w.T, 10*time.Second, "the statistics to arrive", func(context.Context) bool { return w.dead(`public."Order items"`) == 0 })
	if left := w.invalid(); left != "" {
		w.Errorf("left: %q", left)
	}
}

func TestVacuumFullRefusals(t *testing.T) {
	w := newWorld(t, servers.PostgresMajor(t, 17))
	w.bloat("public.orders", 3000)
	args := actions.Args{"table": "public.orders"}
	blind := func(context.Context, string) (int64, error) { return 0, errors.New("no such disk") }
	w.refused(w.keeper("postgres", disk(1000)), "pg.vacuum.full", args, "the disk has too little room: it needs about")
	w.refused(w.keeper("postgres", blind), "pg.vacuum.full", args, "whether the disk has room cannot be told (no such disk)")
	r := w.keeper("postgres", disk(roomy))
	testkit.Exec(t, w.admin, "CREATE TABLE public.events (id int) PARTITION BY RANGE (id)")
	w.refused(r, "pg.vacuum.full", actions.Args{"table": "public.events"}, "rewrite one of them")
	reader := w.session("report")
	testkit.Exec(t, reader, "BEGIN", "SELECT FROM public.orders")
	w.refused(r, "pg.vacuum.full", args, fmt.Sprintf("it would queue, and all readers behind it, for pid %d (app=report, role postgres, idle in transaction)", reader.PgConn().PID()))
	w.background(w.session("migration"), "ALTER TABLE public.orders ADD other int")
	w.refused(r, "pg.vacuum.full", args, "1 session waits for a lock on the table already")
}

// Against all reason: with an override and a reason it runs, steps aside for
// the reader, and gets its turn when that has gone.
func TestVacuumFullOverride(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	w.bloat("public.orders", 3000)
	reader := w.session("report")
	testkit.Exec(t, reader, "BEGIN", "SELECT FROM public.orders")
	r := w.keeper("postgres", disk(roomy))
	args := actions.Args{"table": "public.orders", "override": "yes"}
	_, err := r.Do(t.Context(), actions.Order{Action: "pg.vacuum.full", Args: args, Confirm: func(_ context.Context, c actions.Card) (actions.Answer, error) {
		return actions.Answer{Yes: true, Typed: c.Phrase, Armed: c.Server}, nil
	}})
	wantText(t, fmt.Sprint(err), "a reason is asked for")

	out, err := do(t, r, "pg.vacuum.full", args)
	if out.Ending != actions.Failed || len(out.Result.Done) > 0 {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "nothing was changed after 3 tries: gave up waiting for a lock")
	if w.ours() != 0 {
		t.Error("it is still there")
	}
	ended := w.begin(r, "pg.vacuum.full", args)
	testkit.Exec(t, reader, "COMMIT")
	if out := <-ended; out.Verdict != actions.Helped {
		t.Errorf("%+v", out)
	}
}

func TestVacuumFullCancelled(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	w.bloat("public.orders", 3000)
	reader := w.session("report")
	testkit.Exec(t, reader, "BEGIN", "SELECT FROM public.orders")
	r := w.keeper("postgres", disk(roomy))
	ended := w.begin(r, "pg.vacuum.full", actions.Args{"table": "public.orders", "override": "yes"})
	if err := r.Cancel(r.Running()[0].ID); err != nil {
		t.Fatal(err)
	}
	if out := <-ended; out.Ending != actions.Cancelled || w.ours() != 0 {
		t.Errorf("ended %s: %s", out.Ending, out.Text)
	}
}
