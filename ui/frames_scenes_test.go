package ui

import (
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// scenes are the situations in which every view is looked at.
func scenes() []scene {
	return []scene{
		{name: "calm", wide: true},
		{name: "bad-deploy", lasting: 4 * time.Minute, change: badDeploy, suspect: suspectDeploy},
		{name: "lock-pileup", lasting: 372 * time.Second, change: lockPileup, suspect: suspectLock, wide: true, duty: onDuty},
		{name: "bloat", lasting: 10 * time.Minute, change: bloat, suspect: suspectBloat},
		{name: "stale-cache", lasting: 5 * time.Minute, change: staleCache, suspect: suspectCache},
		{name: "slow-query", lasting: 3 * time.Minute, change: slowQuery, suspect: suspectQuery},
		{name: "replica-lag", lasting: 5 * time.Minute, change: replicaLag, wide: true},
		{name: "supabase-short", lasting: 6 * time.Minute, change: supabaseShort, suspect: suspectSupabase, wide: true},
		{name: "error-spike", lasting: 4*time.Minute + 30*time.Second, change: errorSpike, wide: true},
		{name: "provider-outage", lasting: 4 * time.Minute, change: providerOutage},
		{name: "cache-leak", lasting: 5 * time.Minute, change: cacheLeak},
		{name: "rolled-back", lasting: 12 * time.Minute, change: rolledBack, wide: true},
		{name: "pending", silent: true, started: time.Second},
		{name: "postgres-down", lasting: 90 * time.Second, change: postgresDown, suspect: suspectDown},
		{name: "unconfigured", lasting: time.Hour, change: unconfigured},
		{name: "hostile", lasting: time.Hour, change: hostile, suspect: suspectHostile, wide: true, duty: evilDuty},
	}
}

func badDeploy(v *values, now time.Time, lasting time.Duration) {
	fresh := model.Deployment{ID: "dpl_32", Name: "v32", URL: "https://shop-v32.vercel.app", State: "READY", Commit: "f00dfeed1234",
		Message: "New checkout", Author: "ben", Created: now.Add(-lasting - time.Minute), Ready: now.Add(-lasting), Live: true}
	v.deploys.Rows[0].Live, v.deploys.Rows[0].Candidate = false, true
	v.deploys.Rows = append([]model.Deployment{fresh}, v.deploys.Rows...)
	v.apps[0] = app("shop", 1190, 214, 640*time.Millisecond)
}

func suspectDeploy(now time.Time) alert.Suspect {
	return alert.Suspect{
		Summary:  "deploy v32 by ben 4m00s ago: errors 0.4 % → 18 % since, live before: v31",
		Evidence: []string{"errors 18 % of 1190 requests in 1 m, limit 2 %", "began 3 s after v32 went live"},
		Against:  []string{"nobody waits for a lock", "providers fine", "requests/s flat"},
		Since:    now.Add(-4 * time.Minute), Rule: "http.error_rate.high", Level: alert.Critical,
		Action: "deploy.rollback", Args: map[string]string{"deployment": "dpl_31"}, Book: "bad-deploy",
	}
}

func lockPileup(v *values, now time.Time, lasting time.Duration) {
	root := session(now, 4711, "worker", "idle in transaction", "ALTER TABLE orders ADD COLUMN note text")
	root.BackendStart, root.Tx, root.QueryAge = now.Add(-lasting-time.Minute), ptr(lasting), ptr(lasting)
	root.StateAge, root.HasXID = ptr(lasting), true
	root.Holds = []model.LockHeld{{Mode: "AccessExclusiveLock", Relation: "shop.orders"}, {Mode: "AccessShareLock", Relation: "shop.orders"}}
	v.activity.Sessions = append(v.activity.Sessions, root)
	for i := range 38 {
		s := session(now, 4790+i, "api", "active", "UPDATE orders SET state = $1\n WHERE id = $2")
		s.BlockedBy, s.WaitType, s.Wait = []int{4711}, "Lock", "relation"
		s.WaitsFor = &model.LockWait{Type: "relation", Mode: "RowExclusiveLock", Relation: "shop.orders"}
		if i == 1 {
			s.BlockedBy = []int{4790}
			s.WaitsFor = &model.LockWait{Type: "transactionid", Mode: "ShareLock"}
		}
		s.Tx = ptr(max(lasting-time.Duration(14+i)*time.Second, 0))
		s.QueryAge = s.Tx
		v.activity.Sessions = append(v.activity.Sessions, s)
	}
	v.connections.Clients = 86
	v.connections.ByState = []model.Count{{Name: "active", N: 47}, {Name: "idle", N: 38}, {Name: "idle in transaction", N: 1}}
	v.apps[0] = app("shop", 1180, 4, 4800*time.Millisecond)
	v.probes[1].Latency = 4900 * time.Millisecond
}

func suspectLock(now time.Time) alert.Suspect {
	return alert.Suspect{
		Summary:  "38 sessions wait behind pid 4711: idle in transaction 6m12s, app=worker, holds AccessExclusive on shop.orders",
		Evidence: []string{"p95 4.8 s, limit 1 s", "86 of 100 usable slots taken"},
		Against:  []string{"no deploy in 9 h", "providers fine", "not load: requests/s flat"},
		Since:    now.Add(-372 * time.Second), Rule: "db.locks.waiting", Level: alert.Critical,
		Action: "pg.terminate", Args: map[string]string{"pid": "4711", "backend_start": now.Add(-372*time.Second - time.Minute).UTC().Format(time.RFC3339Nano)},
	}
}

func bloat(v *values, _ time.Time, lasting time.Duration) {
	t := &v.tables.Rows[1]
	t.Dead = 9000 + int64(lasting.Seconds())*150
	t.AutovacuumOff = true
}

func suspectBloat(now time.Time) alert.Suspect {
	return alert.Suspect{
		Summary:  "public.events is 66 % dead rows (99 k of 149 k) and autovacuum is off for it",
		Evidence: []string{"limit 20 %"}, Against: []string{"no old snapshot holds it back"},
		Since: now.Add(-9 * time.Minute), Rule: "db.dead_tuples.pct", Level: alert.Warning,
		Action: "pg.vacuum", Args: map[string]string{"table": "public.events"},
	}
}

func staleCache(v *values, _ time.Time, lasting time.Duration) {
	v.probes[0].Fresh.Age = time.Minute + lasting
}

func suspectCache(now time.Time) alert.Suspect {
	return alert.Suspect{
		Summary:  "web serves content 6m00s old, limit 1m00s: the cache is not refreshed",
		Evidence: []string{"the service itself answers in 21 ms"}, Against: []string{"cache up, hits 96 %"},
		Since: now.Add(-5 * time.Minute), Rule: "cache.stale", Level: alert.Warning,
		Action: "cache.purge", Args: map[string]string{"prefix": "page:"},
	}
}

func slowQuery(v *values, now time.Time, lasting time.Duration) {
	s := session(now, 5120, "reports", "active", "SELECT count(*) FROM orders o CROSS JOIN order_items i WHERE o.total > i.price")
	s.Tx, s.QueryAge, s.StateAge, s.XminAge = ptr(lasting), ptr(lasting), ptr(lasting), 4120
	v.activity.Sessions = append(v.activity.Sessions, s)
	v.connections.Clients++
	v.connections.ByState[1].N++
}

func suspectQuery(now time.Time) alert.Suspect {
	return alert.Suspect{
		Summary:  "pid 5120 has been running one statement for 3m00s, app=reports: SELECT count(*) FROM orders o CROSS JOIN …",
		Evidence: []string{"limit 5 s"}, Against: []string{"it waits for no lock", "requests fine: p95 210 ms"},
		Since: now.Add(-3 * time.Minute), Rule: "db.query.slow", Level: alert.Warning,
		Action: "pg.cancel", Args: map[string]string{"pid": "5120", "backend_start": "2000-01-01T00:20:00Z"},
	}
}

func postgresDown(v *values, _ time.Time, _ time.Duration) {
	v.lost = map[string]*model.Fail{"pg.": {Class: model.Down, Text: "connect to db1.internal:5432: dial tcp 10.0.3.4:5432: connect: connection refused"}}
	v.apps[0] = app("shop", 1100, 1100, 12*time.Millisecond)
	v.probes[1].Up, v.probes[1].Passed, v.probes[1].Status, v.probes[1].Why, v.probes[1].Failures = false, false, 503, "HTTP 503 Service Unavailable", 6
}

func suspectDown(now time.Time) alert.Suspect {
	return alert.Suspect{
		Summary:  "PostgreSQL is down: connection refused by db1.internal:5432, 7 attempts in a row",
		Evidence: []string{"api down since then", "errors 100 %"}, Against: []string{"no deploy in 9 h", "providers fine"},
		Since: now.Add(-90 * time.Second), Rule: "db.down", Level: alert.Critical,
	}
}

func unconfigured(v *values, _ time.Time, _ time.Duration) { *v = values{} }

// hostile puts what could harm a terminal or a layout into every text that
// comes from outside.
func hostile(v *values, _ time.Time, _ time.Duration) {
	evil := "a[red]b\x1b]52;c;ZXZpbA==\x07\x1b[2J\u202egnp\u202c \U0001f468\u200d\U0001f469\u200d\U0001f467 \u4e2d\u6587\nforged line [:::https://evil/]x" + strings.Repeat("\u0301", 40)
	for i := range v.activity.Sessions {
		s := &v.activity.Sessions[i]
		s.App, s.Role, s.Database, s.Client, s.Query = evil, evil, evil, evil, strings.Repeat(evil, 200)
	}
	v.connections.ByApp[0].Name = evil
	v.statements.Rows[0].Text = evil
	v.statements.Names = model.StatementNames{Texts: map[int64]string{11: evil}, Roles: map[int64]string{10: evil}, Databases: map[int64]string{5: evil}}
	v.tables.Rows[0].Name = evil
	v.host.Name, v.host.Disks[0].Mount = evil, evil
	v.deploys.Rows[0].Name, v.deploys.Rows[0].Author, v.deploys.Rows[0].Message = evil, evil, evil
	v.probes[0].Passed, v.probes[0].Why = false, evil
	v.pages[0].Incidents = []model.ProviderIncident{{Name: evil, Impact: evil}}
	hostileServer(v, evil)
	v.hosted.project.Name, v.hosted.project.Services[0].Error, v.hosted.project.Region = evil, evil, evil
	v.hosted.network.Bans[0].Address, v.hosted.advice.Lints[0].Detail, v.hosted.settings.Settings[0].Value = evil, evil, evil
	v.hosted.machine.Disks[0].Mount = evil
	hostileWatchers(v, evil)
	hostileSite(v, evil)
	hostileCache(v, evil)
	v.lost = map[string]*model.Fail{"redis": {Class: model.Broken, Text: evil, Hint: evil}}
}

func suspectHostile(now time.Time) alert.Suspect {
	return alert.Suspect{Summary: "a[red]b\x1b[2J\u202egnp\u202c does it", Evidence: []string{"\x07"}, Rule: "db.query.slow",
		Level: alert.Warning, Action: "pg.cancel", Since: now.Add(-time.Minute)}
}
