package actions_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/actions"
)

func TestEffects(t *testing.T) {
	later := func(d time.Duration, do func()) { time.AfterFunc(d, do) }
	tests := []struct {
		name    string
		after   func(g *gauges) // what the world does once the action ran
		own     []actions.Effect
		verdict actions.Verdict
		text    string
		took    time.Duration
	}{
		{"helped at once", func(g *gauges) { later(1200*time.Millisecond, func() { g.set("waiting", 0) }) }, nil,
			actions.Helped, "fixed in 40 ms · waiting 38 → 0 in 1.3 s · p95 still 9 · helped", 1250 * time.Millisecond},
		{"no effect", func(g *gauges) { later(1100*time.Millisecond, func() { g.set("waiting", 37) }) }, nil,
			actions.NoEffect, "fixed in 40 ms · waiting 38 → 37 in 1.3 s · p95 still 9 · no effect", 10 * time.Second},
		{"nothing moved", func(*gauges) {}, nil,
			actions.NoEffect, "fixed in 40 ms · waiting still 38 · p95 still 9 · no effect", 10 * time.Second},
		{"worse", func(g *gauges) { g.set("waiting", 60) }, nil,
			actions.Worse, "fixed in 40 ms · waiting 38 → 60 · p95 still 9 · worse", 10 * time.Second},
		{"a little", func(g *gauges) { g.set("waiting", 20) }, nil,
			actions.Helped, "fixed in 40 ms · waiting 38 → 20 · p95 still 9 · helped", 10 * time.Second},
		{"not to be seen any more", func(g *gauges) { g.values = nil }, nil,
			actions.Unclear, "fixed in 40 ms · effect unknown", 10 * time.Second},
		{"measured by the action", func(*gauges) {}, []actions.Effect{{Name: "waiting", Metric: "waiting", Before: new(40.0), After: new(2.0)}},
			actions.Helped, "fixed in 40 ms · waiting 40 → 2 · helped", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, log := &gauges{}, &memory{}
				g.set("waiting", 38)
				g.set("p95", 9)
				f := &fake{plan: actions.Plan{Measures: []actions.Measure{
					{Name: "waiting", Metric: "waiting", Within: 10 * time.Second},
					{Metric: "p95", Within: time.Second},
				}}}
				if tt.own != nil {
					f.plan.Measures = f.plan.Measures[:1]
				}
				f.run = func(context.Context, actions.Plan, func(actions.Progress)) (actions.Result, error) {
					tt.after(g)
					return actions.Result{Done: []string{"fix"}, Summary: "fixed in 40 ms", Effects: tt.own}, nil
				}
				began := time.Now()
				out, err := newRunner(t, actions.Options{Audit: log, Facts: g}, f.action(actions.Reversible)).Do(t.Context(), order(yes))
				if err != nil {
					t.Fatal(err)
				}
				if out.Verdict != tt.verdict || out.Text != tt.text {
					t.Errorf("got %s: %s\nwant %s: %s", out.Verdict, out.Text, tt.verdict, tt.text)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if got := log.words()[2]; got != "effect "+string(tt.verdict) {
					t.Errorf("recorded %s", got)
				}
			})
		})
	}
}

func TestEffectOfNothingToImprove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauges{}
		g.set("waiting", 0)
		f := &fake{plan: actions.Plan{Measures: []actions.Measure{{Metric: "waiting", Within: 2 * time.Second}}}}
		out, err := newRunner(t, actions.Options{Facts: g}, f.action(actions.Reversible)).Do(t.Context(), order(yes))
		if err != nil || out.Verdict != actions.Unclear || out.Text != "fixed in 40 ms" {
			t.Errorf("%s: %s, %v", out.Verdict, out.Text, err)
		}
	})
}

func TestEffectAsksForFreshFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauges{}
		g.set("waiting", 38)
		f := &fake{plan: actions.Plan{Measures: []actions.Measure{{Metric: "waiting", Within: time.Minute}}}}
		r := newRunner(t, actions.Options{Facts: g, Refresh: func() { g.set("waiting", 1) }}, f.action(actions.Reversible))
		began := time.Now()
		out, err := r.Do(t.Context(), order(yes))
		if err != nil || out.Verdict != actions.Helped || time.Since(began) > 0 {
			t.Errorf("%s after %v, %v", out.Text, time.Since(began), err)
		}
	})
}

