package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/config"
)

const watchers = `
targets:
  prod:
    postgres: {dsn: "host=x"}
    status_pages: [{name: Stripe, url: "https://status.stripe.com", form: stripe}]
    prometheus: {url: "https://prom.internal/prometheus", user: ops, token: {env: P}, tenant: acme, apps: [{name: api}], hosts: {}}
    sentry: {org: acme, projects: [shop, web], token: {env: S}, quota: 50000}
    stripe: {key: {env: K}, zone: Europe/Berlin}
    notify:
      - {name: chat, webhook: {env: H}}
      - {name: duty, pagerduty: {env: D}, least: P1}
      - {name: phone, command: [call, "{summary}"], least: P0}
    contacts: [{name: Cleo, for: legal, reach: "+49 30 5550100", hours: Mon-Fri}]
    gauges:
      - {name: users, sql: "SELECT count(*) FROM users", definition: all accounts}
      - {name: open, url: "https://desk.example/stats?team=1", json: data.open, of: data.all, every: 90s, min_base: 20, token: {env: T}, definition: open tickets}
`

func TestWatchers(t *testing.T) {
	home := isolate(t)
	got, err := config.Load(write(t, filepath.Join(home, "c.yaml"), watchers, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	target := got.Targets[0]
	target.Name = ""
	want := config.Target{
		Postgres: &config.Postgres{DSN: "host=x"}, Apps: []config.App{}, Probes: []config.Probe{},
		StatusPages: []config.StatusPage{{Name: "Stripe", URL: "https://status.stripe.com", Form: "stripe"}},
		Prometheus: &config.Prometheus{
			URL: "https://prom.internal/prometheus", User: "ops", Token: &config.SecretRef{Env: "P"}, Tenant: "acme",
			Apps: []config.PromApp{{Name: "api"}}, Hosts: &config.PromHosts{},
		},
		Sentry: &config.Sentry{Org: "acme", Projects: []string{"shop", "web"}, Token: &config.SecretRef{Env: "S"}, BaseURL: "https://us.sentry.io", Quota: 50000},
		Stripe: &config.Stripe{Key: &config.SecretRef{Env: "K"}, Zone: "Europe/Berlin", BaseURL: "https://api.stripe.com"},
		Notify: []config.Notify{
			{Name: "chat", Webhook: &config.SecretRef{Env: "H"}, Least: "P2"},
			{Name: "duty", PagerDuty: &config.SecretRef{Env: "D"}, Least: "P1", BaseURL: "https://events.pagerduty.com/v2"},
			{Name: "phone", Command: []string{"call", "{summary}"}, Least: "P0"},
		},
		Contacts: []config.Contact{{Name: "Cleo", For: "legal", Reach: "+49 30 5550100", Hours: "Mon-Fri"}},
		Gauges: []config.Gauge{
			{Name: "users", SQL: "SELECT count(*) FROM users", Every: 5 * time.Minute, Definition: "all accounts"},
			{Name: "open", URL: "https://desk.example/stats?team=1", JSON: "data.open", Of: "data.all", Every: 90 * time.Second, MinBase: 20,
				Token: &config.SecretRef{Env: "T"}, Definition: "open tickets"},
		},
	}
	if diff := cmp.Diff(want, target); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestWatchersRefused(t *testing.T) {
	home := isolate(t)
	for text, want := range map[string][]string{
		`prometheus: {url: "http://x"}`:                                                                    {"nothing is to be read: add apps: [{name: ...}] or hosts: {}"},
		`prometheus: {hosts: {}}`:                                                                          {"url is missing"},
		`prometheus: {url: "http://x", user: a, hosts: {}}`:                                                {"token is missing: where the password"},
		`prometheus: {url: "http://u:p@x", hosts: {}}`:                                                     {"a password does not belong here"},
		`prometheus: {url: "http://x", apps: [{name: a}, {name: a}]}`:                                      {`the name "a" is taken`},
		"apps: [{name: a, metrics: \"http://x\"}]\n    prometheus: {url: \"http://x\", apps: [{name: a}]}": {`the name "a" is taken by one of apps`},
		`prometheus: {url: "http://x", hosts: {cpus: x}}`:                                                  {`did you mean "cpu"?`},
		`sentry: {}`: {"org is missing", "token is missing"},
		`sentry: {org: a, token: {env: T}, projects: [x, x]}`:                         {"give each project once"},
		`sentry: {org: a, token: {env: T}, quota: -1}`:                                {"below zero"},
		`sentry: {org: a, token: {env: T}, base_url: sentry.io}`:                      {"not an address"},
		`sentry: {org: a, token: sntrys_secret}`:                                      {"keys and values are wanted here"},
		`stripe: {}`:                                                                  {"key is missing"},
		`stripe: {key: {env: K}, zone: Europe/Berlim}`:                                {`no time zone "Europe/Berlim"`},
		`stripe: {key: {env: K}, zone: Local}`:                                        {"no time zone"},
		`status_pages: [{name: a, url: "http://x", form: cachet}]`:                    {`the form "cachet"`},
		`contacts: [{name: a}]`:                                                       {"how a can be reached is missing"},
		`notify: [{name: a}]`:                                                         {"give one of webhook, pagerduty or command"},
		`notify: [{webhook: {env: H}}]`:                                               {"name is missing"},
		`notify: [{name: a, webhook: {env: H}, command: [x]}]`:                        {"give one of webhook, pagerduty or command"},
		`notify: [{name: a, webhook: "https://hooks.slack.com/x"}]`:                   {"keys and values are wanted here"},
		`notify: [{name: a, webhook: {env: H}, least: P4}]`:                           {`least "P4"`},
		`notify: [{name: a, webhook: {env: H}, base_url: "http://x"}]`:                {"base_url belongs to pagerduty"},
		`notify: [{name: a, pagerduty: {env: H}, base_url: "x"}]`:                     {"not an address"},
		`notify: [{name: a, command: [""]}]`:                                          {"the program is missing"},
		`notify: [{name: a, command: [x]}, {name: a, command: [x]}]`:                  {`the name "a" is taken`},
		`gauges: [{name: a}]`:                                                         {"definition is missing", "give either sql or url"},
		`gauges: [{name: a, definition: d, sql: "SELECT 1", url: "http://x"}]`:        {"give either sql or url"},
		`gauges: [{name: a, definition: d, sql: "SELECT 1"}]`:                         {"there is no postgres to ask"},
		`gauges: [{name: a, definition: d, sql: "DELETE FROM t"}]`:                    {"begin with SELECT or WITH"},
		`gauges: [{name: a, definition: d, sql: "SELECT 1", json: x}]`:                {"json, of and token belong to url"},
		`gauges: [{name: a, definition: d, url: "http://x"}]`:                         {"json is missing"},
		`gauges: [{name: a, definition: d, url: "http://x", json: x, every: 30s}]`:    {"once a minute at most"},
		`gauges: [{name: a, definition: d, url: "http://x", json: x, min_base: -1}]`:  {"below zero"},
		`gauges: [{name: a, definition: d, url: "http://x", json: x, min_base: few}]`: {"min_base"},
	} {
		_, err := config.Load(write(t, filepath.Join(home, "c.yaml"), "targets:\n  p:\n    "+text+"\n", 0o644))
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v, want %q", text, err, part)
			}
		}
	}
}
