package model

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// counted is a reading so many seconds in, of entries given by calls and
// milliseconds.
func counted(second int, entries map[int64][2]int64) *StatementCounts {
	var list []StatementCount
	for id, n := range entries {
		list = append(list, StatementCount{StatementID{ID: id}, StatementWork{Calls: n[0], Total: time.Duration(n[1]) * time.Millisecond}})
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return CountStatements(StatementHead{At: start.Add(time.Duration(second) * time.Second), Started: start, Reset: start, All: true}, list)
}

func TestSince(t *testing.T) {
	mark := counted(0, map[int64][2]int64{1: {10, 100}, 2: {10, 100}, 3: {10, 100}, 5: {10, 100}, -7: {1, 5}})
	now := Statements{Names: StatementNames{Texts: map[int64]string{2: "SELECT $1"}}, Hidden: "some", Counts: counted(60, map[int64][2]int64{
		1:  {10, 100}, // did nothing
		2:  {13, 160}, // went on
		3:  {2, 20},   // was thrown out, or reset alone, and came back
		4:  {1, 20},   // is new; 5 was thrown out
		-7: {2, 10},
	})}
	now.Counts.Evictions = 1
	got, void := now.Since(mark)
	if void != "" || got.Elapsed != time.Minute || !got.Evicted || got.Hidden != "some" || got.Counts != now.Counts {
		t.Errorf("void %q, head %+v", void, got)
	}
	row := func(id, calls int64, total time.Duration, share float64) Statement {
		return Statement{StatementID: StatementID{ID: id}, StatementWork: StatementWork{Calls: calls, Total: total * time.Millisecond}, Share: share}
	}
	want := []Statement{row(2, 3, 60, 100*60/105.0), row(3, 2, 20, 100*20/105.0), row(4, 1, 20, 100*20/105.0), row(-7, 1, 5, 100*5/105.0)}
	want[0].Text = "SELECT $1"
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Error(diff)
	}
	if same, void := now.Since(now.Counts); void != "" || same.Elapsed != 0 || len(same.Rows) != 0 {
		t.Errorf("since itself: void %q, %+v", void, same)
	}
}

func TestBreaks(t *testing.T) {
	tests := []struct {
		name   string
		change func(now *StatementCounts)
		want   string // in the reason; "" for none
	}{
		{"goes on", func(*StatementCounts) {}, ""},
		{"restart", func(now *StatementCounts) { now.Started = now.At }, "started anew"},
		{"reset", func(now *StatementCounts) { now.Reset = now.At }, "reset"},
		{"other rights", func(now *StatementCounts) { now.All = false }, "may see other statements"},
		{"clock set back", func(now *StatementCounts) { now.At = now.At.Add(-time.Hour) }, "clock"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := counted(10, nil)
			tt.change(now)
			got := now.Breaks(counted(0, nil))
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := (Statements{}).Counts.Breaks(counted(0, nil)); got == "" {
		t.Error("without a reading nothing can be told")
	}
}

func TestResetSince(t *testing.T) {
	before := counted(0, map[int64][2]int64{1: {100, 1}, 2: {3, 1}, 3: {1, 1}})
	tests := []struct {
		name    string
		entries map[int64][2]int64
		told    bool // the server tells of resets
		want    bool
	}{
		{"went on", map[int64][2]int64{1: {110, 1}, 2: {3, 1}, 3: {1, 1}}, false, false},
		{"the rarest are thrown out", map[int64][2]int64{1: {100, 1}}, false, false},
		{"all began anew", map[int64][2]int64{1: {4, 1}, 2: {1, 1}}, false, true},
		{"all began anew, which the server tells", map[int64][2]int64{1: {4, 1}}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := counted(10, tt.entries)
			if !tt.told {
				now.Reset = time.Time{}
			}
			if got := now.ResetSince(before); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWorse(t *testing.T) {
	mark := counted(0, map[int64][2]int64{
		1: {100, 1000}, // 10 ms
		2: {100, 1000},
		3: {4, 40},
		4: {100, 1000},
		5: {1000, 10},
		7: {100, 1000},
	})
	now := Statements{Counts: counted(100, map[int64][2]int64{
		1: {110, 1400},   // 40 ms: worse
		2: {110, 1114},   // 11.4 ms: not clearly
		3: {104, 100040}, // was called too seldom before
		4: {104, 100000}, // is called too seldom since
		5: {2000, 110},   // ten times, but who cares for 0.1 ms in 100 s
		6: {50, 90000},   // is new
		7: {10, 400},     // came back after it was thrown out: 40 ms, worse as well
	})}
	since, _ := now.Since(mark)
	var got []string
	for _, r := range since.Worse(mark) {
		got = append(got, fmt.Sprintf("%d: %s → %s, ×%.1f, %s", r.ID, r.Before.Mean(), r.Mean(), r.Factor(), r.Extra()))
	}
	if diff := cmp.Diff([]string{"1: 10ms → 40ms, ×4.0, 300ms", "7: 10ms → 40ms, ×4.0, 300ms"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTickOf(t *testing.T) {
	tick := StatementTick{Rows: []StatementCount{{StatementID{ID: 1}, StatementWork{Calls: 3}}}}
	if work, ok := tick.Of(StatementID{ID: 1}); !ok || work.Calls != 3 {
		t.Errorf("got %+v, %v", work, ok)
	}
	if _, ok := tick.Of(StatementID{ID: 2}); !ok {
		t.Error("what was not there did nothing")
	}
	tick.Rest = true
	if _, ok := tick.Of(StatementID{ID: 2}); ok {
		t.Error("what was not among the first ones may have done something")
	}
}

// BenchmarkSince counts since a mark among as many entries as a server may keep.
func BenchmarkSince(b *testing.B) {
	for _, n := range []int64{5_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			entries := map[int64][2]int64{}
			for id := range n {
				entries[id*7919] = [2]int64{id, 2 * id}
			}
			mark := counted(0, entries)
			for id, e := range entries {
				entries[id] = [2]int64{2*e[0] + 1, 2*e[1] + 1}
			}
			now := Statements{Counts: counted(10, entries)}
			b.ReportAllocs()
			for b.Loop() {
				now.Since(mark)
			}
		})
	}
}
