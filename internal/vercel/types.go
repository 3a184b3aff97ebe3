package vercel

import (
	"strings"
	"time"
)

// Deployment is one production build.
type Deployment struct {
	ID        string
	Build     string   // meta "build", when the pipeline sets it: v31; ""
	URL       string   // host name without a scheme
	State     string   // QUEUED INITIALIZING BUILDING READY ERROR CANCELED BLOCKED
	Substate  string   // STAGED ROLLING PROMOTED; "" until it is READY
	Error     string   // why it failed; ""
	Candidate bool     // production can be rolled back to it; only lists tell
	Aliases   []string // host names that point to it; only single answers tell
	Created   time.Time
	Building  time.Time // when the build began; zero until it does
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
	Name       string
	Plan       string // hobby, pro, enterprise; "" when it is not told
	Framework  string // nextjs, ...; "" for none
	Paused     bool   // nothing of the project is served
	Production string // deployment id that the production target names; "" when there is none
	// PromotionOff tells that new production builds do not go live by
	// themselves. It is so since a rollback, or by a setting.
	PromotionOff bool
	LastSwitch   *Switch // newest rollback or promote; nil when there was none
	RolledBack   *Reason // why production was rolled back, in the words of who did it; nil where nobody said
	Crons        []Cron
	Security     Security
}

// Reason is what somebody said of a rollback.
type Reason struct {
	By, Text string
	At       time.Time
}

// Cron is a path that Vercel calls on a schedule, as the live build has it.
type Cron struct{ Path, Schedule string }

// Security is how the project is protected.
type Security struct {
	AttackMode  bool      // every visitor is challenged
	AttackUntil time.Time // when that ends; zero when it is off or no end is told
	Firewall    bool      // its own rules count
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
	BuildingAt   float64           `json:"buildingAt"`
	Ready        float64           `json:"ready"`
	Alias        []string          `json:"alias"`
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
		Created: millis(max(b.Created, b.CreatedAt)), Building: millis(b.BuildingAt), Ready: millis(b.Ready),
		Aliases: b.Alias, Git: gitOf(b.Meta),
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
	Name       string `json:"name"`
	Framework  string `json:"framework"`
	Paused     bool   `json:"paused"`
	AutoAssign *bool  `json:"autoAssignCustomDomains"` // absent means on
	Targets    map[string]*struct {
		ID   string `json:"id"`
		Plan string `json:"plan"`
	} `json:"targets"`
	LastAliasRequest *struct {
		From        string  `json:"fromDeploymentId"`
		To          string  `json:"toDeploymentId"`
		JobStatus   string  `json:"jobStatus"`
		RequestedAt float64 `json:"requestedAt"`
		Type        string  `json:"type"`
	} `json:"lastAliasRequest"`
	RollbackDescription *struct {
		Username    string  `json:"username"`
		Description string  `json:"description"`
		CreatedAt   float64 `json:"createdAt"`
	} `json:"rollbackDescription"`
	Crons struct {
		DisabledAt  float64 `json:"disabledAt"`
		Definitions []struct {
			Path     string `json:"path"`
			Schedule string `json:"schedule"`
		} `json:"definitions"`
	} `json:"crons"`
	Security struct {
		AttackMode  bool    `json:"attackModeEnabled"`
		AttackUntil float64 `json:"attackModeActiveUntil"`
		Firewall    bool    `json:"firewallEnabled"`
	} `json:"security"`
}

func (b projectBody) project() Project {
	p := Project{
		ID: b.ID, Name: b.Name, Framework: b.Framework, Paused: b.Paused, PromotionOff: b.AutoAssign != nil && !*b.AutoAssign,
		Security: Security{AttackMode: b.Security.AttackMode, AttackUntil: millis(b.Security.AttackUntil), Firewall: b.Security.Firewall},
	}
	if t := b.Targets["production"]; t != nil {
		p.Production, p.Plan = t.ID, t.Plan
	}
	if r := b.LastAliasRequest; r != nil {
		p.LastSwitch = &Switch{Kind: r.Type, From: r.From, To: r.To, Status: r.JobStatus, Requested: millis(r.RequestedAt)}
	}
	if r := b.RollbackDescription; r != nil {
		p.RolledBack = &Reason{By: r.Username, Text: r.Description, At: millis(r.CreatedAt)}
	}
	for _, c := range b.Crons.Definitions {
		if b.Crons.DisabledAt == 0 {
			p.Crons = append(p.Crons, Cron{Path: c.Path, Schedule: c.Schedule})
		}
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
