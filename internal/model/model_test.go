package model

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRate(t *testing.T) {
	tests := []struct {
		name      string
		prev, cur int64
		elapsed   time.Duration
		want      float64
		ok        bool
	}{
		{"grows", 10, 30, 2 * time.Second, 10, true},
		{"stands", 10, 10, time.Second, 0, true},
		{"reset", 10, 3, time.Second, 0, false},
		{"no time", 10, 30, 0, 0, false},
		{"clock went back", 10, 30, -time.Second, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Rate(tt.prev, tt.cur, tt.elapsed)
			if got != tt.want || ok != tt.ok {
				t.Errorf("Rate = %v, %v; want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestFailOf(t *testing.T) {
	denied := &Fail{Class: Denied, Text: "permission denied", Hint: "grant pg_monitor to dash"}
	tests := []struct {
		name string
		err  error
		want *Fail
	}{
		{"nothing", nil, nil},
		{"a fail", denied, denied},
		{"a fail in layers", fmt.Errorf("read pg_stat_activity: %w", denied),
			&Fail{Class: Denied, Text: "read pg_stat_activity: permission denied", Hint: denied.Hint}},
		{"a deadline", context.DeadlineExceeded, &Fail{Class: Down, Text: "no answer in time: context deadline exceeded"}},
		{"anything else", errors.New("odd"), &Fail{Class: Broken, Text: "odd"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, FailOf(tt.err)); diff != "" {
				t.Errorf("FailOf (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUsableSlots(t *testing.T) {
	c := Connections{Max: 20, Reserved: 3, Clients: 17}
	if pct, ok := c.UsedPct(); !ok || pct != 100 {
		t.Errorf("17 of 17 usable slots = %v, %v; want 100 %%", pct, ok)
	}
	if _, ok := (Connections{Max: 3, Reserved: 3}).UsedPct(); ok {
		t.Error("a share of no slots was given")
	}
}

func TestShortWindow(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 5 * time.Minute: "5m", time.Hour: "1h", 10 * time.Second: "10s", 90 * time.Second: "1m30s",
	} {
		if got := shortWindow(d); got != want {
			t.Errorf("shortWindow(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestWhatIsNotKnownHasNoValue(t *testing.T) {
	snapshots := map[string][]Fact{
		"host":       Host{}.Facts(),
		"app":        App{Name: "a", Windows: []AppWindow{{Window: time.Minute}}}.Facts(),
		"redis":      Redis{}.Facts(),
		"statements": Statements{}.Facts(),
		"activity":   Activity{Hidden: "grant pg_monitor"}.Facts(),
	}
	for name, facts := range snapshots {
		for _, f := range facts {
			if !f.Known && f.Why == "" {
				t.Errorf("%s: %s is unknown without a reason", name, f.Name)
			}
		}
	}
}
