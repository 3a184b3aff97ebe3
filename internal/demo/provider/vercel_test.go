package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	listPath       = "/v7/deployments"
	showPath       = "/v13/deployments/{idOrUrl}"
	projectPath    = "/v9/projects/{idOrName}"
	productionPath = "/projects/{projectId}/production-deployment"
	rollbackPath   = "/v1/projects/{projectId}/rollback/{deploymentId}"
	promotePath    = "/v10/projects/{projectId}/promote/{deploymentId}"
)

// world is a provider with the contract that its answers have to keep.
type world struct {
	*testing.T
	vercel   *Vercel
	contract contract
	token    string
}

func newWorld(t *testing.T, opts VercelOptions) *world {
	opts.Project, opts.Team, opts.Token = "shop", "acme", "secret"
	v := NewVercel(opts)
	t.Cleanup(v.Close)
	return &world{T: t, vercel: v, contract: readContract(t, "vercel.openapi.json"), token: "secret"}
}

// deploy adds v1..vN, an hour apart, and waits until the last one serves.
func (w *world) deploy(n int) []string {
	w.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, w.vercel.Deploy(Build{
			Name: fmt.Sprintf("v%d", i+1), Commit: fmt.Sprintf("%040d", i+1), Message: "Change things", Author: "ana",
			Created: time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC),
		}))
	}
	w.wait()
	return ids
}

func (w *world) wait() {
	w.Helper()
	if err := w.vercel.Wait(context.Background()); err != nil {
		w.Fatal(err)
	}
}

// do sends one request and fails when the answer breaks the contract of path.
func (w *world) do(method, path, target string, want int, out any) {
	w.Helper()
	w.send(method, path, target, nil, want, out)
}

