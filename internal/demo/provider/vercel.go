// Package provider imitates the providers around the demo company: a Vercel
// that deploys, rolls back and promotes, and status pages. It speaks the
// documented wire shapes and keeps state, so that a change asked for over HTTP
// has a consequence. It must not know the dashboard or its clients.
package provider

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// activateTimeout bounds one switch of production.
const activateTimeout = 30 * time.Second

// VercelOptions describes the project that a [Vercel] serves.
type VercelOptions struct {
	Project string // project name; its id is "prj_" and the name
	Team    string // team slug; its id is "team_" and the slug; "" is a personal account
	Token   string // the only bearer token that is accepted
	Plan    string // hobby, pro or enterprise; "" is pro. hobby rolls back one step only

	// Activate makes production serve the named build. It is called outside any
	// lock, one call at a time; a switch succeeds only after it returned nil.
	// nil means that there is nothing to switch.
	Activate func(ctx context.Context, deploymentID, name string) error
	// Rebuild makes a new build of the source of the named one; nil means that
	// nothing can be built anew.
	Rebuild func(name string) (Build, error)
	// Purge marks what the CDN has with one of these tags as stale, or removes
	// it; nil means that there is no CDN.
	Purge func(tags []string, remove bool)

	Pace    Pace          // of builds that take time
	Site    Site          // what else the project has
	LogLife time.Duration // after which a runtime log has reached its limit; 0 is 5 minutes

	Now func() time.Time // nil is time.Now
}

// Pace is how long a build takes; the zero value takes no time.
type Pace struct{ Queue, Build time.Duration }

// Site is what a project has besides its deployments.
type Site struct {
	Domains   []Domain
	Variables []Variable
	Crons     []Cron
}

// Domain is a host name of production.
type Domain struct {
	Name     string
	Redirect string    // "" where it serves
	CertEnds time.Time // zero for no certificate
	Lost     bool      // it does not point here
}

// Variable is an environment variable of production.
type Variable struct {
	Key     string
	Updated time.Time
}

// Cron is a path that is called on a schedule.
type Cron struct{ Path, Schedule string }

// Build is what a deployment is made of.
type Build struct {
	Name    string    // v1, v2, ...
	Commit  string    // git SHA
	Message string    // commit message
	Author  string    // login of the commit's author
	Created time.Time // zero is the time of [Vercel.Deploy]
}

// Vercel is one project at a pretended Vercel. It is an [http.Handler] for the
// API's base address and safe for use by many goroutines.
type Vercel struct {
	opts  VercelOptions
	mux   *http.ServeMux
	quota *quota

	mu          sync.Mutex
	deployments []*deployment // oldest first
	live        *deployment   // nil until the first build serves
	previous    *deployment   // what served before live; nil when nothing did
	autoAssign  bool          // new production builds go live by themselves
	last        *aliasRequest // newest rollback or promote; nil when none was asked for
	note        *rollbackNote // why production was rolled back; nil after a promote
	tail        chan struct{} // closed when the newest switch has ended

	firewall firewall
	closed   chan struct{} // ends builds that take time
	building sync.WaitGroup
}

// deployment is one production build.
type deployment struct {
	id    string
	url   string
	build Build
	construction

	runtime *feed // what it logs while it serves
	// served tells that production has pointed here, which makes it a
	// candidate for a rollback.
	served bool
}

// aliasRequest is the newest request to point production elsewhere.
type aliasRequest struct {
	from, to  string // deployment ids; from is "" when nothing served
	status    string // pending, in-progress, succeeded, failed
	requested time.Time
	kind      string // promote or rollback
}

// rollbackNote is the operator's reason for a rollback.
type rollbackNote struct {
	text string
	at   time.Time
}

// NewVercel returns a project without deployments.
func NewVercel(opts VercelOptions) *Vercel {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Plan == "" {
		opts.Plan = "pro"
	}
	idle := make(chan struct{})
	close(idle)
	if opts.LogLife == 0 {
		opts.LogLife = 5 * time.Minute
	}
	v := &Vercel{opts: opts, autoAssign: true, tail: idle, quota: newQuota(opts.Now), closed: make(chan struct{})}
	v.firewall.begin()
	v.mux = v.routes()
	return v
}

