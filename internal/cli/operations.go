package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/actions"
	"tocsin/collectors"
	"tocsin/internal/audit"
	"tocsin/internal/model"
	"tocsin/internal/redis"
	"tocsin/internal/store"
	"tocsin/internal/vercel"
)

// operations makes the runner with everything that can be done here. An
// action whose server is not configured stays listed and says so.
func (p *program) operations(readOnly bool) (*actions.Runner, error) {
	log := &record{dir: p.state.root, opts: audit.Options{
		Host: hostname(), Target: p.target.Name, Who: audit.Me(), Secrets: p.secrets.known,
	}}
	cache, err := p.cache()
	if err != nil {
		return nil, err
	}
	o := actions.Options{
		Server: p.target.Name, ReadOnly: readOnly, Audit: log, Facts: storeFacts{p.store}, Refresh: p.wake,
		Promises: p.promises, By: audit.Me().User, Incident: p.currentIncident,
	}
	deploys := p.deploys()
	servers := actions.Standbys{Server: p.postgres, Named: p.standbys}
	return actions.NewRunner(o, slices.Concat(declared(servers, deploys, cache, marks{p.state, p.engine}, p.issues()),
		declaredAtVercel(p.vercelSite(deploys)), declaredAtSupabase(p.project()))...)
}

// currentIncident is the name of the incident that is open on the target, for
// the audit; "" when there is none.
func (p *program) currentIncident() string {
	s, err := p.incidents.Current(p.target.Name)
	if err != nil {
		return ""
	}
	return s.ID
}

// declared lists every action there is, on these servers.
func declared(servers actions.Standbys, deploys actions.Deploys, cache actions.Cache, marker actions.Marker, issues actions.Issues) []actions.Action {
	postgres := servers.Server
	return []actions.Action{
		actions.Cancel(postgres), actions.Terminate(postgres), actions.TerminateAll(postgres), actions.Explain(postgres), actions.Vacuum(postgres),
		actions.Analyze(postgres), actions.VacuumFull(postgres, actions.FreeBytes), actions.Reindex(postgres, actions.FreeBytes),
		actions.IndexCreate(postgres, actions.FreeBytes), actions.IndexDrop(postgres),
		actions.ReplayResume(servers), actions.ReplayPause(servers), actions.SlotDrop(postgres),
		actions.DeployRollback(deploys), actions.DeployPromote(deploys), actions.CachePurge(cache),
		actions.AlertAcknowledge(marker), actions.AlertUnacknowledge(marker), actions.AlertMute(marker), actions.AlertUnmute(marker),
		actions.ErrorResolve(issues), actions.ErrorIgnore(issues), actions.ErrorUnresolve(issues), actions.ErrorAssign(issues),
	}
}

// effectWithin is how long the applications' numbers may take to show what a
// deployment or a purge did: the shortest window is a minute.
const effectWithin = 75 * time.Second

// deploys is what the deployment actions work with: the provider, or commands.
func (p *program) deploys() actions.Deploys {
	d := actions.Deploys{}
	if p.postgres != nil {
		d.Migrator = actions.Migrations{Server: p.postgres}
	}
	for _, a := range p.target.Apps {
		labels := model.Labels{"app": a.Name, "window": "1m"}
		d.Measures = append(d.Measures,
			actions.Measure{Name: "errors", Metric: "http.error_rate", Labels: labels, Better: actions.Lower, Within: effectWithin},
			actions.Measure{Name: "p95", Metric: "http.p95", Labels: labels, Better: actions.Lower, Within: effectWithin})
	}
	switch {
	case p.vercel != nil:
		d.Read, d.Switch = vercelDeploys{p.vercel}, vercelDeploys{p.vercel}
	case p.target.Deploy != nil:
		c := p.target.Deploy
		d.Read = collectors.CommandDeployments{Name: p.target.Name, Argv: c.List}
		d.Switch = actions.Commands{Rollback: c.Rollback, Promote: c.Promote, Output: p.state.dir}
	}
	return d
}

