package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

const (
	// fullLockWait is how long VACUUM FULL stands in the queue, where every
	// reader that comes after it stands too.
	fullLockWait = 2 * time.Second
	// fullTries is how often it stands there, fullPause how long it lets the
	// others pass between.
	fullTries = 3
	fullPause = 3 * time.Second
)

// overridden is the value with which a parameter override is accepted.
const overridden = "yes"

// VacuumFull declares the rewrite of one table, which gives its unused space
// back to the disk. server is nil where no PostgreSQL is configured.
func VacuumFull(server *pg.Server, free Free) Action {
	u := upkeep{
		server: server, run: runVacuumFull, lockWait: fullLockWait,
		plan: func(ctx context.Context, conn *pg.Conn, args Args) (Plan, error) {
			return planVacuumFull(ctx, conn, args, free)
		},
		progress: `SELECT pid, phase, CASE WHEN phase = 'seq scanning heap' THEN heap_blks_scanned ELSE heap_tuples_written END AS done,
  CASE WHEN phase = 'seq scanning heap' THEN heap_blks_total ELSE heap_tuples_scanned END AS total FROM pg_stat_progress_cluster`,
	}
	return u.declare(Action{
		ID: "pg.vacuum.full", Title: "Rewrite table", Verb: "lock and rewrite it", Danger: Destructive,
		Params: []Param{
			{Name: "table", Type: TypeTable, Help: "schema.name"},
			{Name: "override", Type: TypeString, Optional: true, Help: "yes: run it although space or locks speak against it; a reason must be given"},
		},
		Measures: []Measure{tableSize(nil)},
	})
}

// tableSize is the number that a rewrite should lower.
func tableSize(labels model.Labels) Measure {
	return Measure{Name: "size", Metric: "db.tables.bytes", Labels: labels, Better: Lower, Within: time.Minute}
}

func planVacuumFull(ctx context.Context, conn *pg.Conn, args Args, free Free) (Plan, error) {
	t, err := readRelation(ctx, conn, args["table"])
	if err != nil {
		return Plan{}, err
	}
	s, err := readStanding(ctx, conn, t, free)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Target: t.name(), Args: Args{"table": t.name()}, Preflight: t.facts(), Refuse: t.mayMaintain("rewrite", true),
		Steps:    []string{setLockTimeout(fullLockWait), "VACUUM (FULL) " + t.Quoted, "ANALYZE " + t.Quoted},
		Measures: []Measure{tableSize(model.Labels{"table": t.name()})},
		Notes:    s.notes(t),
	}
	s.space.facts(p.Preflight)
	if t.Kind == "p" {
		p.Refuse = t.name() + " is partitioned, and all partitions together would be locked one after the other: rewrite one of them"
	}
	s.judge(&p, args["override"])
	return p, nil
}

// standing is how a table stands before its rewrite.
type standing struct {
	locks queue
	old   []holder // of snapshots
	after int64    // expected size of the table without what is unused, in bytes
	known bool     // after is more than the size of now
	space spaceCheck
}

func readStanding(ctx context.Context, conn *pg.Conn, t relation, free Free) (s standing, err error) {
	if s.locks, err = readQueue(ctx, conn, t.OID); err != nil {
		return s, err
	}
	if s.old, err = snapshotHolders(ctx, conn, oldSnapshot); err != nil {
		return s, err
	}
	if s.after, s.known, err = expectedHeap(ctx, conn, t); err != nil {
		return s, err
	}
	s.space.need = s.after + t.Indexes
	s.space.free, s.space.blind = freeSpace(ctx, conn, t.OID, free)
	return s, nil
}

// expectedSQL is about how large a table would be with its rows packed. It has
// no row where the planner has no statistics or the role may not see them.
const expectedSQL = `
SELECT (c.reltuples / greatest(floor((current_setting('block_size')::int - 24) * f.fill / t.row), 1) * current_setting('block_size')::int)::bigint
FROM pg_class c
CROSS JOIN LATERAL (
  SELECT sum((1 - s.null_frac) * s.avg_width) AS data, max(s.null_frac) > 0 AS nulls, count(*) AS columns
  FROM pg_stats s WHERE s.schemaname = $2 AND s.tablename = $3 AND NOT s.inherited
) w
CROSS JOIN LATERAL (
  SELECT coalesce((SELECT option_value::int FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'), 100) / 100.0 AS fill
) f
CROSS JOIN LATERAL (
  SELECT 8 * ceil((23 + CASE WHEN w.nulls THEN ceil(w.columns / 8.0) ELSE 0 END) / 8.0) + 8 * ceil(w.data / 8.0) + 4 AS row
) t
WHERE c.oid = $1::oid AND c.reltuples > 0 AND c.reltoastrelid = 0 AND w.columns > 0`

