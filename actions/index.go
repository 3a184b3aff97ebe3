package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tocsin/internal/pg"
)

// index is one index of a table as the catalogue has it.
// Source: pg_index, pg_class, pg_stat_progress_create_index.
type index struct {
	OID     int64
	Name    string // schema.name
	Quoted  string
	Valid   bool  // complete, and used for reading
	Rebuilt bool  // what REINDEX CONCURRENTLY makes beside an index, and leaves when it fails
	Builder int64 // pid that builds it; 0 where nobody does, or it may not be seen
	Bytes   int64 // about
	Unique  bool
	Plain   bool    // a B-tree on all rows, in the usual order of each type
	Keys    []int16 // numbers of its columns in their order; 0 for an expression
}

// indexesSQL lists the indexes of a table and of its TOAST table.
const indexesSQL = `
SELECT x.oid::bigint AS oid, n.nspname || '.' || x.relname AS name, format('%I.%I', n.nspname, x.relname) AS quoted,
  i.indisvalid AND i.indisready AND i.indislive AS valid, x.relname ~ '_cc(new|old)\d*$' AS rebuilt, coalesce(p.pid, 0)::bigint AS builder,
  i.indisunique AS unique, (i.indkey::int2[])[0:i.indnkeyatts - 1] AS keys,
  i.indpred IS NULL AND i.indrelid = c.oid AND m.amname = 'btree'
    AND NOT EXISTS (SELECT FROM unnest(i.indclass::oid[]) o(id) JOIN pg_opclass k ON k.oid = o.id WHERE NOT k.opcdefault) AS plain,
  x.relpages::bigint * current_setting('block_size')::bigint AS bytes
FROM pg_class c
JOIN pg_index i ON i.indrelid IN (c.oid, c.reltoastrelid)
JOIN pg_class x ON x.oid = i.indexrelid AND x.relkind = 'i'
JOIN pg_am m ON m.oid = x.relam
JOIN pg_namespace n ON n.oid = x.relnamespace
LEFT JOIN pg_stat_progress_create_index p ON p.index_relid = x.oid AND p.datname = current_database()
WHERE c.oid = $1::oid ORDER BY x.oid`

func readIndexes(ctx context.Context, conn *pg.Conn, table int64) ([]index, error) {
	found, err := pg.Query[index](ctx, conn, indexesSQL, table)
	if err != nil {
		return nil, fmt.Errorf("look at the indexes: %w", err)
	}
	return found, nil
}

// leftovers are what builds that failed have left: each write still pays for
// them, and nobody reads them.
func leftovers(indexes []index) []index {
	var out []index
	for _, x := range indexes {
		if !x.Valid && x.Builder == 0 {
			out = append(out, x)
		}
	}
	return out
}

// dropSteps are the statements that remove indexes.
func dropSteps(indexes []index) []string {
	var steps []string
	for _, x := range indexes {
		steps = append(steps, x.drop())
	}
	return steps
}

func (x index) drop() string { return "DROP INDEX CONCURRENTLY " + x.Quoted }

// dropStillInvalid drops an index if it still is the one that was looked at.
func dropStillInvalid(ctx context.Context, conn *pg.Conn, table int64, x index) error {
	indexes, err := readIndexes(ctx, conn, table)
	if err != nil {
		return err
	}
	for _, left := range leftovers(indexes) {
		if left.OID == x.OID && left.Quoted == x.Quoted {
			_, _, err := conn.Exec(ctx, x.drop())
			return err
		}
	}
	return fmt.Errorf("index %s is gone or valid by now", x.Name)
}

// clean removes what a failed build left on the table and was not there
// before, and says what became of it. left are the indexes that could not be
// removed.
func (r *upkeepRun) clean(table int64, before []index) (text string, left []index) {
	var found []index
	err := r.tidy(func(ctx context.Context, conn *pg.Conn) error {
		now, err := readIndexes(ctx, conn, table)
		if err != nil {
			return err
		}
		found = added(before, leftovers(now))
		for i, x := range found {
			if err := dropStillInvalid(ctx, conn, table, x); err != nil {
				left = found[i:]
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil && len(left) == 0:
		return "whether an invalid index is left could not be read: " + err.Error(), nil
	case err != nil:
		return fmt.Sprintf("the INVALID index %s is left, which every write pays for (drop it with pg.index.drop): %v", names(left), err), left
	case len(found) == 0:
		return "no invalid index is left", nil
	}
	return "the invalid index " + names(found) + " that it left was dropped", nil
}

// added are those of now that were not there before.
func added(before, now []index) []index {
	known := map[int64]bool{}
	for _, x := range before {
		known[x.OID] = true
	}
	var out []index
	for _, x := range now {
		if !known[x.OID] {
			out = append(out, x)
		}
	}
	return out
}

func names(indexes []index) string {
	list := make([]string, len(indexes))
	for i, x := range indexes {
		list[i] = x.Name
	}
	return strings.Join(list, ", ")
}

// failedBuild is the result of a build that failed, after what it left was
// cleaned up. done are the steps that were carried out before it.
func (r *upkeepRun) failedBuild(err error, table int64, before []index, done []string) (Result, error) {
	if errors.Is(err, errStillRuns) {
		return r.failed(err, done...)
	}
	text, left := r.clean(table, before)
	if len(left) > 0 {
		done = r.p.Steps[:len(done)+1] // a part of the build is there
	}
	return Result{Done: done, Summary: text}, err
}

// dropLeftovers carries out the steps of a plan before its last one.
func (r *upkeepRun) dropLeftovers(ctx context.Context, table int64, all []index) (done []string, err error) {
	for _, step := range r.p.Steps[:len(r.p.Steps)-1] {
		for _, x := range all {
			if step != x.drop() {
				continue
			}
			r.step(Progress{Text: "drops the leftover " + x.Name, Part: -1})
			if err := dropStillInvalid(ctx, r.conn, table, x); err != nil {
				return done, err
			}
		}
		done = append(done, step)
	}
	return done, nil
}

// buildNotes say whom a concurrent build of an index waits for: all who have
// the table in use, and then every old snapshot of the database.
func buildNotes(locks queue, old []holder) []Note {
	var list []Note
	for _, h := range old {
		if h.Kind == "pid" {
			list = append(list, Note{"waits for", h.who() + ": its snapshot is older than the index, on whatever table"})
			break
		}
	}
	list = append(list, locks.holders().slow(buildPatience).waitNotes(": it has the table in use")...)
	return append(list, Note{"locks", "neither readers nor writers; ALTER TABLE, vacuum and other maintenance of the table wait"})
}
