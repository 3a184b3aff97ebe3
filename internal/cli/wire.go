package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"tocsin/actions"
	"tocsin/collectors"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/config"
	"tocsin/internal/incident"
	"tocsin/internal/model"
	"tocsin/internal/notify"
	"tocsin/internal/pg"
	"tocsin/internal/sched"
	"tocsin/internal/sentry"
	"tocsin/internal/statuspage"
	"tocsin/internal/store"
	"tocsin/internal/supabase"
	"tocsin/internal/vercel"
	"tocsin/internal/web"
)

// program is one target put together: what is read, what is kept of it, what
// is alarmed and what can be done. It is made without any I/O but the
// reading of the rules: the first frame does not wait for a server, and who
// only checks leaves no trace.
type program struct {
	target config.Target
	state  folder
	store  *store.Store
	jobs   []sched.Job
	engine *alert.Engine
	every  time.Duration // between two steps of the rules without news
	keys   string        // file of key bindings; "" for none
	runner *actions.Runner

	promises  promises // to take changes back
	incidents incident.Folder
	shelf     *shelf           // the runbooks
	notifier  *notify.Notifier // nil where nobody is told beyond the screen
	lead      *lead            // of all that watch the target on this machine
	postgres  *pg.Server
	standbys  map[string]*pg.Server // those with an address, by name
	vercel    *once[*vercel.Client]
	supabase  *once[*supabase.Client] // nil where no project is configured
	sentry    *once[*sentry.Client]   // nil where none is configured
	secrets   secrets
	closers   []func()
}

