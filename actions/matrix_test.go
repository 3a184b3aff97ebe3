package actions_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/local"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// act is one action of the matrix.
type act struct {
	id      string
	session string // application_name of the session that it is about; "" for none
	args    actions.Args
	primary bool // a standby cannot do it
}

// acts are the actions on a PostgreSQL server, in an order in which one after
// the other works. TestMatrixIsComplete fails when one is neither here nor in
// matrices of its own.
func acts() []act {
	table := actions.Args{"table": "My Shop.Orders"}
	return []act{
		{id: "pg.cancel", session: "report"},
		{id: "pg.terminate", session: "report"},
		{id: "pg.terminate.all", session: "report"},
		{id: "pg.vacuum", args: table, primary: true},
		{id: "pg.analyze", args: table, primary: true},
		{id: "pg.reindex", args: table, primary: true},
		{id: "pg.vacuum.full", args: table, primary: true},
		{id: "pg.index.drop", args: actions.Args{"index": "My Shop.broken"}, primary: true},
		{id: "pg.index.create", args: actions.Args{"table": "My Shop.Orders", "columns": "note"}, primary: true},
	}
}

// every can do all of them, on a disk with room.
func every(w *world, server *pg.Server) *actions.Runner {
	w.Helper()
	free := disk(roomy)
	return newRunner(w.T, actions.Options{}, actions.Cancel(server), actions.Terminate(server), actions.TerminateAll(server),
		actions.Vacuum(server), actions.Analyze(server),
		actions.VacuumFull(server, free), actions.Reindex(server, free), actions.IndexCreate(server, free), actions.IndexDrop(server))
}

// shopOwner is an ordinary role that has the tables of the matrix, and whose
// name has to be quoted, as theirs have.
const shopOwner = "Shop-Owner"

// Everything that can be done to a server, on a primary and its standby.
func TestMatrix(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			t.Parallel()
			primary := testkit.PostgresMajor(t, major, local.PostgresOptions{Settings: map[string]string{"autovacuum_naptime": "1s"}})
			standby := testkit.Standby(t, primary, "replica1")
			w := &world{T: t, server: primary, db: "shop"}
			testkit.Exec(t, testkit.Connect(t, primary.DSN("postgres", "postgres")),
				`CREATE ROLE "`+shopOwner+`" LOGIN`, `CREATE DATABASE shop OWNER "`+shopOwner+`"`, "CREATE DATABASE nothing")
			w.admin = w.session("admin")
			t.Run("empty", func(t *testing.T) { inEmptyDatabase(&world{T: t, server: primary, db: "nothing"}) })
			t.Run("plain role", func(t *testing.T) { opensUp(w.within(t)) })
			t.Run("pg_monitor", func(t *testing.T) { asMonitor(w.within(t)) })
			t.Run("hosted", func(t *testing.T) { asHosted(w.within(t)) })
			t.Run("pooler", func(t *testing.T) { throughPooler(w.within(t)) })
			t.Run("standby", func(t *testing.T) { onStandby(w.within(t), standby) })
		})
	}
}

func (w *world) within(t *testing.T) *world {
	sub := *w
	sub.T = t
	return &sub
}

// refill makes the table anew, with dead rows and an index that is not valid,
// in a schema that only its owner may use.
func (w *world) refill() {
	w.Helper()
	owner := testkit.Connect(w.T, w.server.DSN(w.db, shopOwner))
	testkit.Exec(w.T, owner, `DROP SCHEMA IF EXISTS "My Shop" CASCADE`, `CREATE SCHEMA "My Shop"`,
		`CREATE TABLE "My Shop"."Orders" (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = off)`,
		`INSERT INTO "My Shop"."Orders" SELECT g, 'same' FROM generate_series(1, 100) g`, `DELETE FROM "My Shop"."Orders" WHERE id % 3 = 0`)
	if _, err := owner.Exec(w.Context(), `CREATE UNIQUE INDEX CONCURRENTLY broken ON "My Shop"."Orders" (note)`); err == nil {
		w.Fatal("the index on notes that are the same is unique")
	}
}

