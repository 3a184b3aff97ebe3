package vercel_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/demo/provider"
	"tocsin/internal/vercel"
)

// saying answers every request with one text.
func saying(t *testing.T, text string) *vercel.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
	t.Cleanup(srv.Close)
	return client(t, vercel.Options{Base: srv.URL, Project: "shop"})
}

// site starts a provider whose project has a site around its builds.
func site(t *testing.T, opts provider.VercelOptions) (*vercel.Client, *provider.Vercel) {
	t.Helper()
	opts.Project, opts.Team, opts.Token = "shop", "acme", "good"
	p := provider.NewVercel(opts)
	t.Cleanup(p.Close)
	p.Deploy(provider.Build{Name: "v1", Commit: fmt.Sprintf("%040d", 1), Author: "ana"})
	settle(t, p)
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	return client(t, vercel.Options{Base: srv.URL, Project: "shop", Team: "acme", Token: "good"}), p
}

func TestSite(t *testing.T) {
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	c, _ := site(t, provider.VercelOptions{Site: provider.Site{
		Domains:   []provider.Domain{{Name: "shop.example", CertEnds: at}, {Name: "old.example", Redirect: "shop.example", Lost: true}},
		Variables: []provider.Variable{{Key: "TAX_URL", Updated: at}}, Crons: []provider.Cron{{Path: "/api/x", Schedule: "0 * * * *"}},
	}})
	domains, err := c.Domains(t.Context())
	if diff := cmp.Diff([]vercel.Domain{{Name: "shop.example", Verified: true}, {Name: "old.example", Redirect: "shop.example", Verified: true}}, domains); diff != "" {
		t.Errorf("%v, domains (-want +got):\n%s", err, diff)
	}
	for name, want := range map[string]bool{"shop.example": false, "old.example": true} {
		if got, err := c.Misconfigured(t.Context(), name); got != want || err != nil {
			t.Errorf("%s misconfigured: %v, %v", name, got, err)
		}
	}
	certs, err := c.Certificates(t.Context())
	if diff := cmp.Diff([]vercel.Certificate{{ID: "cert_0", Names: []string{"shop.example"}, Ends: at, Renew: true}}, certs); diff != "" {
		t.Errorf("%v, certificates (-want +got):\n%s", err, diff)
	}
	env, err := c.Environment(t.Context())
	if diff := cmp.Diff([]vercel.Variable{{Key: "TAX_URL", Production: true, Updated: at}}, env); diff != "" {
		t.Errorf("%v, environment (-want +got):\n%s", err, diff)
	}
	project, err := c.Project(t.Context())
	if diff := cmp.Diff([]vercel.Cron{{Path: "/api/x", Schedule: "0 * * * *"}}, project.Crons); diff != "" {
		t.Errorf("%v, crons (-want +got):\n%s", err, diff)
	}
}

// A list may hold one variable that is not in a list, and targets in both forms.
func TestEnvironmentForms(t *testing.T) {
	for text, want := range map[string][]vercel.Variable{
		`{"key":"A","target":"production","updatedAt":1000,"value":"s3cret"}`:                       {{Key: "A", Production: true, Updated: time.UnixMilli(1000).UTC()}},
		`{"envs":[{"key":"A","target":["preview"]},{"key":"B","target":["preview","production"]}]}`: {{Key: "A"}, {Key: "B", Production: true}},
		`{"envs":[]}`: nil,
	} {
		got, err := saying(t, text).Environment(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v, of %s (-want +got):\n%s", err, text, diff)
		}
	}
}

