package actions

import (
	"testing"
	"time"

	"tocsin/internal/model"
)

func TestAmounts(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		unit model.Unit
		want string
	}{
		{38, model.None, "38"}, {0.4, model.Percent, "0.4 %"}, {66.666, model.Percent, "66.7 %"}, {4800, model.Millis, "4.8 s"},
		{240, model.Millis, "240 ms"}, {372, model.Seconds, "6m12s"}, {0, model.Seconds, "0 ms"}, {1 << 20, model.Bytes, "1.0 MiB"},
		{412.3, model.PerSecond, "412 /s"}, {-1, model.Bytes, "0 B"},
	} {
		if got := amount(tt.v, tt.unit); got != tt.want {
			t.Errorf("%v %s: %q, want %q", tt.v, tt.unit, got, tt.want)
		}
	}
	for d, want := range map[time.Duration]string{
		40 * time.Millisecond: "40 ms", 1234 * time.Millisecond: "1.2 s", 3 * time.Minute: "3m0s",
		9*time.Hour + 3*time.Minute: "9h3m", 50 * time.Hour: "2 d",
	} {
		if got := took(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestVerbsHoldNoData(t *testing.T) {
	for query, want := range map[string]string{
		"ALTER TABLE orders ADD secret text": "ALTER TABLE", "select 'hunter2'": "SELECT", "": "a statement",
		"'x' UNION": "a statement", "/* token=abc */ SELECT 1": "SELECT", "LOCK orders_of_ana": "LOCK",
		"-- by ana\n  /* a /* b */ secret */\tALTER TABLE x": "ALTER TABLE", "/* secret": "a statement", "-- secret": "a statement",
	} {
		if got := verb(query); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

// The vacuum that keeps the server from having to stop is warned of twice.
func TestFreezeRaisesTheDanger(t *testing.T) {
	started := time.Now()
	s := &session{
		PID: 1, Started: &started, Statement: &started, Type: "autovacuum worker", State: "active", MaySignal: true,
		Query: "autovacuum: VACUUM public.orders (to prevent wraparound)",
	}
	if why := s.fault(""); why != "" {
		t.Fatal(why)
	}
	for name, fill := range map[string]func(*Plan, *session){"cancel": cancelPlan, "terminate": terminatePlan} {
		p := Plan{Args: Args{}}
		fill(&p, s)
		if p.Danger != Destructive || p.Notes[0].Label != "breaks" {
			t.Errorf("%s: %v, %+v", name, p.Danger, p.Notes)
		}
		s.Query, p = "autovacuum: VACUUM public.orders", Plan{Args: Args{}}
		fill(&p, s)
		if p.Danger != Read {
			t.Errorf("%s of an ordinary one: %v", name, p.Danger)
		}
		s.Query += " (to prevent wraparound)"
	}
}
