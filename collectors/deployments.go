package collectors

import (
	"context"
	"fmt"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/vercel"
)

// deploymentsListed is how far back the list of deployments goes.
const deploymentsListed = 20

// Deployments reads what runs in production and what ran before.
// Source: Vercel, three requests.
type Deployments struct{ Vercel *vercel.Client }

// Collect reads the project, the list and what serves production now. Where
// production was switched between, it reads them once more: a list from before
// a switch tells wrongly what can be gone back to.
func (d Deployments) Collect(ctx context.Context) (model.Deployments, error) {
	got, err := d.read(ctx)
	if err == nil && got.torn() {
		got, err = d.read(ctx)
	}
	if err != nil {
		return model.Deployments{}, err
	}
	out := model.Deployments{Project: d.Vercel.Name(), PromotionOff: rolledBack(got.project), Switch: switched(got.project, got.live)}
	if said := got.project.RolledBack; out.PromotionOff && said != nil {
		out.Rolled = &model.Rolled{By: said.By, Why: said.Text}
	}
	for _, row := range got.rows {
		out.Rows = append(out.Rows, deployment(row, got.live))
	}
	return d.withLive(ctx, out, got.live)
}

// answers are what Vercel said to one round of requests, in this order.
type answers struct {
	project vercel.Project
	rows    []vercel.Deployment
	live    string // id; "" where nothing serves
}

// torn tells whether production was switched while it was read.
func (a answers) torn() bool { return a.project.Production != a.live }

func (d Deployments) read(ctx context.Context) (out answers, err error) {
	if out.project, err = d.Vercel.Project(ctx); err != nil {
		return out, fmt.Errorf("read the project: %w", err)
	}
	if out.rows, err = d.Vercel.Deployments(ctx, deploymentsListed); err != nil {
		return out, fmt.Errorf("list deployments: %w", err)
	}
	live, ok, err := d.Vercel.Live(ctx)
	if err != nil {
		return out, fmt.Errorf("read the production deployment: %w", err)
	}
	if out.live = live; !ok {
		out.live = out.project.Production
	}
	return out, nil
}

// withLive adds the deployment that serves production when it is older than
// the list goes back.
func (d Deployments) withLive(ctx context.Context, out model.Deployments, live string) (model.Deployments, error) {
	if _, listed := out.Live(); listed || live == "" {
		return out, nil
	}
	row, err := d.Vercel.Deployment(ctx, live)
	if err != nil {
		return model.Deployments{}, fmt.Errorf("read the production deployment: %w", err)
	}
	out.Rows = append(out.Rows, deployment(row, live))
	return out, nil
}

// rolledBack tells whether promotion is off because of a rollback; a team may
// also have chosen to promote by hand.
func rolledBack(p vercel.Project) bool {
	return p.PromotionOff && p.LastSwitch != nil && p.LastSwitch.Kind == "rollback"
}

// switched is the newest switch where it is what made the live build serve; a
// build that was deployed since makes it history.
func switched(p vercel.Project, live string) *model.Switched {
	last := p.LastSwitch
	if last == nil || last.Status != "succeeded" || last.To != live || last.Requested.IsZero() {
		return nil
	}
	return &model.Switched{At: last.Requested, By: last.Kind, From: last.From}
}

func deployment(d vercel.Deployment, live string) model.Deployment {
	message, _, _ := strings.Cut(d.Message, "\n")
	return model.Deployment{
		ID: d.ID, Name: buildName(d), URL: d.URL, State: d.State,
		Commit: d.Commit, Message: message, Author: d.Author,
		Created: d.Created, Building: d.Building, Ready: d.Ready,
		Live: d.ID == live, Candidate: d.Candidate, Error: d.Error,
	}
}

// buildName is what people call a deployment: the name its pipeline gave it,
// else the short commit, else the start of its id.
func buildName(d vercel.Deployment) string {
	const short = 7
	id := strings.TrimPrefix(d.ID, "dpl_")
	switch {
	case d.Build != "":
		return d.Build
	case d.Commit != "":
		return d.Commit[:min(short, len(d.Commit))]
	}
	return id[:min(short, len(id))]
}
