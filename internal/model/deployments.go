package model

import "time"

// Deployments is what runs in production, what ran before and what was tried.
// Source: a deployment provider (Vercel: /v7/deployments, /v9/projects/{id}).
type Deployments struct {
	Project      string
	Rows         []Deployment // newest first, production only
	PromotionOff bool         // since a rollback new builds do not go live until one is promoted
	Switch       *Switched    // how the live build came to serve, where it was pointed to by hand; nil when it was not, or nobody tells
	Rolled       *Rolled      // who rolled it back and why, while promotion is off; nil where nobody said
}

// Rolled is what somebody said of a rollback.
type Rolled struct {
	By, Why string
}

// Switched is production pointed at another build without a deploy.
type Switched struct {
	At   time.Time // when it was asked for
	By   string    // rollback, promote
	From string    // id of the build that served before; "" when that is not told
}

// Deployment is one build for production.
type Deployment struct {
	ID        string
	Name      string // what people call it: v31, or the first characters of the commit
	URL       string
	State     string // QUEUED INITIALIZING BUILDING READY ERROR CANCELED BLOCKED
	Commit    string
	Message   string // first line of the commit
	Author    string
	Created   time.Time
	Building  time.Time // when the build began; zero until it does, or where nobody tells
	Ready     time.Time // zero until it is
	Live      bool      // serves production now
	Candidate bool      // can be rolled back to
	Error     string    // why it failed; ""
}

// WentLive is when the build could first serve.
func (d Deployment) WentLive() time.Time {
	if d.Ready.IsZero() {
		return d.Created
	}
	return d.Ready
}

// Live is the build that serves production; not ok when there is none.
func (d Deployments) Live() (Deployment, bool) {
	for _, row := range d.Rows {
		if row.Live {
			return row, true
		}
	}
	return Deployment{}, false
}

// LiveSince is when the live build began to serve this time, and what brought
// it there: deploy, rollback or promote; not ok when that is not known.
func (d Deployments) LiveSince() (at time.Time, by string, ok bool) {
	live, ok := d.Live()
	if !ok {
		return time.Time{}, "", false
	}
	at = live.WentLive()
	if d.Switch != nil && d.Switch.At.After(at) {
		return d.Switch.At, d.Switch.By, true
	}
	return at, "deploy", !at.IsZero()
}

// Candidate is the newest build older than the live one that can be rolled back to.
func (d Deployments) Candidate() (Deployment, bool) {
	live, ok := d.Live()
	if !ok {
		return Deployment{}, false
	}
	for _, row := range d.Rows {
		if row.Candidate && !row.Live && row.Created.Before(live.Created) {
			return row, true
		}
	}
	return Deployment{}, false
}

// Previous is the build that served before the live one, as far as that is
// known: what was switched away from, else the newest that can be gone back to.
func (d Deployments) Previous() (Deployment, bool) {
	if d.Switch == nil {
		return d.Candidate()
	}
	for _, row := range d.Rows {
		if row.ID == d.Switch.From && !row.Live {
			return row, true
		}
	}
	return Deployment{}, false
}

// Unfinished tells whether a build is queued or under way.
func (d Deployment) Unfinished() bool {
	return d.State == "QUEUED" || d.State == "INITIALIZING" || d.State == "BUILDING"
}

// Newest is the newest build that somebody wants: one that was cancelled is
// none.
func (d Deployments) Newest() (Deployment, bool) {
	for _, row := range d.Rows {
		if row.State != "CANCELED" {
			return row, true
		}
	}
	return Deployment{}, false
}

// Facts implements the snapshot of the store.
func (d Deployments) Facts() []Fact {
	failed, waiting := 0, 0
	for _, row := range d.Rows {
		if row.State == "ERROR" {
			failed++
		}
		if row.Unfinished() {
			waiting++
		}
	}
	newest, _ := d.Newest()
	return []Fact{
		Known("deploy.failed", float64(failed), None, nil),
		flag("deploy.newest_failed", newest.State == "ERROR", "failed: the build of "+newest.Name),
		Known("deploy.unfinished", float64(waiting), None, nil),
		flag("deploy.promotion_off", d.PromotionOff, "off: new builds do not go live until one is promoted"),
	}
}
