package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/model"
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

// The budget for errors: how fast it goes, or what is not known yet.
func TestBudgetLine(t *testing.T) {
	t.Parallel()
	long := func(d, elapsed time.Duration, failed int64) model.AppWindow {
		return model.AppWindow{Window: d, Elapsed: elapsed, Requests: 10000, Errors: failed}
	}
	s := store.New()
	app := store.NewCell(s, store.AppKey("shop"), store.Source{Every: 5 * time.Second})
	app.Put(model.App{Name: "shop", Long: []model.AppWindow{
		long(5*time.Minute, 5*time.Minute, 200), long(30*time.Minute, 30*time.Minute, 200), long(time.Hour, time.Hour, 161), long(6*time.Hour, time.Hour, 161),
	}}, time.Now(), 0)
	in := In{View: s.View(), Width: 100}
	firing := alert.Alert{Rule: "slo.fast", Metric: "slo.burn", State: alert.Firing, Severity: alert.P1, Labels: model.Labels{"app": "shop", "window": "1h"}}
	in.Alerts = []alert.Alert{firing}
	lines := budgetLine(in, store.All[model.App](in.View)[0])
	if got, want := linesText(lines), "shop, budget for errors:  1h 16.1x too fast  6h ? requests are known for 1h0m0s of the last 6h"; !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	if role := lines[0][4].Role; role != Bad {
		t.Errorf("what fires has the role %v", role)
	}
	detail := linesText(serviceDetail(in, "app.shop"))
	if !strings.Contains(detail, "16.1x too fast, of 99.9 % in 30 days") {
		t.Errorf("got %s", detail)
	}
	if word := appWord(firing); word != "errors" {
		t.Errorf("the application is %s", word)
	}
}
