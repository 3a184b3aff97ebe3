package cli

import (
	"strings"
	"testing"

	"tocsin/internal/alert"
)

func TestHerald(t *testing.T) {
	t.Parallel()
	var told []string
	h := &herald{
		target: "prod", setTitle: func(s string) { told = append(told, s) }, bell: func() { told = append(told, "bell") },
		notify: func(s string) { told = append(told, "("+s+")") },
	}
	firing := func(rule string, s alert.Severity) alert.Alert {
		return alert.Alert{Rule: rule, State: alert.Firing, Severity: s, Reading: alert.Reading{Known: true}}
	}
	down, slow, full := firing("down", alert.P0), firing("slow", alert.P2), firing("full", alert.P1)
	silent := full
	silent.Muted = &alert.Mute{}
	for _, step := range []struct {
		alerts []alert.Alert
		want   string
	}{
		{[]alert.Alert{down}, "prod: 1 critical"}, // it fired before anybody looked
		{[]alert.Alert{down}, ""},
		{[]alert.Alert{down, slow, silent}, ""},
		{[]alert.Alert{down, slow, full}, "(tocsin prod: P1 full 0) prod: 2 critical bell"},
		{[]alert.Alert{slow}, "prod: 1 warning"},
		{[]alert.Alert{{Rule: "down", State: alert.OK}}, "prod: ok"},
		{[]alert.Alert{down}, "(tocsin prod: P0 down 0) prod: 1 critical bell"},
	} {
		told = nil
		h.tell(step.alerts)
		if got := strings.Join(told, " "); got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
}
