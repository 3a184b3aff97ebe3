package alert

import (
	"slices"
	"testing"
	"time"

	"tocsin/internal/model"
)

// What a trouble came to at its worst, and when it began to fire, is known while
// it lasts and after, over restarts, until the next begins.
func TestWorst(t *testing.T) {
	for _, tt := range []struct {
		name     string
		fire     Threshold
		clear    Threshold
		readings []float64 // ten seconds apart; below 0: too few to tell
		worst    float64   // below 0: none
		alerted  int       // the reading with which it began to fire last; -1: it did not
	}{
		{"in order", above(80, "%"), below(70, "%"), []float64{10, 20}, -1, -1},
		{"so far", above(80, "%"), below(70, "%"), []float64{85, 97, 90}, 97, 2},
		{"pending", above(80, "%"), below(70, "%"), []float64{85, 84}, 85, -1},
		{"after its end", above(80, "%"), below(70, "%"), []float64{85, 90, 99, 10, 10, 10, 10}, 99, 2},
		{"while it clears", above(80, "%"), below(70, "%"), []float64{85, 90, 90, 60, 95}, 95, 2},
		{"of the last of two", above(80, "%"), below(70, "%"), []float64{99, 99, 99, 1, 1, 1, 1, 81, 82, 83}, 83, 9},
		{"the lower the worse", below(20, "%"), above(30, "%"), []float64{15, 4, 12}, 4, 2},
		{"not known meanwhile", above(80, "%"), below(70, "%"), []float64{85, -1, -1, 90, 90, 88}, 90, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rule := testRule()
			rule.Fire, rule.Clear = tt.fire, tt.clear
			w, e := newWorld(), New(testSet(rule))
			var times []time.Time
			var got Alert
			for _, value := range tt.readings {
				w.now = w.now.Add(10 * time.Second)
				times = append(times, w.now)
				put(w, gaugeKey(), reading(value))
				if value < 0 {
					show(w, '?')
				}
				data, err := e.Export()
				if err != nil {
					t.Fatal(err)
				}
				e = New(testSet(rule))
				if err := e.Import(data); err != nil {
					t.Fatal(err)
				}
				got = e.Step(w)[0]
			}
			if worst := got.Worst; (worst == nil) != (tt.worst < 0) || worst != nil && *worst != tt.worst {
				t.Errorf("worst %v, want %v", worst, tt.worst)
			}
			if at := slices.IndexFunc(times, got.Alerted.Equal); at != tt.alerted {
				t.Errorf("it fired with reading %d, want %d", at, tt.alerted)
			}
		})
	}
}

// What fires is told by the alerts that are known, and of the others by the record.
func TestStillFiring(t *testing.T) {
	now := []Alert{
		{Rule: "db.locks.waiting", State: Firing},
		{Rule: "http.p95", Labels: model.Labels{"app": "shop", windowLabel: "1m"}, State: Clearing},
		{Rule: "host.memory", State: OK},
		{Rule: "db.down", State: Unknown, Former: Firing},
		{Rule: "host.cpu", State: Pending},
	}
	got := StillFiring(now, []string{"host.memory", "cache.down", "http.p95 app=shop"})
	if want := []string{"db.locks.waiting", "http.p95 shop", "db.down", "cache.down"}; !slices.Equal(got, want) {
		t.Errorf("fires %v, want %v", got, want)
	}
}
