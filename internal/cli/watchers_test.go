package cli

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"tocsin/collectors"
	"tocsin/internal/config"
	"tocsin/internal/demo/provider"
	"tocsin/internal/testkit"
)

// The defaults that the reference tells are those that are used.
func TestPrometheusDefaults(t *testing.T) {
	app, hosts := reflect.TypeFor[config.PromApp](), reflect.TypeFor[config.PromHosts]()
	for _, tt := range []struct {
		of          reflect.Type
		field, want string
	}{
		{app, "Requests", collectors.DefaultRequests}, {app, "Errors", collectors.DefaultErrors}, {app, "Latency", collectors.DefaultLatency},
		{hosts, "Up", collectors.DefaultHostUp}, {hosts, "CPU", collectors.DefaultHostCPU}, {hosts, "Memory", collectors.DefaultHostMemory},
		{hosts, "Disk", collectors.DefaultHostDisk},
	} {
		f, _ := tt.of.FieldByName(tt.field)
		if got := f.Tag.Get("default"); got != tt.want {
			t.Errorf("%s: the reference says %s, used is %s", tt.field, got, tt.want)
		}
	}
}

// providersOf starts a Sentry with one issue and a Stripe with a charge, and
// writes a configuration for them with these secrets.
func providersOf(t *testing.T, token, key string) (path string) {
	t.Helper()
	s := provider.NewSentry(provider.SentryOptions{Org: "acme", Project: "shop", Token: "good"})
	s.Fault(provider.SentryFault{At: time.Now(), Type: "CacheError", Message: "x", Culprit: "/checkout", Release: "v3"})
	pay := provider.NewStripe("rk_good", nil)
	pay.Charge(time.Now(), 1000, true)
	addresses := make([]string, 2)
	for i, h := range []*httptest.Server{httptest.NewServer(s), httptest.NewServer(pay)} {
		t.Cleanup(h.Close)
		addresses[i] = h.URL
	}
	for name, secret := range map[string]string{"S": token, "K": key} {
		t.Setenv("TOCSIN_TEST_"+name, secret)
	}
	path, _ = configFile(t, fmt.Sprintf("sentry: {org: acme, projects: [shop], token: {env: TOCSIN_TEST_S}, base_url: %q}\n"+
		"    stripe: {key: {env: TOCSIN_TEST_K}, base_url: %q}\n"+
		"    gauges: [{name: failed, url: %q, json: n, definition: d}]", addresses[0], addresses[1], addresses[0]+"/nowhere"))
	return path
}

// sources reads the status of a target once and gives the state of each source
// with its error.
func sources(t *testing.T, path string) map[string]string {
	t.Helper()
	got := run("--config", path, "status", "-o", "json")
	var doc struct {
		Sources []struct {
			Name, State string
			Error, Hint *string
		}
	}
	if err := json.Unmarshal([]byte(got.out), &doc); err != nil {
		t.Fatalf("%v: %s%s", err, got.out, got.err)
	}
	out := map[string]string{}
	for _, s := range doc.Sources {
		out[s.Name] = s.State
		for _, text := range []*string{s.Error, s.Hint} {
			if text != nil {
				out[s.Name] += " " + *text
			}
		}
	}
	return out
}

func TestWatchersAreRead(t *testing.T) {
	got := sources(t, providersOf(t, "good", "rk_good"))
	for name, want := range map[string]string{
		"sentry.issues": "ok", "sentry.traffic": "ok", "sentry.sessions": "ok", "sentry.crons": "ok", "sentry.quota": "ok",
		"stripe.payments": "ok", "stripe.revenue": "ok", "fleet": "unconfigured not configured name a Prometheus",
		"gauge.failed": "error gauge failed: ",
	} {
		if !strings.HasPrefix(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestRefusedTokensNameTheRight(t *testing.T) {
	got := sources(t, providersOf(t, "bad", "rk_bad"))
	for name, want := range map[string]string{
		"sentry.issues": "event:read", "sentry.traffic": "org:read", "sentry.crons": "alerts:read", "stripe.payments": "permission to read charges",
		"stripe.revenue": "permission to read subscriptions",
	} {
		if !strings.HasPrefix(got[name], "error ") || !strings.Contains(got[name], want) || strings.Contains(got[name], "rk_bad") {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

// Without any token each service says in a line how to get it, and the rest is
// as it was.
func TestWithoutTokens(t *testing.T) {
	path, _ := configFile(t, `probes: [{name: web, url: "http://127.0.0.1:1/"}]`)
	got := sources(t, path)
	for name, want := range map[string]string{
		"sentry.issues": "name the organization under targets.demo.sentry", "stripe.payments": "name a restricted key under targets.demo.stripe",
		"fleet": "name a Prometheus with hosts: {} under targets.demo.prometheus",
	} {
		if !strings.HasPrefix(got[name], "unconfigured ") || !strings.Contains(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if !strings.HasPrefix(got["host"], "ok") || !strings.HasPrefix(got["probe.web"], "ok") {
		t.Errorf("host %q, probe %q", got["host"], got["probe.web"])
	}
	list := run("--config", path, "actions").out
	for _, id := range []string{"error.resolve", "error.ignore", "error.assign"} {
		if !strings.Contains(list, id) || !strings.Contains(list, "no: no Sentry is configured") {
			t.Errorf("%s is not listed, or not why it is blocked:\n%s", id, list)
		}
	}
}

// An issue is resolved by its id from the command line, and the audit has it.
func TestResolveAnIssue(t *testing.T) {
	path := providersOf(t, "good", "rk_good")
	issue := "issue=4100000001"
	if got := run("--config", path, "do", "error.resolve", issue); got.code != 5 || !strings.Contains(got.out+got.err, "SHOP-1") {
		t.Errorf("without a word: %+v", got)
	}
	if got := run("--config", path, "do", "error.resolve", issue, "--yes=SHOP-1"); got.code != 0 || !strings.Contains(got.out, "SHOP-1 is resolved") {
		t.Errorf("with it: %+v", got)
	}
	if got := run("--config", path, "do", "error.resolve", issue, "--yes=SHOP-1"); got.code != 1 || !strings.Contains(got.out+got.err, "it is resolved already") {
		t.Errorf("once more: %+v", got)
	}
	if got := run("--config", path, "audit", "verify"); got.code != 0 {
		t.Errorf("audit: %+v", got)
	}
}

// TestSQLGaugeOfATarget reads one on a real server, by the command line.
func TestSQLGaugeOfATarget(t *testing.T) {
	server := servers.Postgres(t)
	name := servers.Database(t, server)
	testkit.Exec(t, testkit.Connect(t, server.DSN(name, "postgres")), "CREATE TABLE t AS SELECT generate_series(1, 7) AS n")
	path, _ := configFile(t, fmt.Sprintf("postgres: {dsn: %q}\n    gauges: [{name: rows, sql: \"SELECT count(*) FROM t\", definition: rows of t}]", server.DSN(name, "postgres")))
	got := run("--config", path, "status", "-o", "prometheus")
	if !strings.Contains(got.out, `tocsin_gauge_value{target="demo",gauge="rows"} 7`) {
		t.Errorf("the gauge is not exported:\n%s", got.out)
	}
}
