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

// rewritten is a table most of whose rows died so long ago, all at once.
func rewritten(w *world, ago time.Duration) {
	put(w, store.TablesKey(), model.Tables{Rows: []model.Table{{Schema: "public", Name: "events", Live: 50_000, Dead: 60_000}}})
	w.history("db.dead_tuples.pct", model.Labels{"table": "public.events"}, 0.5, 54.5, w.now.Add(-ago))
}

// snapshot is a session that has held one for so long.
func snapshot(pid int, app, state string, age time.Duration) model.Session {
	s := session(pid, app, state, age)
	s.XminAge = 900
	return s
}

func TestWhoKeepsDeadRows(t *testing.T) {
	const dead = "54.5 % of the rows of public.events are dead (60000 of 110000)"
	vacuum := map[string]string{"table": "public.events"}
	tests := []struct {
		name    string
		change  func(w *world)
		summary string
		says    string
		action  string
		args    map[string]string
	}{
		{"a forgotten transaction under which they died", func(w *world) {
			rewritten(w, 10*time.Second)
			sessions(w, snapshot(4711, "psql", "idle in transaction", 25*time.Second))
		}, dead + ", kept by the snapshot of pid 4711 (app=psql), 25s old", "0.50 % were dead when it was taken", "pg.terminate", pidArgs(4711)},
		{"one taken when the first of them were read", func(w *world) {
			rewritten(w, 26*time.Second)
			sessions(w, snapshot(4711, "psql", "idle in transaction", 25*time.Second))
		}, dead + ", kept by the snapshot of pid 4711 (app=psql), 25s old", "0.50 % were dead when it was taken", "pg.terminate", pidArgs(4711)},
		{"a long statement under which they died", func(w *world) {
			rewritten(w, time.Minute)
			sessions(w, snapshot(4711, "psql", "active", 2*time.Minute))
		}, dead + ", kept by the snapshot of pid 4711 (app=psql), 2m0s old", "", "pg.cancel", pidArgs(4711)},
		{"an old one of which nobody knows what was before", func(w *world) {
			rewritten(w, time.Hour)
			sessions(w, snapshot(4711, "psql", "idle in transaction", 6*time.Minute))
		}, "kept by the snapshot of pid 4711 (app=psql), 6m0s old", "the snapshot is 900 transactions old", "pg.terminate", pidArgs(4711)},
		{"one without a name", func(w *world) {
			rewritten(w, 10*time.Second)
			sessions(w, snapshot(4711, "", "idle in transaction", 25*time.Second))
		}, "pid 4711 (role=shop), 25s old", "", "pg.terminate", pidArgs(4711)},
		{"the oldest of two", func(w *world) {
			rewritten(w, 10*time.Second)
			older := snapshot(4712, "etl", "idle in transaction", 40*time.Second)
			older.XminAge = 2000
			sessions(w, snapshot(4711, "psql", "idle in transaction", 25*time.Second), older)
		}, "pid 4712 (app=etl), 40s old", "", "pg.terminate", pidArgs(4712)},

		{"a transaction that came after they died", func(w *world) {
			rewritten(w, 2*time.Minute)
			sessions(w, snapshot(4711, "psql", "idle in transaction", 25*time.Second))
		}, dead, "", "pg.vacuum", vacuum},
		{"a statement that just runs", func(w *world) {
			rewritten(w, 2*time.Second)
			sessions(w, snapshot(4711, "api", "active", 4*time.Second))
		}, dead, "", "pg.vacuum", vacuum},
		{"a transaction that holds no snapshot", func(w *world) {
			rewritten(w, 10*time.Second)
			sessions(w, session(4711, "psql", "idle in transaction", 25*time.Second))
		}, dead, "", "pg.vacuum", vacuum},
		{"our own vacuum", func(w *world) {
			rewritten(w, 10*time.Second)
			sessions(w, snapshot(4711, "tocsin:01HZY", "active", 10*time.Minute))
		}, dead, "", "pg.vacuum", vacuum},
		{"one that the horizon saw and that has gone", func(w *world) {
			rewritten(w, time.Hour)
			put(w, store.HorizonKey(), model.Horizon{Rows: []model.Holder{
				{Kind: "session", Name: "psql", PID: 4711, BackendStart: began(), XminAge: 900, For: ptr(time.Hour)},
			}})
		}, dead, "", "pg.vacuum", vacuum},
		{"a slot", func(w *world) {
			rewritten(w, time.Hour)
			put(w, store.HorizonKey(), model.Horizon{Rows: []model.Holder{{Kind: "slot", Name: "old", XminAge: 90_000}}})
			sessions(w, snapshot(4711, "psql", "idle in transaction", 6*time.Minute))
		}, dead + ", kept by the snapshot of slot old", "90000 transactions old", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			calm(w)
			tt.change(w)
			// A statement that runs long is a suspect of its own, and a worse one.
			all := Suspects(w, New(Defaults()).Step(w))
			got := all[slices.IndexFunc(all, func(s Suspect) bool { return s.Rule == "db.dead_tuples.pct" })]
			if !strings.HasSuffix(got.Summary, tt.summary) || got.Action != tt.action || !maps.Equal(got.Args, tt.args) {
				t.Errorf("got %+v", got)
			}
			if !slices.ContainsFunc(got.Evidence, func(e string) bool { return strings.Contains(e, tt.says) }) {
				t.Errorf("evidence %q, want %q", got.Evidence, tt.says)
			}
		})
	}
}

// What lasted so long when it was read has lasted longer by now.
func TestAgesGoOn(t *testing.T) {
	now := time.Now()
	s := &scene{now: now}
	if got := s.older(ptr(14*time.Second), now.Add(-3*time.Second)); *got != 17*time.Second {
		t.Errorf("14 s, read 3 s ago: %v", got)
	}
	if got := s.older(ptr(time.Second), now.Add(time.Hour)); *got != time.Second {
		t.Errorf("read by another clock: %v", got)
	}
	if got := s.older(nil, now); got != nil {
		t.Errorf("not known: %v", got)
	}
}