// wire puts a target together.
func wire(valid config.Valid, target config.Target, readOnly bool) (*program, error) {
	rules, err := loadRules(valid.Rules)
	if err != nil {
		return nil, err
	}
	p := &program{
		target: target, state: folderOf(valid, target.Name), engine: alert.New(rules), every: rules.Every, keys: valid.Keys, store: store.New(),
	}
	p.promises = promisesOf(valid, target.Name)
	p.lead = &lead{path: filepath.Join(p.state.dir, leadLock)}
	p.shelf = &shelf{dir: booksDir(valid.Path), rules: rules}
	p.incidents = incidentsOf(valid.StateDir(), audit.Redactor(p.secrets.known))
	if err := errors.Join(p.addPostgres(), p.addPooler(), p.addServices()); err != nil {
		p.close()
		return nil, fmt.Errorf("%s: target %s: %w", valid.Path, target.Name, err)
	}
	add(p, store.HostKey(), &collectors.Host{}, sched.Timing{Every: 5 * time.Second, Timeout: 4 * time.Second, Rate: true})
	p.addProviders()
	p.addWatchers()
	p.addNotify()
	if p.runner, err = p.operations(readOnly); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// close gives all connections back.
func (p *program) close() {
	for _, c := range p.closers {
		c()
	}
}

// wake reads every source now.
func (p *program) wake() {
	for _, j := range p.jobs {
		j.Wake()
	}
}

// wakeGroup reads every source of one server now.
func (p *program) wakeGroup(name string) {
	for _, j := range p.jobs {
		if j.Timing.Group == name {
			j.Wake()
		}
	}
}

// add makes the job of one source. A source of the PostgreSQL server is paced
// by what it costs that server, where it was wired with a server of its own.
func add[T store.Snapshot](p *program, key store.Key[T], src sched.Source[T], t sched.Timing) {
	if p.postgres != nil && t.Cost == nil {
		t.Cost = p.postgres.CostOf(key.Name)
	}
	p.jobs = append(p.jobs, sched.NewJob(p.store, key, src, t))
}

// missing puts a source on the list that nobody configured, with the way to
// get it.
func missing[T store.Snapshot](p *program, key store.Key[T], hint string) {
	cell := store.NewCell(p.store, key, store.Source{})
	cell.Fail(&model.Fail{Class: model.Unconfigured, Text: "not configured", Hint: hint}, time.Now(), 0)
}

// The lead of a server's group never waits longer than leadRetry, so that a
// server that is back is seen at once; two refused connections a second cost it
// nothing. The others wait for the lead's word.
const (
	firstRetry   = 250 * time.Millisecond
	leadRetry    = 500 * time.Millisecond
	longestRetry = 30 * time.Second
	// rareRetry is the first pause of what is read every few minutes only.
	rareRetry = 10 * time.Second
)

func (p *program) addPostgres() error {
	c := p.target.Postgres
	if c == nil {
		hint := "name the server under targets." + p.target.Name + ".postgres"
		missing(p, store.ConnectionsKey(), hint)
		missing(p, store.ActivityKey(), hint)
		missing(p, store.StatementsKey(), hint)
		missing(p, store.TablesKey(), hint)
		p.missServer(hint)
		missing(p, store.IndexesKey(), hint)
		missing(p, store.BloatKey(), hint)
		missing(p, store.SequencesKey(), hint)
		missing(p, store.WraparoundKey(), hint)
		return nil
	}
	server, err := pg.Open(pg.Config{DSN: c.DSN, Password: p.secretOf("postgres", c.Password), Spare: true, Turned: func() { p.wakeGroup("postgres") }})
	if err != nil {
		return err
	}
	p.postgres = server
	p.closers = append(p.closers, server.Close)
	fast := sched.Timing{Every: 2 * time.Second, Timeout: pg.FastLimit + time.Second, Group: "postgres", MaxWait: longestRetry}
	lead := fast
	lead.Retry, lead.MaxWait = firstRetry, leadRetry
	slow := sched.Timing{Every: 10 * time.Second, Timeout: pg.SlowLimit + time.Second, Group: "postgres", MaxWait: longestRetry, Yields: true}
	tables := slow
	tables.Every = 15 * time.Second
	slow.Rate = true
	add(p, store.ConnectionsKey(), collectors.Connections{Server: server.For(store.ConnectionsKey().Name)}, lead)
	add(p, store.ActivityKey(), collectors.Activity{Server: server.For(store.ActivityKey().Name)}, fast)
	add(p, store.StatementsKey(), &collectors.Statements{Server: server.For(store.StatementsKey().Name)}, slow)
	add(p, store.TablesKey(), &collectors.Tables{Server: server.For(store.TablesKey().Name)}, tables)
	p.addServer(server, *c)
	p.addRelations(server)
	return p.addStandbys(c.Standbys)
}

// addRelations adds what of a database changes slowly and costs more to read.
func (p *program) addRelations(server *pg.Server) {
	rare := sched.Timing{Every: 5 * time.Minute, Timeout: pg.SlowLimit + time.Second, Group: "postgres", Retry: rareRetry, MaxWait: 5 * time.Minute, Yields: true}
	add(p, store.IndexesKey(), collectors.Indexes{Server: server.For(store.IndexesKey().Name)}, rare)
	add(p, store.BloatKey(), collectors.Bloat{Server: server.For(store.BloatKey().Name)}, rare)
	add(p, store.SequencesKey(), collectors.Sequences{Server: server.For(store.SequencesKey().Name)}, rare)
	add(p, store.WraparoundKey(), collectors.Wraparound{Server: server.For(store.WraparoundKey().Name)}, rare)
}

// addServices adds what the target itself consists of: applications, probes
// and the cache.
func (p *program) addServices() error {
	var errs []error
	for _, a := range p.target.Apps {
		src, err := collectors.NewApp(collectors.AppOptions{
			Name: a.Name, Metrics: a.Metrics, Requests: a.Requests, Errors: a.Errors, Latency: a.Latency, UserAgent: userAgent(),
			Kept: counted{p.state, a.Name},
		})
		errs = append(errs, err)
		if err == nil {
			p.closers = append(p.closers, src.Close)
			add(p, store.AppKey(a.Name), src, sched.Timing{Every: 5 * time.Second, Timeout: 4 * time.Second, MaxWait: longestRetry, Rate: true})
		}
	}
	for _, c := range p.target.Probes {
		src, err := collectors.NewProbe(probeOptions(c))
		errs = append(errs, err)
		if err == nil {
			add(p, store.ProbeKey(c.Name), src, sched.Timing{Every: 5 * time.Second, Timeout: c.Timeout + time.Second})
		}
	}
	return errors.Join(append(errs, p.addRedis())...)
}

func probeOptions(c config.Probe) collectors.ProbeOptions {
	o := collectors.ProbeOptions{Service: c.Name, Address: c.URL, Timeout: c.Timeout, UserAgent: userAgent()}
	if c.Fresh != nil {
		o.Fresh = &collectors.FreshOptions{JSON: c.Fresh.JSON, Max: c.Fresh.Max, Purge: c.Fresh.Purge, Tag: c.Fresh.Tag}
	}
	return o
}

// addProviders adds those that others run: status pages and deployments.
func (p *program) addProviders() {
	for _, c := range p.target.StatusPages {
		reads := map[string]func(web.Options) *statuspage.Client{"stripe": statuspage.NewStripe}[c.Form]
		if reads == nil {
			reads = statuspage.New
		}
		client := reads(web.Options{Base: c.URL, UserAgent: userAgent()})
		p.closers = append(p.closers, client.Close)
		add(p, store.StatusPageKey(c.Name), collectors.StatusPage{Name: c.Name, URL: c.URL, Client: client},
			sched.Timing{Every: time.Minute, Timeout: 15 * time.Second, MaxWait: 5 * time.Minute})
	}
	p.addSupabase()
	switch {
	case p.target.Vercel != nil:
		p.addVercel(*p.target.Vercel)
	case p.target.Deploy != nil:
		add(p, store.DeploymentsKey(), collectors.CommandDeployments{Name: p.target.Name, Argv: p.target.Deploy.List}, sched.Timing{Every: 30 * time.Second, Timeout: 20 * time.Second, MaxWait: 5 * time.Minute})
	default:
		missing(p, store.DeploymentsKey(), "name the project under targets."+p.target.Name+".vercel, or commands under deploy")
	}
	if p.target.Vercel == nil {
		hint := "name the project under targets." + p.target.Name + ".vercel"
		missing(p, store.DomainsKey(), hint)
		missing(p, store.FirewallKey(), hint)
	}
}

func (p *program) addVercel(c config.Vercel) {
	p.vercel = &once[*vercel.Client]{make: func(ctx context.Context) (*vercel.Client, error) {
		token, err := p.secrets.read(ctx, c.Token)
		if err != nil {
			return nil, secretFail("vercel", err)
		}
		return vercel.New(vercel.Options{Base: c.BaseURL, Project: c.Project, Team: c.Team, Token: token, UserAgent: userAgent()}), nil
	}}
	p.closers = append(p.closers, func() { p.vercel.each(func(v *vercel.Client) { v.Close() }) })
	add(p, store.DeploymentsKey(), vercelDeploys{p.vercel}, sched.Timing{Every: 10 * time.Second, Timeout: 15 * time.Second, MaxWait: 2 * time.Minute})
	p.addVercelSite()
}

// secretFail is what a source says when its secret cannot be read.
func secretFail(source string, err error) error {
	return &model.Fail{Class: model.Denied, Text: fmt.Sprintf("%s: %v", source, err), Hint: "see the secret in the configuration"}
}

// secretOf reads a secret anew for each connection of a source; nil where none
// is configured.
func (p *program) secretOf(source string, ref *config.SecretRef) func(context.Context) (string, error) {
	if ref == nil {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		secret, err := p.secrets.read(ctx, ref)
		if err != nil {
			return "", secretFail(source, err)
		}
		return secret, nil
	}
}