// Deploy adds a finished production build and returns its deployment id. The
// build goes live after the switches asked for before it, unless promotion is
// off since a rollback; then it waits to be promoted.
func (v *Vercel) Deploy(b Build) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.add(b)
	d.finish(d.build.Created, "")
	v.assign(d)
	return d.id
}

// add enters a deployment in the list. The caller holds mu.
func (v *Vercel) add(b Build) *deployment {
	if b.Created.IsZero() {
		b.Created = v.opts.Now()
	}
	d := newDeployment(v.opts.Project, b, len(v.deployments))
	for v.createdAt(d.build.Created) { // the list is paged by this time, so it has to be unique
		d.build.Created = d.build.Created.Add(time.Millisecond)
	}
	v.deployments = append(v.deployments, d)
	slices.SortStableFunc(v.deployments, func(a, b *deployment) int { return a.build.Created.Compare(b.build.Created) })
	return d
}

// assign points production at a finished build, unless promotion is off. The
// caller holds mu.
func (v *Vercel) assign(d *deployment) {
	v.enqueue(func(ctx context.Context) {
		if v.promotes() && v.activate(ctx, d) == nil {
			v.point(d)
		}
	})
}

// Close ends the builds that are under way.
func (v *Vercel) Close() {
	close(v.closed)
	v.building.Wait()
}

// Live returns the id and the build name of what serves production; both are
// "" until the first build serves.
func (v *Vercel) Live() (id, name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.live == nil {
		return "", ""
	}
	return v.live.id, v.live.build.Name
}

// Wait blocks until every switch that was asked for before the call has ended.
func (v *Vercel) Wait(ctx context.Context) error {
	v.mu.Lock()
	tail := v.tail
	v.mu.Unlock()
	select {
	case <-tail:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *Vercel) createdAt(at time.Time) bool {
	return slices.ContainsFunc(v.deployments, func(d *deployment) bool {
		return d.build.Created.UnixMilli() == at.UnixMilli()
	})
}

// enqueue runs a switch after all earlier ones. The caller holds mu.
func (v *Vercel) enqueue(run func(context.Context)) {
	before, done := v.tail, make(chan struct{})
	v.tail = done
	go func() {
		defer close(done)
		<-before
		ctx, cancel := context.WithTimeout(context.Background(), activateTimeout)
		defer cancel()
		run(ctx)
	}()
}

func (v *Vercel) activate(ctx context.Context, d *deployment) error {
	if v.opts.Activate == nil {
		return nil
	}
	return v.opts.Activate(ctx, d.id, d.build.Name)
}

func (v *Vercel) promotes() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.autoAssign
}

// point makes d the deployment that serves production.
func (v *Vercel) point(d *deployment) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.previous, v.live = v.live, d
	d.served = true
}

// request asks for a switch of production. The caller holds mu and has checked
// that none is under way.
func (v *Vercel) request(kind string, d *deployment, note string) {
	r := &aliasRequest{to: d.id, status: "pending", requested: v.opts.Now(), kind: kind}
	if v.live != nil {
		r.from = v.live.id
	}
	v.last = r
	v.enqueue(func(ctx context.Context) {
		v.setStatus(r, "in-progress")
		if err := v.activate(ctx, d); err != nil {
			v.setStatus(r, "failed")
			return
		}
		v.point(d)
		v.settle(r, note)
	})
}

func (v *Vercel) setStatus(r *aliasRequest, status string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r.status = status
}

// settle records a switch that succeeded. A rollback turns promotion off, a
// promote turns it on again.
func (v *Vercel) settle(r *aliasRequest, note string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r.status = "succeeded"
	v.autoAssign = r.kind == "promote"
	v.note = nil
	if r.kind == "rollback" {
		v.note = &rollbackNote{text: note, at: r.requested}
	}
}

// switching tells whether a rollback or promote is under way. The caller holds mu.
func (v *Vercel) switching() bool {
	return v.last != nil && (v.last.status == "pending" || v.last.status == "in-progress")
}

// find returns the deployment with this id or host name, nil when there is
// none. The caller holds mu.
func (v *Vercel) find(idOrURL string) *deployment {
	host := strings.TrimPrefix(idOrURL, "https://")
	for _, d := range v.deployments {
		if d.id == idOrURL || d.url == host {
			return d
		}
	}
	return nil
}