// argsOf starts the session that an action is about, and names it.
func (w *world) argsOf(a act) actions.Args {
	w.Helper()
	if a.session == "" {
		return a.args
	}
	busy := testkit.Connect(w.T, w.server.DSN(w.db, shopOwner)+" application_name="+a.session)
	w.background(busy, "SELECT pg_sleep(60)")
	if a.id == "pg.terminate.all" {
		return actions.Args{"sessions": w.listOf(busy)}
	}
	return w.identity(busy)
}

// inEmptyDatabase asks for what is not there.
func inEmptyDatabase(w *world) {
	r := every(w, w.as("postgres"))
	for _, a := range acts() {
		args := a.args
		switch {
		case a.id == "pg.terminate.all":
			args = actions.Args{"app": "nobody"}
		case a.session != "":
			args = actions.Args{"pid": "2147483000"}
		}
		w.refused(r, a.id, args, "there is no")
	}
}

// opensUp has exactly those statements run that a role without any right is
// told, one after the other, until each action does what it says.
func opensUp(w *world) {
	for i, a := range acts() {
		w.refill()
		plain := fmt.Sprintf("Plain-%d", i)
		testkit.Exec(w.T, w.admin, `CREATE ROLE "`+plain+`" LOGIN`)
		r, args := every(w, w.as(plain)), w.argsOf(a)
		var told []string
		for {
			out, err := do(w.T, r, a.id, args)
			if err == nil {
				break
			}
			grant := grantIn(err.Error())
			if out.Ending != actions.Refused || grant == "" || slices.Contains(told, grant) {
				w.Errorf("%s, after %q: %s: %v", a.id, told, out.Ending, err)
				break
			}
			told = append(told, grant)
			testkit.Exec(w.T, w.admin, grant)
		}
		if len(told) == 0 {
			w.Errorf("%s: a role without rights did it", a.id)
		}
		w.Logf("%s: %q", a.id, told)
	}
}

// grantIn is the statement that a refusal ends with, or has in parentheses.
func grantIn(text string) string {
	return regexp.MustCompile(`GRANT [^):]+`).FindString(text)
}

// asMonitor tells a role that sees all which right to act it needs beside.
func asMonitor(w *world) {
	w.refill()
	testkit.Exec(w.T, w.admin, "CREATE ROLE monitor LOGIN IN ROLE pg_monitor")
	r := every(w, w.as("monitor"))
	for _, a := range acts() {
		p, err := r.Plan(w.Context(), a.id, w.argsOf(a))
		if grant := grantIn(p.Refuse); err != nil || grant == "" || strings.Contains(grant, "pg_monitor") {
			w.Errorf("%s: refused %q, %v", a.id, p.Refuse, err)
		}
	}
}

// asHosted lets the administrator of a hosted server, whose disk cannot be
// seen, do everything to what is its own, and to sessions of ordinary roles.
func asHosted(w *world) {
	w.wantsAutovacuum()
	w.refill()
	testkit.ManagedRole(w.T, w.admin, "hosted")
	testkit.Exec(w.T, w.admin, `GRANT "`+shopOwner+`" TO hosted`)
	server := w.as("hosted")
	r := every(w, server)
	for _, a := range acts() {
		if out, err := do(w.T, r, a.id, w.argsOf(a)); err != nil {
			w.Errorf("%s: %v, %+v", a.id, err, out)
		}
	}
	blind := func(context.Context, string) (int64, error) { return 0, errors.New("no such disk") }
	r = newRunner(w.T, actions.Options{}, actions.VacuumFull(server, blind), actions.Terminate(server))
	table := actions.Args{"table": "My Shop.Orders"}
	w.refused(r, "pg.vacuum.full", table, "whether the disk has room cannot be told (no such disk) (override=yes with a reason")
	table["override"] = "yes"
	if out, err := do(w.T, r, "pg.vacuum.full", table); err != nil {
		w.Errorf("%v, %+v", err, out)
	}
	w.refused(r, "pg.terminate", w.identity(w.session("boss")), "it runs with the rights of a superuser, and only a superuser may signal it")
	w.endsAutovacuum(r)
}