func TestFirewall(t *testing.T) {
	c, _ := site(t, provider.VercelOptions{})
	x := t.Context()
	if err := c.Block(x, "prj_shop", "203.0.113.0/24", "robots"); err != nil {
		t.Fatal(err)
	}
	got, err := c.Firewall(x, "prj_shop")
	want := vercel.Firewall{On: true, Version: 2, Rules: []vercel.IPRule{{ID: "ip_1", IP: "203.0.113.0/24", Host: "*", Action: "deny", Notes: "robots"}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, firewall (-want +got):\n%s", err, diff)
	}
	if err := c.Unblock(x, "prj_shop", "ip_1"); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	for _, end := range []time.Time{until, {}} {
		if err := c.AttackMode(x, "prj_shop", end); err != nil {
			t.Fatal(err)
		}
		project, err := c.Project(x)
		if s := project.Security; err != nil || s.AttackMode == end.IsZero() || !s.AttackUntil.Equal(end) {
			t.Errorf("attack mode until %v: %+v, %v", end, s, err)
		}
	}
	if got, err := c.Firewall(x, "prj_shop"); err != nil || len(got.Rules) != 0 {
		t.Errorf("after unblock: %+v, %v", got, err)
	}
}

// A project that never had a firewall is no failure; drafts are counted.
func TestFirewallForms(t *testing.T) {
	draft := `{"active":null,"draft":{"firewallEnabled":true,"ips":[],"rules":[],"changes":[{},{}]},"versions":[]}`
	got, err := saying(t, draft).Firewall(t.Context(), "p")
	if diff := cmp.Diff(vercel.Firewall{Draft: 2}, got); diff != "" || err != nil {
		t.Errorf("%v, with a draft (-want +got):\n%s", err, diff)
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	got, err = client(t, vercel.Options{Base: srv.URL, Project: "shop"}).Firewall(t.Context(), "p")
	if diff := cmp.Diff(vercel.Firewall{}, got); diff != "" || err != nil {
		t.Errorf("%v, without one (-want +got):\n%s", err, diff)
	}
	events := `{"actions":[{"startTime":"2026-01-01T00:00:00Z","endTime":"soon","isActive":true,"action_type":"deny","host":"h","public_ip":"203.0.113.7","count":7}]}`
	series, err := saying(t, events).Mitigations(t.Context(), "p", time.Now())
	want := []vercel.Mitigation{{IP: "203.0.113.7", Host: "h", Action: "deny", Count: 7, Active: true, Began: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
	if diff := cmp.Diff(want, series); diff != "" || err != nil {
		t.Errorf("%v, events (-want +got):\n%s", err, diff)
	}
	attacks, err := saying(t, `{"anomalies":[{"startTime":1000,"endTime":null},{"startTime":1,"endTime":2}]}`).Attacks(t.Context(), "p")
	if diff := cmp.Diff([]time.Time{time.UnixMilli(1000).UTC()}, attacks); diff != "" || err != nil {
		t.Errorf("%v, attacks (-want +got):\n%s", err, diff)
	}
}

func TestFailedAliases(t *testing.T) {
	for text, want := range map[string][]string{
		`{"aliases":[{"status":"failed","alias":"a.example"},{"status":"completed","alias":"b"}]}`:      {"a.example"},
		`{"aliases":[{"status":"failed","alias":{"alias":"c.example","deploymentId":"d"},"id":"dpl"}]}`: {"c.example"},
	} {
		got, err := saying(t, text).FailedAliases(t.Context(), "rollback")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

func TestBuilds(t *testing.T) {
	c, p := site(t, provider.VercelOptions{
		Pace:    provider.Pace{Queue: time.Hour},
		Rebuild: func(name string) (provider.Build, error) { return provider.Build{Name: name + "b"}, nil },
	})
	x := t.Context()
	live, _ := p.Live()
	id, err := c.Redeploy(x, live, "shop")
	if err != nil {
		t.Fatal(err)
	}
	queued, err := c.Deployment(x, id)
	if err != nil || queued.State != "QUEUED" || queued.Build != "v1b" {
		t.Errorf("asked for: %+v, %v", queued, err)
	}
	if err := c.CancelBuild(x, id); err != nil {
		t.Fatal(err)
	}
	if ended, err := c.Deployment(x, id); err != nil || ended.State != "CANCELED" {
		t.Errorf("cancelled: %+v, %v", ended, err)
	}
	if err := c.CancelBuild(x, live); !vercel.Refused(err) {
		t.Errorf("cancel of a finished build: %v", err)
	}
}

func TestBuildLog(t *testing.T) {
	c, p := site(t, provider.VercelOptions{})
	live, _ := p.Live()
	for _, follow := range []bool{false, true} {
		var lines []string
		err := c.BuildLog(t.Context(), live, follow, func(l vercel.Log) error { lines = append(lines, l.Text); return nil })
		if err != nil || len(lines) != 7 || lines[6] != "Build completed" {
			t.Errorf("follow %v: %q, %v", follow, lines, err)
		}
	}
	var got []vercel.Log
	text := `[{"type":"stderr","created":1,"text":"bad\n"},{"type":"stdout","created":2,"payload":{"text":"good"}},{"type":"delimiter","created":3,"payload":{}},
{"created":0},{"type":"stdout","created":4,"text":"odd","level":"error","new":[]}]`
	err := saying(t, text).BuildLog(t.Context(), "d", false, func(l vercel.Log) error { got = append(got, l); return nil })
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	want := []vercel.Log{{At: at(1), Text: "bad", Level: "warning"}, {At: at(2), Text: "good"}, {At: at(4), Text: "odd", Level: "error"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, lines (-want +got):\n%s", err, diff)
	}
}

func TestRuntimeLog(t *testing.T) {
	c, p := site(t, provider.VercelOptions{LogLife: 300 * time.Millisecond})
	live, _ := p.Live()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	go func() {
		for {
			select {
			case <-tick.C:
				p.Log(provider.RuntimeRow{Method: "POST", Path: "/checkout", Status: 500, Message: "division by zero"})
			case <-ctx.Done():
				return
			}
		}
	}()
	var got vercel.Log
	err := c.RuntimeLog(ctx, live, func(l vercel.Log) error { got = l; return nil })
	if !errors.Is(err, vercel.ErrTimeLimit) || got.At.IsZero() {
		t.Fatalf("got %+v, %v", got, err)
	}
	got.At = time.Time{}
	want := vercel.Log{Level: "error", Text: "division by zero", Request: vercel.Request{Method: "POST", Path: "/checkout", Domain: "shop.example", Status: 500}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}
