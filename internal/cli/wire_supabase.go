package cli

import (
	"context"
	"time"

	"tocsin/actions"
	"tocsin/collectors"
	"tocsin/internal/config"
	"tocsin/internal/model"
	"tocsin/internal/sched"
	"tocsin/internal/store"
	"tocsin/internal/supabase"
)

// ofSupabase reads a source through a client that is made when it is first
// needed.
type ofSupabase[T store.Snapshot] struct {
	client *once[*supabase.Client]
	source func(*supabase.Client) sched.Source[T]
}

// Collect implements sched.Source.
func (o ofSupabase[T]) Collect(ctx context.Context) (T, error) {
	return use(ctx, o.client, func(c *supabase.Client) (T, error) { return o.source(c).Collect(ctx) })
}

// addSupabase adds the project at Supabase. Its API takes 60 calls a minute of
// all tokens of a person together: the two calls of the project come each
// minute, the eleven others seldom, four in a minute on the whole.
func (p *program) addSupabase() {
	c := p.target.Supabase
	if c == nil {
		p.missSupabase("name the project under targets." + p.target.Name + ".supabase")
		return
	}
	account := supabase.NewAccount(nil)
	p.supabase = &once[*supabase.Client]{make: func(ctx context.Context) (*supabase.Client, error) {
		token, err := p.secrets.read(ctx, c.Token)
		if err != nil {
			return nil, secretFail("supabase", err)
		}
		return supabase.New(supabase.Options{Base: c.BaseURL, Project: c.Project, Token: token, UserAgent: userAgent(), Account: account}), nil
	}}
	p.closers = append(p.closers, func() { p.supabase.each((*supabase.Client).Close) })
	// The rest keeps the refreshes after three actions within a minute, or of a
	// held key, within the calls that reads may make.
	each := func(every time.Duration) sched.Timing {
		return sched.Timing{Every: every, Timeout: 25 * time.Second, MaxWait: max(every, 5*time.Minute), Group: "supabase", Rest: 20 * time.Second}
	}
	from(p, store.SupabaseProjectKey(), each(time.Minute), func(c *supabase.Client) sched.Source[model.SupabaseProject] {
		return collectors.SupabaseProject{Client: c}
	})
	from(p, store.SupabaseBackupsKey(), each(10*time.Minute), func(c *supabase.Client) sched.Source[model.SupabaseBackups] {
		return collectors.SupabaseBackups{Client: c}
	})
	from(p, store.SupabaseComputeKey(), each(5*time.Minute), func(c *supabase.Client) sched.Source[model.SupabaseCompute] {
		return collectors.SupabaseCompute{Client: c}
	})
	from(p, store.SupabaseSettingsKey(), each(10*time.Minute), func(c *supabase.Client) sched.Source[model.SupabaseSettings] {
		return collectors.SupabaseSettings{Client: c}
	})
	from(p, store.SupabaseNetworkKey(), each(5*time.Minute), func(c *supabase.Client) sched.Source[model.SupabaseNetwork] {
		return collectors.SupabaseNetwork{Client: c}
	})
	from(p, store.SupabaseUsageKey(), each(5*time.Minute), func(c *supabase.Client) sched.Source[model.SupabaseUsage] {
		return collectors.SupabaseUsage{Client: c}
	})
	from(p, store.SupabaseAdviceKey(), each(30*time.Minute), func(c *supabase.Client) sched.Source[model.SupabaseAdvice] {
		return collectors.SupabaseAdvice{Client: c}
	})
	p.addSupabaseMachine(*c)
}

// from adds a source of the project.
func from[T store.Snapshot](p *program, key store.Key[T], t sched.Timing, source func(*supabase.Client) sched.Source[T]) {
	add(p, key, ofSupabase[T]{p.supabase, source}, t)
}

// addSupabaseMachine adds what the machine tells, for which there is a key of
// its own.
func (p *program) addSupabaseMachine(c config.Supabase) {
	if c.MetricsKey == nil {
		missing(p, store.SupabaseMachineKey(), "give targets."+p.target.Name+".supabase a metrics_key")
		return
	}
	client := &once[*supabase.Metrics]{make: func(ctx context.Context) (*supabase.Metrics, error) {
		key, err := p.secrets.read(ctx, c.MetricsKey)
		if err != nil {
			return nil, secretFail("supabase metrics", err)
		}
		return supabase.NewMetrics(supabase.MetricsOptions{URL: c.MetricsURL, Project: c.Project, Key: key, UserAgent: userAgent()}), nil
	}}
	p.closers = append(p.closers, func() { client.each((*supabase.Metrics).Close) })
	add(p, store.SupabaseMachineKey(), &machine{client, &collectors.SupabaseMachine{Ref: c.Project}},
		sched.Timing{Every: time.Minute, Timeout: 15 * time.Second, MaxWait: 5 * time.Minute, Rate: true})
}

// machine reads the machine through a client that is made when it is first
// needed; what was read before is kept when another client takes over.
type machine struct {
	client *once[*supabase.Metrics]
	source *collectors.SupabaseMachine
}

// Collect implements sched.Source.
func (m *machine) Collect(ctx context.Context) (model.SupabaseMachine, error) {
	return use(ctx, m.client, func(c *supabase.Metrics) (model.SupabaseMachine, error) {
		m.source.Client = c
		return m.source.Collect(ctx)
	})
}

// project is what the actions on the project work with.
func (p *program) project() actions.Supabase {
	s := actions.Supabase{Facts: storeFacts{p.store}}
	if p.supabase != nil {
		s.Use = func(ctx context.Context, f func(*supabase.Client) error) error {
			_, err := use(ctx, p.supabase, func(c *supabase.Client) (struct{}, error) { return struct{}{}, f(c.Asked()) })
			return err
		}
	}
	return s
}

// declaredAtSupabase lists what can be done to a project at Supabase.
func declaredAtSupabase(s actions.Supabase) []actions.Action {
	return []actions.Action{
		actions.SupabasePooler(s), actions.SupabaseCompute(s), actions.SupabaseReplica(s), actions.SupabaseUnban(s), actions.SupabaseRestore(s),
	}
}

// missSupabase lists these sources where no project is configured.
func (p *program) missSupabase(hint string) {
	missing(p, store.SupabaseProjectKey(), hint)
	missing(p, store.SupabaseBackupsKey(), hint)
	missing(p, store.SupabaseComputeKey(), hint)
	missing(p, store.SupabaseSettingsKey(), hint)
	missing(p, store.SupabaseNetworkKey(), hint)
	missing(p, store.SupabaseUsageKey(), hint)
	missing(p, store.SupabaseAdviceKey(), hint)
	missing(p, store.SupabaseMachineKey(), hint)
}