// wantsAutovacuum makes a table that autovacuum will be at for long. Only that
// table: its workers are few, and the catalogue changes much here.
func (w *world) wantsAutovacuum() {
	w.Helper()
	writer := w.session("writer")
	testkit.Exec(w.T, writer, "CREATE TABLE grows (id int) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
		"INSERT INTO grows SELECT generate_series(1, 20000)", "DELETE FROM grows")
	if err := writer.Close(w.Context()); err != nil { // which hands in its counters
		w.Fatal(err)
	}
}

// endsAutovacuum tells a role the truth about an autovacuum, which takes a
// superuser, or a right of its own from 18 on.
func (w *world) endsAutovacuum(r *actions.Runner) {
	w.Helper()
	worker := ""
	testkit.Until(w.T, 20*time.Second, "an autovacuum", func(ctx context.Context) bool {
		err := w.admin.QueryRow(ctx, "SELECT coalesce(max(pid), 0)::text FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%grows%'").Scan(&worker)
		return err == nil && worker != "0"
	})
	_, err := do(w.T, r, "pg.terminate", actions.Args{"pid": worker})
	want, grant := "only a superuser may signal it", grantIn(fmt.Sprint(err))
	if testkit.One[int](w.T, w.admin, "SELECT current_setting('server_version_num')::int") >= 180000 {
		want = "GRANT pg_signal_autovacuum_worker TO hosted"
	}
	wantText(w.T, fmt.Sprint(err), want)
	if grant == "" {
		return
	}
	testkit.Exec(w.T, w.admin, grant)
	if out, err := do(w.T, r, "pg.terminate", actions.Args{"pid": worker}); err != nil {
		w.Errorf("%v, %+v", err, out)
	}
}

// throughPooler is refused, since a session there is not ours.
func throughPooler(w *world) {
	server, err := pg.Open(pg.Config{DSN: testkit.Pooler(w.T, w.server).DSN(w.db)})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(server.Close)
	r := every(w, server)
	for _, a := range acts() {
		w.refused(r, a.id, w.argsOf(a), "give the direct address of the server")
	}
}

// onStandby refuses what changes data, and ends sessions as on a primary.
func onStandby(w *world, standby *local.Postgres) {
	w.refill()
	const newest = "SELECT coalesce(max(indexrelid), 0)::bigint FROM pg_index WHERE NOT indisvalid"
	broken := testkit.One[int64](w.T, w.admin, newest)
	w.server = standby
	w.admin = w.session("admin")
	testkit.Until(w.T, 20*time.Second, "the standby to catch up", func(context.Context) bool {
		return testkit.One[int64](w.T, w.admin, newest) == broken
	})
	r := every(w, w.as("hosted"))
	for _, a := range acts() {
		args := w.argsOf(a)
		if a.primary {
			w.refused(r, a.id, args, "the server is a standby: run it on the primary")
			continue
		}
		if out, err := do(w.T, r, a.id, args); err != nil {
			w.Errorf("%s: %v, %+v", a.id, err, out)
		}
	}
}

// TestMatrixIsComplete compares the actions that the package declares on
// PostgreSQL with those of the matrix, and with those that need another world
// than its, which TestExplain, TestReplay and TestSlotDrop make on every major.
func TestMatrixIsComplete(t *testing.T) {
	listed, declared := []string{"pg.explain", "pg.replay.pause", "pg.replay.resume", "pg.slot.drop"}, []string(nil)
	for _, a := range acts() {
		listed = append(listed, a.id)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, found := range regexp.MustCompile(`ID: "(pg\.[\w.]+)"`).FindAllStringSubmatch(string(text), -1) {
			declared = append(declared, found[1])
		}
	}
	slices.Sort(listed)
	slices.Sort(declared)
	if !slices.Equal(declared, listed) {
		t.Errorf("declared are %v, the matrix has %v", declared, listed)
	}
}
