package prom_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/prom"
	"tocsin/internal/testkit"
)

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

type operation struct {
	name string
	call func(ctx context.Context, c *prom.Client) error
}

func operations() []operation {
	return []operation{
		{"query", func(ctx context.Context, c *prom.Client) error {
			_, err := c.Query(ctx, prom.Bundle(map[string]string{"a": "up", "b": "sum(up)"}))
			return err
		}},
		{"range", func(ctx context.Context, c *prom.Client) error {
			now := time.Now()
			_, err := c.QueryRange(ctx, "up", prom.Range{From: now.Add(-time.Hour), To: now, Step: time.Minute})
			return err
		}},
	}
}

func client(t *testing.T, o prom.Options) *prom.Client {
	t.Helper()
	o.UserAgent = "tocsin/test"
	c := prom.New(o)
	t.Cleanup(c.Close)
	return c
}

// TestContract sends both calls to a server that refuses what the contract
// forbids, also where its answers have more than the contract has. What its
// example of a range is about is a native histogram beside others.
func TestContract(t *testing.T) {
	mock := unprefixed(t, servers.Mock(t, "prometheus"))
	for name, base := range map[string]string{"as it is": mock, "with added fields": testkit.WithAddedFields(t, mock)} {
		for _, op := range operations() {
			t.Run(name+"/"+op.name, func(t *testing.T) {
				err := op.call(t.Context(), client(t, prom.Options{Base: base, Token: "tok", Tenant: "acme", Timeout: 20 * time.Second}))
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// unprefixed is a server before the mock, which does not serve the prefix that
// the document has in the address of its server.
func unprefixed(t *testing.T, mock string) string {
	t.Helper()
	to, err := url.Parse(mock)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.StripPrefix("/api/v1", httputil.NewSingleHostReverseProxy(to)))
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestFailures: each ends in an error that says so, from one request and with
// bounded memory.
func TestFailures(t *testing.T) {
	for _, f := range testkit.Failures() {
		for _, op := range operations() {
			t.Run(f.Name+"/"+op.name, func(t *testing.T) {
				testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
					return op.call(ctx, client(t, prom.Options{Base: base, User: "ops", Token: "tok", Timeout: f.Timeout()}))
				})
			})
		}
	}
}

func value(v float64) *float64 { return &v }

// TestNumbers: values are texts, and what is no number is not known.
func TestNumbers(t *testing.T) {
	answers := map[string]string{
		"vector": `{"status":"success","data":{"resultType":"vector","result":[
			{"metric":{"instance":"a"},"value":[1767433020.5,"1.5"]},{"metric":{"instance":"b"},"value":[1767433020,"NaN"]},
			{"metric":{"instance":"c"},"value":[1767433020,"+Inf"]},{"metric":{"instance":"d"},"histogram":[1767433020,{"count":"1"}]}]},"warnings":["x"]}`,
		"scalar": `{"status":"success","data":{"resultType":"scalar","result":[1767433020,"3"]}}`,
		"empty":  `{"status":"success","data":{"resultType":"vector","result":[]}}`,
		"string": `{"status":"success","data":{"resultType":"string","result":[1767433020,"x"]}}`,
		"number": `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1767433020,3]}]}}`,
		"word":   `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1767433020,"three"]}]}}`,
		"failed": `{"status":"error","errorType":"bad_data","error":"parse error"}`,
	}
	base, _ := testkit.Counted(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, answers[r.FormValue("query")]) })
	c := client(t, prom.Options{Base: base})
	for query, want := range map[string][]prom.Sample{
		"vector": {
			{Labels: map[string]string{"instance": "a"}, Value: value(1.5)}, {Labels: map[string]string{"instance": "b"}},
			{Labels: map[string]string{"instance": "c"}}, {Labels: map[string]string{"instance": "d"}},
		},
		"scalar": {{Labels: map[string]string{}, Value: value(3)}},
		"empty":  {},
	} {
		got, err := c.Query(t.Context(), query)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", query, err, diff)
		}
	}
	for _, query := range []string{"string", "number", "word", "failed"} {
		if got, err := c.Query(t.Context(), query); model.FailOf(err) == nil || model.FailOf(err).Class != model.Protocol {
			t.Errorf("%s: %v, %v", query, got, err)
		}
	}
}

// TestTooManySeries: what nobody summed is refused.
func TestTooManySeries(t *testing.T) {
	row := `{"metric":{"i":"x"},"value":[1,"1"]}`
	base, _ := testkit.Counted(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, strings.TrimSuffix(strings.Repeat(row+",", prom.MaxSeries+1), ","))
	})
	if _, err := client(t, prom.Options{Base: base}).Query(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "topk") {
		t.Errorf("got %v", err)
	}
}

func TestRefusal(t *testing.T) {
	base, _ := testkit.Counted(t, func(w http.ResponseWriter, r *http.Request) {
		if tenant := r.Header.Get("X-Scope-OrgID"); tenant != "acme" {
			t.Errorf("tenant %q", tenant)
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:5: parse error"}`)
	})
	_, err := client(t, prom.Options{Base: base, Tenant: "acme"}).Query(t.Context(), "x y")
	if err == nil || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("got %v", err)
	}
}
