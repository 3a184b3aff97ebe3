package alert

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// supabaseSpecimens are those of a project at Supabase.
func supabaseSpecimens() []specimen {
	hour := time.Hour
	return []specimen{
		{store.SupabaseProjectKey().Name, false, model.SupabaseProject{
			Services: []model.ManagedService{{}}, Budget: model.Budget{Limit: 1},
		}},
		{store.SupabaseBackupsKey().Name, false, model.SupabaseBackups{}},
		{store.SupabaseComputeKey().Name, false, model.SupabaseCompute{}},
		{store.SupabaseSettingsKey().Name, false, model.SupabaseSettings{}},
		{store.SupabaseNetworkKey().Name, false, model.SupabaseNetwork{}},
		{store.SupabaseAdviceKey().Name, false, model.SupabaseAdvice{}},
		{store.SupabaseUsageKey().Name, false, model.SupabaseUsage{Requests: []model.Count{{}}}},
		{store.SupabaseMachineKey().Name, false, model.SupabaseMachine{Disks: []model.Disk{{Total: 1, FullIn: &hour}}}},
	}
}
