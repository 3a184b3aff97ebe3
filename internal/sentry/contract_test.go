package sentry_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/sentry"
	"tocsin/internal/testkit"
)

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

// operation is one call of the client.
type operation struct {
	name  string
	scope string
	call  func(ctx context.Context, c *sentry.Client) error
}

func operations() []operation {
	one := func(_ any, err error) error { return err }
	two := func(_, _ any, err error) error { return err }
	return []operation{
		{"errors by minute", "org:read", func(ctx context.Context, c *sentry.Client) error { return one(c.ErrorsByMinute(ctx, time.Hour)) }},
		{"errors by issue", "org:read", func(ctx context.Context, c *sentry.Client) error { return one(c.ErrorsByIssue(ctx, time.Hour, 10)) }},
		{"performance", "org:read", func(ctx context.Context, c *sentry.Client) error { return one(c.Performance(ctx, 5*time.Minute)) }},
		{"sessions", "org:read", func(ctx context.Context, c *sentry.Client) error { return one(c.Sessions(ctx, 24*time.Hour)) }},
		{"outcomes", "org:read", func(ctx context.Context, c *sentry.Client) error {
			return one(c.Outcomes(ctx, 30*24*time.Hour, 24*time.Hour))
		}},
		{"issues", "event:read", func(ctx context.Context, c *sentry.Client) error { return two(c.Unresolved(ctx, 24*time.Hour, 50)) }},
		{"issue", "event:read", func(ctx context.Context, c *sentry.Client) error { return one(c.Issue(ctx, "17")) }},
		{"latest event", "event:read", func(ctx context.Context, c *sentry.Client) error { return one(c.Latest(ctx, "17")) }},
		{"monitors", "alerts:read", func(ctx context.Context, c *sentry.Client) error { return two(c.Monitors(ctx)) }},
		{"resolve", "event:write", func(ctx context.Context, c *sentry.Client) error { return c.Resolve(ctx, "17") }},
		{"unresolve", "event:write", func(ctx context.Context, c *sentry.Client) error { return c.Unresolve(ctx, "17") }},
		{"ignore", "event:write", func(ctx context.Context, c *sentry.Client) error { return c.Ignore(ctx, "17", time.Hour) }},
		{"assign", "event:write", func(ctx context.Context, c *sentry.Client) error { return c.Assign(ctx, "17", "user:1") }},
		{"give back", "event:write", func(ctx context.Context, c *sentry.Client) error { return c.Assign(ctx, "17", "") }},
	}
}

func client(t *testing.T, base string, timeout time.Duration) *sentry.Client {
	t.Helper()
	c := sentry.New(sentry.Options{Base: base, Org: "acme", Projects: []string{"shop", "web"}, Token: "tok", UserAgent: "tocsin/test", Timeout: timeout})
	t.Cleanup(c.Close)
	return c
}

// TestContract sends every call to a server that refuses what Sentry's contract
// forbids, also where its answers have more than the contract has.
func TestContract(t *testing.T) {
	mock := servers.Mock(t, "sentry")
	for name, base := range map[string]string{"as it is": mock, "with added fields": testkit.WithAddedFields(t, mock)} {
		for _, op := range operations() {
			t.Run(name+"/"+op.name, func(t *testing.T) {
				if err := op.call(t.Context(), client(t, base, 20*time.Second)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestFailures: each ends in an error that says so, from one request and with
// bounded memory.
func TestFailures(t *testing.T) {
	for _, f := range testkit.Failures() {
		for _, op := range operations() {
			t.Run(f.Name+"/"+op.name, func(t *testing.T) {
				if f.Reads && strings.HasPrefix(op.scope, "event:w") {
					return // nothing of the answer to a change is used
				}
				fail := testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
					return op.call(ctx, client(t, base, f.Timeout()))
				})
				if f.Class == model.Denied && !strings.Contains(fail.Error(), op.scope) {
					t.Errorf("%v does not name the scope %s", fail, op.scope)
				}
			})
		}
	}
}

// TestPagesWithoutEnd: a list that always has another page is read to its bound.
func TestPagesWithoutEnd(t *testing.T) {
	base, requests := testkit.Counted(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `<`+r.URL.String()+`>; rel="previous"; results="false"; cursor="0:0:1", <`+r.URL.String()+`>; rel="next"; results="true"; cursor="0:100:0"`)
		_, _ = w.Write([]byte(`[{"id":"1","slug":"job","count":"3","title":"t"}]`))
	})
	c := client(t, base, 5*time.Second)
	if got, more, err := c.Monitors(t.Context()); err != nil || !more || len(got) != 5 || requests.Load() != 5 {
		t.Errorf("%d crons, more %t, %d requests, %v", len(got), more, requests.Load(), err)
	}
	requests.Store(0)
	if got, more, err := c.Unresolved(t.Context(), time.Hour, 1000); err != nil || !more || len(got) != 1 || requests.Load() != 1 {
		t.Errorf("%d issues, more %t, %d requests, %v", len(got), more, requests.Load(), err)
	}
}
