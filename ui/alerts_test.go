package ui

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/store"
)

// How an alert stands is one short word; who said what of it, and why, is in
// the evidence.
func TestWhatIsSaidOfAlerts(t *testing.T) {
	t.Parallel()
	in := In{View: store.New().View(), Width: 100}
	now := in.View.Now()
	ack := &alert.Ack{Who: "ana", Why: "on it", At: now}
	long := &alert.Mute{Who: "ben", Why: "noise", At: now, Until: now.Add(time.Hour)}
	short := &alert.Mute{Who: "ben", Why: "noise", At: now.Add(-time.Hour), Until: now.Add(9*time.Minute + time.Second)}
	firing := func(rule string) alert.Alert {
		return alert.Alert{Rule: rule, State: alert.Firing, Since: now.Add(-70 * time.Second)}
	}
	plain, acked, muted, ending, flaps := firing("plain"), firing("acked"), firing("muted"), firing("ending"), firing("flaps")
	acked.Acked, muted.Muted, ending.Muted, flaps.Flapping = ack, long, short, true
	in.Alerts = []alert.Alert{plain, acked, muted, ending, flaps}
	var words []string
	for _, a := range in.Alerts {
		words = append(words, alertAge(in, a))
	}
	if diff := cmp.Diff([]string{"1m10s", "acked", "muted", "mute 9m", "flaps"}, words); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
	want := []string{
		"acked: taken on by ana at " + in.clock(now) + ": on it",
		"muted: muted by ben until " + in.clock(long.Until) + ": noise",
		"ending: muted by ben until " + in.clock(short.Until) + ": noise",
		"flaps: flaps, so it clears only after a while in order",
	}
	if diff := cmp.Diff(want, markNotes(in)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}
