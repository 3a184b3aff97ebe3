package cli

import (
	"context"
	"time"

	"tocsin/collectors"
	"tocsin/internal/config"
	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/prom"
	"tocsin/internal/sched"
	"tocsin/internal/sentry"
	"tocsin/internal/store"
	"tocsin/internal/stripe"
)

// lazy reads a source through a client that is made when it is first needed,
// because its secret may take a while.
type lazy[C comparable, T store.Snapshot] struct {
	client *once[C]
	read   func(ctx context.Context, client C) (T, error)
}

// Collect implements sched.Source.
func (l lazy[C, T]) Collect(ctx context.Context) (T, error) {
	return use(ctx, l.client, func(c C) (T, error) { return l.read(ctx, c) })
}

// client makes what a source is read through, once its secret is there.
func client[C comparable](p *program, source string, ref *config.SecretRef, make func(secret string) C, end func(C)) *once[C] {
	o := &once[C]{make: func(ctx context.Context) (C, error) {
		secret, err := p.secrets.read(ctx, ref)
		if err != nil {
			var none C
			return none, secretFail(source, err)
		}
		return make(secret), nil
	}}
	p.closers = append(p.closers, func() { o.each(end) })
	return o
}

// addWatchers adds the services that watch the target or its business.
func (p *program) addWatchers() {
	p.addPrometheus()
	p.addSentry()
	p.addStripe()
	p.addGauges()
}

func (p *program) addPrometheus() {
	c := p.target.Prometheus
	if c == nil || c.Hosts == nil {
		missing(p, store.FleetKey(), "name a Prometheus with hosts: {} under targets."+p.target.Name+".prometheus")
	}
	if c == nil {
		return
	}
	made := client(p, "prometheus", c.Token, func(token string) *prom.Client {
		return prom.New(prom.Options{Base: c.URL, User: c.User, Token: token, Tenant: c.Tenant, UserAgent: userAgent()})
	}, (*prom.Client).Close)
	timing := sched.Timing{Every: 15 * time.Second, Timeout: 12 * time.Second, MaxWait: time.Minute, Group: "prometheus"}
	for _, a := range c.Apps {
		// One source for all clients: it remembers what it has told.
		src := &promApp{opts: collectors.PromAppOptions{Name: a.Name, Requests: a.Requests, Errors: a.Errors, Latency: a.Latency}}
		add(p, store.AppKey(a.Name), lazy[*prom.Client, model.App]{made, src.read}, timing)
	}
	if h := c.Hosts; h != nil {
		timing.Every, timing.Timeout = 30*time.Second, 20*time.Second
		opts := collectors.PromFleetOptions{Label: h.Label, Up: h.Up, CPU: h.CPU, Memory: h.Memory, Disk: h.Disk}
		add(p, store.FleetKey(), lazy[*prom.Client, model.Fleet]{made, func(ctx context.Context, c *prom.Client) (model.Fleet, error) {
			return collectors.NewPromFleet(c, opts).Collect(ctx)
		}}, timing)
	}
}

// promApp is an application at a Prometheus, for whichever client there is.
type promApp struct {
	opts   collectors.PromAppOptions
	client *prom.Client
	source *collectors.PromApp
}

func (a *promApp) read(ctx context.Context, c *prom.Client) (model.App, error) {
	if a.client != c {
		a.client, a.source = c, collectors.NewPromApp(c, a.opts)
	}
	return a.source.Collect(ctx)
}

