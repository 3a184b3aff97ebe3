package vercel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/demo/provider"
	"tocsin/internal/model"
	"tocsin/internal/vercel"
)

// fake starts a provider with v1..v3, an hour apart, v3 live.
func fake(t *testing.T) (base string, p *provider.Vercel, ids []string) {
	t.Helper()
	p = provider.NewVercel(provider.VercelOptions{Project: "shop", Team: "acme", Token: "good"})
	for i := range 3 {
		ids = append(ids, p.Deploy(provider.Build{
			Name: fmt.Sprintf("v%d", i+1), Commit: fmt.Sprintf("%040d", i+1), Message: "Sell more\n\nMuch more.", Author: "ana",
			Created: time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC),
		}))
	}
	settle(t, p)
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	return srv.URL, p, ids
}

func settle(t *testing.T, p *provider.Vercel) {
	t.Helper()
	if err := p.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T, opts vercel.Options) *vercel.Client {
	t.Helper()
	c := vercel.New(opts)
	t.Cleanup(c.Close)
	return c
}

// shopProject is the project of the fake while it serves a deployment.
func shopProject(live string) vercel.Project {
	return vercel.Project{
		ID: "prj_shop", Name: "shop", Plan: "pro", Framework: "nextjs", Production: live,
		Security: vercel.Security{Firewall: true},
	}
}

func TestReads(t *testing.T) {
	base, _, ids := fake(t)
	c := client(t, vercel.Options{Base: base, Project: "shop", Team: "acme", Token: "good"})
	ctx := context.Background()

	got, err := c.Deployments(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []vercel.Deployment{
		{ID: ids[2], Build: "v3", State: "READY", Substate: "PROMOTED"},
		{ID: ids[1], Build: "v2", State: "READY", Substate: "PROMOTED", Candidate: true},
	}
	for i := range want {
		at := time.Date(2026, 1, 1, 2-i, 0, 0, 0, time.UTC)
		want[i].URL, want[i].Created, want[i].Building, want[i].Ready = got[i].URL, at, at, at
		want[i].Git = vercel.Git{Commit: fmt.Sprintf("%040d", 3-i), Message: "Sell more\n\nMuch more.", Author: "ana"}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deployments (-want +got):\n%s", diff)
	}
	one, err := c.Deployment(ctx, ids[1])
	if err != nil {
		t.Fatal(err)
	}
	want[1].Candidate, want[1].Aliases = false, []string{got[1].URL} // only the one or the other tells
	if diff := cmp.Diff(want[1], one); diff != "" {
		t.Errorf("deployment (-want +got):\n%s", diff)
	}
	project, err := c.Project(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shopProject(ids[2]), project); diff != "" {
		t.Errorf("project (-want +got):\n%s", diff)
	}
	if id, ok, err := c.Live(ctx); id != ids[2] || !ok || err != nil {
		t.Errorf("live: %s, %v, %v", id, ok, err)
	}
}

func TestSwitches(t *testing.T) {
	base, p, ids := fake(t)
	c := client(t, vercel.Options{Base: base, Project: "prj_shop", Team: "team_acme", Token: "good"})
	ctx := context.Background()
	steps := []struct {
		kind string
		do   func(context.Context, string) error
		from string
		to   string
		off  bool
	}{
		{"rollback", c.Rollback, ids[2], ids[0], true},
		{"promote", c.Promote, ids[0], ids[2], false},
	}
	for _, s := range steps {
		if err := s.do(ctx, s.to); err != nil {
			t.Fatal(err)
		}
		settle(t, p)
		got, err := c.Project(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got.LastSwitch == nil || !got.LastSwitch.Done() {
			t.Fatalf("%s: %+v", s.kind, got.LastSwitch)
		}
		want := shopProject(s.to)
		want.PromotionOff = s.off
		want.LastSwitch = &vercel.Switch{Kind: s.kind, From: s.from, To: s.to, Status: "succeeded", Requested: got.LastSwitch.Requested}
		if s.off {
			want.RolledBack = &vercel.Reason{By: "operator", At: got.LastSwitch.Requested}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", s.kind, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	base, _, ids := fake(t)
	tests := []struct {
		name  string
		opts  vercel.Options
		id    string
		class model.Class
		text  string
	}{
		{"no token", vercel.Options{Project: "shop", Team: "acme"}, ids[0], model.Denied, "401"},
		{"bad token", vercel.Options{Project: "shop", Team: "acme", Token: "bad"}, ids[0], model.Denied, "project shop of team acme"},
		{"other team", vercel.Options{Project: "shop", Team: "other", Token: "good"}, ids[0], model.Denied, "403"},
		{"no such deployment", vercel.Options{Project: "shop", Team: "acme", Token: "good"}, "dpl_x", model.Missing, "404"},
		{"live already", vercel.Options{Project: "shop", Team: "acme", Token: "good"}, ids[2], model.Protocol, "409: The deployment serves production already."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Base = base
			err := client(t, tt.opts).Rollback(context.Background(), tt.id)
			fail := model.FailOf(err)
			if fail == nil || fail.Class != tt.class || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAnswersOfOtherShape gives what the API is known to send besides the usual.
func TestAnswersOfOtherShape(t *testing.T) {
	answers := map[string]string{
		"/v7/deployments": `{"deployments":[{"uid":"a","url":null,"created":1.7672256e12,"state":"ERROR","errorCode":"BUILD_FAILED",
			"errorMessage":null,"isRollbackCandidate":null,"target":null,"new":{"field":1},"creator":{"uid":"u","username":"ben"},
			"meta":{"gitlabCommitSha":"abc","gitlabCommitMessage":"fix\n","gitlabCommitAuthorName":"Ben"}},
			{"uid":"b","created":1,"readyState":"READY","creator":{"username":"cy"},"aliasError":{"code":"x","message":"no alias"}}],"pagination":{}}`,
		"/v9/projects/shop": `{"id":"p","targets":{"production":null},"lastAliasRequest":null}`,
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	c := client(t, vercel.Options{Base: srv.URL, Project: "shop"})
	got, err := c.Deployments(context.Background(), 5)
	if err != nil {
		t.Fatal(err)
	}
	want := []vercel.Deployment{
		{ID: "a", State: "ERROR", Error: "BUILD_FAILED", Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
			Git: vercel.Git{Commit: "abc", Message: "fix", Author: "Ben"}},
		{ID: "b", State: "READY", Error: "no alias", Created: time.UnixMilli(1).UTC(), Git: vercel.Git{Author: "cy"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deployments (-want +got):\n%s", diff)
	}
	project, err := c.Project(context.Background())
	if diff := cmp.Diff(vercel.Project{ID: "p"}, project); diff != "" || err != nil {
		t.Errorf("%v, project (-want +got):\n%s", err, diff)
	}
	if _, ok, err := c.Live(context.Background()); ok || err != nil {
		t.Errorf("live %v, %v", ok, err)
	}
}

func TestAChangeIsSentOnce(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Method+" "+r.RequestURI)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(srv.Close)
	c := client(t, vercel.Options{Base: srv.URL, Project: "a/b", Team: "acme"})
	if err := c.Promote(context.Background(), "d?x"); err == nil {
		t.Error("no error")
	}
	if diff := cmp.Diff([]string{"POST /v10/projects/a%2Fb/promote/d%3Fx?slug=acme"}, seen); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
