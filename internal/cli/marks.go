package cli

import (
	"slices"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
)

// marks is what people say of the alerts of a target. It is on disk before it
// counts, so that all who watch the target from this machine hear of it.
type marks struct {
	state  folder
	engine *alert.Engine
}

// Alert implements actions.Marker.
func (m marks) Alert(key string) (actions.AlertState, bool) {
	alerts := m.engine.Current()
	i := slices.IndexFunc(alerts, func(a alert.Alert) bool { return a.Key() == key })
	if i < 0 {
		return actions.AlertState{}, false
	}
	a := alerts[i]
	return actions.AlertState{
		Text: string(a.State) + ", " + a.Text(), Trouble: a.Trouble(), Acknowledged: a.Acked != nil, Muted: a.Muted != nil,
	}, true
}

// Mark implements actions.Marker.
func (m marks) Mark(o actions.Mark) error {
	who, now := audit.Me().User, time.Now()
	return m.state.mark(m.engine, func() error {
		switch o.Kind {
		case actions.Acknowledge:
			return m.engine.Ack(o.Alert, alert.Ack{Who: who, Why: o.Why, At: now})
		case actions.Mute:
			return m.engine.Mute(o.Alert, alert.Mute{Who: who, Why: o.Why, At: now, Until: now.Add(o.For)})
		case actions.Unmute:
			return m.engine.Unmute(o.Alert, now)
		default:
			return m.engine.Unack(o.Alert, now)
		}
	})
}