func (p *program) addSentry() {
	c := p.target.Sentry
	if c == nil {
		missing(p, store.SentryIssuesKey(), "name the organization under targets."+p.target.Name+".sentry")
		return
	}
	p.sentry = client(p, "sentry", c.Token, func(token string) *sentry.Client {
		return sentry.New(sentry.Options{Base: c.BaseURL, Org: c.Org, Projects: c.Projects, Token: token, UserAgent: userAgent()})
	}, (*sentry.Client).Close)
	// Sentry counts the calls of each endpoint by itself, and drops what is too much: rather seldom than refused.
	timing := func(every time.Duration) sched.Timing {
		return sched.Timing{Every: every, Timeout: 20 * time.Second, MaxWait: max(5*time.Minute, every)}
	}
	issues := &sentryIssues{}
	add(p, store.SentryIssuesKey(), lazy[*sentry.Client, model.SentryIssues]{p.sentry, issues.read}, timing(15*time.Second))
	add(p, store.SentryTrafficKey(), lazy[*sentry.Client, model.SentryTraffic]{p.sentry, func(ctx context.Context, c *sentry.Client) (model.SentryTraffic, error) {
		return collectors.SentryTraffic{Client: c}.Collect(ctx)
	}}, timing(30*time.Second))
	add(p, store.SentrySessionsKey(), lazy[*sentry.Client, model.SentrySessions]{p.sentry, func(ctx context.Context, c *sentry.Client) (model.SentrySessions, error) {
		return collectors.SentrySessions{Client: c}.Collect(ctx)
	}}, timing(10*time.Minute))
	add(p, store.SentryCronsKey(), lazy[*sentry.Client, model.SentryCrons]{p.sentry, func(ctx context.Context, c *sentry.Client) (model.SentryCrons, error) {
		return collectors.SentryCrons{Client: c}.Collect(ctx)
	}}, timing(time.Minute))
	limit := c.Quota
	add(p, store.SentryQuotaKey(), lazy[*sentry.Client, model.SentryQuota]{p.sentry, func(ctx context.Context, c *sentry.Client) (model.SentryQuota, error) {
		return collectors.SentryQuota{Client: c, Limit: limit}.Collect(ctx)
	}}, timing(10*time.Minute))
}

// sentryIssues are the issues at Sentry, for whichever client there is.
type sentryIssues struct {
	client *sentry.Client
	source *collectors.SentryIssues
}

func (s *sentryIssues) read(ctx context.Context, c *sentry.Client) (model.SentryIssues, error) {
	if s.client != c {
		s.client, s.source = c, collectors.NewSentryIssues(c)
	}
	return s.source.Collect(ctx)
}

func (p *program) addStripe() {
	c := p.target.Stripe
	if c == nil {
		missing(p, store.PaymentsKey(), "name a restricted key under targets."+p.target.Name+".stripe")
		return
	}
	made := client(p, "stripe", c.Key, func(key string) *stripe.Client {
		return stripe.New(stripe.Options{Base: c.BaseURL, Key: key})
	}, (*stripe.Client).Close)
	zone, err := time.LoadLocation(c.Zone)
	if err != nil { // the configuration was checked: the file went away since
		zone = time.UTC
	}
	add(p, store.PaymentsKey(), lazy[*stripe.Client, model.Payments]{made, func(ctx context.Context, c *stripe.Client) (model.Payments, error) {
		return collectors.Payments{Client: c, Zone: zone, Now: time.Now}.Collect(ctx)
	}}, sched.Timing{Every: time.Minute, Timeout: 40 * time.Second, MaxWait: 5 * time.Minute})
	add(p, store.RevenueKey(), lazy[*stripe.Client, model.Revenue]{made, func(ctx context.Context, c *stripe.Client) (model.Revenue, error) {
		return collectors.Revenue{Client: c, Now: time.Now}.Collect(ctx)
	}}, sched.Timing{Every: 30 * time.Minute, Timeout: 2 * time.Minute, MaxWait: 30 * time.Minute})
}

func (p *program) addGauges() {
	for _, g := range p.target.Gauges {
		opts := collectors.GaugeOptions{Name: g.Name, Definition: g.Definition, Unit: g.Unit, MinBase: g.MinBase}
		timing := sched.Timing{Every: g.Every, Timeout: pg.SlowLimit + time.Second, MaxWait: g.Every}
		if g.SQL != "" {
			timing.Group = "postgres"
			add(p, store.GaugeKey(g.Name), collectors.SQLGauge{GaugeOptions: opts, Server: p.postgres, SQL: g.SQL}, timing)
			continue
		}
		timing.Timeout = 15 * time.Second
		made := client(p, "gauge "+g.Name, g.Token, func(token string) *collectors.HTTPGauge {
			return collectors.NewHTTPGauge(collectors.HTTPGaugeOptions{
				GaugeOptions: opts, URL: g.URL, JSON: g.JSON, Of: g.Of, Token: token, UserAgent: userAgent(),
			})
		}, (*collectors.HTTPGauge).Close)
		add(p, store.GaugeKey(g.Name), lazy[*collectors.HTTPGauge, model.Gauge]{made, func(ctx context.Context, c *collectors.HTTPGauge) (model.Gauge, error) {
			return c.Collect(ctx)
		}}, timing)
	}
}
