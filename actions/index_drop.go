package actions

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/pg"
)

// dropLockWait is how long the removal of a leftover waits for those who have
// the table in use.
const dropLockWait = 30 * time.Second

// IndexDrop declares the removal of an index that a failed build left. Valid
// indexes it does not touch. server is nil where no PostgreSQL is configured.
func IndexDrop(server *pg.Server) Action {
	u := upkeep{
		server: server, plan: planIndexDrop, run: runIndexDrop, lockWait: dropLockWait, progress: buildNow, ddl: true,
	}
	return u.declare(Action{
		ID: "pg.index.drop", Title: "Drop invalid index", Verb: "drop it", Danger: Disruptive,
		Params:   []Param{{Name: "index", Type: TypeIndex, Help: "schema.name of an index that is INVALID"}},
		Measures: []Measure{{Name: "invalid indexes", Metric: "db.indexes.invalid", Better: Lower, Within: time.Minute}},
	})
}

// tableOfIndexSQL names the table of an index; of a TOAST table's index, the
// table that it belongs to.
const tableOfIndexSQL = `
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_index i
JOIN pg_class c ON c.oid = coalesce((SELECT o.oid FROM pg_class o WHERE o.reltoastrelid = i.indrelid), i.indrelid)
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indexrelid = $1::oid`

func planIndexDrop(ctx context.Context, conn *pg.Conn, args Args) (Plan, error) {
	_, oid, err := conn.QuoteIndex(ctx, args["index"])
	if err != nil {
		return Plan{}, err
	}
	var table string
	if err := conn.QueryRow(ctx, tableOfIndexSQL, oid).Scan(&table); err != nil {
		return Plan{}, fmt.Errorf("find the table of the index: %w", err)
	}
	t, err := readRelation(ctx, conn, table)
	if err != nil {
		return Plan{}, err
	}
	indexes, err := readIndexes(ctx, conn, t.OID)
	if err != nil {
		return Plan{}, err
	}
	x, err := indexOf(ctx, conn, indexes, args["index"])
	if err != nil {
		return Plan{}, err
	}
	locks, err := readQueue(ctx, conn, t.OID)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Target: x.Name, Args: Args{"index": x.Name}, Preflight: t.facts(), Refuse: dropFault(t, x, locks),
		Steps: []string{setLockTimeout(dropLockWait), x.drop()},
		Notes: []Note{
			{"drops", fmt.Sprintf("an INVALID index of %s: no query reads it, every write to the table pays for it", t.name())},
			{"frees", size(x.Bytes)},
			{"locks", "neither readers nor writers; ALTER TABLE and other maintenance of the table wait"},
		},
	}
	p.Preflight["index_oid"] = oidText(x.OID)
	p.Notes = append(p.Notes, locks.holders().slow(buildPatience).waitNotes(": gives up after "+took(dropLockWait))...)
	return p, nil
}

// dropFault says why the index must not be dropped; "" when it may.
func dropFault(t relation, x index, locks queue) string {
	switch busy := locks.upkeep(); {
	case t.Standby:
		return "the server is a standby: run it on the primary"
	case x.Valid:
		return "it is valid, and queries may depend on it: only what a failed build left is dropped here"
	case x.Builder != 0:
		return fmt.Sprintf("it is being built by pid %d", x.Builder)
	case len(busy) > 0:
		return "it may be one that is being built: maintenance of the table is under way by " + busy.who()
	case !t.Owns:
		return fmt.Sprintf("role %s may not drop an index of %s, %s", t.Me, t.name(), t.onlyOwner())
	}
	return t.closed()
}

func runIndexDrop(ctx context.Context, r *upkeepRun) (Result, error) {
	began := time.Now()
	if _, err := r.exec(ctx, r.p.Steps[1]); err != nil {
		return r.failed(err)
	}
	return Result{Done: r.p.Steps, Summary: "dropped in " + took(time.Since(began))}, nil
}
