package store

import "tocsin/internal/model"

// The kinds of snapshots of a project at Supabase.

// SupabaseProjectKey names how the project and its services are.
func SupabaseProjectKey() Key[model.SupabaseProject] {
	return Key[model.SupabaseProject]{Name: "supabase.project", Version: 1}
}

// SupabaseBackupsKey names what the project can be put back to.
func SupabaseBackupsKey() Key[model.SupabaseBackups] {
	return Key[model.SupabaseBackups]{Name: "supabase.backups", Version: 1}
}

// SupabaseComputeKey names what the database runs on.
func SupabaseComputeKey() Key[model.SupabaseCompute] {
	return Key[model.SupabaseCompute]{Name: "supabase.compute", Version: 1}
}

// SupabaseSettingsKey names the pooler, the replicas and the settings.
func SupabaseSettingsKey() Key[model.SupabaseSettings] {
	return Key[model.SupabaseSettings]{Name: "supabase.settings", Version: 1}
}

// SupabaseNetworkKey names who may reach the database.
func SupabaseNetworkKey() Key[model.SupabaseNetwork] {
	return Key[model.SupabaseNetwork]{Name: "supabase.network", Version: 1}
}

// SupabaseAdviceKey names what the advisors found.
func SupabaseAdviceKey() Key[model.SupabaseAdvice] {
	return Key[model.SupabaseAdvice]{Name: "supabase.advice", Version: 1}
}

// SupabaseUsageKey names the requests of the services.
func SupabaseUsageKey() Key[model.SupabaseUsage] {
	return Key[model.SupabaseUsage]{Name: "supabase.usage", Version: 1}
}

// SupabaseMachineKey names what the machine of the database tells.
func SupabaseMachineKey() Key[model.SupabaseMachine] {
	return Key[model.SupabaseMachine]{Name: "supabase.machine", Version: 1}
}
