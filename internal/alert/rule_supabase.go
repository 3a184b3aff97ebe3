package alert

import "time"

// supabaseRules are about the project that holds the database. Readings come
// once a minute, or once in ten: one that is over does not wait for others.
func supabaseRules() []Rule {
	rules := []Rule{
		{ID: "supabase.project", Metric: "supabase.project.trouble", Fire: atLeast(2), Clear: below(2), Severity: P1, Runbook: "complete-outage"},
		{ID: "supabase.postgres.down", Metric: "supabase.postgres.down", Fire: atLeast(1), Clear: below(1), Severity: P1, Runbook: "complete-outage"},
		{ID: "supabase.service", Metric: "supabase.service.down", Fire: atLeast(1), For: time.Minute, Clear: below(1), Severity: P2, Runbook: "provider-outage"},
		{ID: "supabase.readonly", Metric: "supabase.readonly", Fire: atLeast(1), Clear: below(1), Severity: P1, Runbook: "disk-filling"},
		{ID: "supabase.backup.age", Metric: "supabase.backup.age", Fire: above(26, "h"), Clear: below(25, "h"), Severity: P2, Runbook: "backup-and-restore"},
		{ID: "supabase.backup.none", Metric: "supabase.backup.none", Fire: atLeast(1), Clear: below(1), Severity: P2, Runbook: "backup-and-restore"},
	}
	share := func(id, metric string, fire, clear float64, lasting time.Duration) Rule {
		return Rule{ID: id, Metric: metric, Fire: above(fire, "%"), For: lasting, Clear: below(clear, "%"), ClearFor: 5 * time.Minute, Severity: P2}
	}
	disk := share("supabase.disk.used", "supabase.disk.used", 85, 82, time.Minute)
	volume := share("supabase.volume.used", "supabase.volume.used", 85, 82, 0)
	volume.InhibitedBy = []string{"supabase.disk.used"}
	disk.Runbook, volume.Runbook = "disk-filling", "disk-filling"
	memory := share("supabase.memory", "supabase.memory", 90, 85, 5*time.Minute)
	memory.Runbook = "memory"
	cpu := share("supabase.cpu", "supabase.cpu", 85, 75, 5*time.Minute)
	cpu.Severity, cpu.Runbook = P3, "performance-degradation"
	rules = append(rules, disk, volume, memory, cpu)
	for i := range rules {
		rules[i].Group = "supabase"
	}
	return rules
}
