package alert

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// crowd are n sessions of an application in a state for so long.
func crowd(from, n int, app, state string, age time.Duration) []model.Session {
	var out []model.Session
	for i := range n {
		out = append(out, session(from+i, app, state, age))
	}
	return out
}

// full is a server with 57 usable connections of which so many are taken.
func full(w *world, clients int, all ...[]model.Session) {
	sessions(w, slices.Concat(all...)...)
	put(w, store.ConnectionsKey(), model.Connections{Max: 60, Reserved: 3, Clients: clients, ByApp: []model.Count{{Name: "api", N: 21}}})
}

func TestWhoLeavesConnectionsBehind(t *testing.T) {
	tests := []struct {
		name    string
		change  func(w *world)
		summary string
		action  string
		args    map[string]string
	}{
		{"a leak in transactions", func(w *world) {
			full(w, 59, crowd(100, 41, "report-worker", "idle in transaction", 25*time.Second), crowd(300, 9, "api", "idle", time.Minute))
		}, "all 57 usable connections are taken: app=report-worker leaves 41 idle in transaction, the oldest for 25s",
			"pg.terminate.all", map[string]string{"app": "report-worker", "state": "idle in transaction"}},
		{"failed transactions count as well", func(w *world) {
			full(w, 50, crowd(100, 10, "etl", "idle in transaction", time.Minute), crowd(200, 10, "etl", "idle in transaction (aborted)", time.Hour))
		}, "50 of 57 usable connections are taken (87.7 %): app=etl leaves 20 idle in transaction, the oldest for 1 h",
			"pg.terminate.all", map[string]string{"app": "etl", "state": "idle in transaction"}},
		{"a leak of idle sessions", func(w *world) {
			full(w, 57, crowd(100, 30, "cron", "idle", 10*time.Minute), crowd(300, 20, "api", "active", time.Second))
		}, "app=cron leaves 30 idle, the oldest for 10m0s", "pg.terminate.all", map[string]string{"app": "cron", "state": "idle", "idle_over": "15s"}},
		{"a pool between two requests", func(w *world) {
			full(w, 57, crowd(100, 40, "api", "idle", 9*time.Second))
		}, "app=api holds 21", "", nil},
		{"transactions that pause", func(w *world) {
			full(w, 57, crowd(100, 40, "api", "idle in transaction", 2*time.Second))
		}, "app=api holds 21", "", nil},
		{"many at work", func(w *world) {
			full(w, 57, crowd(100, 40, "api", "active", 3*time.Second))
		}, "app=api holds 21", "", nil},
		{"a few left behind among many at work", func(w *world) {
			full(w, 57, crowd(100, 10, "cron", "idle", time.Hour), crowd(300, 40, "api", "active", time.Second))
		}, "app=api holds 21", "", nil},
		{"no name to end them by", func(w *world) {
			full(w, 57, crowd(100, 40, "", "idle", time.Hour))
		}, "app=api holds 21", "", nil},
		{"ours", func(w *world) {
			full(w, 57, crowd(100, 40, "tocsin", "idle", time.Hour))
		}, "app=api holds 21", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			calm(w)
			tt.change(w)
			got := Diagnose(w, New(Defaults()).Step(w))
			if got.Rule != "db.connections" || !strings.HasSuffix(got.Summary, tt.summary) {
				t.Errorf("got %s: %s", got.Rule, got.Summary)
			}
			if got.Action != tt.action || !maps.Equal(got.Args, tt.args) {
				t.Errorf("offers %s %v", got.Action, got.Args)
			}
		})
	}
}

// Many idle sessions on a server with room are nobody's fault.
func TestALeakThatFillsNothing(t *testing.T) {
	w := newWorld()
	calm(w)
	full(w, 30, crowd(100, 25, "report-worker", "idle in transaction", time.Minute))
	if got := Diagnose(w, New(Defaults()).Step(w)); got.Found() {
		t.Errorf("got %s", got.Summary)
	}
}
