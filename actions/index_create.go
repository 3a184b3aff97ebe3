package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/pg"
)

// buildPatience is the age from which a transaction that a build of an index
// has to wait for is worth a word.
const buildPatience = 5 * time.Second

// buildNow is where builds of indexes tell how far they are.
const buildNow = `SELECT pid, phase, CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END AS done,
  CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END AS total FROM pg_stat_progress_create_index`

// IndexCreate declares a new index on columns of one table, built while the
// table is written to. server is nil where no PostgreSQL is configured.
func IndexCreate(server *pg.Server, free Free) Action {
	u := upkeep{
		server: server, run: runIndexCreate, progress: buildNow, ddl: true,
		plan: func(ctx context.Context, conn *pg.Conn, args Args) (Plan, error) {
			return planIndexCreate(ctx, conn, args, free)
		},
	}
	return u.declare(Action{
		ID: "pg.index.create", Title: "Create index", Verb: "build it", Danger: Disruptive,
		Params: []Param{
			{Name: "table", Type: TypeTable, Help: "schema.name"},
			{Name: "columns", Type: TypeColumns, Help: "in the order of the index: customer_id,created_at"},
			{Name: "unique", Type: TypeString, Optional: true, Help: "yes: no two rows may be the same in these columns"},
		},
		Measures: statementMeasures(),
	})
}

// wanted is an index that is to be made.
type wanted struct {
	table   relation
	columns []column
	unique  bool
	name    string // without schema, as the catalogue will have it
	quoted  string // the name for a statement
}

// column is one column as the catalogue has it. Source: pg_attribute, pg_stats.
type column struct {
	Name   string
	Number *int16 // nil: the table has no such column
	Quoted string
	Width  int64 // bytes of a value, about
}

const columnsSQL = `
SELECT u.name, a.attnum AS number, coalesce(quote_ident(a.attname), '') AS quoted,
  coalesce(s.avg_width, nullif(a.attlen, -1), 32)::bigint AS width
FROM unnest($2::text[]) WITH ORDINALITY u(name, place)
LEFT JOIN pg_attribute a ON a.attrelid = $1::oid AND a.attname = u.name AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_stats s ON s.schemaname = $3 AND s.tablename = $4 AND s.attname = u.name AND NOT s.inherited
ORDER BY u.place`

func planIndexCreate(ctx context.Context, conn *pg.Conn, args Args, free Free) (Plan, error) {
	t, err := readRelation(ctx, conn, args["table"])
	if err != nil {
		return Plan{}, err
	}
	w := wanted{table: t, unique: args["unique"] == overridden}
	if w.columns, err = readColumns(ctx, conn, t, args["columns"]); err != nil {
		return Plan{}, err
	}
	if err := w.takeName(ctx, conn); err != nil {
		return Plan{}, err
	}
	indexes, err := readIndexes(ctx, conn, t.OID)
	if err != nil {
		return Plan{}, err
	}
	_, broken := w.alike(indexes)
	p := Plan{
		Target: t.name(), Preflight: t.facts(), Refuse: w.fault(indexes),
		Args: Args{"table": t.name(), "columns": args["columns"]},
	}
	if w.unique {
		p.Args["unique"] = overridden
	}
	p.Steps = append(dropSteps(broken), w.statement())
	return p, w.weigh(ctx, conn, &p, free)
}

