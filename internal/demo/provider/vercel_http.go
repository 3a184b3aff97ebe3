package provider

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultPage = 20
	maxPage     = 100
)

// problem is an answer that is not the one asked for.
type problem struct {
	status  int
	code    string // machine word of the error body
	message string
}

// ServeHTTP answers one API request.
func (v *Vercel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wait := v.quota.take(w.Header()); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		writeProblem(w, &problem{http.StatusTooManyRequests, "rate_limited", "Too many requests."})
		return
	}
	if p := v.authorize(r); p != nil {
		writeProblem(w, p)
		return
	}
	v.mux.ServeHTTP(w, r)
}

func (v *Vercel) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v7/deployments", v.list)
	mux.HandleFunc("GET /v13/deployments/{id}", v.show)
	mux.HandleFunc("GET /v9/projects/{project}", v.project)
	mux.HandleFunc("GET /projects/{project}/production-deployment", v.production)
	mux.HandleFunc("POST /v1/projects/{project}/rollback/{id}", v.rollback)
	mux.HandleFunc("POST /v9/projects/{project}/rollback/{id}", v.rollback)
	mux.HandleFunc("POST /v10/projects/{project}/promote/{id}", v.promote)
	mux.HandleFunc("GET /v9/projects/{project}/rollback/aliases", v.movedAliases)
	mux.HandleFunc("GET /v1/projects/{project}/promote/aliases", v.movedAliases)
	mux.HandleFunc("POST /v13/deployments", v.create)
	mux.HandleFunc("PATCH /v12/deployments/{id}/cancel", v.stop)
	mux.HandleFunc("GET /v3/deployments/{id}/events", v.buildLog)
	mux.HandleFunc("GET /v1/projects/{project}/deployments/{id}/runtime-logs", v.runtimeLog)
	mux.HandleFunc("GET /v9/projects/{project}/domains", v.domains)
	mux.HandleFunc("GET /v6/domains/{domain}/config", v.domainConfig)
	mux.HandleFunc("GET /v8/certs", v.certs)
	mux.HandleFunc("GET /v4/aliases", v.allAliases)
	mux.HandleFunc("GET /v10/projects/{project}/env", v.variables)
	mux.HandleFunc("GET /v1/security/firewall/config", v.firewallShow)
	mux.HandleFunc("PATCH /v1/security/firewall/config", v.firewallChange)
	mux.HandleFunc("GET /v1/security/firewall/events", v.firewallEvents)
	mux.HandleFunc("GET /v1/security/firewall/attack-status", v.attackStatus)
	mux.HandleFunc("POST /v1/security/attack-mode", v.attackMode)
	mux.HandleFunc("POST /v1/edge-cache/invalidate-by-tags", v.purge(false))
	mux.HandleFunc("POST /v1/edge-cache/dangerously-delete-by-tags", v.purge(true))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, notFound("The requested API endpoint was not found."))
	})
	return mux
}

// authorize checks the token and the team. A request without the team acts on
// a personal account, which does not have the project.
func (v *Vercel) authorize(r *http.Request) *problem {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return &problem{http.StatusUnauthorized, "unauthorized", "The request is missing an authentication token."}
	}
	if subtle.ConstantTimeCompare([]byte(token), []byte(v.opts.Token)) != 1 {
		return &problem{http.StatusForbidden, "forbidden", "Not authorized"}
	}
	q := r.URL.Query()
	id, slug := q.Get("teamId"), q.Get("slug")
	switch {
	case v.opts.Team == "" && id == "" && slug == "":
		return nil
	case id == "" && slug == "":
		return notFound("Project not found.")
	case slug == v.opts.Team, id == v.teamID(), id == v.opts.Team:
		return nil
	}
	return &problem{http.StatusForbidden, "forbidden", "Not authorized: trying to access a resource under another scope."}
}

func (v *Vercel) list(w http.ResponseWriter, r *http.Request) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		writeProblem(w, &problem{http.StatusBadRequest, "bad_request", err.Error()})
		return
	}
	if f.project != "" && !v.isProject(f.project) {
		writeProblem(w, notFound("Project not found."))
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	page := deploymentPage{Deployments: []listedDeployment{}}
	for _, d := range slices.Backward(v.deployments) {
		if !v.matches(f, d) {
			continue
		}
		if len(page.Deployments) == f.limit {
			next := page.Deployments[f.limit-1].Created
			page.Pagination.Next = &next
			break
		}
		page.Deployments = append(page.Deployments, v.listed(d))
	}
	page.Pagination.Count = len(page.Deployments)
	if f.until != 0 && len(page.Deployments) > 0 {
		page.Pagination.Prev = &page.Deployments[0].Created
	}
	writeJSON(w, http.StatusOK, page)
}

