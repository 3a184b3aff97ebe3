package pg_test

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// explainTables are a table with rows, and functions that leave a trace when
// they are run; one lies, so that the planner itself may run it.
func explainTables() []string {
	return []string{
		"CREATE TABLE public.seen (n int)",
		"CREATE TABLE public.orders (id int PRIMARY KEY, state text, at timestamptz)",
		"INSERT INTO public.orders SELECT g, 'new', now() FROM generate_series(1, 2000) g",
		"CREATE FUNCTION public.touch() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN INSERT INTO public.seen VALUES (1); RETURN 1; END $$",
		"CREATE FUNCTION public.lie() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.touch(); END $$",
		"CREATE PROCEDURE public.leave() LANGUAGE sql AS 'DELETE FROM public.orders'",
		"CREATE SCHEMA billing", "CREATE TABLE billing.invoices (id int)",
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sql string
		want      string // in the plan
		fails     string // in the error; "" for none
		state     string // SQLSTATE of the error
	}{
		{name: "select", sql: "SELECT * FROM orders WHERE id = $1", want: `"Index Name": "orders_pkey"`},
		{name: "no parameter", sql: "SELECT count(*) FROM orders", want: `"Seq Scan"`},
		{name: "insert", sql: "INSERT INTO orders VALUES ($1, $2, $3)", want: `"ModifyTable"`},
		{name: "update", sql: "UPDATE orders SET state = $1 WHERE id > $2", want: `"Operation": "Update"`},
		{name: "delete", sql: "DELETE FROM orders", want: `"Operation": "Delete"`},
		{name: "data-modifying with", sql: "WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone", want: `"Delete"`},
		{name: "for update", sql: "SELECT * FROM orders WHERE id = $1 FOR UPDATE", want: `"LockRows"`},
		{name: "procedure", sql: "CALL leave()", fails: "it has no plan"},
		{name: "code", sql: "DO $$ BEGIN PERFORM public.touch(); END $$", fails: "it has no plan"},
		{name: "table from a query", sql: "CREATE TABLE made AS SELECT touch()", fails: "it has no plan"},
		{name: "cursor", sql: "DECLARE c CURSOR FOR SELECT * FROM orders", fails: "it has no plan"},
		{name: "explain analyze", sql: "EXPLAIN ANALYZE DELETE FROM orders", fails: "it has no plan"},
		{name: "execute", sql: "EXECUTE other", fails: "it has no plan"},
		{name: "execute behind a comment", sql: "-- SELECT\r EXECUTE other /* --\n SELECT */", fails: "it has no plan"},
		{name: "query behind comments", sql: "/* a /* b */ -- */ -- c\n\tselect count(*) from orders", want: `"Aggregate"`},
		{name: "query in brackets", sql: "(SELECT 1) UNION (SELECT $1::int)", want: `"Append"`},
		{name: "trailing semicolon", sql: "SELECT 1;", want: `"Result"`},
		{name: "volatile function", sql: "SELECT touch()", want: `"Result"`},
		{name: "volatile function in a condition", sql: "SELECT * FROM orders WHERE id = touch()", want: `"orders"`},
		{name: "function that lies", sql: "SELECT lie()", fails: "read-only transaction", state: "25006"},
		{name: "sleep", sql: "SELECT pg_sleep(100)", want: `"Result"`},
		{name: "other schema", sql: "SELECT * FROM invoices", want: `"Schema": "billing"`},
		{name: "utility", sql: "TRUNCATE orders", fails: "it has no plan"},
		{name: "two statements", sql: "SELECT 1; DROP TABLE orders", fails: "multiple commands", state: "42601"},
		{name: "way out of the transaction", sql: "COMMIT; DROP TABLE orders", fails: "it has no plan"},
		{name: "way out at the end", sql: "SELECT 1; COMMIT; DROP TABLE orders", fails: "multiple commands", state: "42601"},
		{name: "interval", sql: "SELECT now() - interval $1", fails: "syntax error", state: "42601"},
		{name: "ambiguous", sql: "SELECT $1 + $2", fails: "operator is not unique", state: "42725"},
		{name: "cut", sql: "SELECT * FROM orders WHERE id = $1 AND sta", fails: "does not exist", state: "42703"},
		{name: "no such table", sql: "SELECT * FROM nothing", fails: `relation "nothing" does not exist`, state: "42P01"},
		{name: "nothing", sql: "", fails: "it has no plan"},
	}
	for _, major := range testkit.Majors() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			server := servers.PostgresMajor(t, major)
			dsn := server.DSN(servers.Database(t, server), "postgres")
			admin := testkit.Connect(t, dsn)
			testkit.Exec(t, admin, explainTables()...)
			testkit.Exec(t, admin, "VACUUM ANALYZE orders")
			s, err := pg.Open(pg.Config{DSN: dsn})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					conn, err := s.Spare(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
					got, err := conn.Explain(t.Context(), tt.sql, "public, billing")
					switch {
					case tt.fails == "" && (err != nil || !strings.Contains(got, tt.want)):
						t.Errorf("got %v and %s, want %s", err, got, tt.want)
					case tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails) || pg.SQLState(err) != tt.state):
						t.Errorf("got %v (%s), want %q (%s)", err, pg.SQLState(err), tt.fails, tt.state)
					}
				})
			}
			const sql = "SELECT (SELECT count(*) FROM orders WHERE state = 'new') - 2000 + (SELECT count(*) FROM seen)"
			if n := testkit.One[int](t, admin, sql); n != 0 {
				t.Errorf("something was run: %d", n)
			}
			if n := testkit.One[int](t, admin, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin' AND datname = current_database()"); n != 1 {
				t.Errorf("%d connections are open, want the one that was kept", n)
			}
		})
	}
}

// A table that somebody has locked is not waited for, and the connection works
// again afterwards, with no setting left on it.
func TestExplainOfLockedTable(t *testing.T) {
	t.Parallel()
	server := servers.Postgres(t)
	dsn := server.DSN(servers.Database(t, server), "postgres")
	holder := testkit.Connect(t, dsn)
	testkit.Exec(t, holder, "CREATE TABLE orders (id int)", "BEGIN", "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
	s, err := pg.Open(pg.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := s.Spare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Explain(t.Context(), "SELECT * FROM orders", "public"); pg.SQLState(err) != "55P03" {
		t.Errorf("got %v, want that it gave up", err)
	}
	testkit.Exec(t, holder, "COMMIT")
	if _, err := conn.Explain(t.Context(), "SELECT * FROM orders", "public"); err != nil {
		t.Error(err)
	}
	var path, limit string
	var left int
	const sql = "SELECT current_setting('search_path'), current_setting('lock_timeout'), (SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'tocsin_explained%')"
	if err := conn.QueryRow(t.Context(), sql).Scan(&path, &limit, &left); err != nil || path != `"$user", public` || limit != "0" || left != 0 {
		t.Errorf("%v: search_path %s, lock_timeout %s, %d statements prepared", err, path, limit, left)
	}
}