// send is do with a body.
func (w *world) send(method, path, target string, body any, want int, out any) {
	w.Helper()
	if !strings.Contains(target, "?") {
		target += "?slug=acme"
	}
	text, err := json.Marshal(body)
	if err != nil {
		w.Fatal(err)
	}
	r := httptest.NewRequest(method, target, bytes.NewReader(text))
	if w.token != "" {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	rec := httptest.NewRecorder()
	w.vercel.ServeHTTP(rec, r)
	if rec.Code != want {
		w.Fatalf("%s %s: got %d, want %d: %s", method, target, rec.Code, want, rec.Body)
	}
	if path != "" {
		for _, fault := range w.contract.check(method, path, rec.Code, rec.Body.Bytes()) {
			w.Errorf("%s %s: %s", method, target, fault)
		}
	}
	if out != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) get(path, target string, out any) {
	w.Helper()
	w.do(http.MethodGet, path, target, http.StatusOK, out)
}

func (w *world) live() string {
	_, name := w.vercel.Live()
	return name
}

func TestReadsKeepTheContract(t *testing.T) {
	w := newWorld(t, VercelOptions{})
	w.get(projectPath, "/v9/projects/shop", nil)
	w.do(http.MethodGet, productionPath, "/projects/shop/production-deployment", http.StatusNotFound, nil)
	ids := w.deploy(3)

	var page deploymentPage
	w.get(listPath, "/v7/deployments?teamId=team_acme&projectId=shop&target=production&state=READY,ERROR", &page)
	var names []string
	for _, d := range page.Deployments {
		names = append(names, fmt.Sprint(d.Meta["build"], " ", *d.ReadySubstate, " ", d.IsRollbackCandidate))
	}
	want := []string{"v3 PROMOTED false", "v2 PROMOTED true", "v1 PROMOTED true"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("deployments (-want +got):\n%s", diff)
	}
	w.get(showPath, "/v13/deployments/"+ids[0], nil)
	w.get(showPath, "/v13/deployments/"+page.Deployments[0].URL, nil)

	var project projectBody
	w.get(projectPath, "/v9/projects/prj_shop", &project)
	if got := project.Targets["production"].ID; got != ids[2] || !project.AutoAssignCustomDomains {
		t.Errorf("production is %s with promotion %v, want %s with promotion", got, project.AutoAssignCustomDomains, ids[2])
	}
	var production productionBody
	w.get(productionPath, "/projects/shop/production-deployment", &production)
	if production.Deployment.ID != ids[2] {
		t.Errorf("production deployment %s, want %s", production.Deployment.ID, ids[2])
	}
}

func TestFilters(t *testing.T) {
	w := newWorld(t, VercelOptions{})
	w.deploy(4)
	third := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC).UnixMilli()
	tests := []struct {
		query string
		want  string
	}{
		{"", "v4 v3 v2 v1"},
		{"&limit=2", "v4 v3"},
		{fmt.Sprintf("&until=%d", third), "v2 v1"},
		{fmt.Sprintf("&since=%d", third), "v4"},
		{"&rollbackCandidate=true&limit=1", "v3"},
		{"&rollbackCandidate=false", "v4"},
		{"&state=ERROR", ""},
		{"&target=staging", ""},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			w := &world{T: t, vercel: w.vercel, contract: w.contract, token: w.token}
			var page deploymentPage
			w.get(listPath, "/v7/deployments?slug=acme"+tt.query, &page)
			var names []string
			for _, d := range page.Deployments {
				names = append(names, d.Meta["build"])
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPagesEnd(t *testing.T) {
	w := newWorld(t, VercelOptions{})
	same := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 7 { // all at one instant, which must not lose any between two pages
		w.vercel.Deploy(Build{Name: fmt.Sprintf("v%d", i), Created: same})
	}
	w.wait()
	seen, until := map[string]bool{}, ""
	for range 10 {
		var page deploymentPage
		w.get(listPath, "/v7/deployments?slug=acme&limit=3"+until, &page)
		for _, d := range page.Deployments {
			seen[d.UID] = true
		}
		if page.Pagination.Next == nil {
			break
		}
		until = fmt.Sprintf("&until=%d", *page.Pagination.Next)
	}
	if len(seen) != 7 {
		t.Errorf("saw %d deployments, want 7", len(seen))
	}
}

func TestRollbackAndPromote(t *testing.T) {
	var served []string
	w := newWorld(t, VercelOptions{Activate: func(_ context.Context, _, name string) error {
		served = append(served, name)
		return nil
	}})
	ids := w.deploy(2)
	w.do(http.MethodPost, rollbackPath, "/v1/projects/shop/rollback/"+ids[0]+"?slug=acme&description=errors", http.StatusCreated, nil)
	w.wait()

	var project projectBody
	w.get(projectPath, "/v9/projects/shop", &project)
	got := *project.LastAliasRequest
	got.RequestedAt = 0
	want := aliasRequestBody{FromDeploymentID: ids[1], ToDeploymentID: ids[0], JobStatus: "succeeded", Type: "rollback"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alias request (-want +got):\n%s", diff)
	}
	if project.AutoAssignCustomDomains || project.RollbackDescription.Description != "errors" {
		t.Errorf("after a rollback: promotion %v, description %+v", project.AutoAssignCustomDomains, project.RollbackDescription)
	}
	v3 := w.vercel.Deploy(Build{Name: "v3"})
	w.wait()
	if w.live() != "v1" {
		t.Errorf("a new build went live as %s while promotion was off", w.live())
	}
	w.do(http.MethodPost, rollbackPath, "/v1/projects/shop/rollback/"+v3, http.StatusUnprocessableEntity, nil)
	w.do(http.MethodPost, promotePath, "/v10/projects/shop/promote/"+v3, http.StatusCreated, nil)
	w.wait()
	w.vercel.Deploy(Build{Name: "v4"})
	w.wait()
	if diff := cmp.Diff([]string{"v1", "v2", "v1", "v3", "v4"}, served); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
	}
}

func TestJobFollowsTheSwitch(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan error)
	w := newWorld(t, VercelOptions{Activate: func(context.Context, string, string) error {
		entered <- struct{}{}
		return <-leave
	}})
	id := w.vercel.Deploy(Build{Name: "v1"})
	<-entered
	leave <- nil
	w.wait()
	second := w.vercel.Deploy(Build{Name: "v2"})
	<-entered
	leave <- nil
	w.wait()

	w.do(http.MethodPost, rollbackPath, "/v1/projects/shop/rollback/"+id, http.StatusCreated, nil)
	<-entered
	if got := w.job(); got != "in-progress" {
		t.Errorf("job is %s while the switch runs", got)
	}
	w.do(http.MethodPost, promotePath, "/v10/projects/shop/promote/"+second, http.StatusConflict, nil)
	leave <- errors.New("the shop does not answer")
	w.wait()
	if got := w.job(); got != "failed" || w.live() != "v2" {
		t.Errorf("job %s and %s live after a switch that failed", got, w.live())
	}
}

func (w *world) job() string {
	w.Helper()
	var project projectBody
	w.get(projectPath, "/v9/projects/shop", &project)
	return project.LastAliasRequest.JobStatus
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, VercelOptions{Plan: "hobby"})
	ids := w.deploy(3)
	post := func(path, target string, want int) { w.do(http.MethodPost, path, target, want, nil) }
	post(rollbackPath, "/v1/projects/shop/rollback/"+ids[0], http.StatusPaymentRequired)
	post(rollbackPath, "/v1/projects/shop/rollback/"+ids[2], http.StatusConflict)
	post("", "/v1/projects/shop/rollback/dpl_none", http.StatusNotFound)
	post(rollbackPath, "/v1/projects/shop/rollback/"+ids[1]+"?slug=other", http.StatusForbidden)
	w.do(http.MethodGet, listPath, "/v7/deployments?slug=acme&limit=many", http.StatusBadRequest, nil)
	w.do(http.MethodGet, listPath, "/v7/deployments?slug=acme&projectId=other", http.StatusNotFound, nil)
	w.do(http.MethodGet, "", "/v9/projects/shop?x=1", http.StatusNotFound, nil)
	w.do(http.MethodGet, "", "/v2/nothing", http.StatusNotFound, nil)
	w.token = "guess"
	post(rollbackPath, "/v1/projects/shop/rollback/"+ids[1], http.StatusForbidden)
	w.token = ""
	post(rollbackPath, "/v1/projects/shop/rollback/"+ids[1], http.StatusUnauthorized)
	if w.live() != "v3" {
		t.Errorf("a refused change made %s live", w.live())
	}
}

