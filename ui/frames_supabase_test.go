package ui

import (
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// hostedValues are what a project at Supabase gives; a nil one is not configured.
type hostedValues struct {
	project  *model.SupabaseProject
	compute  *model.SupabaseCompute
	backups  *model.SupabaseBackups
	settings *model.SupabaseSettings
	network  *model.SupabaseNetwork
	usage    *model.SupabaseUsage
	advice   *model.SupabaseAdvice
	machine  *model.SupabaseMachine
}

func calmHosted(now time.Time, wave float64) hostedValues {
	project := &model.SupabaseProject{
		Ref: "abcdefghijklmnopqrst", Name: "shop", Region: "eu-central-1", Postgres: "17.6.1.011", Status: "ACTIVE_HEALTHY",
		Created: now.Add(-40 * 24 * time.Hour), Budget: model.Budget{Limit: 60, Left: 56, Reset: now.Add(30 * time.Second)},
	}
	for _, name := range []string{"db", "auth", "rest", "realtime", "storage", "pooler"} {
		project.Services = append(project.Services, model.ManagedService{Name: name, Status: "ACTIVE_HEALTHY"})
	}
	backups := &model.SupabaseBackups{Read: now, PITR: true, Oldest: now.Add(-7 * 24 * time.Hour), Latest: now.Add(-2 * time.Minute)}
	for day := range 3 {
		backups.List = append(backups.List, model.ManagedBackup{ID: int64(day), Status: "COMPLETED", At: now.Add(-time.Duration(5+24*day) * time.Hour)})
	}
	return hostedValues{
		project: project, backups: backups,
		compute: &model.SupabaseCompute{Size: "Small", SizeID: "ci_small", Price: "$0.0206/hour (~$15/month)", DiskType: "gp3", DiskGB: 8, IOPS: 3000,
			Volume: model.Disk{Mount: "data", Total: 8 << 30, Used: 3 << 30}, ReadOnly: ptr(false)},
		settings: &model.SupabaseSettings{
			Pooler:   &model.ManagedPooler{Mode: "transaction", Size: ptr(25), MaxClients: ptr(400)},
			Replicas: []model.ManagedReplica{{ID: "abcdefghijklmnopqrst-rr-eu-west-1-1", Host: "db2.abcdefghijklmnopqrst.supabase.co"}},
			Settings: []model.ManagedSetting{{Name: "max_connections", Value: "90"}, {Name: "statement_timeout", Value: "2min"}},
		},
		network: &model.SupabaseNetwork{Allowed: []string{"0.0.0.0/0", "::/0"}, Open: true, Bans: []model.Ban{{Address: "203.0.113.7", Of: "abcdefghijklmnopqrst"}}},
		usage:   &model.SupabaseUsage{Span: 15 * time.Minute, Requests: []model.Count{{Name: "rest", N: 31200}, {Name: "auth", N: 410}, {Name: "storage", N: 88}, {Name: "realtime", N: 0}}},
		advice: &model.SupabaseAdvice{Lints: []model.Lint{
			{Kind: "security", Level: "ERROR", Name: "rls_disabled_in_public", Title: "RLS Disabled in Public", Detail: "Table public.orders is public, but RLS has not been enabled.", More: "https://supabase.com/docs"},
			{Kind: "performance", Level: "INFO", Name: "unindexed_foreign_keys", Title: "Unindexed foreign keys", Detail: "Table public.orders has a foreign key without a covering index."},
		}},
		machine: calmMachine(wave),
	}
}

func calmMachine(wave float64) *model.SupabaseMachine {
	return &model.SupabaseMachine{
		CPUs: 2, CPU: ptr(34 + wave), IOWait: ptr(2.5), Load: &[3]float64{0.7, 0.8, 0.9}, MemTotal: ptr(uint64(2 << 30)), MemFree: ptr(uint64(900 << 20)),
		SwapUsed: ptr(uint64(80 << 20)), Disks: []model.Disk{{Mount: "/", Total: 10 << 30, Used: 4 << 30}, {Mount: "/data", Total: 8 << 30, Used: 3 << 30}},
		DiskRead: ptr(1.2e6), DiskWrite: ptr(3.4e6), DiskOps: ptr(210.0), DiskBusy: ptr(18.0), NetIn: ptr(90e3), NetOut: ptr(400e3), OOMKills: ptr(int64(0)),
		Up: ptr(true), Clients: ptr(int64(31)), Slots: ptr(int64(90)), Waiting: ptr(int64(0)),
	}
}

// hostedCells are the cells of the project.
type hostedCells struct {
	project  *store.Cell[model.SupabaseProject]
	compute  *store.Cell[model.SupabaseCompute]
	backups  *store.Cell[model.SupabaseBackups]
	settings *store.Cell[model.SupabaseSettings]
	network  *store.Cell[model.SupabaseNetwork]
	usage    *store.Cell[model.SupabaseUsage]
	advice   *store.Cell[model.SupabaseAdvice]
	machine  *store.Cell[model.SupabaseMachine]
}

func hostedCellsOf(s *store.Store) hostedCells {
	about := store.Source{Group: "supabase", Every: time.Minute}
	return hostedCells{
		project: store.NewCell(s, store.SupabaseProjectKey(), about), compute: store.NewCell(s, store.SupabaseComputeKey(), about),
		backups: store.NewCell(s, store.SupabaseBackupsKey(), about), settings: store.NewCell(s, store.SupabaseSettingsKey(), about),
		network: store.NewCell(s, store.SupabaseNetworkKey(), about), usage: store.NewCell(s, store.SupabaseUsageKey(), about),
		advice: store.NewCell(s, store.SupabaseAdviceKey(), about), machine: store.NewCell(s, store.SupabaseMachineKey(), store.Source{Every: time.Minute}),
	}
}

func (c hostedCells) put(v values, now time.Time) {
	write(c.project, v.hosted.project, v, now)
	write(c.compute, v.hosted.compute, v, now)
	write(c.backups, v.hosted.backups, v, now)
	write(c.settings, v.hosted.settings, v, now)
	write(c.network, v.hosted.network, v, now)
	write(c.usage, v.hosted.usage, v, now)
	write(c.advice, v.hosted.advice, v, now)
	write(c.machine, v.hosted.machine, v, now)
}

// supabaseShort is a project whose disk is nearly full, some of which a token
// of few rights does not show.
func supabaseShort(v *values, now time.Time, lasting time.Duration) {
	v.hosted.compute.ReadOnly = ptr(true)
	v.hosted.compute.Volume.Used = 7800 << 20
	v.hosted.machine.Disks[1].Used = 7800 << 20
	v.hosted.machine.MemFree = ptr(uint64(60 << 20))
	v.hosted.project.Services[4].Status, v.hosted.project.Services[4].Error = "UNHEALTHY", "upstream connect error"
	v.hosted.backups = &model.SupabaseBackups{Read: now, List: []model.ManagedBackup{
		{Status: "FAILED", At: now.Add(-9 * time.Hour)}, {Status: "COMPLETED", At: now.Add(-33 * time.Hour)},
	}}
	v.hosted.network = &model.SupabaseNetwork{Allowed: []string{"10.0.0.0/8"}, Stored: true,
		Hidden: "the bans: the token needs database_network_bans_read for project abcdefghijklmnopqrst"}
	v.apps[0] = app("shop", 1180, 90, 400*time.Millisecond)
	v.lost = map[string]*model.Fail{"supabase.advice": {Class: model.Denied, Text: "read the security advisor: GET https://api.supabase.com/v1/projects/abcdefghijklmnopqrst/advisors/security: 403: Forbidden resource",
		Hint: "the token needs advisors_read for project abcdefghijklmnopqrst"}}
}

func suspectSupabase(now time.Time) alert.Suspect {
	return alert.Suspect{
		Summary:  "the database at Supabase refuses writes: its disk is 95.2 % full",
		Evidence: []string{"it becomes read-only when 95 % of its disk are in use", "http.error_rate shop 7.6 % (limit 2 %)"},
		Against:  []string{"no deploy in 9 h", "providers fine"},
		Since:    now.Add(-6 * time.Minute), Rule: "supabase.readonly", Level: alert.Critical,
	}
}