// weigh adds what the build needs and waits for.
func (w wanted) weigh(ctx context.Context, conn *pg.Conn, p *Plan, free Free) error {
	locks, err := readQueue(ctx, conn, w.table.OID)
	if err != nil {
		return err
	}
	old, err := snapshotHolders(ctx, conn, buildPatience)
	if err != nil {
		return err
	}
	space := spaceCheck{need: w.bytes()}
	space.free, space.blind = freeSpace(ctx, conn, w.table.OID, free)
	space.facts(p.Preflight)
	p.Notes = append(buildNotes(locks, old),
		Note{"reads", "the table twice, " + w.table.sizes() + ": " + duration(2*w.table.Heap+w.bytes())},
		Note{"needs", space.text()},
		Note{"costs", "a little of every write to the table from then on"},
		Note{"can be cancelled", "at any moment; what it leaves is dropped"})
	if busy := locks.upkeep(); p.Refuse == "" && len(busy) > 0 && len(p.Steps) > 1 {
		p.Refuse = "the invalid index may be one that is being built: maintenance of the table is under way by " + busy.who()
	}
	if p.Refuse == "" && space.short() {
		p.Refuse = "the disk has too little room: it needs " + space.text()
	}
	return nil
}

// readColumns finds the columns of a list in the catalogue.
func readColumns(ctx context.Context, conn *pg.Conn, t relation, list string) ([]column, error) {
	var wanted []string
	for name := range strings.SplitSeq(list, ",") {
		wanted = append(wanted, strings.TrimSpace(name))
	}
	found, err := pg.Query[column](ctx, conn, columnsSQL, t.OID, wanted, t.Schema, t.Table)
	if err != nil {
		return nil, fmt.Errorf("look at the columns: %w", err)
	}
	seen := map[string]bool{}
	for _, c := range found {
		if c.Number == nil {
			return nil, fmt.Errorf("%s has no column %q: it has %s", t.name(), c.Name, columnNames(ctx, conn, t))
		}
		if seen[c.Name] {
			return nil, fmt.Errorf("column %s is named twice", c.Name)
		}
		seen[c.Name] = true
	}
	return found, nil
}

// columnNames lists the columns there are, for a message.
func columnNames(ctx context.Context, conn *pg.Conn, t relation) string {
	var list string
	const sql = `SELECT coalesce(string_agg(attname, ', ' ORDER BY attnum), 'none') FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped`
	if err := conn.QueryRow(ctx, sql, t.OID).Scan(&list); err != nil {
		return "others"
	}
	return list
}

// takeName makes a name like those that the server gives, table_columns_idx,
// with a number where it is taken.
func (w *wanted) takeName(ctx context.Context, conn *pg.Conn) error {
	parts := []string{w.table.Table}
	for _, c := range w.columns {
		parts = append(parts, c.Name)
	}
	const sql = `
SELECT c.name, quote_ident(c.name) FROM (
  SELECT $2::text || '_idx' || coalesce(nullif(n, 0)::text, '') AS name, n FROM generate_series(0, 99) n
) c
WHERE NOT EXISTS (
  SELECT FROM pg_class x JOIN pg_class t ON t.relnamespace = x.relnamespace WHERE t.oid = $1::oid AND x.relname = c.name)
ORDER BY c.n LIMIT 1`
	if err := conn.QueryRow(ctx, sql, w.table.OID, clip(strings.Join(parts, "_"), 56)).Scan(&w.name, &w.quoted); err != nil {
		return fmt.Errorf("find a name for the index: %w", err)
	}
	return nil
}

// clip shortens a text to at most n bytes of whole characters.
func clip(s string, n int) string {
	for len(s) > n {
		_, last := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-last]
	}
	return s
}

// alike are the indexes that already begin with the columns: those that make
// the new one needless, and leftovers of earlier tries at it.
func (w wanted) alike(indexes []index) (valid *index, broken []index) {
	for _, x := range indexes {
		keys := len(w.columns)
		if !x.Plain || len(x.Keys) < keys || !slices.EqualFunc(x.Keys[:keys], w.columns, func(n int16, c column) bool { return n == *c.Number }) {
			continue
		}
		same := len(x.Keys) == keys
		switch {
		case !x.Valid && same && x.Unique == w.unique && !x.Rebuilt:
			broken = append(broken, x)
		case x.Valid && !w.unique, x.Valid && same && x.Unique:
			valid = &x
		}
	}
	return valid, broken
}

