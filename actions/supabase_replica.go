package actions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/supabase"
)

const (
	replicaLimit = 20 * time.Minute
	// replicaPace spares the API: there is nothing to see for minutes.
	replicaPace = 15 * time.Second
)

// SupabaseReplica declares that a read replica is set up.
func SupabaseReplica(s Supabase) Action {
	return Action{
		ID: "supabase.replica.add", Title: "Add read replica", Verb: "add it", Danger: Disruptive,
		Params:  []Param{{Name: "region", Type: TypeString, Help: "where: eu-central-1, us-east-1, …"}},
		Blocked: s.blocked, Plan: s.planReplica, Run: s.addReplica,
	}
}

// regions are those that the API takes.
func regions() []string {
	return []string{
		"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ap-east-1", "ap-southeast-1", "ap-northeast-1", "ap-northeast-2",
		"ap-southeast-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "eu-central-1", "eu-central-2", "ca-central-1",
		"ap-south-1", "sa-east-1",
	}
}

// replicas lists the ids of the read replicas that are there.
func (s Supabase) replicas(ctx context.Context) ([]string, error) {
	all, err := asked(ctx, s, (*supabase.Client).Poolers)
	var ids []string
	for _, one := range all {
		if one.Type == "READ_REPLICA" {
			ids = append(ids, one.Identifier)
		}
	}
	return ids, err
}

func (s Supabase) planReplica(ctx context.Context, args Args) (Plan, error) {
	region := args["region"]
	project, err := asked(ctx, s, (*supabase.Client).Project)
	if err != nil {
		return Plan{}, err
	}
	there, err := s.replicas(ctx)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Target: project.Ref + " in " + region, Args: Args{"region": region}, Refuse: steady(project),
		Steps:     []string{"POST read-replicas/setup: " + region},
		Preflight: map[string]any{"replicas": len(there), "primary": project.Region},
	}
	if !slices.Contains(regions(), region) {
		p.Refuse = region + " is not a region that the API takes"
	}
	cost := "as much as the machine of the primary"
	if addons, err := asked(ctx, s, (*supabase.Client).Addons); err == nil && compute(addons).ID != "" {
		cost += ": " + compute(addons).Price.Text
	}
	p.Notes = []Note{
		{"now", count(int64(len(there)), "read replica") + ", the primary is in " + project.Region},
		{"costs", cost + ", and its disk and traffic"},
		{"loads", "the primary is read once in full while the replica is made"},
		{"will not", "take any load by itself: queries have to be sent to it, and may read what is seconds old"},
		{"cannot", "be stopped here: it is removed in the dashboard of Supabase"},
	}
	return p, nil
}

func (s Supabase) addReplica(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	before, err := s.replicas(ctx)
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	unknown, refused := s.accepted(ctx, func(c *supabase.Client) error { return c.AddReplica(ctx, p.Args["region"]) })
	if refused != nil {
		return Result{}, refused
	}
	f := follower{Supabase: s, limit: replicaLimit, step: step, lost: unknown, blind: true}
	if f.Pace == 0 {
		f.Pace = replicaPace
	}
	name := ""
	err = f.wait(ctx, func(ctx context.Context) (sight, error) {
		now, err := s.replicas(ctx)
		for _, id := range now {
			if !slices.Contains(before, id) {
				name = id
			}
		}
		return sight{text: "the replica is not there yet", done: name != ""}, err
	})
	return outcome(p, err, fmt.Sprintf("replica %s is there after %s", name, took(time.Since(began))))
}