// expectedHeap is what would be left of the table; all of it where the rows
// cannot be estimated, as when a part of them is in TOAST.
func expectedHeap(ctx context.Context, conn *pg.Conn, t relation) (bytes int64, known bool, err error) {
	err = conn.QueryRow(ctx, expectedSQL, t.OID, t.Schema, t.Table).Scan(&bytes)
	switch {
	case pg.NoRow(err):
		return t.Heap, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("estimate the size: %w", err)
	}
	return min(bytes, t.Heap), true, nil
}

func (s standing) notes(t relation) []Note {
	list := []Note{
		{"locks", "everything, readers too, for " + duration(t.Heap+s.after+t.Indexes)},
		{"rewrites", t.sizes()},
	}
	if s.known {
		list = append(list, Note{"frees", fmt.Sprintf("about %s of the table, by the statistics of the planner", size(t.Heap-s.after))})
	}
	list = append(list, Note{"needs", s.space.text()})
	list = append(list, s.locks.holders().waitNotes("")...)
	return append(list,
		Note{"steps aside", fmt.Sprintf("after %s in the queue, where readers wait behind it; tries %d times", took(fullLockWait), fullTries)},
		Note{"can be cancelled", "the old table stays; if the server crashes, the half copy stays on the disk"},
		Note{"instead", "a plain vacuum (pg.vacuum) locks nobody and makes the space usable again"})
}

// harms is what speaks against a rewrite, one reason each.
func (s standing) harms() []string {
	var list []string
	switch {
	case s.space.blind != "":
		list = append(list, "whether the disk has room cannot be told ("+s.space.blind+")")
	case s.space.short():
		list = append(list, "the disk has too little room: it needs "+s.space.text())
	}
	if w := s.locks.waiting(); len(w) > 0 {
		list = append(list, fmt.Sprintf("%s for a lock on the table already: %s", waits(len(w)), w.who()))
	}
	if slow := s.locks.holders().slow(fullLockWait); len(slow) > 0 {
		list = append(list, "it would queue, and all readers behind it, for "+slow.who())
	}
	if len(s.old) > 0 {
		list = append(list, "dead rows would be copied too, since they are kept for "+s.old[0].who())
	}
	return list
}

func waits(n int) string {
	if n == 1 {
		return "1 session waits"
	}
	return count(int64(n), "session") + " wait"
}

// judge refuses what does harm, or notes that it was overridden.
func (s standing) judge(p *Plan, override string) {
	harms := s.harms()
	if p.Refuse != "" || len(harms) == 0 {
		return
	}
	text := strings.Join(harms, "; ")
	p.Preflight["against"] = text
	if override != overridden {
		p.Refuse = text + " (override=yes with a reason runs it all the same)"
		return
	}
	p.Args["override"] = overridden
	p.Reason = "what speaks against it is overridden"
	p.Notes = append([]Note{{"overrides", text}}, p.Notes...)
}

func runVacuumFull(ctx context.Context, r *upkeepRun) (Result, error) {
	before, err := readRelation(ctx, r.conn, r.p.Args["table"])
	if err != nil {
		return Result{}, err
	}
	if err := r.prepare(ctx, r.conn); err != nil { // looking changed the lock timeout
		return Result{}, err
	}
	began := time.Now()
	warned, err := r.execPatiently(ctx, r.p.Steps[1])
	if err != nil {
		return r.failed(err)
	}
	result := Result{Done: r.p.Steps[:2], Summary: "rewritten in " + took(time.Since(began)) + warned}
	if _, err := r.maintained(ctx, r.p.Steps[2]); err != nil {
		result.Summary += ", but not analyzed"
		return result, err
	}
	result.Done = r.p.Steps
	if after, err := readRelation(ctx, r.conn, r.p.Args["table"]); err == nil && before.Exact && after.Exact {
		result.Effects = []Effect{sizeEffect(r.p.Target, before, after)}
	}
	return result, nil
}

// sizeEffect is the size of a table with its indexes before and after.
func sizeEffect(table string, before, after relation) Effect {
	from, to := float64(before.Heap+before.Indexes), float64(after.Heap+after.Indexes)
	m := tableSize(model.Labels{"table": table})
	return Effect{Name: m.Name, Metric: m.Metric, Labels: m.Labels, Better: Lower, Unit: model.Bytes, Before: &from, After: &to}
}

// execPatiently sends a statement again when it gave up its place in the queue
// for a lock, after others had time to pass.
func (r *upkeepRun) execPatiently(ctx context.Context, sql string) (warned string, err error) {
	const lockNotAvailable = "55P03"
	for try := 1; ; try++ {
		warned, err := r.maintained(ctx, sql)
		if pg.SQLState(err) != lockNotAvailable {
			return warned, err
		}
		if try == fullTries {
			return "", fmt.Errorf("nothing was changed after %d tries: %w", fullTries, err)
		}
		r.step(Progress{Text: fmt.Sprintf("did not get its lock, lets others pass for %s: try %d of %d", took(fullPause), try, fullTries), Part: -1})
		select {
		case <-time.After(fullPause):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
