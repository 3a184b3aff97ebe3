package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// What in a plan is worth a look: a large table that is read from end to end, a
// step that runs very often, and rows that are looked at by the million.
const (
	heedLoops = 10_000
	heedRows  = 1_000_000
	heedBytes = 8 << 20 // of a table that was never analyzed
)

// surroundings is what a plan alone does not tell.
type surroundings struct {
	tables  map[string]explained // by schema.name
	workMem int64                // bytes, of our session
}

// explained is how large a table of a plan is, about.
// Source: pg_class.reltuples and relpages, as old as its last VACUUM or ANALYZE.
type explained struct {
	Name  string
	Rows  float64 // below 0: never analyzed
	Bytes int64
}

const surroundingsSQL = `
SELECT n.nspname || '.' || c.relname AS name, CASE WHEN c.relpages = 0 AND c.reltuples = 0 THEN -1 ELSE c.reltuples END::float8 AS rows,
  c.relpages::bigint * current_setting('block_size')::bigint AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = ANY ($1)`

// readSurroundings looks the tables of the plans up.
func readSurroundings(ctx context.Context, conn *pg.Conn, ps plans) (surroundings, error) {
	names := []string{}
	for _, p := range ps {
		p.walk(func(n planNode, _ planPlace) {
			if name := n.table(); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		})
	}
	out := surroundings{tables: map[string]explained{}}
	found, err := pg.Query[explained](ctx, conn, surroundingsSQL, names)
	if err != nil {
		return out, fmt.Errorf("look at the tables of the plan: %w", err)
	}
	for _, t := range found {
		out.tables[t.Name] = t
	}
	err = conn.QueryRow(ctx, "SELECT pg_size_bytes(current_setting('work_mem'))").Scan(&out.workMem)
	return out, err
}

// found is what a plan says: what stands out first, then step by step.
func (ps plans) found(s surroundings) []Found {
	var heeds, tree []Found
	for _, p := range ps {
		p.walk(func(n planNode, at planPlace) {
			why := s.heed(n, at.loops)
			if why != "" {
				heeds = append(heeds, Found{Text: why, Heed: true})
			}
			tree = append(tree, Found{Text: n.line(at, p.Cost), Depth: at.depth, Heed: why != ""})
			for _, c := range n.conditions() {
				tree = append(tree, Found{Text: c, Depth: at.depth + 2})
			}
		})
	}
	if len(heeds) == 0 {
		heeds = []Found{{Text: "nothing: no large table is read from end to end, no step runs very often"}}
	}
	out := append([]Found{{Text: "stands out", Head: true}}, heeds...)
	return append(append(out, Found{Text: "plan, estimated", Head: true}), tree...)
}

// line is one step: what it does, how many rows it gives, what it costs.
func (n planNode) line(at planPlace, whole float64) string {
	text := n.title() + ": " + n.told()
	if own := 100 * n.own(at) / max(whole, 1e-9); own >= 1 {
		text += fmt.Sprintf(", %.0f %% its own", min(own, 100))
	}
	return text
}

// told is the cost of a step and the rows it gives. One that writes gives none.
func (n planNode) told() string {
	if n.Operation != "" && n.Rows == 0 {
		return "cost " + costText(n.Cost)
	}
	return count(int64(n.Rows), "row") + ", cost " + costText(n.Cost)
}

// heed says why a step is worth a look; "" where it is not.
func (s surroundings) heed(n planNode, loops float64) string {
	switch {
	case n.Type == "Seq Scan":
		return s.heedScan(n, loops)
	case strings.HasPrefix(n.Type, "Index") && n.Table != "" && n.IndexCond == "" && n.Filter != "" && s.large(n):
		return fmt.Sprintf("%s is read along %s from one end, until rows with %s are found: no condition narrows that", n.table(), n.Index, n.Filter)
	case n.Type == "Nested Loop" && len(n.Plans) > 1:
		return heedLoop(n)
	case n.Type == "Sort" && n.Rows*n.Width > float64(s.workMem) && s.workMem > 0:
		return fmt.Sprintf("a sort of about %s does not fit into work_mem, %s: it goes through temporary files", size(int64(n.Rows*n.Width)), size(s.workMem))
	}
	return ""
}

// large tells whether the table of a step is one that is not read in passing.
func (s surroundings) large(n planNode) bool {
	t := s.tables[n.table()]
	return t.Rows >= model.SmallTable || t.Rows < 0 && t.Bytes >= heedBytes
}

func (s surroundings) heedScan(n planNode, loops float64) string {
	t := s.tables[n.table()]
	if !s.large(n) && t.Rows*loops < heedRows {
		return ""
	}
	text := fmt.Sprintf("%s is read from end to end, %s", n.table(), size(t.Bytes))
	if t.Rows >= 0 {
		text += ", about " + count(int64(t.Rows), "row")
	}
	if loops > 1 {
		text += ", about " + count(int64(loops), "time")
	}
	if n.Filter == "" {
		return text + ": no condition on it narrows that"
	}
	return fmt.Sprintf("%s, for about %s with %s: an index on that may help", text, count(int64(n.Rows), "row"), n.Filter)
}

func heedLoop(n planNode) string {
	outer, inner := n.Plans[0], n.Plans[1]
	pairs := outer.Rows * max(inner.Rows, 1)
	if outer.Rows < heedLoops && pairs < heedRows {
		return ""
	}
	return fmt.Sprintf("a nested loop runs %s about %s and looks at about %s", inner.title(), count(int64(outer.Rows), "time"), count(int64(pairs), "pair"))
}
