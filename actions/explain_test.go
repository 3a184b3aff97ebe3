package actions_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tocsin/actions"
	"tocsin/internal/audit"
	"tocsin/internal/local"
	"tocsin/internal/testkit"
)

// explainer can explain, without leave to change anything.
func (w *world) explainer(role string) (*actions.Runner, *log) {
	w.Helper()
	kept := &log{}
	r, err := actions.NewRunner(actions.Options{Server: "prod", ReadOnly: true, Audit: kept}, actions.Explain(w.as(role)))
	if err != nil {
		w.Fatal(err)
	}
	return r, kept
}

// log is an audit in memory.
type log struct{ entries []audit.Entry }

func (l *log) Append(e audit.Entry) (int64, error) {
	l.entries = append(l.entries, e)
	return int64(len(l.entries)), nil
}

// queryid is the id of the statement that has this in its text.
func (w *world) queryid(part string) actions.Args {
	w.Helper()
	id := testkit.One[string](w.T, w.admin, `SELECT queryid::text FROM pg_stat_statements s
WHERE strpos(query, $1) > 0 AND strpos(query, 'pg_stat_statements') = 0 AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY calls DESC LIMIT 1`, part)
	return actions.Args{"queryid": id}
}

// explained runs the action and gives what it found as text.
func explained(t *testing.T, r *actions.Runner, args actions.Args) (string, actions.Outcome, error) {
	t.Helper()
	out, err := r.Do(t.Context(), actions.Order{Action: "pg.explain", Args: args})
	var b strings.Builder
	for _, f := range out.Result.Found {
		mark := "  "
		if f.Heed {
			mark = "! "
		}
		b.WriteString(mark + strings.Repeat("  ", f.Depth) + f.Text + "\n")
	}
	return b.String(), out, err
}

// shopTables are a company's tables, large enough for a plan to stand out, and
// statements that were run on them.
func (w *world) shopTables() {
	w.Helper()
	testkit.Exec(w.T, w.admin,
		"CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
		"CREATE TABLE public.orders (id int PRIMARY KEY, customer int, state text)",
		"CREATE TABLE public.items (order_id int, price int)",
		"INSERT INTO public.orders SELECT g, g % 500, 'new' FROM generate_series(1, 20000) g",
		"INSERT INTO public.items SELECT g % 20000, g FROM generate_series(1, 30000) g",
		"CREATE TABLE public.seen (n int)",
		"CREATE FUNCTION public.touch() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (1); RETURN 1; END $$",
		"VACUUM ANALYZE public.orders", "VACUUM ANALYZE public.items")
	for _, sql := range []string{
		"SELECT id FROM orders WHERE customer = 7",
		"SELECT state FROM orders WHERE id = 7",
		"SELECT count(*) FROM orders o, items i WHERE o.id + i.price < 7 AND o.id < 3",
		"SELECT touch() WHERE 1 = 2",
		"SELECT now() - interval '1 day'",
		"INSERT INTO orders VALUES (100001, 1, 'x')",
		"UPDATE orders SET state = 'old' WHERE customer = 77777",
		"DELETE FROM orders WHERE customer = 88888",
		"CHECKPOINT",
	} {
		testkit.Exec(w.T, w.admin, sql)
	}
}

func TestExplain(t *testing.T) {
	tests := []struct {
		name, part string   // of the text of the statement
		want       []string // in what is found
		fails      string
	}{
		{name: "large table", part: "SELECT id FROM orders", want: []string{
			"! public.orders is read from end to end", "about 20,000 rows, for about 40 rows with (orders.customer = $1): an index on that may help",
			"! Seq Scan on public.orders: 40 rows, cost", "filter (orders.customer = $1)", "SELECT id FROM orders WHERE customer = $1"}},
		{name: "by key", part: "SELECT state FROM orders", want: []string{"nothing: no large table", "Index Scan using orders_pkey on public.orders: 1 row", "index condition (orders.id = $1)"}},
		{name: "pairs", part: "FROM orders o, items i", want: []string{"! a nested loop runs ", "Aggregate", "Nested Loop: "}},
		{name: "function", part: "SELECT touch()", want: []string{"Result"}},
		{name: "insert", part: "INSERT INTO orders VALUES", want: []string{"Insert on public.orders"}},
		{name: "update", part: "UPDATE orders", want: []string{"Update on public.orders", "Seq Scan on public.orders"}},
		{name: "delete", part: "DELETE FROM orders", want: []string{"Delete on public.orders"}},
		{name: "interval", part: "now() - interval", fails: "cannot be planned from its normalised text: syntax error", want: []string{"SELECT now() - interval $1"}},
		{name: "no plan", part: "CHECKPOINT", fails: "it has no plan", want: []string{"CHECKPOINT"}},
	}
	for _, major := range testkit.Majors() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			w := newWorld(t, servers.PostgresMajor(t, major))
			w.shopTables()
			r, kept := w.explainer("postgres")
			const state = "SELECT md5(string_agg(o::text, ' ' ORDER BY id)) || (SELECT count(*) FROM seen) FROM orders o"
			before := testkit.One[string](t, w.admin, state)
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					got, out, err := explained(t, r, w.queryid(tt.part))
					switch {
					case tt.fails == "" && (err != nil || !strings.Contains(out.Text, "not run")):
						t.Fatalf("%v, %s", err, out.Text)
					case tt.fails != "" && (err == nil || !strings.Contains(out.Text, tt.fails)):
						t.Fatalf("%v, want %q", err, tt.fails)
					}
					wantText(t, got, tt.want...)
				})
			}
			if after := testkit.One[string](t, w.admin, state); after != before {
				t.Error("explaining has changed something")
			}
			if len(kept.entries) != 0 {
				t.Errorf("looking left %d lines in the audit", len(kept.entries))
			}
		})
	}
}

