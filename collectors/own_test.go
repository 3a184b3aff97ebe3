package collectors

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

func TestOwnOverAMinute(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1000, 0)
	used := func(seconds int) usageAt {
		n := int64(seconds)
		return usageAt{begin.Add(time.Duration(seconds) * time.Second), pg.Usage{
			Connections: 3, Statements: 100 + 2*n, Busy: time.Second + time.Duration(n)*10*time.Millisecond, Bytes: 5000 + 100*n,
			Sources: map[string]time.Duration{"pg.a": time.Duration(n) * time.Millisecond, "pg.b": time.Duration(n) * 9 * time.Millisecond, "pg.idle": 0},
		}}
	}
	tests := []struct {
		name string
		at   []int // seconds, of all readings
		want model.Own
	}{
		{
			"since the start, where that is no minute ago", []int{0, 10, 30},
			model.Own{Connections: 3, Statements: 160, Busy: 1300 * time.Millisecond, Bytes: 8000,
				Sources: []model.OwnSource{{Name: "pg.b", Busy: 270 * time.Millisecond}, {Name: "pg.a", Busy: 30 * time.Millisecond}}},
		},
		{
			"of the last minute", []int{0, 30, 60, 90, 120},
			model.Own{Connections: 3, Statements: 120, Busy: 600 * time.Millisecond, Bytes: 6000,
				Sources: []model.OwnSource{{Name: "pg.b", Busy: 540 * time.Millisecond}, {Name: "pg.a", Busy: 60 * time.Millisecond}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o Own
			var got model.Own
			for _, at := range tt.at {
				got = o.since(used(at))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// What is told of ourselves is what the server saw: its own count of our
// statements is below our clock's.
func TestOwnOnEveryMajor(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		c := d.statements(t, "postgres")
		own := &Own{Server: c.Server}
		before := collect(t, own)
		activity := Activity{Server: c.Server.For("pg.activity")}
		for range 20 {
			collect(t, activity)
		}
		after := collect(t, own)
		if n := after.Statements - before.Statements; n < 40 || n > 100 {
			t.Errorf("%d statements for 20 readings of the sessions", n)
		}
		if after.Connections != 2 || after.Bytes-before.Bytes < 10_000 || len(after.Sources) != 1 || after.Sources[0].Name != "pg.activity" {
			t.Errorf("before %+v, after %+v", before, after)
		}
		got := collect(t, c)
		pct, ok := got.OwnPct()
		ours := time.Duration(pct / 100 * float64(got.Elapsed))
		if busy := after.Busy; !ok || ours <= 0 || ours > busy {
			t.Errorf("the server counts %s (%t), our clock %s", ours, ok, busy)
		}
	})
}
