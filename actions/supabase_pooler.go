package actions

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"tocsin/internal/supabase"
)

// poolMax is the largest pool that the API takes.
const poolMax = 3000

// SupabasePooler declares that the pooler before the primary gets another size
// or mode.
func SupabasePooler(s Supabase) Action {
	return Action{
		ID: "supabase.pooler.set", Title: "Set pooler", Verb: "set it", Danger: Disruptive,
		Params: []Param{
			{Name: "size", Type: TypeCount, Help: "server connections for each user and database: 25"},
			{Name: "mode", Type: TypeString, Help: "transaction or session; without it, as it is", Optional: true, Ask: true},
		},
		Undo: "supabase.pooler.set",
		Measures: []Measure{
			{Name: "waiting", Metric: "db.pooler.waiting", Better: Lower, Within: effectWait},
			{Name: "waiting", Metric: "supabase.pooler.waiting", Better: Lower, Within: effectWait},
		},
		Blocked: s.blocked, Plan: s.planPooler, Run: s.setPooler,
	}
}

// effectWait is how long a change at Supabase may take to show: its machine
// tells its numbers once a minute.
const effectWait = 75 * time.Second

// primaryPooler is the pooler before the primary.
func (s Supabase) primaryPooler(ctx context.Context) (supabase.Pooler, error) {
	all, err := asked(ctx, s, (*supabase.Client).Poolers)
	if err != nil {
		return supabase.Pooler{}, err
	}
	for _, one := range all {
		if one.Type != "READ_REPLICA" {
			return one, nil
		}
	}
	return supabase.Pooler{}, fmt.Errorf("the project has no pooler")
}

func (s Supabase) planPooler(ctx context.Context, args Args) (Plan, error) {
	now, err := s.primaryPooler(ctx)
	if err != nil {
		return Plan{}, err
	}
	size, _ := strconv.Atoi(args["size"])
	mode := args["mode"]
	if mode == "" {
		mode = now.Mode
	}
	was := poolSize(now.Size)
	p := Plan{
		Target: "pooler", Args: Args{"size": args["size"], "mode": mode, "was": was + " " + now.Mode},
		Steps:     []string{fmt.Sprintf("PATCH config/database/pooler: default_pool_size %d, pool_mode %s", size, mode)},
		Notes:     []Note{{"now", was + " connections, " + now.Mode}, {"becomes", fmt.Sprintf("%d connections, %s", size, mode)}},
		Preflight: map[string]any{"size": was, "mode": now.Mode},
	}
	if now.Size != nil {
		p.Undo = Args{"size": was, "mode": now.Mode}
	}
	switch {
	case mode != "transaction" && mode != "session":
		p.Refuse = "a mode is transaction or session"
	case size > poolMax:
		p.Refuse = fmt.Sprintf("the API takes %d connections at most", poolMax)
	case now.Size != nil && *now.Size == size && mode == now.Mode:
		p.Refuse = "the pooler is so already"
	}
	if mode != now.Mode {
		p.Notes = append(p.Notes, Note{"breaks", modeBreaks(mode)})
	}
	p.Notes = append(p.Notes,
		Note{"drops", "the pooler may close connections of clients while it takes the change over"},
		s.poolHeadroom(ctx, &p, size),
		Note{"will not", "change max_client_conn, which goes with the compute size"})
	return p, nil
}

// poolSize is the size in words; what is not set goes with the compute size.
func poolSize(size *int) string {
	if size == nil {
		return "default"
	}
	return strconv.Itoa(*size)
}

func modeBreaks(mode string) string {
	if mode == "transaction" {
		return "session features (LISTEN, session locks, SET, prepared statements of some drivers) stop working"
	}
	return "a client keeps a connection for as long as it stays: idle clients use the pool up"
}

// poolHeadroom compares a pool with what the server can take. One that takes
// nearly all of it leaves nothing to operators.
func (s Supabase) poolHeadroom(ctx context.Context, p *Plan, size int) Note {
	settings, err := asked(ctx, s, (*supabase.Client).Postgres)
	most, ok := settings["max_connections"].(float64)
	if err != nil || !ok || most <= 0 {
		return Note{"server", "max_connections is not known: the pool is for each user and database"}
	}
	part := 100 * float64(size) / most
	if part > 80 {
		p.Reason = fmt.Sprintf("one pool may then take %s of the server's connections", amount(part, "%"))
	}
	return Note{"server", fmt.Sprintf("max_connections is %.0f; each user and database has a pool of its own", most)}
}

func (s Supabase) setPooler(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	now, err := s.primaryPooler(ctx)
	if err != nil {
		return Result{}, err
	}
	if got := poolSize(now.Size) + " " + now.Mode; got != p.Args["was"] {
		return Result{}, fmt.Errorf("the pooler has become %s since the card was opened: nothing was done", got)
	}
	size, err := strconv.Atoi(p.Args["size"])
	if err != nil {
		return Result{}, err
	}
	mode := p.Args["mode"]
	if mode == now.Mode {
		mode = "" // what stays is not sent
	}
	unknown, refused := s.accepted(ctx, func(c *supabase.Client) error { return c.SetPooler(ctx, &size, mode) })
	if refused != nil {
		return Result{}, refused
	}
	f := follower{Supabase: s, limit: time.Minute, step: step, lost: unknown}
	err = f.wait(ctx, func(ctx context.Context) (sight, error) {
		got, err := s.primaryPooler(ctx)
		done := got.Size != nil && *got.Size == size && (mode == "" || got.Mode == mode)
		return sight{text: "the pooler has " + poolSize(got.Size) + " connections, " + got.Mode, done: done}, err
	})
	return outcome(p, err, fmt.Sprintf("the pooler has %d connections, %s", size, p.Args["mode"]))
}
