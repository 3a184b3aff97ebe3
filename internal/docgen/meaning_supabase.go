package main

func supabaseMeanings() map[string]string {
	return map[string]string{
		"provider.budget": "calls of the provider's API that are left in its window; where it does not say so, of its limit less our own",

		"supabase.project.trouble": "how the project stands: 0 in order, 1 on its way to something else, 2 in trouble or switched off",
		"supabase.service.down":    "1 while the service is not healthy",
		"supabase.backup.none":     "1 while there is no completed backup",
		"supabase.backup.age":      "how long ago the newest instant is that the project can be put back to",
		"supabase.backup.window":   "how far back point-in-time recovery goes",
		"supabase.volume.used":     "share of the disk of the database in use, as the management API has it",
		"supabase.readonly":        "1 while the database refuses writes, as it does when its disk is nearly full",
		"supabase.replicas":        "read replicas",
		"supabase.bans":            "addresses that the guard of the database has shut out",
		"supabase.advice":          "what the advisors found, by level",
		"supabase.requests":        "requests of the last 15 minutes",

		"supabase.cpu":            "share of all CPUs of the database's machine that is busy, between two readings",
		"supabase.cpu.wait":       "share in which they wait for the disk",
		"supabase.memory":         "memory of the machine that is not available",
		"supabase.disk.reads":     "read from its disks",
		"supabase.disk.writes":    "written to its disks",
		"supabase.disk.ops":       "reads and writes that ended",
		"supabase.disk.busy":      "share of the time in which the busiest disk was busy",
		"supabase.disk.used":      "share of a file system of the machine in use",
		"supabase.disk.full_in":   "time until it is full at the trend of the last minutes; absent while it does not fill",
		"supabase.oom_kills":      "processes ended for want of memory, between two readings",
		"supabase.connections":    "connections to the database in percent of max_connections",
		"supabase.pooler.waiting": "clients of the pooler that wait for a connection",
		"supabase.postgres.down":  "1 while the database does not answer its exporter",
	}
}
