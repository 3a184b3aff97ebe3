package provider

import (
	"fmt"
	"net/http"
	"time"
)

// construction is how far a build is.
type construction struct {
	state    string    // QUEUED BUILDING READY ERROR CANCELED
	building time.Time // zero until it begins
	ready    time.Time // zero until it is
	fault    string    // why it failed
	log      *feed
	cancel   chan struct{} // closed when somebody asks to end it
	anew     bool          // built from the source of another one
}

// buildLines is how many lines of a build are kept.
const buildLines = 10_000

func newConstruction() construction {
	return construction{state: "QUEUED", log: newFeed(buildLines), cancel: make(chan struct{})}
}

// buildEvent is one line of a build's log.
type buildEvent struct {
	Type    string       `json:"type"`
	Created int64        `json:"created"`
	Payload buildPayload `json:"payload"`
}

type buildPayload struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Date int64  `json:"date"`
}

func (c *construction) say(at time.Time, kind, text string) {
	c.log.put(buildEvent{kind, at.UnixMilli(), buildPayload{fmt.Sprint(at.UnixNano()), text, at.UnixMilli()}})
}

// begin starts the building.
func (c *construction) begin(at time.Time) {
	c.state, c.building = "BUILDING", at
	for _, text := range []string{"Running build in iad1", "Cloning the repository", "Installing dependencies", "added 412 packages in 2s", "Running \"build\""} {
		c.say(at, "stdout", text)
	}
}

// finish ends the building, well where there is no fault.
func (c *construction) finish(at time.Time, fault string) {
	if c.building.IsZero() {
		c.begin(at)
	}
	c.state, c.ready = "READY", at
	if fault == "" {
		c.say(at, "stdout", "Compiled successfully")
		c.say(at, "stdout", "Build completed")
	} else {
		c.state, c.ready, c.fault = "ERROR", time.Time{}, fault
		c.say(at, "stderr", "Error: "+fault)
		c.say(at, "stdout", "Command \"npm run build\" exited with 1")
	}
	c.log.end()
}

// Start adds a production build that takes its time, and returns its id. It
// ends in an error where fault says why, and goes live by itself otherwise as
// [Vercel.Deploy] says.
func (v *Vercel) Start(b Build, pace Pace, fault string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.start(v.add(b), pace, fault).id
}

// start builds a deployment. The caller holds mu.
func (v *Vercel) start(d *deployment, pace Pace, fault string) *deployment {
	v.building.Go(func() {
		if v.pass(d, pace.Queue) && v.underWay(d) && v.pass(d, pace.Build) {
			v.built(d, fault)
		}
	})
	return d
}

// pass lets time pass; false when the build was cancelled meanwhile.
func (v *Vercel) pass(d *deployment, span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.cancel:
	case <-v.closed:
	}
	return false
}

func (v *Vercel) underWay(d *deployment) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if d.state == "CANCELED" {
		return false
	}
	d.begin(v.opts.Now())
	return true
}

func (v *Vercel) built(d *deployment, fault string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if d.state == "CANCELED" {
		return
	}
	d.finish(v.opts.Now(), fault)
	if fault == "" {
		v.assign(d)
	}
}

// redeployBody is what a redeploy asks for.
type redeployBody struct {
	DeploymentID string            `json:"deploymentId"`
	Name         string            `json:"name"`
	Target       string            `json:"target"`
	Meta         map[string]string `json:"meta"`
}

// create builds the source of a deployment anew. Nothing else is made here.
func (v *Vercel) create(w http.ResponseWriter, r *http.Request) {
	var ask redeployBody
	if p := readBody(r, &ask); p != nil {
		writeProblem(w, p)
		return
	}
	v.mu.Lock()
	from := v.find(ask.DeploymentID)
	v.mu.Unlock()
	switch {
	case from == nil:
		writeProblem(w, notFound("The deployment was not found."))
		return
	case ask.Name != v.opts.Project || ask.Target != "production" || v.opts.Rebuild == nil:
		writeProblem(w, &problem{http.StatusBadRequest, "bad_request", "Only production of the project is built anew."})
		return
	}
	build, err := v.opts.Rebuild(from.build.Name)
	if err != nil {
		writeProblem(w, &problem{http.StatusBadRequest, "bad_request", err.Error()})
		return
	}
	build.Commit, build.Message, build.Author = from.build.Commit, from.build.Message, from.build.Author
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.add(build)
	d.anew = true
	v.start(d, v.opts.Pace, "")
	writeJSON(w, http.StatusOK, v.changed(d))
}

// stop ends a build that is queued or under way.
func (v *Vercel) stop(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.find(r.PathValue("id"))
	switch {
	case d == nil:
		writeProblem(w, notFound("The deployment was not found."))
	case d.state != "QUEUED" && d.state != "BUILDING":
		writeProblem(w, &problem{http.StatusBadRequest, "bad_request", "The deployment cannot be canceled: it is " + d.state + "."})
	default:
		d.state = "CANCELED"
		d.say(v.opts.Now(), "stdout", "Build canceled")
		d.log.end()
		close(d.cancel)
		writeJSON(w, http.StatusOK, v.changed(d))
	}
}