func TestQuota(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, VercelOptions{Now: func() time.Time { return at }})
	for range quotaRequests {
		w.get(projectPath, "/v9/projects/shop", nil)
	}
	w.do(http.MethodGet, projectPath, "/v9/projects/shop", http.StatusTooManyRequests, nil)
	at = at.Add(quotaWindow)
	w.get(projectPath, "/v9/projects/shop", nil)
}

func TestStatusPage(t *testing.T) {
	c := readContract(t, "statuspage.openapi.json")
	page := NewStatusPage("Vercel")
	read := func() pageSummary {
		rec := httptest.NewRecorder()
		page.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/api/v2/summary.json", nil))
		for _, fault := range c.check("GET", "/api/v2/summary.json", rec.Code, rec.Body.Bytes()) {
			t.Error(fault)
		}
		var out pageSummary
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := read().Status.Indicator; got != "none" {
		t.Errorf("indicator %s, want none", got)
	}
	for _, impact := range []string{"minor", "major", "critical"} {
		page.SetIncident("Elevated errors", impact)
		if got := read(); got.Status.Indicator != impact || got.Incidents[0].Impact != impact {
			t.Errorf("after SetIncident %s: %+v", impact, got)
		}
	}
	page.Clear()
	if got := read(); got.Status.Indicator != "none" || len(got.Incidents) != 0 {
		t.Errorf("after Clear: %+v", got)
	}
}