// fault says why the index must not be made; "" when it may.
func (w wanted) fault(indexes []index) string {
	t := w.table
	valid, broken := w.alike(indexes)
	switch {
	case t.Standby:
		return "the server is a standby: run it on the primary"
	case t.Kind == "p":
		return t.name() + " is partitioned, and the server builds no index on all partitions without locking them: make one for each partition"
	case !t.Owns:
		return fmt.Sprintf("role %s may not create an index on %s, %s", t.Me, t.name(), t.onlyOwner())
	case !t.Looks:
		return t.closed()
	case !t.Creates:
		return fmt.Sprintf("role %s may not create anything in schema %s: GRANT CREATE ON SCHEMA %s TO %s", t.Me, t.Schemed, t.Schemed, t.Me)
	case valid != nil:
		return fmt.Sprintf("index %s begins with the same columns already (%s)", valid.Name, size(valid.Bytes))
	}
	for _, x := range broken {
		if x.Builder != 0 {
			return fmt.Sprintf("such an index is being built by pid %d: %s", x.Builder, x.Name)
		}
	}
	return ""
}

// statement builds the index; the server quoted all names in it.
func (w wanted) statement() string {
	var columns []string
	for _, c := range w.columns {
		columns = append(columns, c.Quoted)
	}
	unique := ""
	if w.unique {
		unique = "UNIQUE "
	}
	return fmt.Sprintf("CREATE %sINDEX CONCURRENTLY %s ON %s (%s)", unique, w.quoted, w.table.Quoted, strings.Join(columns, ", "))
}

// bytes is how large the index will be, about: an entry has 16 bytes beside
// its values, and pages are filled to 90 %.
func (w wanted) bytes() int64 {
	entry := int64(16)
	for _, c := range w.columns {
		entry += c.Width
	}
	return w.table.Rows * entry * 10 / 9
}

func runIndexCreate(ctx context.Context, r *upkeepRun) (Result, error) {
	oid, before, err := r.lookAtIndexes(ctx)
	if err != nil {
		return Result{}, err
	}
	done, err := r.dropLeftovers(ctx, oid, before)
	if err != nil {
		return r.failed(err, done...)
	}
	began := time.Now()
	if _, err := r.exec(ctx, r.p.Steps[len(r.p.Steps)-1]); err != nil {
		return r.failedBuild(r.explain(err), oid, before, done)
	}
	now, err := readIndexes(ctx, r.conn, oid)
	made := added(before, now)
	switch {
	case err != nil:
		return Result{Done: r.p.Steps, Unsure: "built, but whether the index is valid could not be read: " + err.Error()}, nil
	case len(made) != 1 || !made[0].Valid:
		return r.failedBuild(errors.New("the index is not valid"), oid, before, done)
	}
	summary := fmt.Sprintf("built %s in %s: %s, valid", made[0].Name, took(time.Since(began)), size(made[0].Bytes))
	return Result{Done: r.p.Steps, Summary: summary}, nil
}

// lookAtIndexes lists the indexes of the table of the plan before anything is
// done to them.
func (r *upkeepRun) lookAtIndexes(ctx context.Context) (table int64, found []index, err error) {
	_, table, err = r.conn.QuoteTable(ctx, r.p.Args["table"])
	if err == nil {
		found, err = readIndexes(ctx, r.conn, table)
	}
	return table, found, err
}

// explain tells rows that are not unique without their values, which are
// nobody's business in an audit, and how to find them.
func (r *upkeepRun) explain(err error) error {
	const uniqueViolation = "23505"
	if pg.SQLState(err) != uniqueViolation {
		return err
	}
	columns := r.p.Args["columns"]
	return fmt.Errorf("%w: several rows of %s have the same %s: look for them with GROUP BY %s HAVING count(*) > 1", err, r.p.Target, columns, columns)
}

// statementMeasures are the numbers that better plans should lower.
func statementMeasures() []Measure {
	return []Measure{{Name: "mean statement", Metric: "db.statements.mean", Better: Lower, Within: 30 * time.Second}}
}
