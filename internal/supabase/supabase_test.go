package supabase_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
	"tocsin/internal/testkit"
)

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

// ref is a reference as the API has them.
const ref = "abcdefghijklmnopqrst"

func client(t *testing.T, base string) *supabase.Client {
	t.Helper()
	c := supabase.New(supabase.Options{Base: base, Project: ref, Token: "sbp_secret", UserAgent: "tocsin/test", Timeout: 5 * time.Second})
	t.Cleanup(c.Close)
	return c
}

// operation is one call of the client.
type operation struct {
	name  string // as the contract has it, below the project
	right string // told when it is refused
	more  string // an answer with fields that nobody knows; "" for a call that throws it away
	do    func(ctx context.Context, c *supabase.Client) error
}

// read makes an operation of a method that reads.
func read[T any](name, right, more string, f func(*supabase.Client, context.Context) (T, error)) operation {
	return operation{name, right, more, func(ctx context.Context, c *supabase.Client) error {
		_, err := f(c, ctx)
		return err
	}}
}

func advice(kind string) func(*supabase.Client, context.Context) ([]supabase.Lint, error) {
	return func(c *supabase.Client, ctx context.Context) ([]supabase.Lint, error) { return c.Advice(ctx, kind) }
}

// operations are all that the client has.
func operations() []operation {
	const object, list = `{"added":[1]}`, `[{"added":{"deep":1}}]`
	size := 25
	change := func(name, right string, do func(context.Context, *supabase.Client) error) operation {
		return operation{name, right, "", do}
	}
	return []operation{
		read("GET ", "project_admin_read", object, (*supabase.Client).Project),
		read("GET /health", "project_admin_read", list, (*supabase.Client).Health),
		read("GET /database/backups", "backups_read", object, (*supabase.Client).Backups),
		read("GET /config/database/pooler", "database_pooling_config_read", list, (*supabase.Client).Poolers),
		read("GET /config/database/postgres", "database_config_read", object, (*supabase.Client).Postgres),
		read("GET /config/disk", "infra_disk_config_read", object, (*supabase.Client).Disk),
		read("GET /config/disk/util", "infra_disk_config_read", object, (*supabase.Client).DiskUse),
		read("GET /billing/addons", "infra_add_ons_read", object, (*supabase.Client).Addons),
		read("GET /readonly", "database_readonly_config_read", object, (*supabase.Client).ReadOnly),
		read("GET /network-restrictions", "database_network_restrictions_read", object, (*supabase.Client).Restrictions),
		read("POST /network-bans/retrieve/enriched", "database_network_bans_read", object, (*supabase.Client).Bans),
		read("GET /advisors/performance", "advisors_read", object, advice("performance")),
		read("GET /advisors/security", "advisors_read", object, advice("security")),
		read("GET /analytics/endpoints/usage.api-counts", "analytics_usage_read", object, (*supabase.Client).Usage),
		change("PATCH /config/database/pooler", "database_pooling_config_write", func(ctx context.Context, c *supabase.Client) error {
			return c.SetPooler(ctx, &size, "transaction")
		}),
		change("PATCH /billing/addons", "infra_add_ons_write", func(ctx context.Context, c *supabase.Client) error {
			return c.SetCompute(ctx, "ci_small")
		}),
		change("POST /read-replicas/setup", "infra_read_replicas_write", func(ctx context.Context, c *supabase.Client) error {
			return c.AddReplica(ctx, "eu-central-1")
		}),
		change("DELETE /network-bans", "database_network_bans_write", func(ctx context.Context, c *supabase.Client) error {
			return c.Unban(ctx, "203.0.113.7")
		}),
		change("POST /database/backups/restore-pitr", "backups_write", func(ctx context.Context, c *supabase.Client) error {
			return c.Restore(ctx, time.Unix(1_767_225_600, 0))
		}),
	}
}

