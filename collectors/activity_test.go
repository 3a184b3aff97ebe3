package collectors

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

// pileUp is a chain of four: an idle transaction that read a table, an ALTER
// TABLE behind it, a reader behind that, and a writer who waits for a row.
type pileUp struct{ root, alter, reader, rowHolder, rowWaiter *pgx.Conn }

func newPileUp(t *testing.T, d database) pileUp {
	t.Helper()
	admin := d.admin(t)
	testkit.Exec(t, admin,
		`CREATE SCHEMA "Shop"`, `CREATE TABLE "Shop"."Orders" (id int)`,
		"CREATE TABLE rows (id int)", "INSERT INTO rows VALUES (1)")
	p := pileUp{d.admin(t), d.admin(t), d.admin(t), d.admin(t), d.admin(t)}
	testkit.Exec(t, p.root, "BEGIN", `SELECT count(*) FROM "Shop"."Orders"`)
	background(t, p.alter, `ALTER TABLE "Shop"."Orders" ADD total int`)
	awaitLock(t, admin, p.alter)
	background(t, p.reader, `SELECT * FROM "Shop"."Orders"`)
	awaitLock(t, admin, p.reader)
	testkit.Exec(t, p.rowHolder, "BEGIN", "UPDATE rows SET id = 2")
	background(t, p.rowWaiter, "UPDATE rows SET id = 3")
	awaitLock(t, admin, p.rowWaiter)
	return p
}

// awaitLock waits until a session waits for a lock.
func awaitLock(t *testing.T, admin, waiter *pgx.Conn) {
	t.Helper()
	testkit.Until(t, 5*time.Second, "a lock wait", func(ctx context.Context) bool {
		var waits bool
		err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pid = $1)", pidOf(waiter)).Scan(&waits)
		return err == nil && waits
	})
}

func TestActivity(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		p := newPileUp(t, d)
		got := collect(t, Activity{Server: d.watch(t, d.role(t, "watch", "pg_monitor"))})

		root := session(t, got, pidOf(p.root))
		if !root.IdleInTx() || root.Tx == nil || root.Database != d.name || root.Role != "postgres" || root.Client != "127.0.0.1" {
			t.Errorf("root: %+v", root)
		}
		if !strings.HasPrefix(root.Query, "SELECT count(*)") || root.BackendStart.IsZero() || root.Type != "client backend" {
			t.Errorf("root: %+v", root)
		}
		checkChain(t, d, got, p)
		if got.Hidden != "" {
			t.Errorf("hidden: %s", got.Hidden)
		}
		for _, s := range got.Sessions {
			if s.App == "tocsin" && s.State == "active" && s.Database == d.name { // other tests watch their own
				t.Error("our own reading session is listed")
			}
		}
	})
}

// checkChain compares who waits for whom, which every role may see.
func checkChain(t *testing.T, d database, got model.Activity, p pileUp) {
	t.Helper()
	alter := session(t, got, pidOf(p.alter))
	want := model.Session{
		BlockedBy: []int{pidOf(p.root)},
		WaitsFor:  &model.LockWait{Type: "relation", Mode: "AccessExclusiveLock", Relation: "Shop.Orders"},
	}
	checkLocks(t, d, alter, want)
	checkLocks(t, d, session(t, got, pidOf(p.reader)), model.Session{
		BlockedBy: []int{pidOf(p.alter)},
		WaitsFor:  &model.LockWait{Type: "relation", Mode: "AccessShareLock", Relation: "Shop.Orders"},
	})
	checkLocks(t, d, session(t, got, pidOf(p.root)), model.Session{
		Holds: []model.LockHeld{{Mode: "AccessShareLock", Relation: "Shop.Orders"}},
	})
	checkLocks(t, d, session(t, got, pidOf(p.rowWaiter)), model.Session{
		BlockedBy: []int{pidOf(p.rowHolder)},
		WaitsFor:  &model.LockWait{Type: "transactionid", Mode: "ShareLock", Relation: "public.rows"},
	})
	checkLocks(t, d, session(t, got, pidOf(p.rowHolder)), model.Session{
		Holds: []model.LockHeld{{Mode: "RowExclusiveLock", Relation: "public.rows"}},
	})
}

func checkLocks(t *testing.T, d database, got, want model.Session) {
	t.Helper()
	locks := model.Session{BlockedBy: got.BlockedBy, WaitsFor: got.WaitsFor, Holds: got.Holds}
	if diff := cmp.Diff(want, locks, cmpopts.IgnoreFields(model.LockWait{}, "For")); diff != "" {
		t.Errorf("pid %d: %s", got.PID, diff)
	}
	if w := got.WaitsFor; w != nil && (w.For != nil) != (d.major >= 14) {
		t.Errorf("pid %d waits for %v", got.PID, w.For)
	}
}

func TestActivityOfPlainRole(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		p := newPileUp(t, d)
		plain := d.role(t, "plain", "")
		got := collect(t, Activity{Server: d.watch(t, plain)})
		checkChain(t, d, got, p)
		if root := session(t, got, pidOf(p.root)); root.State != "" || root.Tx != nil {
			t.Errorf("root: %+v", root)
		}
		if !strings.Contains(got.Hidden, "GRANT pg_monitor") {
			t.Errorf("hidden: %q", got.Hidden)
		}
	})
}

// The relation is in another database, where its name cannot be read.
func TestActivityOfOtherDatabase(t *testing.T) {
	t.Parallel()
	server := servers.Postgres(t)
	d := database{server: server, name: servers.Database(t, server)}
	p := newPileUp(t, d)
	elsewhere := database{server: server, name: "postgres"}
	got := collect(t, Activity{Server: elsewhere.watch(t, "postgres")})
	alter := session(t, got, pidOf(p.alter))
	if w := alter.WaitsFor; w == nil || !strings.HasSuffix(w.Relation, " of database "+d.name) {
		t.Errorf("waits for %+v", w)
	}
	if len(session(t, got, pidOf(p.root)).Holds) != 1 {
		t.Error("the lock of the root is not told")
	}
}

func TestActivityOfPreparedTransaction(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, localOptions("max_prepared_transactions", "2"))
	d := database{server: p, name: "postgres"}
	admin := d.admin(t)
	testkit.Exec(t, admin, "CREATE TABLE t ()", "BEGIN", "LOCK t", "PREPARE TRANSACTION 'forgotten'")
	waiter := d.admin(t)
	background(t, waiter, "SELECT FROM t")
	awaitLock(t, admin, waiter)
	got := collect(t, Activity{Server: d.watch(t, "postgres")})
	if diff := cmp.Diff([]int{0}, session(t, got, pidOf(waiter)).BlockedBy); diff != "" {
		t.Error(diff)
	}
}
