package actions

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Reindex declares the rebuild of one index, or of all of a table, while the
// table is written to. server is nil where no PostgreSQL is configured.
func Reindex(server *pg.Server, free Free) Action {
	u := upkeep{
		server: server, run: runReindex, progress: buildNow,
		plan: func(ctx context.Context, conn *pg.Conn, args Args) (Plan, error) {
			return planReindex(ctx, conn, args, free)
		},
	}
	return u.declare(Action{
		ID: "pg.reindex", Title: "Rebuild indexes", Verb: "rebuild", Danger: Disruptive,
		Params: []Param{
			{Name: "table", Type: TypeTable, Help: "schema.name"},
			{Name: "index", Type: TypeIndex, Optional: true, Help: "schema.name; without it, all of the table one after the other"},
		},
		Measures: []Measure{tableSize(nil)},
	})
}

func planReindex(ctx context.Context, conn *pg.Conn, args Args, free Free) (Plan, error) {
	t, err := readRelation(ctx, conn, args["table"])
	if err != nil {
		return Plan{}, err
	}
	indexes, err := readIndexes(ctx, conn, t.OID)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Target: t.name(), Args: Args{"table": t.name()}, Preflight: t.facts(), Refuse: t.mayMaintain("reindex", false),
		Measures: []Measure{tableSize(model.Labels{"table": t.name()})},
	}
	statement, bytes := "REINDEX TABLE CONCURRENTLY "+t.Quoted, t.Indexes
	if args["index"] != "" {
		x, err := indexOf(ctx, conn, indexes, args["index"])
		if err != nil {
			return Plan{}, err
		}
		statement, bytes = "REINDEX INDEX CONCURRENTLY "+x.Quoted, x.Bytes
		p.Target, p.Args["index"] = x.Name, x.Name
	}
	old := rebuilt(leftovers(indexes))
	p.Steps = append(dropSteps(old), statement)
	if t.Kind == "p" && p.Refuse == "" {
		p.Refuse = t.name() + " is partitioned: rebuild the indexes of one partition after the other"
	}
	return p, weighReindex(ctx, conn, reindexing{&p, t, bytes, free})
}

// indexOf finds an index of the table by the name that was given.
func indexOf(ctx context.Context, conn *pg.Conn, indexes []index, name string) (index, error) {
	_, oid, err := conn.QuoteIndex(ctx, name)
	if err != nil {
		return index{}, err
	}
	for _, x := range indexes {
		if x.OID == oid {
			return x, nil
		}
	}
	return index{}, fmt.Errorf("%s is not an index of this table", name)
}

// rebuilt are those that an earlier rebuild left.
func rebuilt(indexes []index) []index {
	var out []index
	for _, x := range indexes {
		if x.Rebuilt {
			out = append(out, x)
		}
	}
	return out
}

// reindexing is a rebuild that is being planned.
type reindexing struct {
	p     *Plan
	table relation
	bytes int64 // of the indexes
	free  Free
}

// weighReindex adds what the rebuild needs and waits for.
func weighReindex(ctx context.Context, conn *pg.Conn, w reindexing) error {
	locks, err := readQueue(ctx, conn, w.table.OID)
	if err != nil {
		return err
	}
	old, err := snapshotHolders(ctx, conn, buildPatience)
	if err != nil {
		return err
	}
	space := spaceCheck{need: w.bytes}
	space.free, space.blind = freeSpace(ctx, conn, w.table.OID, w.free)
	space.facts(w.p.Preflight)
	w.p.Notes = append(buildNotes(locks, old),
		Note{"reads", "the table, " + size(w.table.Heap) + ", twice for each index: at least " + duration(2*w.table.Heap+w.bytes)},
		Note{"needs", space.text()},
		Note{"can be cancelled", "at any moment; the old indexes stay, and what it leaves is dropped"})
	if n := len(w.p.Steps) - 1; n > 0 {
		w.p.Notes = append(w.p.Notes, Note{"drops first", count(int64(n), "index") + " that an earlier rebuild left"})
	}
	switch busy := locks.upkeep(); {
	case w.p.Refuse != "":
	case len(busy) > 0 && len(w.p.Steps) > 1:
		w.p.Refuse = "an index of it is being rebuilt, or other maintenance is under way by " + busy.who()
	case space.short():
		w.p.Refuse = "the disk has too little room: it needs " + space.text()
	}
	return nil
}

func runReindex(ctx context.Context, r *upkeepRun) (Result, error) {
	before, err := readRelation(ctx, r.conn, r.p.Args["table"])
	if err != nil {
		return Result{}, err
	}
	if err := r.prepare(ctx, r.conn); err != nil { // looking changed the lock timeout
		return Result{}, err
	}
	indexes, err := readIndexes(ctx, r.conn, before.OID)
	if err != nil {
		return Result{}, err
	}
	done, err := r.dropLeftovers(ctx, before.OID, indexes)
	if err != nil {
		return r.failed(err, done...)
	}
	began := time.Now()
	warned, err := r.exec(ctx, r.p.Steps[len(r.p.Steps)-1])
	if err != nil {
		return r.failedBuild(err, before.OID, indexes, done)
	}
	result := Result{Done: r.p.Steps, Summary: "rebuilt in " + took(time.Since(began))}
	if warned != "" { // as of an index that is not valid and was left out
		result.Summary += ", with a warning (" + warned + ")"
	}
	if after, err := readRelation(ctx, r.conn, r.p.Args["table"]); err == nil && before.Exact && after.Exact {
		result.Effects = []Effect{sizeEffect(before.name(), before, after)}
	}
	return result, nil
}
