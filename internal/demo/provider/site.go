package provider

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// readBody reads the JSON of a request; fields that nobody knows are refused,
// as the contract does.
func readBody(r *http.Request, out any) *problem {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(out); err != nil {
		return &problem{http.StatusBadRequest, "bad_request", "The body is not valid: " + err.Error()}
	}
	return nil
}

type domainBody struct {
	Name      string  `json:"name"`
	ApexName  string  `json:"apexName"`
	ProjectID string  `json:"projectId"`
	Redirect  *string `json:"redirect"`
	Verified  bool    `json:"verified"`
}

type aliasBody struct {
	UID          string  `json:"uid"`
	Alias        string  `json:"alias"`
	Created      string  `json:"created"`
	CreatedAt    int64   `json:"createdAt"`
	DeploymentID *string `json:"deploymentId"`
	ProjectID    *string `json:"projectId"`
}

// allAliases lists the names of all builds.
func (v *Vercel) allAliases(w http.ResponseWriter, r *http.Request) {
	if id := r.URL.Query().Get("projectId"); id != "" && id != v.projectID() {
		writeProblem(w, notFound("Project not found."))
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	list, project := []aliasBody{}, v.projectID()
	for _, d := range slices.Backward(v.deployments) {
		for _, name := range v.aliases(d) {
			created := d.build.Created.UTC()
			list = append(list, aliasBody{"ali_" + name, name, created.Format(time.RFC3339Nano), created.UnixMilli(), &d.id, &project})
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"aliases": list, "pagination": pagination{Count: len(list)}})
}

func (v *Vercel) domains(w http.ResponseWriter, r *http.Request) {
	if !v.isProject(r.PathValue("project")) {
		writeProblem(w, notFound("Project not found."))
		return
	}
	list := []domainBody{}
	for _, d := range v.opts.Site.Domains {
		body := domainBody{Name: d.Name, ApexName: d.Name, ProjectID: v.projectID(), Verified: true}
		if d.Redirect != "" {
			body.Redirect = &d.Redirect
		}
		list = append(list, body)
	}
	writeJSON(w, http.StatusOK, map[string]any{"domains": list, "pagination": pagination{Count: len(list)}})
}

func (v *Vercel) domainConfig(w http.ResponseWriter, r *http.Request) {
	lost := false
	for _, d := range v.opts.Site.Domains {
		lost = lost || d.Name == r.PathValue("domain") && d.Lost
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"configuredBy": "A", "acceptedChallenges": []string{"http-01"}, "misconfigured": lost,
		"recommendedIPv4": []string{}, "recommendedCNAME": []string{},
	})
}

type certBody struct {
	ID        string   `json:"id"`
	CNs       []string `json:"cns"`
	CreatedAt int64    `json:"createdAt"`
	ExpiresAt int64    `json:"expiresAt"`
	AutoRenew bool     `json:"autoRenew"`
}

func (v *Vercel) certs(w http.ResponseWriter, _ *http.Request) {
	list := []certBody{}
	for i, d := range v.opts.Site.Domains {
		if !d.CertEnds.IsZero() {
			made := d.CertEnds.Add(-90 * 24 * time.Hour)
			list = append(list, certBody{fmt.Sprintf("cert_%d", i), []string{d.Name}, made.UnixMilli(), d.CertEnds.UnixMilli(), true})
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"certs": list, "pagination": pagination{Count: len(list)}})
}

type variableBody struct {
	ID        string   `json:"id"`
	Key       string   `json:"key"`
	Type      string   `json:"type"`
	Value     string   `json:"value"`
	Target    []string `json:"target"`
	CreatedAt int64    `json:"createdAt"`
	UpdatedAt int64    `json:"updatedAt"`
}

// variables never tells a value: it is not asked to decrypt any.
func (v *Vercel) variables(w http.ResponseWriter, r *http.Request) {
	if !v.isProject(r.PathValue("project")) {
		writeProblem(w, notFound("Project not found."))
		return
	}
	list := []variableBody{}
	for i, e := range v.opts.Site.Variables {
		at := e.Updated.UnixMilli()
		list = append(list, variableBody{fmt.Sprintf("env_%d", i), e.Key, "encrypted", "eyJ2IjoidjIifQ==", []string{"production"}, at, at})
	}
	writeJSON(w, http.StatusOK, map[string]any{"envs": list})
}

// cronsBody are the cron jobs of what serves.
type cronsBody struct {
	EnabledAt    int64      `json:"enabledAt"`
	DisabledAt   *int64     `json:"disabledAt"`
	UpdatedAt    int64      `json:"updatedAt"`
	DeploymentID *string    `json:"deploymentId"`
	Definitions  []cronBody `json:"definitions"`
}

type cronBody struct {
	Host     string `json:"host"`
	Path     string `json:"path"`
	Schedule string `json:"schedule"`
}

func (v *Vercel) crons() *cronsBody {
	if len(v.opts.Site.Crons) == 0 {
		return nil
	}
	body := &cronsBody{Definitions: []cronBody{}}
	if v.live != nil {
		body.DeploymentID = &v.live.id
		body.EnabledAt, body.UpdatedAt = v.live.build.Created.UnixMilli(), v.live.build.Created.UnixMilli()
	}
	for _, c := range v.opts.Site.Crons {
		body.Definitions = append(body.Definitions, cronBody{v.opts.Project + ".example", c.Path, c.Schedule})
	}
	return body
}

// movedAliases lists what a switch could not move: nothing, here.
func (v *Vercel) movedAliases(w http.ResponseWriter, r *http.Request) {
	if !v.isProject(r.PathValue("project")) {
		writeProblem(w, notFound("Project not found."))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"aliases": []string{}, "pagination": pagination{}})
}

// purge treats what the CDN has with a tag.
func (v *Vercel) purge(remove bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Tags     []string `json:"tags"`
			Target   string   `json:"target"`
			Deadline float64  `json:"revalidationDeadlineSeconds"`
		}
		if p := readBody(r, &ask); p != nil {
			writeProblem(w, p)
			return
		}
		switch {
		case !v.isProject(r.URL.Query().Get("projectIdOrName")):
			writeProblem(w, notFound("Project not found."))
		case len(ask.Tags) == 0 || len(ask.Tags) > 16:
			writeProblem(w, &problem{http.StatusBadRequest, "bad_request", "tags should have 1 to 16 items."})
		default:
			if v.opts.Purge != nil {
				v.opts.Purge(ask.Tags, remove)
			}
			w.WriteHeader(http.StatusOK)
		}
	}
}

// aliases are the host names that point to a deployment.
func (v *Vercel) aliases(d *deployment) []string {
	list := []string{d.url}
	for _, domain := range v.opts.Site.Domains {
		if d == v.live {
			list = append(list, domain.Name)
		}
	}
	return list
}