func (v *Vercel) show(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.find(r.PathValue("id"))
	if d == nil {
		writeProblem(w, notFound("The deployment was not found."))
		return
	}
	writeJSON(w, http.StatusOK, v.detailed(d))
}

func (v *Vercel) project(w http.ResponseWriter, r *http.Request) {
	if !v.isProject(r.PathValue("project")) {
		writeProblem(w, notFound("Project not found."))
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	writeJSON(w, http.StatusOK, v.projectBody())
}

func (v *Vercel) production(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.isProject(r.PathValue("project")) || v.live == nil {
		writeProblem(w, notFound("The project has no production deployment."))
		return
	}
	writeJSON(w, http.StatusOK, productionBody{Deployment: productionDeployment{ID: v.live.id, URL: v.live.url}})
}

func (v *Vercel) rollback(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, p := v.target(r)
	switch {
	case p != nil:
	case !d.served:
		p = &problem{http.StatusUnprocessableEntity, "not_a_candidate", "The deployment has never served production."}
	case v.opts.Plan == "hobby" && d != v.previous:
		p = &problem{http.StatusPaymentRequired, "payment_required", "The hobby plan rolls back to the previous deployment only."}
	default:
		v.request("rollback", d, r.URL.Query().Get("description"))
		w.WriteHeader(http.StatusCreated)
		return
	}
	writeProblem(w, p)
}

func (v *Vercel) promote(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, p := v.target(r)
	if p != nil {
		writeProblem(w, p)
		return
	}
	v.request("promote", d, "")
	w.WriteHeader(http.StatusCreated)
}

// target returns the deployment that a change names, or why production cannot
// be pointed there. The caller holds mu.
func (v *Vercel) target(r *http.Request) (*deployment, *problem) {
	if !v.isProject(r.PathValue("project")) {
		return nil, notFound("Project not found.")
	}
	d := v.find(r.PathValue("id"))
	switch {
	case d == nil:
		return nil, notFound("The deployment was not found.")
	case v.switching():
		return nil, &problem{http.StatusConflict, "conflict", "Another rollback or promote is under way."}
	case d == v.live:
		return nil, &problem{http.StatusConflict, "conflict", "The deployment serves production already."}
	case d.state != "READY":
		return nil, &problem{http.StatusConflict, "conflict", "The deployment is not ready."}
	}
	return d, nil
}

// filter is the query of a deployment list; times are epoch milliseconds, 0 is
// without a bound.
type filter struct {
	project, target string
	states          []string
	limit           int
	since, until    int64
	candidate       *bool
}

func parseFilter(q url.Values) (filter, error) {
	f := filter{project: q.Get("projectId"), target: q.Get("target"), limit: defaultPage}
	if s := q.Get("state"); s != "" {
		f.states = strings.Split(s, ",")
	}
	if s := q.Get("rollbackCandidate"); s != "" {
		yes, err := strconv.ParseBool(s)
		if err != nil {
			return filter{}, fmt.Errorf("rollbackCandidate should be a boolean")
		}
		f.candidate = &yes
	}
	limit := int64(defaultPage)
	for name, to := range map[string]*int64{"since": &f.since, "until": &f.until, "limit": &limit} {
		if s := q.Get(name); s != "" {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil || n < 0 {
				return filter{}, fmt.Errorf("%s should be a number", name)
			}
			*to = n
		}
	}
	f.limit = int(min(max(limit, 1), maxPage))
	return f, nil
}

// matches tells whether a list with this filter holds d. The caller holds mu.
func (v *Vercel) matches(f filter, d *deployment) bool {
	created := d.build.Created.UnixMilli()
	switch {
	case f.target != "" && f.target != "production":
		return false
	case f.states != nil && !slices.Contains(f.states, d.state):
		return false
	case f.since != 0 && created <= f.since, f.until != 0 && created >= f.until:
		return false
	}
	return f.candidate == nil || *f.candidate == v.candidate(d)
}

func notFound(message string) *problem {
	return &problem{http.StatusNotFound, "not_found", message}
}

func writeProblem(w http.ResponseWriter, p *problem) {
	type body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	writeJSON(w, p.status, map[string]body{"error": {p.code, p.message}})
}

// writeJSON answers with v. A reader who has gone is not an error of ours.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
