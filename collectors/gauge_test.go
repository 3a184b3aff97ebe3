package collectors

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

func TestSQLGauge(t *testing.T) {
	server := servers.Postgres(t)
	name := servers.Database(t, server)
	testkit.Exec(t, testkit.Connect(t, server.DSN(name, "postgres")), "CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 40)")
	s, err := pg.Open(pg.Config{DSN: server.DSN(name, "postgres")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, tt := range []struct {
		name, sql string
		base      int
		want      string // the value, or why there is none, or the error
	}{
		{"a count", "SELECT count(*) FROM t", 0, "40"},
		{"a decimal", "SELECT avg(n) FROM t", 0, "20.5"},
		{"a float", "SELECT 0.25::float8", 0, "0.25"},
		{"a share", "SELECT count(*) FILTER (WHERE n <= 10), count(*) FROM t", 0, "25"},
		{"a share of too few", "SELECT 1, count(*) FROM t", 50, "too few to tell"},
		{"a share of nothing", "SELECT 0, 0", 0, "the whole is 0"},
		{"NULL", "SELECT sum(n) FROM t WHERE n > 99", 0, "the database gives NULL"},
		{"not a number", "SELECT 'NaN'::float8", 0, "the database gives NULL"},
		{"no row", "SELECT n FROM t WHERE n > 99", 0, "it has no row"},
		{"rows", "SELECT n FROM t", 0, "more than one row"},
		{"columns", "SELECT 1, 2, 3", 0, "3 columns"},
		{"a text", "SELECT 'forty'", 0, "one row of numbers"},
		{"a change", "WITH x AS (DELETE FROM t RETURNING n) SELECT count(*) FROM x", 0, "read-only transaction"},
		{"two statements", "SELECT 1; DELETE FROM t", 0, "multiple commands"},
		{"an end of the transaction", "SELECT 1; COMMIT; DELETE FROM t", 0, "multiple commands"},
		{"no such table", "SELECT count(*) FROM nowhere", 0, "nowhere"},
		{"too long", "SELECT 1 FROM pg_sleep(30)", 0, "longer than 5 s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			got, err := SQLGauge{GaugeOptions: GaugeOptions{Name: "g", MinBase: tt.base}, Server: s, SQL: tt.sql}.Collect(t.Context())
			text := fmt.Sprint(got.Why, err)
			if got.Value != nil {
				text = fmt.Sprint(*got.Value)
			}
			if !strings.Contains(text, tt.want) {
				t.Errorf("%q, want %q", text, tt.want)
			}
			if time.Since(began) > pg.SlowLimit+2*time.Second {
				t.Errorf("it took %s", time.Since(began))
			}
		})
	}
	got, err := SQLGauge{GaugeOptions: GaugeOptions{Name: "g"}, Server: s, SQL: "SELECT count(*) FROM t"}.Collect(t.Context())
	if err != nil || *got.Value != 40 {
		t.Errorf("the table has %v rows (%v), want all of them", got.Value, err)
	}
}

func TestHTTPGauge(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer tok" || r.URL.Query().Get("team") != "a b" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, `{"data":[{"open":7,"all":"28","name":"x","none":null}],"nan":"NaN"}`)
	}))
	t.Cleanup(srv.Close)
	for _, tt := range []struct{ path, of, want string }{
		{"data.0.open", "", "7"}, {"data.0.all", "", "28"}, {"data.0.open", "data.0.all", "25"},
		{"data.1.open", "", "no place"}, {"data.open", "", "no place"}, {"data.0.name", "", "is no number"}, {"data.0.none", "", "is no number"},
		{"nan", "", "is no number"}, {"data.0.open.deeper", "", "has no"}, {"data.0.open", "data.0.name", "is no number"},
	} {
		g := NewHTTPGauge(HTTPGaugeOptions{GaugeOptions: GaugeOptions{Name: "g"}, URL: srv.URL + "/x?team=a%20b", JSON: tt.path, Of: tt.of, Token: "tok"})
		t.Cleanup(g.Close)
		got, err := g.Collect(t.Context())
		text := fmt.Sprint(err)
		if got.Value != nil {
			text = fmt.Sprint(*got.Value)
		}
		if !strings.Contains(text, tt.want) {
			t.Errorf("%s of %s: %q, want %q", tt.path, tt.of, text, tt.want)
		}
	}
	g := NewHTTPGauge(HTTPGaugeOptions{GaugeOptions: GaugeOptions{Name: "g"}, URL: srv.URL, JSON: "x"})
	t.Cleanup(g.Close)
	if _, err := g.Collect(t.Context()); model.FailOf(err) == nil || model.FailOf(err).Class != model.Denied {
		t.Errorf("without a token: %v", err)
	}
}
