package collectors

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/demo/provider"
	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

const supabaseRef = "abcdefghijklmnopqrst"

// supabaseWorld is a project, and a client with a token that is refused where
// the test says so.
func supabaseWorld(t *testing.T, denied ...string) (*provider.Supabase, *supabase.Client) {
	t.Helper()
	p := provider.NewSupabase(provider.SupabaseOptions{Ref: supabaseRef, Name: "shop", Token: "sbp_good"})
	t.Cleanup(p.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.ContainsFunc(denied, func(end string) bool { return strings.HasSuffix(r.URL.Path, end) }) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c := supabase.New(supabase.Options{Base: server.URL, Project: supabaseRef, Token: "sbp_good"})
	t.Cleanup(c.Close)
	return p, c
}

func TestSupabaseProject(t *testing.T) {
	_, c := supabaseWorld(t)
	got, err := SupabaseProject{c}.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "shop" || got.Status != "ACTIVE_HEALTHY" || len(got.Services) != 6 || got.Budget.Limit != 60 || got.Budget.Left != 58 || got.Created.IsZero() {
		t.Errorf("got %+v", got)
	}
	for _, f := range got.Facts() {
		if f.Name == "supabase.service.down" && f.Value != 0 || !f.Known {
			t.Errorf("fact %+v", f)
		}
	}
}

func TestSupabaseBackups(t *testing.T) {
	_, c := supabaseWorld(t)
	got, err := SupabaseBackups{Client: c}.Collect(t.Context())
	if err != nil || !got.PITR || len(got.List) != 7 || !got.List[0].At.After(got.List[6].At) {
		t.Fatalf("%v, %+v", err, got)
	}
	if at, ok := got.Newest(); !ok || !at.Equal(got.Latest) || time.Since(at) > 5*time.Minute {
		t.Errorf("newest %s, %v", at, ok)
	}
	failed := model.SupabaseBackups{Read: time.Now(), List: []model.ManagedBackup{{Status: "FAILED", At: time.Now()}}}
	if f := failed.Facts(); f[0].Value != 1 || f[1].Known {
		t.Errorf("a failed backup counts: %+v", f)
	}
}

func TestSupabaseNetwork(t *testing.T) {
	p, c := supabaseWorld(t)
	if err := p.Ban(t.Context(), netip.MustParseAddr("203.0.113.7")); err != nil {
		t.Fatal(err)
	}
	got, err := SupabaseNetwork{c}.Collect(t.Context())
	if err != nil || !got.Open || len(got.Bans) != 1 || got.Bans[0].Address != "203.0.113.7" {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestSupabaseSettings(t *testing.T) {
	p, c := supabaseWorld(t)
	if err := c.AddReplica(t.Context(), "eu-west-1"); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	got, err := SupabaseSettings{c}.Collect(t.Context())
	want := []model.ManagedSetting{{Name: "max_connections", Value: "60"}, {Name: "shared_buffers", Value: "256MB"}}
	if err != nil || got.Pooler == nil || got.Pooler.Mode != "transaction" || got.Pooler.Size != nil || len(got.Replicas) != 1 || !slices.Equal(got.Settings, want) {
		t.Errorf("%v, %+v", err, got)
	}
}

// A right that is missing hides its part and says its name; without any right
// there is nothing to show.
func TestSupabaseRights(t *testing.T) {
	_, c := supabaseWorld(t, "/billing/addons", "/config/disk")
	got, err := SupabaseCompute{c}.Collect(t.Context())
	if err != nil || got.Size != "" || got.ReadOnly == nil || got.Volume.Used != 2<<30 {
		t.Errorf("%v, %+v", err, got)
	}
	for _, want := range []string{"the compute size: the token needs infra_add_ons_read", "the disk: the token needs infra_disk_config_read"} {
		if !strings.Contains(got.Hidden, want) {
			t.Errorf("hidden %q, want in it %q", got.Hidden, want)
		}
	}
	_, c = supabaseWorld(t, "/advisors/security", "/advisors/performance")
	_, err = SupabaseAdvice{c}.Collect(t.Context())
	if fail := model.FailOf(err); fail == nil || fail.Class != model.Denied || !strings.Contains(fail.Hint, "advisors_read") {
		t.Errorf("got %v", err)
	}
	_, c = supabaseWorld(t)
	usage, err := SupabaseUsage{c}.Collect(t.Context())
	if err != nil || usage.Requests[0].Name != "rest" || usage.Span != 15*time.Minute {
		t.Errorf("%v, %+v", err, usage)
	}
}

func TestSupabaseUsageSaysWhyNot(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"result":null,"error":"quota exceeded"}`))
	}))
	t.Cleanup(server.Close)
	c := supabase.New(supabase.Options{Base: server.URL, Project: supabaseRef, Token: "x"})
	t.Cleanup(c.Close)
	if _, err := (SupabaseUsage{c}).Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "quota exceeded") {
		t.Errorf("got %v", err)
	}
}
