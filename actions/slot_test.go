package actions_test

import (
	"strconv"
	"strings"
	"testing"

	"tocsin/actions"
	"tocsin/internal/local"
	"tocsin/internal/testkit"
)

// TestSlotDrop drops slots on every major; the right to it is an attribute of
// the role, so it is no part of the matrix of grants.
func TestSlotDrop(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			t.Parallel()
			server := testkit.PostgresMajor(t, major, local.PostgresOptions{Settings: map[string]string{"wal_level": "logical"}})
			admin := testkit.Connect(t, server.DSN("postgres", "postgres"))
			testkit.Exec(t, admin, "CREATE ROLE watcher LOGIN IN ROLE pg_monitor", "CREATE DATABASE other")
			w := &world{T: t, server: server, db: "postgres", admin: admin}
			r := newRunner(t, actions.Options{}, actions.SlotDrop(w.as("watcher")))
			old := actions.Args{"slot": "old"}
			w.refused(r, "pg.slot.drop", old, "there is no replication slot old")
			testkit.Exec(t, admin, "SELECT pg_create_physical_replication_slot('old', true)", "SELECT pg_create_physical_replication_slot('older', true)")
			w.refused(r, "pg.slot.drop", old, "ALTER ROLE watcher REPLICATION")
			testkit.Exec(t, admin, "ALTER ROLE watcher REPLICATION", "CREATE TABLE kept AS SELECT g, repeat('x', 500) FROM generate_series(1, 10000) g")
			plan, err := r.Plan(t.Context(), "pg.slot.drop", old)
			if err != nil || plan.Refuse != "" || plan.Danger != actions.Destructive || plan.Target != "old" || plan.Args["restart_lsn"] == "" {
				t.Fatalf("%v, %+v", err, plan)
			}
			wantText(t, notesOf(plan), "nothing yet: slot older keeps", "breaks: a standby or a backup that read it has to be built anew")

			movedOn(w, r, plan.Args)
			logicalSlots(w, r)
			inUse(w, r)

			testkit.Exec(t, admin, "SELECT pg_drop_replication_slot('older')")
			plan, err = r.Plan(t.Context(), "pg.slot.drop", old)
			wantText(t, notesOf(plan), "of log, at the next checkpoint")
			out, failed := do(t, r, "pg.slot.drop", old)
			if err != nil || failed != nil || !strings.HasPrefix(out.Text, "dropped in ") || out.Verdict != actions.Helped || slotsOf(w, "old") != 0 {
				t.Errorf("%v, %v, %+v", err, failed, out)
			}
		})
	}
}

func slotsOf(w *world, name string) int {
	w.Helper()
	return testkit.One[int](w.T, w.admin, "SELECT count(*)::int FROM pg_replication_slots WHERE slot_name = $1", name)
}

// movedOn makes the slot of a plan another one of the same name.
func movedOn(w *world, r *actions.Runner, was actions.Args) {
	w.Helper()
	testkit.Exec(w.T, w.admin, "SELECT pg_drop_replication_slot('old')", "SELECT pg_switch_wal()", "CHECKPOINT", "SELECT pg_create_physical_replication_slot('old', true)")
	w.refused(r, "pg.slot.drop", was, "it has been read or made anew since")
	testkit.Exec(w.T, w.admin, "CREATE TABLE kept_again AS SELECT g, repeat('x', 500) FROM generate_series(1, 10000) g")
}

// logicalSlots are dropped in their own database only.
func logicalSlots(w *world, r *actions.Runner) {
	w.Helper()
	elsewhere := testkit.Connect(w.T, w.server.DSN("other", "postgres"))
	const made = "SELECT pg_create_logical_replication_slot('%', 'pgoutput')"
	testkit.Exec(w.T, elsewhere, strings.Replace(made, "%", "cdc_other", 1))
	testkit.Exec(w.T, w.admin, strings.Replace(made, "%", "cdc", 1))
	w.refused(r, "pg.slot.drop", actions.Args{"slot": "cdc_other"}, "it is of database other, and this is postgres")
	plan, err := r.Plan(w.Context(), "pg.slot.drop", actions.Args{"slot": "cdc"})
	if err != nil {
		w.Fatal(err)
	}
	wantText(w.T, notesOf(plan), "who read it (pgoutput) misses every change since")
	if out, err := do(w.T, r, "pg.slot.drop", actions.Args{"slot": "cdc"}); err != nil || slotsOf(w, "cdc") != 0 {
		w.Errorf("%v, %+v", err, out)
	}
	testkit.Exec(w.T, elsewhere, "SELECT pg_drop_replication_slot('cdc_other')")
}

// inUse makes a slot that a session holds, and asks for its end.
func inUse(w *world, r *actions.Runner) {
	w.Helper()
	reader := testkit.Connect(w.T, w.server.DSN("postgres", "postgres"))
	testkit.Exec(w.T, reader, "SELECT pg_create_physical_replication_slot('held', true, true)") // temporary: its session keeps it
	w.refused(r, "pg.slot.drop", actions.Args{"slot": "held"}, "pid "+strconv.Itoa(int(reader.PgConn().PID()))+" reads it: it is in use")
	testkit.Exec(w.T, reader, "SELECT pg_drop_replication_slot('held')")
}
