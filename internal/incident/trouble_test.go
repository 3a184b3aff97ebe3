package incident

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// An alert is one row of the impact, from its first beginning to its last end,
// with the worst that was seen of it.
func TestImpact(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return began.Add(time.Duration(minute) * time.Minute) }
	fires := func(minute int, was string, worst *Worst) Dated[AlertSeen] {
		return Dated[AlertSeen]{at(minute), "tocsin", AlertSeen{Rule: "r", Severity: "P2", State: alertFiring, Since: at(minute - 1), Reading: "90 % (> 80%)", Worst: worst, Was: was}}
	}
	ends := func(minute int, worst *Worst) Dated[AlertSeen] {
		return Dated[AlertSeen]{at(minute), "tocsin", AlertSeen{Rule: "r", Severity: "P2", State: alertOK, Was: alertFiring, Worst: worst}}
	}
	worse := fires(3, alertFiring, &Worst{Value: 98, Text: "98 %"})
	worse.Is.Severity = "P1"
	for _, tt := range []struct {
		name   string
		alerts []Dated[AlertSeen]
		want   trouble
		worst  string
	}{
		{
			"over", []Dated[AlertSeen]{fires(1, "", &Worst{Value: 90, Text: "90 %"}), ends(5, &Worst{Value: 97, Text: "97 %"})},
			trouble{name: "r", severity: "P2", since: at(0), ended: at(5), times: 1, reading: "90 % (> 80%)"}, "97 %",
		},
		{
			"worsened, and lasts", []Dated[AlertSeen]{fires(1, "", &Worst{Value: 90, Text: "90 %"}), worse},
			trouble{name: "r", severity: "P1", since: at(0), times: 1, reading: "90 % (> 80%)"}, "at least 98 %",
		},
		{
			"twice, the first was worse",
			[]Dated[AlertSeen]{fires(1, "", &Worst{Value: 90, Text: "90 %"}), ends(2, &Worst{Value: 97, Text: "97 %"}), fires(4, alertOK, nil), ends(6, &Worst{Value: 85, Text: "85 %"})},
			trouble{name: "r", severity: "P2", since: at(0), ended: at(6), times: 2, reading: "90 % (> 80%)"}, "97 %",
		},
		{
			"the lower the worse", []Dated[AlertSeen]{fires(1, "", &Worst{Value: 9, Low: true, Text: "9 %"}), ends(5, &Worst{Value: 4, Low: true, Text: "4 %"})},
			trouble{name: "r", severity: "P2", since: at(0), ended: at(5), times: 1, reading: "90 % (> 80%)"}, "4 %",
		},
		{
			"of an earlier version", []Dated[AlertSeen]{fires(1, "", nil), ends(5, nil)},
			trouble{name: "r", severity: "P2", since: at(0), ended: at(5), times: 1, reading: "90 % (> 80%)"}, "",
		},
	} {
		got := State{Alerts: tt.alerts}.troubles()
		if len(got) != 1 {
			t.Fatalf("%s: %d rows", tt.name, len(got))
		}
		if text := got[0].worstText(); text != tt.worst {
			t.Errorf("%s: worst %q, want %q", tt.name, text, tt.worst)
		}
		got[0].worst = nil
		if diff := cmp.Diff(tt.want, got[0], cmp.AllowUnexported(trouble{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := (State{Alerts: []Dated[AlertSeen]{ends(1, nil)}}).troubles(); len(got) != 0 {
		t.Errorf("only its end: %v", got)
	}
}

// It is detected by the first of its alerts that fired, or by who opened it.
func TestDetected(t *testing.T) {
	t.Parallel()
	alert := func(rule string, since, fired time.Duration) Dated[AlertSeen] {
		return Dated[AlertSeen]{began.Add(time.Minute), "tocsin", AlertSeen{Rule: rule, State: alertFiring, Since: began.Add(since), Fired: began.Add(fired)}}
	}
	for name, tt := range map[string]struct {
		alerts []Dated[AlertSeen]
		at     time.Duration
		by     string
	}{
		"by nobody else":      {nil, 0, "ana"},
		"by an alert":         {[]Dated[AlertSeen]{alert("a", -3*time.Minute, -time.Minute), alert("b", -4*time.Minute, -2*time.Minute)}, -2 * time.Minute, "b"},
		"before any fired":    {[]Dated[AlertSeen]{alert("a", time.Minute, 2*time.Minute)}, 0, "ana"},
		"old, and no part":    {[]Dated[AlertSeen]{alert("a", -3*time.Hour, -2*time.Hour)}, 0, "ana"},
		"old, and its cause":  {[]Dated[AlertSeen]{alert("cause", -3*time.Hour, -2*time.Hour)}, -2 * time.Hour, "cause"},
		"of an older version": {[]Dated[AlertSeen]{{began, "tocsin", AlertSeen{Rule: "a", State: alertFiring, Since: began.Add(-time.Minute)}}}, 0, "ana"},
	} {
		at, by := State{At: began, By: "ana", Opening: Opened{Cause: "cause"}, Alerts: tt.alerts}.Detected()
		if by != tt.by || !at.Equal(began.Add(tt.at)) {
			t.Errorf("%s: by %s %v after it was opened", name, by, at.Sub(began))
		}
	}
}

// The timeline stands in the order in which it happened: what was learnt later
// where it belongs, the rest as it was written, whatever the clock said then.
func TestTimelineOrder(t *testing.T) {
	t.Parallel()
	f, now := folder(t)
	id := opened(t, f, slow())
	step := func(after time.Duration, d Data) {
		*now = began.Add(after)
		put(t, f, id, d)
	}
	step(time.Minute, Noted{"one"})
	step(3*time.Minute, Noted{"two"})
	step(4*time.Minute, ActionRun{ID: "1", At: began.Add(2 * time.Minute), Action: "act", Outcome: "ok"})
	step(-time.Hour, Noted{"the clock was set back"})
	step(5*time.Minute, EffectSeen{ID: "1", At: began.Add(3 * time.Minute), Action: "act", Verdict: "helped"})
	var got []string
	for _, e := range state(t, f, id).Timeline()[1:] {
		got = append(got, e.Says())
	}
	if diff := cmp.Diff([]string{"one", "act: ok", "two", "the clock was set back", "act helped"}, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}
