package upstash_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"tocsin/internal/model"
	"tocsin/internal/testkit"
	"tocsin/internal/upstash"
)

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

func operations() map[string]func(context.Context, *upstash.Client) error {
	return map[string]func(context.Context, *upstash.Client) error{
		"stats":    func(ctx context.Context, c *upstash.Client) error { _, err := c.Stats(ctx); return err },
		"database": func(ctx context.Context, c *upstash.Client) error { _, err := c.Database(ctx); return err },
	}
}

func TestContract(t *testing.T) {
	base := servers.Mock(t, "upstash-management")
	c := upstash.New(upstash.Options{Base: base, Database: "96ad0856", Email: "ana@shop.example", Key: "k"})
	t.Cleanup(c.Close)
	stats, err := c.Stats(t.Context())
	if err != nil || stats.Requests != 7 || len(stats.Hits) != 1 {
		t.Errorf("%v, %+v", err, stats)
	}
	if v, ok := upstash.Last([]upstash.Point{{Value: 7}, {Value: 320}}); !ok || v != 320 {
		t.Errorf("newest point %v, %v", v, ok)
	}
	database, err := c.Database(t.Context())
	if err != nil || database.MemoryMax != 3221225472 || database.State != "active" {
		t.Errorf("%v, %+v", err, database)
	}
	nobody := upstash.New(upstash.Options{Base: base, Database: "96ad0856"})
	t.Cleanup(nobody.Close)
	if _, err := nobody.Stats(t.Context()); model.FailOf(err) == nil || model.FailOf(err).Class != model.Denied {
		t.Errorf("without a key: %v", err)
	}
}

func TestFailures(t *testing.T) {
	for _, f := range testkit.Failures() {
		t.Run(f.Name, func(t *testing.T) {
			for name, do := range operations() {
				fail := testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
					c := upstash.New(upstash.Options{Base: base, Database: "d", Email: "a@b", Key: "key_secret", Timeout: f.Timeout()})
					defer c.Close()
					return do(ctx, c)
				})
				if f.Class == model.Denied && !strings.Contains(fail.Hint, "Vercel or Fly.io have none") {
					t.Errorf("%s: hint %q", name, fail.Hint)
				}
			}
		})
	}
}

func TestAddedFieldsAndNothingAtAll(t *testing.T) {
	for _, body := range []string{`{"added":[{"x":1}]}`, `{}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		for name, do := range operations() {
			c := upstash.New(upstash.Options{Base: server.URL, Database: "d", Email: "a@b", Key: "k"})
			if err := do(t.Context(), c); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			c.Close()
		}
		server.Close()
	}
	if _, ok := upstash.Last(nil); ok {
		t.Error("a newest point of none")
	}
}
