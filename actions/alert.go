package actions

import (
	"context"
	"fmt"
	"time"
)

// MarkKind says what is said of an alert.
type MarkKind string

// The kinds of marks, and what takes them back.
const (
	Acknowledge   MarkKind = "acknowledge"
	Unacknowledge MarkKind = "give back"
	Mute          MarkKind = "mute"
	Unmute        MarkKind = "unmute"
)

// Mark is one word about one alert.
type Mark struct {
	Kind  MarkKind
	Alert string        // its key: db.dead_tuples.pct{table=public.orders}
	Why   string        // may be "" but for Mute
	For   time.Duration // how long Mute lasts
}

// AlertState is how an alert stands.
type AlertState struct {
	Text         string // firing, for people
	Trouble      bool   // it is more than a reading in order
	Acknowledged bool
	Muted        bool
}

// Marker marks alerts, for all who watch the target.
type Marker interface {
	// Alert tells how an alert stands; not ok when there is none with that key.
	Alert(key string) (s AlertState, ok bool)
	Mark(m Mark) error
}

// muteFor is how long a silence lasts where nothing else was said.
const muteFor = time.Hour

// AlertAcknowledge declares that somebody takes an alert on.
func AlertAcknowledge(m Marker) Action {
	return marking{m, Acknowledge, "it is dimmed for all who watch this target, until it is worse, fires again or is over"}.action(Action{
		ID: "alert.acknowledge", Title: "Acknowledge alert", Verb: "take it on", Key: 'A', Undo: "alert.unacknowledge",
		Params: []Param{alertParam(), {Name: "why", Type: TypeString, Optional: true, Help: "what you make of it"}},
	})
}

// AlertUnacknowledge declares that an alert is given back.
func AlertUnacknowledge(m Marker) Action {
	return marking{m, Unacknowledge, "it asks for attention again"}.action(Action{
		ID: "alert.unacknowledge", Title: "Give alert back", Verb: "give it back", Undo: "alert.acknowledge", Params: []Param{alertParam()},
	})
}

// AlertMute declares that an alert is silenced for a while.
func AlertMute(m Marker) Action {
	return marking{m, Mute, "it is dimmed and counts as nothing for all who watch this target, worse or not"}.action(Action{
		ID: "alert.mute", Title: "Mute alert", Verb: "mute it", Key: 'M', Undo: "alert.unmute",
		Params: []Param{
			alertParam(), {Name: "why", Type: TypeString, Help: "why nobody needs to hear of it"},
			{Name: "for", Type: TypeSpan, Optional: true, Help: "how long, 24h at most; 1h without it"},
		},
	})
}

// AlertUnmute declares that a silence ends.
func AlertUnmute(m Marker) Action {
	return marking{m, Unmute, "it is heard again"}.action(Action{
		ID: "alert.unmute", Title: "Unmute alert", Verb: "unmute it", Params: []Param{alertParam()},
	})
}

func alertParam() Param {
	return Param{Name: "alert", Type: TypeAlert, Help: "the rule, with its labels: db.dead_tuples.pct{table=public.orders}"}
}

// marking is one kind of mark on its way.
type marking struct {
	marker Marker // nil where no alerts are
	kind   MarkKind
	effect string
}

// action completes a declaration.
func (m marking) action(a Action) Action {
	a.Danger, a.Plan, a.Run = Reversible, m.plan, m.run
	a.Blocked = func() string {
		if m.marker == nil {
			return "there are no alerts here"
		}
		return ""
	}
	return a
}

func (m marking) plan(_ context.Context, args Args) (Plan, error) {
	key := args["alert"]
	s, ok := m.marker.Alert(key)
	step := fmt.Sprintf("%s %s", m.kind, key)
	if m.kind == Mute {
		step += " for " + m.lasting(args).String()
	}
	p := Plan{
		Target: key, Args: args, Steps: []string{step}, Refuse: m.refuse(s, ok),
		Notes:     []Note{{"stands", s.Text}, {"effect", m.effect}, {"will not", "change anything but what is shown of it"}},
		Preflight: map[string]any{"state": s.Text}, Undo: Args{"alert": key},
	}
	return p, nil
}

// refuse says why the mark makes no sense; "" when it does.
func (m marking) refuse(s AlertState, there bool) string {
	switch {
	case !there:
		return "there is no such alert"
	case m.kind == Acknowledge && !s.Trouble:
		return "it is in order"
	case m.kind == Unacknowledge && !s.Acknowledged:
		return "nobody has taken it on"
	case m.kind == Unmute && !s.Muted:
		return "it is not muted"
	}
	return ""
}

// lasting is the argument that the runner has checked.
func (m marking) lasting(args Args) time.Duration {
	if d, err := time.ParseDuration(args["for"]); err == nil {
		return d
	}
	return muteFor
}

func (m marking) run(_ context.Context, p Plan, _ func(Progress)) (Result, error) {
	err := m.marker.Mark(Mark{Kind: m.kind, Alert: p.Target, Why: p.Args["why"], For: m.lasting(p.Args)})
	if err != nil {
		return Result{}, err
	}
	return Result{Done: p.Steps}, nil
}
