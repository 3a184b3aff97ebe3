package cli

import (
	"context"
	"slices"

	"tocsin/collectors"
	"tocsin/internal/audit"
	"tocsin/internal/model"
	"tocsin/internal/store"
	"tocsin/ui"
)

// logs are those of a build at Vercel, by its id. Secrets that we know, and what
// looks like one, are left out.
func (p *program) logs(id string) []ui.LogSource {
	if p.vercel == nil {
		return nil
	}
	sample, _ := store.Get(p.store.View(), store.DeploymentsKey())
	i := slices.IndexFunc(sample.Value.Rows, func(d model.Deployment) bool { return d.ID == id })
	if i < 0 {
		return nil
	}
	name, state := sample.Value.Rows[i].Name, sample.Value.Rows[i].State
	follow := collectors.Logs{Use: p.vercelSite(p.deploys()).Use, ID: id}
	build := ui.LogSource{Name: "build log of " + name, Follow: func(ctx context.Context, put func(model.LogLine)) error {
		return follow.Build(ctx, state != "READY" && state != "ERROR" && state != "CANCELED", p.redacted(put))
	}}
	if state != "READY" {
		return []ui.LogSource{build}
	}
	return []ui.LogSource{{
		Name: "runtime log of " + name,
		Note: "what happens from here on: Vercel's API has no older lines",
		Follow: func(ctx context.Context, put func(model.LogLine)) error {
			return follow.Runtime(ctx, p.redacted(put))
		},
	}, build}
}

// redacted takes secrets out of what is put.
func (p *program) redacted(put func(model.LogLine)) func(model.LogLine) {
	clean := audit.Redactor(p.secrets.known)
	return func(l model.LogLine) {
		l.Text = clean(l.Text)
		put(l)
	}
}
