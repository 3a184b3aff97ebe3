package actions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/vercel"
)

const (
	buildLimit = 20 * time.Minute
	buildPoll  = 2 * time.Second
)

// DeployRedeploy declares that the source of a good build is built anew for
// production.
func DeployRedeploy(v Vercel) Action {
	return Action{
		ID: "deploy.redeploy", Title: "Build again", Verb: "build it", Danger: Disruptive,
		Params:   []Param{{Name: "deployment", Type: TypeDeployment, Help: "id of a good build"}},
		Undo:     "deploy.rollback",
		Measures: v.Deployed,
		Blocked:  v.blocked, Plan: v.planRedeploy, Run: v.redeploy,
	}
}

// DeployCancel declares that a build which is queued or under way is ended.
func DeployCancel(v Vercel) Action {
	return Action{
		ID: "deploy.cancel", Title: "Cancel build", Verb: "cancel it", Danger: Reversible,
		Params:  []Param{{Name: "deployment", Type: TypeDeployment, Help: "id of a build that is queued or under way"}},
		Blocked: v.blocked, Plan: v.planCancel, Run: v.cancel,
	}
}

func (v Vercel) planRedeploy(ctx context.Context, args Args) (Plan, error) {
	now, err := v.Builds.Collect(ctx)
	if err != nil {
		return Plan{}, err
	}
	id := args["deployment"]
	p := Plan{Target: id, Args: Args{"deployment": id, "project": now.Project}}
	from, found := findBuild(now, id)
	live, _ := now.Live()
	switch {
	case !found:
		p.Refuse = "there is no production build " + id + " among the newest"
	case from.State != "READY":
		p.Refuse = fmt.Sprintf("%s is no good build: %s", from.Name, from.State)
	}
	if p.Refuse != "" {
		return p, nil
	}
	p.Steps = []string{fmt.Sprintf("build %s of %s anew for production (%s)", from.Name, now.Project, id)}
	p.Preflight = map[string]any{"from": from.Name, "live": live.Name, "promotion_off": now.PromotionOff}
	if live.ID != "" {
		p.Undo = Args{"deployment": live.ID}
	}
	p.Notes = redeployNotes(now, from, live)
	return p, nil
}

func redeployNotes(now model.Deployments, from, live model.Deployment) []Note {
	notes := []Note{
		{"now live", describe(live)},
		{"builds", describe(from) + ": the same commit, so git and the working tree stay as they are"},
		{"takes", "as long as a build does; to go back at once, R points production at a build that is there"},
		{"environment", "that of today, unlike a rollback"},
		{"may differ", "what the build fetches without a fixed version"},
	}
	if now.PromotionOff {
		return append(notes, Note{"afterwards", "promotion is off since a rollback: it does not go live until it is promoted"})
	}
	return append(notes, Note{"afterwards", "it goes live by itself when it is ready"})
}

func (v Vercel) redeploy(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	before, err := v.Builds.Collect(ctx)
	if err != nil {
		return Result{}, err
	}
	began, id := time.Now(), ""
	lost := v.Use(ctx, func(c *vercel.Client) (err error) {
		id, err = c.Redeploy(ctx, p.Args["deployment"], p.Args["project"])
		return err
	})
	switch {
	case lost != nil && vercel.Refused(lost):
		return Result{}, lost
	case lost != nil || id == "":
		if id, err = v.appeared(ctx, before, p.Args["deployment"]); err != nil {
			return Result{Unsure: fmt.Sprintf("the request had no answer (%v), and %v", lost, err)}, nil
		}
	}
	built, err := v.follow(ctx, id, step)
	name := buildText(built, id)
	switch {
	case err != nil:
		return Result{Done: p.Steps, Unsure: fmt.Sprintf("%s is asked for (%s), Vercel goes on with it: %v", name, id, err)}, nil
	case built.State != "READY":
		return Result{}, fmt.Errorf("%s ended as %s: %s", name, built.State, built.Error)
	}
	summary := fmt.Sprintf("%s is built after %s", name, took(time.Since(began)))
	return Result{Done: p.Steps, Summary: summary + v.goesLive(ctx, id)}, nil
}

// appeared finds the build that an unanswered request may have made.
func (v Vercel) appeared(ctx context.Context, before model.Deployments, from string) (id string, err error) {
	source, _ := findBuild(before, from)
	now, err := v.Builds.Collect(ctx)
	if err != nil {
		return "", err
	}
	for _, row := range now.Rows {
		if _, old := findBuild(before, row.ID); !old && row.Commit == source.Commit {
			return row.ID, nil
		}
	}
	return "", fmt.Errorf("no new build of %s is to be seen", source.Name)
}

// follow watches a build to its end.
func (v Vercel) follow(ctx context.Context, id string, step func(Progress)) (d vercel.Deployment, err error) {
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	tick := time.NewTicker(buildPoll)
	defer tick.Stop()
	for {
		err = v.Use(ctx, func(c *vercel.Client) (err error) {
			d, err = c.Deployment(ctx, id)
			return err
		})
		if err == nil {
			step(Progress{Text: "Vercel: " + d.State, Part: -1})
			if slices.Contains([]string{"READY", "ERROR", "CANCELED"}, d.State) {
				return d, nil
			}
		}
		select {
		case <-tick.C: // a build is followed until its time is up, whatever one read says
		case <-ctx.Done():
			return d, fmt.Errorf("no longer watched, it was %s", d.State)
		}
	}
}

// goesLive waits until production serves a new build, where it is to.
func (v Vercel) goesLive(ctx context.Context, id string) string {
	ctx, cancel := context.WithTimeout(ctx, acceptWithin)
	defer cancel()
	tick := time.NewTicker(buildPoll)
	defer tick.Stop()
	for {
		now, err := v.Builds.Collect(ctx)
		live, _ := now.Live()
		switch {
		case err == nil && live.ID == id:
			return " and live"
		case err == nil && now.PromotionOff:
			return "; promotion is off, so it waits to be promoted"
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "; it is not live yet"
		}
	}
}

// buildText names a build: as its pipeline does, else by its id.
func buildText(d vercel.Deployment, id string) string {
	if d.Build != "" {
		return d.Build
	}
	return id
}

func (v Vercel) planCancel(ctx context.Context, args Args) (Plan, error) {
	now, err := v.Builds.Collect(ctx)
	if err != nil {
		return Plan{}, err
	}
	id := args["deployment"]
	p := Plan{Target: id, Args: Args{"deployment": id}}
	row, found := findBuild(now, id)
	switch {
	case !found:
		p.Refuse = "there is no production build " + id + " among the newest"
	case !row.Unfinished():
		p.Refuse = fmt.Sprintf("%s is not under way: %s", row.Name, row.State)
	}
	p.Steps = []string{fmt.Sprintf("cancel the build of %s (%s), which is %s", row.Name, id, row.State)}
	p.Notes = []Note{
		{"ends", describe(row)},
		{"will not", "change what production serves; the commit stays where it is and can be built again"},
	}
	return p, nil
}

func (v Vercel) cancel(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
	state := ""
	err := v.settle(ctx, func(c *vercel.Client) error { return c.CancelBuild(ctx, p.Target) },
		func(c *vercel.Client) (bool, error) {
			d, err := c.Deployment(ctx, p.Target)
			state = d.State
			return d.State == "CANCELED" || d.State == "READY" || d.State == "ERROR", err
		})
	if err == nil && state != "CANCELED" {
		return Result{}, fmt.Errorf("it had ended before: %s", state)
	}
	return siteOutcome(p, "the build is cancelled", err)
}
