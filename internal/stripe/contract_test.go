package stripe_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/stripe"
	"tocsin/internal/testkit"
)

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

// operation is one call of the client, and what it may read.
type operation struct {
	name  string
	right string
	call  func(ctx context.Context, c *stripe.Client) (int, bool, error)
}

func operations() []operation {
	since := time.Now().Add(-24 * time.Hour)
	return []operation{
		{"charges", "charges", func(ctx context.Context, c *stripe.Client) (int, bool, error) {
			got, more, err := c.Charges(ctx, since, 3)
			return len(got), more, err
		}},
		{"events", "events", func(ctx context.Context, c *stripe.Client) (int, bool, error) {
			got, more, err := c.Events(ctx, "charge.failed", since, 3)
			return len(got), more, err
		}},
		{"undelivered", "events", func(ctx context.Context, c *stripe.Client) (int, bool, error) {
			got, more, err := c.Undelivered(ctx, 3)
			return len(got), more, err
		}},
		{"disputes", "disputes", func(ctx context.Context, c *stripe.Client) (int, bool, error) {
			got, more, err := c.Disputes(ctx, 3)
			return len(got), more, err
		}},
		{"subscriptions", "subscriptions", func(ctx context.Context, c *stripe.Client) (int, bool, error) {
			got, more, err := c.Active(ctx, 3)
			return len(got), more, err
		}},
	}
}

// key is the one that Stripe's own mock takes.
const key = "sk_test_123"

func client(t *testing.T, base string, timeout time.Duration) *stripe.Client {
	t.Helper()
	c := stripe.New(stripe.Options{Base: base, Key: key, Timeout: timeout})
	t.Cleanup(c.Close)
	return c
}

// TestContract sends every call to Stripe's own mock, which refuses what the
// API does not know, also where its answers have more than that has.
func TestContract(t *testing.T) {
	mock := servers.Mock(t, "stripe")
	for name, base := range map[string]string{"as it is": mock, "with added fields": testkit.WithAddedFields(t, mock)} {
		for _, op := range operations() {
			t.Run(name+"/"+op.name, func(t *testing.T) {
				if n, _, err := op.call(t.Context(), client(t, base, 20*time.Second)); err != nil || n == 0 {
					t.Errorf("%d, %v", n, err)
				}
			})
		}
	}
}

// TestFailures: each ends in an error that says so, from one request and with
// bounded memory: the official client tries nothing again.
func TestFailures(t *testing.T) {
	for _, f := range testkit.Failures() {
		f.Text, _, _ = strings.Cut(f.Text, ":") // the official client reads words in Stripe's own form only
		for _, op := range operations() {
			t.Run(f.Name+"/"+op.name, func(t *testing.T) {
				fail := testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
					_, _, err := op.call(ctx, client(t, base, f.Timeout()))
					return err
				})
				if f.Class == model.Denied && !strings.Contains(fail.Error(), "permission to read "+op.right) {
					t.Errorf("%v does not name the permission", fail)
				}
				if strings.Contains(fail.Error(), key) {
					t.Errorf("%v holds the key", fail)
				}
			})
		}
	}
}

// TestManner: nothing is told but what the call needs.
func TestManner(t *testing.T) {
	base, _ := testkit.Counted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Stripe-Client-Telemetry") != "" || strings.Contains(r.Header.Get("X-Stripe-Client-User-Agent"), "uname\":\"L") {
			t.Errorf("telemetry was sent: %v", r.Header)
		}
		if r.Method != http.MethodGet || r.Header.Get("Authorization") != "Bearer "+key {
			t.Errorf("%s with %q", r.Method, r.Header.Get("Authorization"))
		}
		fmt.Fprint(w, `{"object":"list","data":[],"has_more":false}`)
	})
	c := client(t, base, time.Second)
	for _, op := range operations() {
		for range 2 {
			if _, _, err := op.call(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestPagesWithoutEnd: a list that always has more is read to its bound, and
// one that says so without giving anything ends.
func TestPagesWithoutEnd(t *testing.T) {
	for _, tt := range []struct {
		data     string
		n        int
		more     bool
		requests int32
	}{
		{`[{"id":"x_1","created":1,"currency":"eur"}]`, 3, true, 3},
		{`[]`, 0, false, 1},
	} {
		base, requests := testkit.Counted(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"object":"list","data":%s,"has_more":true}`, tt.data)
		})
		c := client(t, base, 5*time.Second)
		for _, op := range operations() {
			requests.Store(0)
			n, more, err := op.call(t.Context(), c)
			if err != nil || n != tt.n || more != tt.more || requests.Load() != tt.requests {
				t.Errorf("%s: %d of them, more %t, %d requests, %v", op.name, n, more, requests.Load(), err)
			}
		}
	}
}