// vercelDeploys reads and switches deployments at Vercel through a client that
// is made when it is first needed.
type vercelDeploys struct{ client *once[*vercel.Client] }

// Collect implements actions.DeploymentReader.
func (v vercelDeploys) Collect(ctx context.Context) (model.Deployments, error) {
	return use(ctx, v.client, func(c *vercel.Client) (model.Deployments, error) {
		return collectors.Deployments{Vercel: c}.Collect(ctx)
	})
}

// Busy implements actions.Switcher.
func (v vercelDeploys) Busy(ctx context.Context) (string, error) {
	return use(ctx, v.client, func(c *vercel.Client) (string, error) { return actions.VercelSwitch{Client: c}.Busy(ctx) })
}

// Notes implements actions.Switcher.
func (v vercelDeploys) Notes(ctx context.Context, s actions.SwitchCase) []actions.Note {
	notes, err := use(ctx, v.client, func(c *vercel.Client) ([]actions.Note, error) {
		return actions.VercelSwitch{Client: c}.Notes(ctx, s), nil
	})
	if err != nil {
		return []actions.Note{{Label: "not known", Text: "what changes beside the build: " + err.Error()}}
	}
	return notes
}

// Switch implements actions.Switcher.
func (v vercelDeploys) Switch(ctx context.Context, o actions.SwitchOrder) error {
	_, err := use(ctx, v.client, func(c *vercel.Client) (struct{}, error) {
		return struct{}{}, actions.VercelSwitch{Client: c}.Switch(ctx, o)
	})
	return err
}

// judgePurge gives the numbers by which a purge is judged: what of the cache
// never ends where it removes such keys, the age of the pages that it freshens,
// else the errors of the applications.
func (p *program) judgePurge(prefix string) []actions.Measure {
	var out []actions.Measure
	if p.neverEnds(prefix) {
		out = append(out, actions.Measure{Name: "keys without an end", Metric: "cache.unending", Better: actions.Lower, Within: effectWithin})
	}
	for _, c := range p.target.Probes {
		if c.Fresh == nil || c.Fresh.Purge == "" {
			continue
		}
		own := strings.TrimRight(c.Fresh.Purge, "*")
		if strings.HasPrefix(own, prefix) || strings.HasPrefix(prefix, own) {
			out = append(out, ageMeasure(c.Name))
		}
	}
	for _, a := range p.target.Apps {
		out = append(out, actions.Measure{
			Name: "errors", Metric: "http.error_rate", Labels: model.Labels{"app": a.Name, "window": "1m"},
			Better: actions.Lower, Within: effectWithin,
		})
	}
	return out
}

// neverEnds tells whether most keys with a prefix have no end, as last read.
func (p *program) neverEnds(prefix string) bool {
	keys, _ := store.Get(p.store.View(), store.KeyspaceKey())
	return slices.ContainsFunc(keys.Value.Prefixes, func(k model.Prefix) bool {
		return k.Name != "" && strings.HasPrefix(k.Name, prefix) && k.Forever != nil && *k.Forever > 50
	})
}

// cache is what the cache actions work with: one connection of their own,
// opened when it is first needed.
func (p *program) cache() (actions.Cache, error) {
	out := actions.Cache{Facts: storeFacts{p.store}, Judge: p.judgePurge}
	c := p.target.Redis
	if c == nil {
		return out, nil
	}
	client, err := redis.New(redis.Options{
		URL: c.URL, Password: p.secretOf("redis", c.Password), CA: c.CA,
		RESTURL: c.RESTURL, RESTToken: p.secretOf("redis", c.RESTToken), UserAgent: userAgent(),
	})
	if err != nil {
		return out, err
	}
	p.closers = append(p.closers, func() { _ = client.Close() })
	out.Redis = client
	return out, nil
}
