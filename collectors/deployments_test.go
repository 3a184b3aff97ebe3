package collectors

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/internal/demo/provider"
	"tocsin/internal/model"
	"tocsin/internal/statuspage"
	"tocsin/internal/vercel"
	"tocsin/internal/web"
)

// vercelWorld starts a provider with builds v1..vN, an hour apart, and a
// collector that reads it.
func vercelWorld(t *testing.T, builds int) (*provider.Vercel, Deployments, []string) {
	t.Helper()
	p := provider.NewVercel(provider.VercelOptions{Project: "shop", Team: "acme", Token: "good"})
	var ids []string
	for i := range builds {
		ids = append(ids, p.Deploy(provider.Build{
			Name: fmt.Sprintf("v%d", i+1), Commit: "c0ffee", Message: "Sell more\n\nMuch more.", Author: "ana",
			Created: time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC),
		}))
	}
	if err := p.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	c := vercel.New(vercel.Options{Base: srv.URL, Project: "shop", Team: "acme", Token: "good"})
	t.Cleanup(c.Close)
	return p, Deployments{Vercel: c}, ids
}

func TestDeployments(t *testing.T) {
	p, src, ids := vercelWorld(t, 3)
	got, err := src.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	row := func(n int, live, candidate bool) model.Deployment {
		at := time.Date(2026, 1, 1, n-1, 0, 0, 0, time.UTC)
		return model.Deployment{ID: ids[n-1], Name: fmt.Sprintf("v%d", n), State: "READY", Commit: "c0ffee", Message: "Sell more",
			Author: "ana", Created: at, Building: at, Ready: at, Live: live, Candidate: candidate}
	}
	want := model.Deployments{Project: "shop", Rows: []model.Deployment{row(3, true, false), row(2, false, true), row(1, false, true)}}
	noURL := cmpopts.IgnoreFields(model.Deployment{}, "URL")
	if diff := cmp.Diff(want, got, noURL); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}

	asked := time.Now()
	if err := src.Vercel.Rollback(context.Background(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, err = src.Collect(context.Background())
	if at, by, ok := got.LiveSince(); !ok || by != "rollback" || at.Before(asked.Add(-time.Millisecond)) || at.After(time.Now()) {
		t.Errorf("live by %s since %s, want by the rollback asked for at %s", by, at, asked)
	}
	want = model.Deployments{Project: "shop", PromotionOff: true, Switch: got.Switch, Rolled: &model.Rolled{By: "operator"},
		Rows: []model.Deployment{row(3, false, true), row(2, false, true), row(1, true, false)}}
	if diff := cmp.Diff(want, got, noURL); diff != "" || err != nil {
		t.Errorf("after a rollback: %v (-want +got):\n%s", err, diff)
	}
}

func TestADeployMakesTheSwitchBeforeItHistory(t *testing.T) {
	p, src, ids := vercelWorld(t, 2)
	for _, change := range []func() error{
		func() error { return src.Vercel.Promote(context.Background(), ids[0]) },
		func() error { p.Deploy(provider.Build{Name: "v3"}); return nil },
	} {
		if err := errors.Join(change(), p.Wait(context.Background())); err != nil {
			t.Fatal(err)
		}
	}
	got, err := src.Collect(context.Background())
	if _, by, ok := got.LiveSince(); !ok || by != "deploy" || err != nil {
		t.Errorf("live by %q, %v", by, err)
	}
}

func TestLiveDeploymentBeyondTheList(t *testing.T) {
	p, src, ids := vercelWorld(t, deploymentsListed+5)
	if err := src.Vercel.Rollback(context.Background(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, err := src.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if live, ok := got.Live(); !ok || live.Name != "v1" || len(got.Rows) != deploymentsListed+1 {
		t.Errorf("live %+v of %d", live, len(got.Rows))
	}
}

func TestDeploymentsOfAnEmptyProject(t *testing.T) {
	_, src, _ := vercelWorld(t, 0)
	got, err := src.Collect(context.Background())
	if diff := cmp.Diff(model.Deployments{Project: "shop"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestBuildName(t *testing.T) {
	tests := []struct {
		in   vercel.Deployment
		want string
	}{
		{vercel.Deployment{ID: "dpl_abcdefghij", Build: "v31", Git: vercel.Git{Commit: "0123456789"}}, "v31"},
		{vercel.Deployment{ID: "dpl_abcdefghij", Git: vercel.Git{Commit: "0123456789"}}, "0123456"},
		{vercel.Deployment{ID: "dpl_abcdefghij"}, "abcdefg"},
		{vercel.Deployment{ID: "x"}, "x"},
	}
	for _, tt := range tests {
		if got := buildName(tt.in); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestStatusPage(t *testing.T) {
	page := provider.NewStatusPage("Vercel")
	srv := httptest.NewServer(page)
	t.Cleanup(srv.Close)
	src := StatusPage{Name: "Vercel", URL: srv.URL, Client: statuspage.New(web.Options{Base: srv.URL})}
	t.Cleanup(src.Client.Close)
	page.SetIncident("Elevated errors", "critical")
	got, err := src.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Incidents) != 1 || got.Incidents[0].Since.IsZero() {
		t.Fatalf("incidents %+v", got.Incidents)
	}
	want := model.StatusPage{Name: "Vercel", URL: srv.URL, Indicator: "critical", Text: "Major Service Outage",
		Components: []model.Component{{Name: "API", Status: "major_outage"}},
		Incidents:  []model.ProviderIncident{{Name: "Elevated errors", Impact: "critical", Since: got.Incidents[0].Since, Updated: got.Incidents[0].Updated}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASwitchBetweenTheRequestsTearsNothing(t *testing.T) {
	p, _, ids := vercelWorld(t, 2)
	third := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.ServeHTTP(w, r)
		if third == "" && strings.Contains(r.URL.Path, "/deployments") { // the list was just read
			third = p.Deploy(provider.Build{Name: "v3", Created: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)})
			if err := p.Wait(r.Context()); err != nil {
				t.Error(err)
			}
		}
	}))
	t.Cleanup(srv.Close)
	c := vercel.New(vercel.Options{Base: srv.URL, Project: "shop", Team: "acme", Token: "good"})
	t.Cleanup(c.Close)
	got, err := Deployments{Vercel: c}.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	live, _ := got.Live()
	back, _ := got.Candidate()
	if live.ID != third || back.ID != ids[1] {
		t.Errorf("live %s, can go back to %s; want %s and %s", live.ID, back.ID, third, ids[1])
	}
}
