package actions

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/vercel"
)

// attackFor is how long attack mode lasts unless something else is said.
const attackFor = time.Hour

// The two states of a switch.
const (
	switchOn  = "on"
	switchOff = "off"
)

// AttackMode declares that every visitor is challenged for a while, or no
// longer. Vercel itself ends it.
func AttackMode(v Vercel) Action {
	return Action{
		ID: "attack.mode", Title: "Attack mode", Verb: "switch it", Danger: Disruptive,
		Params: []Param{
			{Name: "mode", Type: TypeSwitch, Help: "on or off"},
			{Name: "for", Type: TypeSpan, Optional: true, Ask: true, Only: Args{"mode": switchOn}, Help: "how long it is on: 30m; 1h unless given"},
		},
		Undo:    "attack.mode",
		Blocked: v.blocked, Plan: v.planAttack, Run: v.attack,
	}
}

func (v Vercel) planAttack(ctx context.Context, args Args) (Plan, error) {
	project, err := v.project(ctx)
	if err != nil {
		return Plan{}, err
	}
	s := project.Security
	p := Plan{
		Target: project.Name, Args: Args{"mode": args["mode"], "project": project.ID},
		Preflight: map[string]any{"on": s.AttackMode, "until": s.AttackUntil},
	}
	if args["mode"] == switchOff {
		if !s.AttackMode {
			p.Refuse, p.Moot = "attack mode is off", true
			return p, nil
		}
		p.Steps = []string{"end attack mode of " + project.Name}
		p.Notes = []Note{{"lets in", "every visitor without a challenge, at once"}, {"will not", "touch the rules on addresses"}}
		return p, nil
	}
	span := spanOf(args, attackFor)
	p.Args["for"] = spanText(span)
	p.Steps = []string{fmt.Sprintf("challenge every visitor of %s for %s", project.Name, p.Args["for"])}
	p.Undo = Args{"mode": switchOff}
	p.Notes = []Note{
		{"challenges", "every visitor: a browser passes by itself after a moment, once"},
		{"breaks", "what is no browser: API clients, webhooks of payment providers, crons, monitoring, and the probes of this dashboard, unless a bypass rule lets them in"},
		{"ends by itself", endText(span, time.Now()) + ", at Vercel"},
	}
	if s.AttackMode {
		p.Notes = append([]Note{{"now", "it is on, until " + s.AttackUntil.UTC().Format("2006-01-02 15:04Z")}}, p.Notes...)
	}
	return p, nil
}

func (v Vercel) attack(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
	until, summary := time.Time{}, "attack mode is off"
	if p.Args["mode"] == switchOn {
		until = time.Now().Add(spanOf(p.Args, attackFor)).Truncate(time.Millisecond)
		summary = "every visitor is challenged until " + until.UTC().Format("15:04:05Z")
	}
	err := v.settle(ctx, func(c *vercel.Client) error { return c.AttackMode(ctx, p.Args["project"], until) },
		func(c *vercel.Client) (bool, error) {
			project, err := c.Project(ctx)
			s := project.Security
			return s.AttackMode == !until.IsZero() && (until.IsZero() || s.AttackUntil.IsZero() || s.AttackUntil.Equal(until)), err
		})
	return siteOutcome(p, summary, err)
}
