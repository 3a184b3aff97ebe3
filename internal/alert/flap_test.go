package alert

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of TestClocksChange

	"tocsin/internal/model"
)

// flapWords steps the letters of TestStates, and says f for each step on which
// the series flaps.
func flapWords(w *world, e *Engine, letters string, every time.Duration) (states, flaps string) {
	var a, b strings.Builder
	for _, letter := range letters {
		w.now = w.now.Add(every)
		show(w, letter)
		alerts := e.Step(w)
		a.WriteString(letterOf(alerts))
		if len(alerts) > 0 && alerts[0].Flapping {
			b.WriteString("f")
		} else {
			b.WriteString("-")
		}
	}
	return a.String(), b.String()
}

func TestFlapping(t *testing.T) {
	quick := testRule()
	quick.For, quick.ClearFor = 0, 0
	tests := []struct {
		name     string
		every    time.Duration
		readings string
		states   string
		flaps    string
	}{
		{
			name: "the fourth time within an hour it flaps, and clears after ten minutes in order", every: time.Minute,
			readings: "HlHlHlHllHlllllllllllHl",
			states:   "F.F.F.FccFcccccccccc.F.", flaps: "------ffffffffffffff---",
		},
		{
			name: "seldom is no flapping", every: 20 * time.Minute,
			readings: "HlHlHlHlHl",
			states:   "F.F.F.F.F.", flaps: "----------",
		},
		{
			name: "unknown ends no flapping", every: time.Minute,
			readings: "HlHlHlHl??????????????????l",
			states:   "F.F.F.Fc[c][c][c][c][c][c][c][c][c][c][c][c][c][c][c][c][c][c]c", flaps: "------fffffffffffffffffffff",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			states, flaps := flapWords(newWorld(), New(testSet(quick)), tt.readings, tt.every)
			if states != tt.states || flaps != tt.flaps {
				t.Errorf("got  %s\n     %s\nwant %s\n     %s", states, flaps, tt.states, tt.flaps)
			}
		})
	}
}

// A series that flaps fires again with every turn: whoever took it on is not
// asked each time. It is also remembered over a restart.
func TestAFlappingAlertKeepsItsAcknowledgement(t *testing.T) {
	quick := testRule()
	quick.For, quick.ClearFor = 0, 0
	w, e := newWorld(), New(testSet(quick))
	flapWords(w, e, "HlHlHlH", time.Minute)
	if err := e.Ack("r", Ack{Who: "ana", At: w.now}); err != nil {
		t.Fatal(err)
	}
	data, err := e.Export()
	if err != nil {
		t.Fatal(err)
	}
	e = New(testSet(quick))
	if err := e.Import(data); err != nil {
		t.Fatal(err)
	}
	flapWords(w, e, "lH", time.Minute)
	if got := pick(t, e.Current(), "r"); got.Acked == nil || !got.Flapping || got.State != Firing {
		t.Errorf("got acked %v, flapping %t, %s", got.Acked, got.Flapping, got.State)
	}
	w.now = w.now.Add(-2 * time.Hour)
	if _, flaps := flapWords(w, e, "l", 0); flaps != "f" {
		t.Error("a clock that was set back ends the flapping")
	}
}

// Who took on one per cent has not taken on what the next rule is about.
func TestAckDropsAtTheNextThreshold(t *testing.T) {
	low, high, other := testRule(), testRule(), testRule()
	low.ID, high.ID, high.Severity, high.Fire, high.Clear = "low", "high", P1, above(95, "%"), below(90, "%")
	high.For, high.ClearFor = 0, 0
	other.ID, other.Metric, other.Severity, other.For = "other", "weight", P0, 0
	w, e := newWorld(), New(testSet(low, high, other))
	step := func(load, weight float64) Alert {
		w.now = w.now.Add(10 * time.Second)
		facts := gauge{"": model.Fact{Name: "load", Value: load, Unit: model.Percent, Known: true, Count: 100},
			"a": model.Fact{Name: "weight", Value: weight, Unit: model.Percent, Known: true, Count: 100}}
		put(w, gaugeKey(), facts)
		e.Step(w)
		return pick(t, e.Current(), "low")
	}
	step(90, 1)
	ack := func() {
		if err := e.Ack("low", Ack{Who: "ana", At: w.now}); err != nil {
			t.Fatal(err)
		}
	}
	ack()
	if got := step(94, 99); got.Acked == nil {
		t.Error("dropped, although the worse rule is about something else")
	}
	if got := step(96, 1); got.Acked != nil {
		t.Error("still there after the next threshold was crossed")
	}
	ack()
	if got := step(97, 1); got.Acked == nil {
		t.Error("dropped again, although nothing got worse")
	}
}

