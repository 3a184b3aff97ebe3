package actions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/supabase"
)

// SupabaseUnban declares that an address is let in again.
func SupabaseUnban(s Supabase) Action {
	return Action{
		ID: "supabase.unban", Title: "Lift ban", Verb: "lift it", Danger: Disruptive,
		Params:   []Param{{Name: "ip", Type: TypeIP, Help: "address that is shut out: 203.0.113.7"}},
		Measures: []Measure{{Name: "bans", Metric: "supabase.bans", Better: Lower, Within: 25 * time.Second}},
		Blocked:  s.blocked, Plan: s.planUnban, Run: s.unban,
	}
}

func (s Supabase) banned(ctx context.Context) ([]string, error) {
	bans, err := asked(ctx, s, (*supabase.Client).Bans)
	var out []string
	for _, b := range bans {
		out = append(out, b.Address)
	}
	return out, err
}

func (s Supabase) planUnban(ctx context.Context, args Args) (Plan, error) {
	ip := args["ip"]
	now, err := s.banned(ctx)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Target: ip, Args: Args{"ip": ip}, Steps: []string{"DELETE network-bans: " + ip},
		Preflight: map[string]any{"bans": len(now)},
		Notes: []Note{
			{"lets in", ip + ", which was shut out for too many wrong passwords"},
			{"will not", "keep it in: with the password still wrong it is shut out again within minutes"},
			{"cannot", "be taken back: the API has no way to ban an address"},
		},
	}
	if !slices.Contains(now, ip) {
		p.Refuse = ip + " is not shut out"
	}
	return p, nil
}

func (s Supabase) unban(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	ip := p.Args["ip"]
	unknown, refused := s.accepted(ctx, func(c *supabase.Client) error { return c.Unban(ctx, ip) })
	if refused != nil {
		return Result{}, refused
	}
	err := follower{Supabase: s, limit: time.Minute, step: step, lost: unknown}.wait(ctx, func(ctx context.Context) (sight, error) {
		now, err := s.banned(ctx)
		return sight{text: ip + " is still shut out", done: !slices.Contains(now, ip)}, err
	})
	return outcome(p, err, fmt.Sprintf("%s is let in again", ip))
}
