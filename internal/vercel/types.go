package vercel

import (
	"strings"
	"time"
)

// Deployment is one production build.
type Deployment struct {
	ID        string
	Build     string // meta "build", when the pipeline sets it: v31; ""
	URL       string // host name without a scheme
	State     string // QUEUED INITIALIZING BUILDING READY ERROR CANCELED BLOCKED
	Substate  string // STAGED ROLLING PROMOTED; "" until it is READY
	Error     string // why it failed; ""
	Candidate bool   // production can be rolled back to it
	Created   time.Time
	Ready     time.Time // zero until it is
	Git
}

// Git is where a deployment came from; empty for one that was not built from
// a connected repository.
type Git struct {
	Commit  string // SHA
	Message string // whole commit message
	Author  string // login, else name of the commit's author, else who deployed
}

// Project is the state of a project that matters to its production.
type Project struct {
	ID         string
	Production string // deployment id that the production target names; "" when there is none
	// PromotionOff tells that new production builds do not go live by
	// themselves. It is so since a rollback, or by a setting.
	PromotionOff bool
	LastSwitch   *Switch // newest rollback or promote; nil when there was none
}

// Switch is a request to point production elsewhere, and how it goes.
type Switch struct {
	Kind      string // rollback, promote
	From, To  string // deployment ids
	Status    string // pending, in-progress, succeeded, failed, skipped
	Requested time.Time
}

// Done tells that the request has ended, well or not.
func (s Switch) Done() bool {
	return s.Status == "succeeded" || s.Status == "failed" || s.Status == "skipped"
}

// deploymentBody is a deployment as lists (uid, created) and single answers
// (id, createdAt) write it; times are epoch milliseconds.
type deploymentBody struct {
	UID          string            `json:"uid"`
	ID           string            `json:"id"`
	URL          string            `json:"url"`
	State        string            `json:"state"`
	ReadyState   string            `json:"readyState"`
	Substate     string            `json:"readySubstate"`
	Created      float64           `json:"created"`
	CreatedAt    float64           `json:"createdAt"`
	Ready        float64           `json:"ready"`
	Candidate    bool              `json:"isRollbackCandidate"`
	ErrorMessage string            `json:"errorMessage"`
	ErrorCode    string            `json:"errorCode"`
	Meta         map[string]string `json:"meta"`
	Creator      struct {
		Username string `json:"username"`
	} `json:"creator"`
	AliasError *struct {
		Message string `json:"message"`
	} `json:"aliasError"`
}

func (b deploymentBody) deployment() Deployment {
	d := Deployment{
		ID: first(b.UID, b.ID), Build: b.Meta["build"], URL: b.URL,
		State: first(b.ReadyState, b.State), Substate: b.Substate,
		Error: first(b.ErrorMessage, b.ErrorCode), Candidate: b.Candidate,
		Created: millis(max(b.Created, b.CreatedAt)), Ready: millis(b.Ready),
		Git: gitOf(b.Meta),
	}
	if b.AliasError != nil {
		d.Error = first(d.Error, b.AliasError.Message)
	}
	d.Author = first(d.Author, b.Creator.Username)
	return d
}

// gitOf reads the keys that Vercel sets for each of the Git hosts.
func gitOf(meta map[string]string) Git {
	for _, host := range []string{"github", "gitlab", "bitbucket"} {
		key := func(name string) string { return meta[host+"Commit"+name] }
		if key("Sha") != "" {
			return Git{Commit: key("Sha"), Message: strings.TrimSpace(key("Message")), Author: first(key("AuthorLogin"), key("AuthorName"))}
		}
	}
	return Git{}
}

type projectBody struct {
	ID         string `json:"id"`
	AutoAssign *bool  `json:"autoAssignCustomDomains"` // absent means on
	Targets    map[string]*struct {
		ID string `json:"id"`
	} `json:"targets"`
	LastAliasRequest *struct {
		From        string  `json:"fromDeploymentId"`
		To          string  `json:"toDeploymentId"`
		JobStatus   string  `json:"jobStatus"`
		RequestedAt float64 `json:"requestedAt"`
		Type        string  `json:"type"`
	} `json:"lastAliasRequest"`
}

func (b projectBody) project() Project {
	p := Project{ID: b.ID, PromotionOff: b.AutoAssign != nil && !*b.AutoAssign}
	if t := b.Targets["production"]; t != nil {
		p.Production = t.ID
	}
	if r := b.LastAliasRequest; r != nil {
		p.LastSwitch = &Switch{Kind: r.Type, From: r.From, To: r.To, Status: r.JobStatus, Requested: millis(r.RequestedAt)}
	}
	return p
}

// millis turns epoch milliseconds into UTC; 0 is no time.
func millis(ms float64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
