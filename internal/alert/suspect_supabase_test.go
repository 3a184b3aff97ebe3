package alert

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func project(w *world, status string, sick ...string) {
	p := model.SupabaseProject{Name: "shop", Status: status, Budget: model.Budget{Limit: 60, Left: 55}}
	for _, name := range []string{"db", "auth", "rest"} {
		p.Services = append(p.Services, model.ManagedService{Name: name, Status: "ACTIVE_HEALTHY"})
	}
	for _, name := range sick {
		p.Services = append(p.Services, model.ManagedService{Name: name, Status: "UNHEALTHY", Error: "no answer"})
	}
	put(w, store.SupabaseProjectKey(), p)
}

func TestSupabaseSuspects(t *testing.T) {
	for _, tt := range []struct {
		name    string
		change  func(w *world)
		rule    string
		summary string
		says    string
	}{
		{"in order", func(w *world) { project(w, "ACTIVE_HEALTHY") }, "", "no suspect: no reading is over its threshold", ""},
		{"a project that was paused explains a server that is down", func(w *world) { project(w, "INACTIVE"); refuse(w, 5) },
			"supabase.project", "the project shop at Supabase is inactive", ""},
		{"an unhealthy project is its server that is down", func(w *world) { project(w, "ACTIVE_UNHEALTHY", "pooler"); refuse(w, 5) },
			"db.down", "PostgreSQL does not answer", "at Supabase the project is active unhealthy"},
		{"a server that is down while its machine is changed", func(w *world) { project(w, "RESIZING"); refuse(w, 5) },
			"db.down", "PostgreSQL does not answer", "at Supabase the project is resizing"},
		{"a machine that is changed alone is no trouble", func(w *world) { project(w, "RESIZING") }, "", "no suspect", ""},
		{"a word that nobody knows is no trouble", func(w *world) { project(w, "UNKNOWN") }, "", "no suspect", ""},
		{"a service that is down", func(w *world) { project(w, "ACTIVE_HEALTHY", "storage") },
			"supabase.service", "storage is not healthy in project shop at Supabase", "storage: no answer"},
		{"a database that refuses writes", func(w *world) {
			yes := true
			project(w, "ACTIVE_HEALTHY")
			put(w, store.SupabaseComputeKey(), model.SupabaseCompute{ReadOnly: &yes, Volume: model.Disk{Total: 100, Used: 97}})
			errorsSince(w, 30, 2*time.Minute)
		}, "supabase.readonly", "the database at Supabase refuses writes: its disk is 97 % full", "http.error_rate shop 30 %"},
		{"a machine short of memory", func(w *world) {
			total, free := uint64(100), uint64(4)
			put(w, store.SupabaseMachineKey(), model.SupabaseMachine{MemTotal: &total, MemFree: &free})
			put(w, store.SupabaseComputeKey(), model.SupabaseCompute{Size: "Micro", Price: "$10"})
		}, "supabase.memory", "the database's machine at Supabase: supabase.memory 96 % (limit 90 %)", "its size is Micro, $10"},
		{"a busy minute of the machine", func(w *world) { put(w, store.SupabaseMachineKey(), model.SupabaseMachine{CPU: ptr(97.0)}) },
			"", "no suspect for supabase.cpu 97 % (limit 85 %)", ""},
		{"a slow statement explains a busy machine", func(w *world) {
			put(w, store.SupabaseMachineKey(), model.SupabaseMachine{CPU: ptr(97.0)})
			sessions(w, session(812, "reports", "active", 200*time.Second))
		}, "db.query.slow", "pid 812 runs one statement", ""},
		{"no backup is no cause of anything felt", func(w *world) {
			put(w, store.SupabaseBackupsKey(), model.SupabaseBackups{Read: w.now})
		}, "", "no suspect for supabase.backup.none no completed backup", ""},
		{"an old backup", func(w *world) {
			put(w, store.SupabaseBackupsKey(), model.SupabaseBackups{Read: w.now, List: []model.ManagedBackup{{Status: "FAILED", At: w.now}, {Status: "COMPLETED", At: w.now.Add(-30 * time.Hour)}}})
		}, "", "no suspect for supabase.backup.age 30 h (limit 26 h)", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			calm(w)
			tt.change(w)
			got := Diagnose(w, New(Defaults()).Step(w))
			if got.Rule != tt.rule || !strings.Contains(got.Summary, tt.summary) {
				t.Errorf("got %q, %s", got.Rule, got.Summary)
			}
			if all := strings.Join(append(got.Evidence, got.Against...), "\n"); !strings.Contains(all, tt.says) {
				t.Errorf("got\n%s\nwant in it %q", all, tt.says)
			}
		})
	}
}