func TestAMuteTellsItsEnd(t *testing.T) {
	at := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	tests := []struct {
		lasts, left time.Duration
		want        bool
	}{
		{24 * time.Hour, 11 * time.Minute, false},
		{24 * time.Hour, 10 * time.Minute, true},
		{6 * time.Minute, 4 * time.Minute, false},
		{6 * time.Minute, 3 * time.Minute, true},
	}
	for _, tt := range tests {
		m := Mute{At: at, Until: at.Add(tt.lasts)}
		if got := m.Ending(m.Until.Add(-tt.left)); got != tt.want {
			t.Errorf("%s before the end of %s: got %t", tt.left, tt.lasts, got)
		}
	}
}

// In the nights in which clocks are changed an hour is no longer and no shorter
// than another one: what counts is the time that passed.
func TestClocksChange(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, night := range []time.Time{
		time.Date(2026, 3, 29, 1, 59, 50, 0, zone),  // 02:00 becomes 03:00
		time.Date(2026, 10, 25, 2, 59, 50, 0, zone), // 03:00 becomes 02:00
	} {
		w, e := newWorld(), New(testSet(testRule()))
		w.now = night
		states, _ := flapWords(w, e, "HHHllll", 10*time.Second)
		if states != "ppFccc." {
			t.Errorf("%s: got %s", night, states)
		}
		show(w, 'H')
		e.Step(w)
		until := w.now.Add(24 * time.Hour)
		if err := e.Mute("r", Mute{Who: "ana", Why: "noise", At: w.now, Until: until}); err != nil {
			t.Errorf("%s: %v", night, err)
		}
		w.now = until.Add(-time.Second)
		if got := pick(t, e.Step(w), "r"); got.Muted == nil || got.Age(w.now) != 24*time.Hour-time.Second {
			t.Errorf("%s: muted %v, lasts %s", night, got.Muted, got.Age(w.now))
		}
		w.now = until
		if got := pick(t, e.Step(w), "r"); got.Muted != nil {
			t.Errorf("%s: the silence outlasts its end", night)
		}
	}
}

// What pages over the life of a series: it comes and goes until it flaps, which
// is one page more; a source that vanishes ends nothing, nor does a clock that
// is set.
func TestWhatPages(t *testing.T) {
	quick := testRule()
	quick.For, quick.ClearFor = 0, 0
	tests := []struct {
		name     string
		readings string
		step     map[int]time.Duration // of the clock, besides a minute, before that reading
		triggers int
		resolves int
	}{
		{name: "a flapping series", readings: "HlHlHlHlHlHlHlHllllllllllll", triggers: 4, resolves: 4},
		{name: "a source that vanishes", readings: "Hxxxxxxxxxxxxxxxx", triggers: 1},
		{name: "a source that vanishes and comes back", readings: "HxxxxxxxxxxxH", triggers: 1},
		{name: "a source that is no longer configured", readings: "Huuuuuu", triggers: 1, resolves: 1},
		{name: "a clock that is set back", readings: "HHHHHl", step: map[int]time.Duration{2: -2 * time.Hour}, triggers: 1, resolves: 1},
		{name: "a clock that is set forward", readings: "HHHHHl", step: map[int]time.Duration{2: 26 * time.Hour}, triggers: 1, resolves: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, e := newWorld(), New(testSet(quick))
			var pages Pages
			got := map[PageKind]int{}
			for i, letter := range tt.readings {
				w.now = w.now.Add(time.Minute + tt.step[i])
				show(w, letter)
				next, news := pages.Next(w.now, e.Step(w))
				for _, n := range news {
					got[n.Kind]++
				}
				pages = next
			}
			if got[Trigger] != tt.triggers || got[Resolve] != tt.resolves {
				t.Errorf("got %v, want %d and %d", got, tt.triggers, tt.resolves)
			}
		})
	}
}