// What may not be seen, or runs elsewhere, says so and what would help.
func TestExplainRefused(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	w.shopTables()
	for _, role := range []string{"plain", "watcher"} {
		w.role(role + "_" + w.db)
	}
	testkit.Exec(t, w.admin, "GRANT pg_monitor TO watcher_"+w.db)
	other := newWorld(t, w.server)
	testkit.Exec(t, other.admin, "CREATE TABLE elsewhere (id int)", "SELECT * FROM elsewhere")
	elsewhere := actions.Args{"queryid": testkit.One[string](t, w.admin, "SELECT queryid::text FROM pg_stat_statements WHERE query = 'SELECT * FROM elsewhere'")}
	tests := []struct {
		name, role string
		args       actions.Args
		want       []string
	}{
		{"hidden", "plain_" + w.db, w.queryid("SELECT id FROM orders"), []string{"may see no statement", "GRANT pg_monitor TO plain_" + w.db}},
		{"no right on the table", "watcher_" + w.db, w.queryid("SELECT id FROM orders"), []string{"planning it takes the rights that running it takes", "permission denied for table orders", "GRANT SELECT ON its tables TO watcher_"}},
		{"unknown", "postgres", actions.Args{"queryid": "-42"}, []string{"has no statement -42"}},
		{"another database", "postgres", elsewhere, []string{"it runs in database " + other.db, "connected to " + w.db}},
		{"no number", "postgres", actions.Args{"queryid": "1; DROP TABLE orders"}, []string{"it is not a queryid"}},
		{"no oid", "postgres", actions.Args{"queryid": "1", "dbid": "x"}, []string{"it is not an oid"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, kept := w.explainer(tt.role)
			_, out, err := explained(t, r, tt.args)
			if err == nil || len(kept.entries) != 0 {
				t.Fatalf("%v, %d lines in the audit", err, len(kept.entries))
			}
			wantText(t, out.Text, tt.want...)
		})
	}
}

// The tables are those that the role of the statement would find.
func TestExplainFindsTheTablesOfTheRole(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	role := "biller_" + w.db
	w.role(role)
	testkit.Exec(t, w.admin, "CREATE EXTENSION pg_stat_statements", "CREATE SCHEMA billing", "CREATE TABLE billing.invoices (id int)",
		"GRANT USAGE ON SCHEMA billing TO "+role, "GRANT SELECT ON billing.invoices TO "+role,
		"ALTER ROLE "+role+" SET search_path = billing", "ALTER ROLE "+role+" IN DATABASE "+w.db+" SET search_path = \"$user\", billing, public")
	biller := testkit.Connect(t, w.server.DSN(w.db, role))
	testkit.Exec(t, biller, "SELECT id FROM invoices WHERE id = 7")
	r, _ := w.explainer("postgres")
	args := w.queryid("FROM invoices")
	got, out, err := explained(t, r, args)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, got, "Seq Scan on billing.invoices")
	testkit.Exec(t, w.admin, "DROP TABLE billing.invoices")
	_, out, _ = explained(t, r, args)
	wantText(t, out.Text, `relation "invoices" does not exist (looked for in `+role+`, billing, public, the search_path of role `+role+")")
}

func TestExplainWithoutTheExtension(t *testing.T) {
	server := testkit.Postgres(t, local.PostgresOptions{Settings: map[string]string{"shared_preload_libraries": ""}})
	w := &world{T: t, server: server, db: "postgres"}
	r, _ := w.explainer("postgres")
	_, out, err := explained(t, r, actions.Args{"queryid": "1"})
	if err == nil || !strings.Contains(out.Text, "CREATE EXTENSION pg_stat_statements") {
		t.Errorf("%v: %s", err, out.Text)
	}
}

// role makes a role that ends with the test.
func (w *world) role(name string) {
	w.Helper()
	testkit.Exec(w.T, w.admin, "CREATE ROLE "+name+" LOGIN")
	w.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), w.server.DSN(w.db, "postgres"))
		if err != nil {
			w.Error(err)
			return
		}
		_, err = conn.Exec(context.Background(), "DROP OWNED BY "+name+"; DROP ROLE "+name)
		if err := errors.Join(err, conn.Close(context.Background())); err != nil {
			w.Error(err)
		}
	})
}