// proxy stands before the mock, notes what is asked, and asks the mock for one
// of the answers that the contract declares; "" takes the usual one.
func proxy(t *testing.T, prefer string) (base string, asked func() []string) {
	t.Helper()
	mock, err := url.Parse(servers.Mock(t, "supabase"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var lines []string
	forward := httputil.NewSingleHostReverseProxy(mock)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		lines = append(lines, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/v1/projects/"+ref))
		mu.Unlock()
		if prefer != "" {
			r.Header.Set("Prefer", prefer)
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(lines)
	}
}

// Each call is one that the contract allows, and its answer can be read.
func TestContract(t *testing.T) {
	base, asked := proxy(t, "")
	c := client(t, base)
	var want []string
	for _, op := range operations() {
		want = append(want, op.name)
		if err := op.do(t.Context(), c); err != nil {
			t.Errorf("%s: %v", op.name, err)
		}
	}
	if got := asked(); !slices.Equal(got, want) {
		t.Errorf("asked\n%q\nwant\n%q", got, want)
	}
}

// The judge is one: what the contract forbids is refused.
func TestTheContractForbids(t *testing.T) {
	base := servers.Mock(t, "supabase")
	short := supabase.New(supabase.Options{Base: base, Project: "shop", Token: "sbp_secret"})
	t.Cleanup(short.Close)
	if _, err := short.Project(t.Context()); err == nil {
		t.Error("a reference of four letters passed")
	}
	if err := client(t, base).AddReplica(t.Context(), "the-moon"); !supabase.Refused(err) {
		t.Errorf("a region that is none: %v", err)
	}
	if err := client(t, base).SetCompute(t.Context(), "ci_huge"); !supabase.Refused(err) {
		t.Errorf("a size that is none: %v", err)
	}
}

// The refusals that the contract declares name the right that is missing.
func TestDeclaredRefusals(t *testing.T) {
	for code, class := range map[int]model.Class{401: model.Denied, 403: model.Denied, 429: model.Limited} {
		base, _ := proxy(t, fmt.Sprintf("code=%d", code))
		for _, op := range operations() {
			err := op.do(t.Context(), client(t, base))
			fail := model.FailOf(err)
			switch {
			case fail == nil || fail.Class != class || !supabase.Refused(err):
				t.Errorf("%d %s: got %v", code, op.name, err)
			case class == model.Denied && !strings.Contains(fail.Hint, op.right+" for project "+ref):
				t.Errorf("%d %s: hint %q does not name %s", code, op.name, fail.Hint, op.right)
			case class == model.Limited && fail.RetryAfter != time.Minute:
				t.Errorf("%d %s: a pause of %s, want the API's minute", code, op.name, fail.RetryAfter)
			}
		}
	}
}

func TestFailures(t *testing.T) {
	for _, f := range testkit.Failures() {
		t.Run(f.Name, func(t *testing.T) {
			for _, op := range operations() {
				if f.Reads && op.more == "" {
					continue
				}
				fail := testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
					c := supabase.New(supabase.Options{Base: base, Project: ref, Token: "sbp_secret", Timeout: f.Timeout()})
					defer c.Close()
					return op.do(ctx, c)
				})
				if f.Class == model.Denied && !strings.Contains(fail.Hint, op.right) {
					t.Errorf("%s: hint %q does not name %s", op.name, fail.Hint, op.right)
				}
				if strings.Contains(fail.Error(), "sbp_secret") {
					t.Errorf("%s: the token is in %q", op.name, fail)
				}
			}
		})
	}
}

// A newer API may say more than we know.
func TestAddedFields(t *testing.T) {
	for _, op := range operations() {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, op.more) }))
		if err := op.do(t.Context(), client(t, server.URL)); err != nil {
			t.Errorf("%s: %v", op.name, err)
		}
		server.Close()
	}
}

// A failure after which nobody knows is not taken for a refusal.
func TestRefused(t *testing.T) {
	for _, f := range testkit.Failures() {
		want := f.Class == model.Denied || f.Class == model.Limited
		testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
			c := supabase.New(supabase.Options{Base: base, Project: ref, Token: "sbp_secret", Timeout: f.Timeout()})
			defer c.Close()
			var err error
			if f.Reads {
				_, err = c.Project(ctx)
			} else {
				err = c.Unban(ctx, "203.0.113.7")
			}
			if supabase.Refused(err) != want {
				t.Errorf("%s: refused %v, want %v", f.Name, supabase.Refused(err), want)
			}
			return err
		})
	}
}

// Reads leave a third of the API's minute to changes, and stay away where the
// API asks for it.
func TestCallsAreFew(t *testing.T) {
	var requests atomic.Int32
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(status)
		fmt.Fprint(w, "{}")
	}))
	t.Cleanup(server.Close)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := supabase.New(supabase.Options{Base: server.URL, Project: ref, Token: "sbp_secret",
		Account: supabase.NewAccount(func() time.Time { return now })})
	t.Cleanup(c.Close)
	for range 100 {
		_, _ = c.Project(t.Context())
		now = now.Add(100 * time.Millisecond)
	}
	if n := requests.Load(); n != 40 {
		t.Errorf("%d requests of 100 reads within ten seconds, want 40", n)
	}
	_, err := c.Project(t.Context())
	fail, ok := errors.AsType[*model.Fail](err)
	if !ok || fail.Class != model.Limited || fail.RetryAfter != 50*time.Second {
		t.Errorf("got %v, want a pause of 50 s", err)
	}
	if b := c.Budget(); b.Limit != 60 || b.Left != 20 {
		t.Errorf("budget %+v, want 20 of 60", b)
	}
	if err := c.Unban(t.Context(), "203.0.113.7"); err != nil || requests.Load() != 41 {
		t.Errorf("a change was not sent: %v", err)
	}
	if _, err := c.Asked().Project(t.Context()); err != nil || requests.Load() != 42 {
		t.Errorf("a read that somebody waits for was not sent: %v", err)
	}
	now = now.Add(time.Minute)
	status = http.StatusTooManyRequests
	for range 3 {
		_, _ = c.Project(t.Context())
		_, _ = c.Asked().Project(t.Context())
	}
	if n := requests.Load(); n != 43 {
		t.Errorf("%d requests after the API said that it is enough, want one", n-42)
	}
	if b := c.Budget(); b.Left != 0 || !b.Reset.Equal(now.Add(time.Minute)) {
		t.Errorf("budget %+v while we were asked to stay away", b)
	}
}

func TestStamp(t *testing.T) {
	want := time.Date(2026, 5, 4, 14, 40, 44, 0, time.UTC)
	for _, text := range []supabase.Stamp{"2026-05-04T14:40:44+00:00", "2026-05-04T16:40:44+02:00", "2026-05-04T14:40:44Z", "2026-05-04T14:40:44", "2026-05-04 14:40:44"} {
		if got := text.Time(); !got.Equal(want) {
			t.Errorf("%s: got %s", text, got)
		}
	}
	if got := supabase.Stamp("string").Time(); !got.IsZero() {
		t.Errorf("a text that is no instant: %s", got)
	}
}
