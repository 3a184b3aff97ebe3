package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/supabase"
)

const (
	computeLimit = 15 * time.Minute
	// beginsWithin is how long a change may be accepted without a sign of it.
	beginsWithin = 90 * time.Second
)

// SupabaseCompute declares that the database gets another machine. It is down
// meanwhile, and another size has another price.
func SupabaseCompute(s Supabase) Action {
	return Action{
		ID: "supabase.compute.set", Title: "Change compute size", Verb: "change it", Danger: Disruptive,
		Params: []Param{{Name: "size", Type: TypeString, Help: "id of the size: ci_micro, ci_small, ci_medium, ci_large, ci_xlarge, …"}},
		Undo:   "supabase.compute.set",
		Measures: []Measure{
			{Name: "cpu", Metric: "supabase.cpu", Better: Lower, Within: 2 * effectWait},
			{Name: "memory", Metric: "supabase.memory", Better: Lower, Within: 2 * effectWait},
		},
		Blocked: s.blocked, Plan: s.planCompute, Run: s.setCompute,
	}
}

// compute finds the size that a project has; the zero Variant where none is
// bought.
func compute(a supabase.Addons) supabase.Variant {
	for _, one := range a.Selected {
		if one.Type == "compute_instance" {
			return one.Variant
		}
	}
	return supabase.Variant{}
}

// offered finds a size that can be bought, and lists the ids of all.
func offered(a supabase.Addons, id string) (found supabase.Variant, ids []string) {
	for _, kind := range a.Available {
		if kind.Type != "compute_instance" {
			continue
		}
		for _, v := range kind.Variants {
			ids = append(ids, v.ID)
			if v.ID == id {
				found = v
			}
		}
	}
	return found, ids
}

func (s Supabase) planCompute(ctx context.Context, args Args) (Plan, error) {
	addons, err := asked(ctx, s, (*supabase.Client).Addons)
	if err != nil {
		return Plan{}, err
	}
	project, err := asked(ctx, s, (*supabase.Client).Project)
	if err != nil {
		return Plan{}, err
	}
	from := compute(addons)
	to, ids := offered(addons, args["size"])
	p := Plan{
		Target: project.Ref, Args: Args{"size": args["size"], "from": from.ID}, Refuse: steady(project),
		Steps:     []string{"PATCH billing/addons: compute_instance " + to.ID},
		Preflight: map[string]any{"from": from.ID, "to": to.ID, "price_from": from.Price.Text, "price_to": to.Price.Text},
	}
	switch {
	case to.ID == "":
		p.Refuse = fmt.Sprintf("%s cannot be bought: there are %s", args["size"], strings.Join(ids, ", "))
	case to.ID == from.ID:
		p.Refuse = "the project has the size " + to.ID + " already"
	}
	if from.ID != "" {
		p.Undo = Args{"size": from.ID}
	}
	p.Notes = []Note{
		{"now", sizeText(from)}, {"becomes", sizeText(to)}, {"costs", difference(from, to)},
		{"goes down", "the database restarts on another machine: all connections end, and nobody gets in for minutes"},
		{"also new", "max_connections, shared_buffers and the pooler's limits become those of the size"},
		{"cannot", "be stopped once it was accepted; u sets the old size again, with another restart"},
	}
	return p, nil
}

func sizeText(v supabase.Variant) string {
	if v.ID == "" {
		return "the size that the plan includes"
	}
	return sentence(fmt.Sprintf("%s (%s)", v.Name, v.ID), v.Price.Text)
}

// hoursPerMonth is how a price per hour becomes one per month.
const hoursPerMonth = 730

// difference is what another size costs more or less in a month.
func difference(from, to supabase.Variant) string {
	if from.ID == "" || from.Price.Interval != to.Price.Interval {
		return "see the prices above"
	}
	d := to.Price.Amount - from.Price.Amount
	if to.Price.Interval == "hourly" {
		d *= hoursPerMonth
	}
	if d < 0 {
		return fmt.Sprintf("about $%.0f less a month", -d)
	}
	return fmt.Sprintf("about $%.0f more a month", d)
}

func (s Supabase) setCompute(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	size := p.Args["size"]
	addons, err := asked(ctx, s, (*supabase.Client).Addons)
	if err != nil {
		return Result{}, err
	}
	if got := compute(addons).ID; got != p.Args["from"] {
		return Result{}, fmt.Errorf("the size has become %s since the card was opened: nothing was done", got)
	}
	began := time.Now()
	unknown, refused := s.accepted(ctx, func(c *supabase.Client) error { return c.SetCompute(ctx, size) })
	if refused != nil {
		return Result{}, refused
	}
	w := &projectWatch{Supabase: s, began: began, reached: func(ctx context.Context) (bool, error) {
		addons, err := asked(ctx, s, (*supabase.Client).Addons)
		return compute(addons).ID == size, err
	}}
	err = follower{Supabase: s, limit: computeLimit, step: step, lost: unknown}.wait(ctx, w.look)
	return outcome(p, err, fmt.Sprintf("the project runs on %s after %s", size, took(time.Since(began))))
}

// projectWatch follows a project that goes away and comes back.
type projectWatch struct {
	Supabase
	began time.Time
	left  bool // it was seen on its way
	// reached tells whether a project that is in order is where it should be.
	reached func(ctx context.Context) (bool, error)
}

// look tells how the project stands. It has come back when it was away, or
// when it is where it should be and has long had the time to begin.
func (w *projectWatch) look(ctx context.Context) (sight, error) {
	p, err := asked(ctx, w.Supabase, (*supabase.Client).Project)
	if err != nil {
		return sight{}, err
	}
	word, level, ok := stands(p)
	w.left = w.left || ok && level == 1
	saw := sight{text: "the project is " + word, begun: w.left}
	switch {
	case ok && level == 2 && (w.left || strings.HasSuffix(p.Status, "_FAILED")):
		return saw, errors.New(word + " at Supabase")
	case ok && level == 0 && (w.left || time.Since(w.began) > beginsWithin):
		saw.done, err = w.reached(ctx)
	}
	return saw, err
}