// What had no time to show is not known: that it did nothing was not seen.
func TestEffectEndsWithTheScreen(t *testing.T) {
	for _, tt := range []struct {
		after float64
		want  actions.Verdict
	}{{38, actions.Unclear}, {60, actions.Unclear}, {20, actions.Helped}} {
		synctest.Test(t, func(t *testing.T) {
			g := &gauges{}
			g.set("waiting", 38)
			f := &fake{plan: actions.Plan{Measures: []actions.Measure{{Metric: "waiting", Within: time.Minute}}}}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			time.AfterFunc(time.Second, func() { g.set("waiting", tt.after) })
			began := time.Now()
			out, err := newRunner(t, actions.Options{Facts: g}, f.action(actions.Reversible)).Do(ctx, order(yes))
			if took := time.Since(began); err != nil || took != 3*time.Second {
				t.Errorf("took %v, %v", took, err)
			}
			if out.Verdict != tt.want {
				t.Errorf("%v: %s, want %s", tt.after, out.Text, tt.want)
			}
		})
	}
}

// A reading that was under way while the action ran may tell of before.
func TestEffectIsReadAfterTheAction(t *testing.T) {
	after := func(d time.Duration, do func()) { time.AfterFunc(d, do) }
	tests := []struct {
		name    string
		world   func(g *gauges, ended time.Time)
		verdict actions.Verdict
		text    string
		took    time.Duration
	}{
		{"one that ended later settles nothing", func(g *gauges, ended time.Time) {
			g.read("waiting", 0, ended.Add(-time.Millisecond))
			after(1900*time.Millisecond, func() { g.read("waiting", 37, ended.Add(time.Second)) })
		}, actions.NoEffect, "fixed in 40 ms · waiting 38 → 37 in 2 s · no effect", 10 * time.Second},
		{"nor does it say that nothing helped", func(g *gauges, ended time.Time) {
			g.read("waiting", 38, ended.Add(-time.Millisecond))
		}, actions.Unclear, "fixed in 40 ms · effect unknown", 10 * time.Second},
		{"one that began as it ended counts", func(g *gauges, ended time.Time) {
			g.read("waiting", 0, ended)
		}, actions.Helped, "fixed in 40 ms · waiting 38 → 0 · helped", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gauges{}
				g.set("waiting", 38)
				f := &fake{plan: actions.Plan{Measures: []actions.Measure{{Metric: "waiting", Within: 10 * time.Second}}}}
				f.run = func(context.Context, actions.Plan, func(actions.Progress)) (actions.Result, error) {
					tt.world(g, time.Now())
					return actions.Result{Done: []string{"fix"}, Summary: "fixed in 40 ms"}, nil
				}
				began := time.Now()
				out, err := newRunner(t, actions.Options{Facts: g}, f.action(actions.Reversible)).Do(t.Context(), order(yes))
				if err != nil || out.Verdict != tt.verdict || out.Text != tt.text {
					t.Errorf("got %s: %s (%v)\nwant %s: %s", out.Verdict, out.Text, err, tt.verdict, tt.text)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

// The number that decides is waited for while it is not read again, also when
// another one has settled.
func TestTheFirstNumberIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauges{}
		g.set("connections", 100)
		g.set("oldest", 14)
		f := &fake{plan: actions.Plan{Measures: []actions.Measure{
			{Metric: "connections", Within: 10 * time.Second}, {Metric: "oldest", Within: 10 * time.Second},
		}}}
		f.run = func(context.Context, actions.Plan, func(actions.Progress)) (actions.Result, error) {
			ended := time.Now()
			g.read("connections", 100, ended.Add(-time.Millisecond))
			g.read("oldest", 0, ended)
			time.AfterFunc(900*time.Millisecond, func() { g.read("connections", 20, ended.Add(time.Second/2)) })
			return actions.Result{Done: []string{"fix"}, Summary: "fixed"}, nil
		}
		out, err := newRunner(t, actions.Options{Facts: g}, f.action(actions.Reversible)).Do(t.Context(), order(yes))
		if want := "fixed · connections 100 → 20 in 1 s · oldest 14 → 0 · helped"; err != nil || out.Text != want {
			t.Errorf("got %q (%v), want %q", out.Text, err, want)
		}
	})
}
