package alert

import (
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

// ofSupabase are about the project that holds the database.
func ofSupabase() []situation {
	return []situation{
		{
			name: "in order", change: func(w *world) { project(w, "ACTIVE_HEALTHY") },
			summary: "no suspect: no reading is over its threshold",
		},
		{
			name: "a project that was paused explains a server that is down", change: func(w *world) { project(w, "INACTIVE"); refuse(w, 5) },
			rule: "supabase.project", summary: "the project shop at Supabase is inactive",
		},
		{
			name: "an unhealthy project is its server that is down", change: func(w *world) { project(w, "ACTIVE_UNHEALTHY", "pooler"); refuse(w, 5) },
			rule: "db.down", summary: "PostgreSQL does not answer",
			evidence: []string{"at Supabase the project is active unhealthy"},
		},
		{
			name: "a server that is down while its machine is changed", change: func(w *world) { project(w, "RESIZING"); refuse(w, 5) },
			rule: "db.down", summary: "PostgreSQL does not answer",
			evidence: []string{"at Supabase the project is resizing"},
		},
		{
			name: "a machine that is changed alone is no trouble", change: func(w *world) { project(w, "RESIZING") },
			summary: "no suspect",
		},
		{
			name: "a word that nobody knows is no trouble", change: func(w *world) { project(w, "UNKNOWN") },
			summary: "no suspect",
		},
		{
			name: "a service that is down", change: func(w *world) { project(w, "ACTIVE_HEALTHY", "storage") },
			rule: "supabase.service", summary: "storage is not healthy in project shop at Supabase",
			evidence: []string{"storage: no answer"},
		},
		{
			name: "a database that refuses writes", change: func(w *world) {
				yes := true
				project(w, "ACTIVE_HEALTHY")
				put(w, store.SupabaseComputeKey(), model.SupabaseCompute{ReadOnly: &yes, Volume: model.Disk{Total: 100, Used: 97}})
				errorsSince(w, 30, 2*time.Minute)
			},
			rule: "supabase.readonly", summary: "the database at Supabase refuses writes: its disk is 97 % full",
			evidence: []string{"http.error_rate shop 30 %"},
		},
		{
			name: "a machine short of memory", change: func(w *world) {
				total, free := uint64(100), uint64(4)
				put(w, store.SupabaseMachineKey(), model.SupabaseMachine{MemTotal: &total, MemFree: &free})
				put(w, store.SupabaseComputeKey(), model.SupabaseCompute{Size: "Micro", Price: "$10"})
			},
			rule: "supabase.memory", summary: "the database's machine at Supabase: supabase.memory 96 % (limit 90 %)",
			evidence: []string{"its size is Micro, $10"},
		},
		{
			name: "a busy minute of the machine", change: func(w *world) { put(w, store.SupabaseMachineKey(), model.SupabaseMachine{CPU: ptr(97.0)}) },
			summary: "no suspect for supabase.cpu 97 % (limit 85 %)",
		},
		{
			name: "a slow statement explains a busy machine", change: func(w *world) {
				put(w, store.SupabaseMachineKey(), model.SupabaseMachine{CPU: ptr(97.0)})
				sessions(w, session(812, "reports", "active", 200*time.Second))
			},
			rule: "db.query.slow", summary: "pid 812 runs one statement", action: "pg.cancel",
		},
		{
			name: "no backup is no cause of anything felt", change: func(w *world) {
				put(w, store.SupabaseBackupsKey(), model.SupabaseBackups{Read: w.now})
			},
			summary: "no suspect for supabase.backup.none no completed backup",
		},
		{
			name: "an old backup", change: func(w *world) {
				put(w, store.SupabaseBackupsKey(), model.SupabaseBackups{Read: w.now, List: []model.ManagedBackup{{Status: "FAILED", At: w.now}, {Status: "COMPLETED", At: w.now.Add(-30 * time.Hour)}}})
			},
			summary: "no suspect for supabase.backup.age 30 h (limit 26 h)",
		},
	}
}
