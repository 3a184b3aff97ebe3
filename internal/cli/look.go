package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/sched"
	"tocsin/internal/store"
)

const (
	// ratePause is the time between the two readings of what is a rate.
	ratePause = 2 * time.Second
	// sureTries is how often a server must not answer to count as down.
	sureTries = 3
	// tryPause is the time between two of these attempts.
	tryPause = 250 * time.Millisecond
)

// look is all that one look at a target gave.
type look struct {
	target  string
	limit   time.Duration // that was given to the sources
	view    store.View
	alerts  []alert.Alert // most worth a look first
	suspect alert.Suspect
}

// look reads every source once, rates twice, and follows the rules from where
// the last run left them. warn is told what was not possible.
func (p *program) look(ctx context.Context, limit time.Duration, warn func(error)) look {
	_ = p.state.begin() // for what is counted; why it is not there is told below
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	sched.Once(limited, ratePause, p.jobs...)
	p.makeSure(limited)
	l := look{target: p.target.Name, limit: limit, view: p.store.View()}
	if ctx.Err() != nil {
		return l // interrupted: what was not read says nothing about the rules
	}
	err := p.state.follow(p.engine, func() { l.alerts = p.engine.Step(l.view) })
	if err != nil {
		warn(fmt.Errorf("`for:` may begin anew: %w", err))
	}
	l.suspect = alert.Diagnose(l.view, l.alerts, p.deeds()...)
	return l
}

// makeSure tries again what did not answer: one lost packet is no outage, and
// the rules ask for three attempts.
func (p *program) makeSure(ctx context.Context) {
	for range sureTries - 1 {
		doubt := p.inDoubt()
		if len(doubt) == 0 {
			return
		}
		pause(ctx, tryPause)
		if ctx.Err() != nil {
			return
		}
		sched.Once(ctx, ratePause, doubt...)
	}
}

// inDoubt gives the jobs of the sources that may be down.
func (p *program) inDoubt() []sched.Job {
	names := map[string]bool{}
	v := p.store.View()
	for _, src := range v.Sources() {
		names[src.Name] = src.Fail != nil && len(src.Told) > 0 && src.Fail.Attempts < sureTries
	}
	for _, probe := range store.All[model.Probe](v) {
		names[probe.Status.Name] = probe.Status.State == store.OK && probe.Sample.Value.Up && !probe.Sample.Value.Passed
	}
	return p.jobsNamed(func(name string) bool { return names[name] })
}

func (p *program) jobsNamed(wanted func(name string) bool) []sched.Job {
	var out []sched.Job
	for _, j := range p.jobs {
		if wanted(j.Name) {
			out = append(out, j)
		}
	}
	return out
}

// sources lists the sources, those that need attention first.
func (l look) sources() []store.Status {
	out := slices.Clone(l.view.Sources())
	urgency := []store.State{store.Error, store.Stale, store.Pending, store.OK, store.Unconfigured}
	slices.SortStableFunc(out, func(a, b store.Status) int {
		return cmp.Compare(slices.Index(urgency, a.State), slices.Index(urgency, b.State))
	})
	return out
}

// fault says why a source has no current value, and what to do; "" when it has
// one.
func (l look) fault(src store.Status) (text, hint string) {
	switch {
	case src.Fail != nil:
		return src.Fail.Text, src.Fail.Hint
	case src.State == store.Pending:
		return fmt.Sprintf("no answer within %s", l.limit), "give it longer: --timeout"
	case src.State == store.Stale:
		return "the newest value is too old", ""
	}
	return "", ""
}

// levelOf is how much a source matters to the whole.
func levelOf(src store.Status) alert.Level {
	if src.State == store.OK || src.State == store.Unconfigured {
		return alert.Fine
	}
	return alert.Unclear
}

// weight is how loud an alert is here. One that is silenced is not, and neither
// is one that has too little to judge by.
func weight(a alert.Alert) alert.Level {
	if a.Muted != nil || a.Quiet() {
		return alert.Fine
	}
	return a.Level()
}

// counts says how many alerts and sources there are of each level.
func (l look) counts() map[alert.Level]int {
	n := map[alert.Level]int{}
	servers, dark := map[string]string{}, map[string]bool{}
	for _, src := range l.view.Sources() {
		n[levelOf(src)]++
		servers[src.Name] = cmp.Or(src.Group, src.Name)
		if levelOf(src) == alert.Unclear {
			dark[servers[src.Name]] = true
		}
	}
	for _, a := range l.alerts {
		n[weight(a)]++
		if weight(a) == alert.Unclear {
			dark[cmp.Or(servers[a.Source], a.Rule)] = true
		}
	}
	n[alert.Unclear] = len(dark) // one server that is lost is one thing that is unknown
	return n
}

// worst is the level of the whole. What is not known is worse than what is in
// order, and better than what is known to be bad.
func (l look) worst() alert.Level {
	worst := alert.Fine
	for level, n := range l.counts() {
		if n > 0 {
			worst = max(worst, level)
		}
	}
	return worst
}
