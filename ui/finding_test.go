package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/testkit"
)

// lookUp is an action that only reads: it finds when its gate is open, or
// fails.
type lookUp struct {
	args   actions.Args
	gate   chan struct{} // nil: open
	fails  error
	ended  chan error // how its run ended
	refuse string
}

func (l *lookUp) action() actions.Action {
	l.ended = make(chan error, 10)
	return actions.Action{
		ID: "pg.explain", Title: "Explain statement", Verb: "plan", Key: 'e', On: "statements", Danger: actions.Read,
		Params: []actions.Param{{Name: "queryid", Type: actions.TypeQueryID, Help: "id"}, {Name: "dbid", Type: actions.TypeOID, Optional: true}},
		Plan: func(_ context.Context, args actions.Args) (actions.Plan, error) {
			return actions.Plan{Target: args["queryid"], Args: args, Refuse: l.refuse}, nil
		},
		Run: func(ctx context.Context, p actions.Plan, _ func(actions.Progress)) (actions.Result, error) {
			l.args = p.Args
			err := l.fails
			if l.gate != nil {
				select {
				case <-l.gate:
				case <-ctx.Done():
					err = ctx.Err()
				}
			}
			l.ended <- err
			return actions.Result{Summary: "planned for any values and not run: cost 1,234, about 410 rows", Found: foundPlan()}, err
		},
	}
}

func foundPlan() []actions.Found {
	return []actions.Found{
		{Text: "stands out", Head: true},
		{Text: "public.orders is read from end to end, 24 MiB, about 60,000 rows, for about 410 rows with (o.user_id = $1): an index on that may help", Heed: true},
		{Text: "plan, estimated", Head: true},
		{Text: "Limit: 10 rows, cost 1,234"},
		{Text: "Sort: 410 rows, cost 1,234, 2 % its own", Depth: 1},
		{Text: "sort by o.created_at DESC", Depth: 3},
		{Text: "Seq Scan on public.orders o: 410 rows, cost 1,200, 97 % its own", Depth: 2, Heed: true},
		{Text: "filter ((o.user_id = $1) AND (o.state = ANY ('{new,paid,packed}'::text[])))", Depth: 4},
		{Text: "deep in a tree: 1 row, cost 1", Depth: 60},
		{Text: "statement", Head: true},
		{Text: "SELECT *"}, {Text: "  FROM orders o"},
	}
}

// The key of an action that only reads shows what it finds, with no card and no
// arming, for the selected row, also from its detail and from a frozen view.
func TestFinding(t *testing.T) {
	play(t, slowJoins(0), func(t *testing.T, in In) {
		for _, size := range [][2]int{{80, 24}, {120, 36}} {
			l := &lookUp{}
			s := onStage(t, in, size[0], size[1], l.action())
			s.press("2", "e")
			settle(time.Second)
			if l.args["queryid"] != "12" || l.args["dbid"] != "5" {
				t.Errorf("explained %v", l.args)
			}
			testkit.Golden(t, fmt.Sprintf("statements/plan-%dx%d", size[0], size[1]), s.text())
			s.press("e")
			if len(s.over) != 0 {
				t.Error("e does not close what it opened")
			}
			s.press("z", "j", "Enter", "e")
			settle(time.Second)
			if got := s.text(); l.args["queryid"] != "11" || len(s.over) != 2 || !strings.Contains(got, "planned for any values") {
				t.Errorf("explained %v:\n%s", l.args, got)
			}
			s.press("Esc", "Esc", "0", "e")
			if p, ok := s.over[0].(*pager); !ok || p.title != "evidence" {
				t.Error("e on the overview is not the evidence")
			}
		}
	})
}

// Esc leaves what still looks, and asks it to stop.
func TestFindingIsLeft(t *testing.T) {
	play(t, slowJoins(0), func(t *testing.T, in In) {
		l := &lookUp{gate: make(chan struct{})}
		s := onStage(t, in, 80, 24, l.action())
		s.press("2", "e")
		settle(2 * time.Second)
		if got := s.text(); !strings.Contains(got, "looking … 2s") {
			t.Errorf("while it looks:\n%s", got)
		}
		s.press("Esc")
		if err := <-l.ended; !errors.Is(err, context.Canceled) || len(s.over) != 0 {
			t.Errorf("ended with %v, %d over the screen", err, len(s.over))
		}
		settle(time.Second) // what was found too late harms nothing
		s.text()
	})
}

func TestFindingThatFails(t *testing.T) {
	for name, l := range map[string]*lookUp{
		"it cannot be planned":               {fails: errors.New("it cannot be planned")},
		"refused: it runs in database other": {refuse: "it runs in database other"},
	} {
		play(t, slowJoins(0), func(t *testing.T, in In) {
			s := onStage(t, in, 80, 24, l.action())
			s.press("2", "e")
			settle(time.Second)
			if got := s.text(); !strings.Contains(got, name) {
				t.Errorf("no %q in\n%s", name, got)
			}
		})
	}
}

func TestBindOfOneView(t *testing.T) {
	tests := []struct {
		name string
		own  []Binding
		want string // in the error; "" wants none
	}{
		{"as declared", nil, ""},
		{"another key", []Binding{{Command: "pg.explain", Key: "x"}}, ""},
		{"a key of all views", []Binding{{Command: "pg.explain", Key: "j"}}, "both down and pg.explain"},
		{"a key of the view", []Binding{{Command: "freeze", Key: "m"}}, "both freeze and mark"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := bind(Commands([]actions.Action{(&lookUp{}).action()}), tt.own)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("bind: %v, want %q", err, tt.want)
			}
		})
	}
}
