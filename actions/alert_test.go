package actions_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/actions"
)

// board is alerts in memory.
type board struct {
	state map[string]actions.AlertState
	marks []actions.Mark
}

func (b *board) Alert(key string) (actions.AlertState, bool) {
	s, ok := b.state[key]
	return s, ok
}

func (b *board) Mark(m actions.Mark) error {
	b.marks = append(b.marks, m)
	return nil
}

func alertActions(m actions.Marker) []actions.Action {
	return []actions.Action{
		actions.AlertAcknowledge(m), actions.AlertUnacknowledge(m), actions.AlertMute(m), actions.AlertUnmute(m),
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	firing := actions.AlertState{Text: "firing, 12 s", Trouble: true}
	tests := []struct {
		name, id string
		args     actions.Args
		state    actions.AlertState
		want     []actions.Mark
	}{
		{name: "acknowledge", id: "alert.acknowledge", args: actions.Args{"alert": "a", "why": "on it"}, state: firing,
			want: []actions.Mark{{Kind: actions.Acknowledge, Alert: "a", Why: "on it", For: time.Hour}}},
		{name: "in order", id: "alert.acknowledge", args: actions.Args{"alert": "a"}},
		{name: "mute", id: "alert.mute", args: actions.Args{"alert": "a", "why": "noise", "for": "90m"},
			want: []actions.Mark{{Kind: actions.Mute, Alert: "a", Why: "noise", For: 90 * time.Minute}}},
		{name: "mute without a reason", id: "alert.mute", args: actions.Args{"alert": "a"}},
		{name: "mute too long", id: "alert.mute", args: actions.Args{"alert": "a", "why": "noise", "for": "25h"}},
		{name: "no such alert", id: "alert.mute", args: actions.Args{"alert": "b", "why": "noise"}},
		{name: "not muted", id: "alert.unmute", args: actions.Args{"alert": "a"}},
		{name: "give back", id: "alert.unacknowledge", args: actions.Args{"alert": "a"}, state: actions.AlertState{Acknowledged: true},
			want: []actions.Mark{{Kind: actions.Unacknowledge, Alert: "a", For: time.Hour}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, log := &board{state: map[string]actions.AlertState{"a": tt.state}}, &memory{}
			out, err := do(t, newRunner(t, actions.Options{Audit: log}, alertActions(b)...), tt.id, tt.args)
			if diff := cmp.Diff(tt.want, b.marks); diff != "" || (err == nil) != (len(tt.want) == 1) {
				t.Errorf("%v\n%s", err, diff)
			}
			if err == nil && (!cmp.Equal(log.words(), []string{"intent", "result ok"}) || out.Plan.Undo["alert"] != "a") {
				t.Errorf("recorded %q, undo %v", log.words(), out.Plan.Undo)
			}
		})
	}
}
