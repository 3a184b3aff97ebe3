package alert

import (
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// ofTheCompany are the causes that a company without any extras knows.
func ofTheCompany() []situation {
	return []situation{
		{
			name: "calm", change: func(*world) {},
			summary: "no suspect: no reading is over its threshold",
			against: []string{"no deploy in 9 h", "providers fine", "0 sessions waiting for locks", "connections 40 %", "not load: 40 requests/s, flat"},
		},
		{
			name: "lock pile-up", change: func(w *world) { pileUp(w, 38); slowSince(w, 4800*time.Millisecond, time.Minute) },
			rule: "db.locks.waiting", summary: "38 sessions wait behind pid 4711: idle in transaction 6m12s, app=worker, holds AccessExclusive on shop.orders",
			evidence: []string{"http.p95 shop 4.8 s (limit 1 s)"}, against: []string{"no deploy in 9 h", "providers fine", "not load: 40 requests/s, flat"},
			action: "pg.terminate", args: pidArgs(4711),
		},
		{
			name: "lock pile-up behind a statement with a value", change: func(w *world) {
				root := holder(4711, "worker", "idle in transaction", time.Minute)
				root.Query = "UPDATE orders SET card = '4111'"
				sessions(w, append(waiting(9, 4711), root)...)
			},
			rule: "db.locks.waiting", summary: "9 sessions wait",
			evidence: []string{"its last statement: UPDATE orders SET card …"}, silent: []string{"4111"},
			action: "pg.terminate", args: pidArgs(4711),
		},
		{
			name: "bloat right after a vacuum", change: func(w *world) {
				put(w, store.TablesKey(), model.Tables{Rows: []model.Table{
					{Schema: "public", Name: "events", Live: 50_000, Dead: 30_000, LastVacuum: ptr(w.now.Add(-34 * time.Second))},
				}})
			},
			rule: "db.dead_tuples.pct", summary: "are dead",
			against: []string{"last vacuumed 34s ago"},
			action:  "pg.vacuum", args: map[string]string{"table": "public.events"},
		},
		{
			name: "lock pile-up whose root is a running statement", change: func(w *world) {
				sessions(w, append(waiting(9, 4711), holder(4711, "cron", "active", 90*time.Second))...)
			},
			rule: "db.locks.waiting", summary: "9 sessions wait behind pid 4711: active 1m30s, app=cron",
			action: "pg.cancel", args: pidArgs(4711),
		},
		{
			name: "the root of a deep tree, not its branch", change: func(w *world) {
				branch := session(4790, "api", "active", time.Minute, 4711)
				sessions(w, append(waiting(8, 4790), branch, holder(4711, "worker", "idle in transaction", time.Minute))...)
			},
			rule: "db.locks.waiting", summary: "9 sessions wait behind pid 4711",
			action: "pg.terminate", args: pidArgs(4711),
		},
		{
			name: "two roots: the one with more behind it", change: func(w *world) {
				all := append(waiting(7, 4711), holder(4711, "worker", "idle in transaction", time.Minute), holder(4000, "cron", "idle in transaction", time.Hour))
				sessions(w, append(all, session(4001, "api", "active", time.Minute, 4000))...)
			},
			rule: "db.locks.waiting", summary: "7 sessions wait behind pid 4711",
			evidence: []string{"7 of 8 waiting sessions are behind it"},
			action:   "pg.terminate", args: pidArgs(4711),
		},
		{
			name: "a cycle the server has not broken yet", change: func(w *world) {
				a, b := session(10, "api", "active", time.Minute, 11), session(11, "api", "active", time.Second, 10)
				sessions(w, append(waiting(6, 10), a, b)...)
			},
			rule: "db.locks.waiting", summary: "7 sessions wait behind pid 10",
			action: "pg.cancel", args: pidArgs(10),
		},
		{
			name: "a prepared transaction holds the lock", change: func(w *world) { sessions(w, waiting(9, 0)...) },
			rule: "db.locks.waiting", summary: "9 sessions wait behind a prepared transaction",
			evidence: []string{"pg_prepared_xacts"},
		},
		{
			name: "the root cannot be seen", change: func(w *world) { sessions(w, waiting(9, 77)...) },
			rule: "db.locks.waiting", summary: "9 sessions wait behind pid 77, which cannot be seen",
		},
		{
			name: "a few waiting sessions are no pile-up", change: func(w *world) { pileUp(w, 5) },
			summary: "no suspect",
			against: []string{"5 sessions waiting for locks"},
		},
		{
			name: "idle in transaction that blocks nobody", change: func(w *world) {
				sessions(w, holder(4711, "worker", "idle in transaction", time.Hour))
			},
			summary: "no suspect: no reading is over its threshold",
		},
		{
			name: "slow because of a lock, right after a deploy", change: func(w *world) {
				pileUp(w, 9)
				deployed(w, 5*time.Minute)
				slowSince(w, 4*time.Second, time.Minute)
			},
			rule: "db.locks.waiting", summary: "9 sessions wait",
			against: []string{"deploy v31 5m0s ago"},
			action:  "pg.terminate", args: pidArgs(4711),
		},
		{
			name: "bad deploy", book: "bad-deploy", change: func(w *world) { deployed(w, 5*time.Minute); errorsSince(w, 12, 4*time.Minute) },
			rule: "http.error_rate.high", summary: "http.error_rate shop 12 % (limit 2 %) since deploy v31 by ana, live for 5m0s",
			evidence: []string{"http.error_rate was 0.20 % before it", "v30 can be rolled back to", "began 1m0s after the build went live"}, against: []string{"providers fine"},
			action: "deploy.rollback", args: map[string]string{"deployment": "dpl_30"},
		},
		{
			name: "an old build that was promoted", book: "bad-deploy", change: func(w *world) { switched(w, "promote", 5*time.Minute); errorsSince(w, 12, 4*time.Minute) },
			rule: "http.error_rate.high", summary: "since the promote of v31 by ana, live for 5m0s",
			evidence: []string{"began 1m0s after the build went live"},
			action:   "deploy.rollback", args: map[string]string{"deployment": "dpl_30"},
		},
		{
			name: "errors that a rollback ended", change: func(w *world) { switched(w, "rollback", 40*time.Second); errorsSince(w, 12, 60*time.Second) },
			summary: "no suspect for http.error_rate shop 12 %",
			against: []string{"rolled back to v31 40s ago"}, silent: []string{"no deploy"},
		},
		{
			name: "bad deploy that is only slow", book: "bad-deploy", change: func(w *world) { deployed(w, 5*time.Minute); slowSince(w, 3*time.Second, 5*time.Minute) },
			rule: "http.p95", summary: "since deploy v31",
			action: "deploy.rollback", args: map[string]string{"deployment": "dpl_30"},
		},
		{
			name: "slow database because of a bad deploy", book: "bad-deploy", change: func(w *world) {
				deployed(w, 5*time.Minute)
				slowSince(w, 3*time.Second, 4*time.Minute)
				sessions(w, session(812, "api", "active", 8*time.Second))
			},
			rule: "http.p95", summary: "since deploy v31",
			action: "deploy.rollback", args: map[string]string{"deployment": "dpl_30"},
		},
		{
			name: "bad deploy without a way back", book: "bad-deploy", change: func(w *world) {
				errorsSince(w, 12, 4*time.Minute)
				put(w, store.DeploymentsKey(), model.Deployments{Rows: []model.Deployment{{ID: "dpl_1", Name: "v1", Created: w.now.Add(-5 * time.Minute), Live: true}}})
			},
			rule: "http.error_rate.high", summary: "since deploy v1, live",
			evidence: []string{"there is no build to roll back to"},
		},
		{
			name: "errors that began before the deploy", change: func(w *world) { deployed(w, 5*time.Minute); errorsSince(w, 12, 15*time.Minute) },
			summary: "no suspect for http.error_rate shop 12 %",
			against: []string{"deploy v31 5m0s ago"},
		},
		{
			name: "a deploy an hour ago", change: func(w *world) { deployed(w, 65*time.Minute); errorsSince(w, 12, 4*time.Minute) },
			summary: "no suspect for http.error_rate shop 12 %",
			against: []string{"no deploy in 1 h"},
		},
		{
			name: "too few requests to tell", change: func(w *world) {
				deployed(w, 5*time.Minute)
				put(w, store.AppKey("shop"), model.App{Name: "shop", Windows: []model.AppWindow{{Window: time.Minute, Elapsed: time.Minute, Requests: 4, Errors: 2}}})
			},
			summary: "no suspect: no reading is over its threshold",
		},
		{
			name: "errors because the provider is down", change: func(w *world) { outage(w); errorsSince(w, 12, 4*time.Minute) },
			rule: "provider.trouble", summary: "Vercel reports major trouble: Partial System Outage",
			evidence: []string{"Edge errors (major) for 20m0s", "http.error_rate shop 12 %"}, against: []string{"no deploy in 9 h"},
		},
		{
			name: "provider trouble that nobody feels", change: outage,
			rule: "provider.trouble", summary: "Vercel reports major trouble",
			against: []string{"nothing of it is felt here"},
		},
		{
			name: "a provider's trouble elsewhere does not hide a bad deploy", book: "bad-deploy", change: func(w *world) {
				outage(w)
				deployed(w, 5*time.Minute)
				errorsSince(w, 12, 4*time.Minute)
			},
			rule: "http.error_rate.high", summary: "since deploy v31",
			against: []string{"Vercel reports major"},
			action:  "deploy.rollback", args: map[string]string{"deployment": "dpl_30"},
		},
		{
			name: "minor provider trouble is no suspect", change: func(w *world) {
				put(w, store.StatusPageKey("Vercel"), model.StatusPage{Name: "Vercel", Indicator: "minor"})
			},
			summary: "no suspect",
			against: []string{"Vercel reports minor"},
		},
		{
			name: "server down", change: func(w *world) {
				refuse(w, 5)
				errorsSince(w, 60, 10*time.Second)
				put(w, store.ProbeKey("web"), model.Probe{Service: "web", Why: "HTTP 503", Failures: 3})
			},
			rule: "db.down", summary: "PostgreSQL does not answer: connect to 127.0.0.1:5432: connection refused",
			evidence: []string{"5 attempts in a row within 12s", "web down", "http.error_rate shop 60 %"},
		},
		{
			name: "one failed attempt is not down", change: func(w *world) { refuse(w, 1) },
			summary:  "no suspect: 3 sources cannot be read",
			evidence: []string{"pg.connections: connect to"},
		},
		{
			name: "cache down", change: func(w *world) {
				fail(w, store.RedisKey(), model.Fail{Class: model.Down, Text: "connection refused", Attempts: 4, Since: w.now})
			},
			rule: "cache.down", summary: "Redis does not answer: connection refused",
		},
		{
			name: "a locked pile-up seen before the server went down counts no more", change: func(w *world) { pileUp(w, 9); refuse(w, 5) },
			rule: "db.down", summary: "PostgreSQL does not answer",
		},
		{
			name: "bloat", change: func(w *world) { bloated(w, 50_000, 30_000) },
			rule: "db.dead_tuples.pct", summary: "37.5 % of the rows of public.events are dead (30000 of 80000): autovacuum is off for it",
			evidence: []string{"never vacuumed", "1 more table"}, silent: []string{"snapshot"},
			action: "pg.vacuum", args: map[string]string{"table": "public.events"},
		},
		{
			name: "bloat behind an old snapshot", book: "old-snapshot", change: func(w *world) {
				bloated(w, 50_000, 30_000)
				sessions(w, holder(4711, "reports", "idle in transaction", 2*time.Hour))
			},
			rule: "db.dead_tuples.pct", summary: "kept by the snapshot of pid 4711 (app=reports), 2 h old",
			action: "pg.terminate", args: pidArgs(4711),
		},
		{
			name: "small tables do not count", change: func(w *world) { bloated(w, 1_000, 8_000) },
			rule: "db.dead_tuples.pct", summary: "public.orders",
			action: "pg.vacuum", args: map[string]string{"table": "public.orders"},
		},
		{
			name: "stale cache", change: func(w *world) { stale(w, "page:*") },
			rule: "cache.stale", summary: "web gives content that is 1m20s old, 20s is allowed: purge page:*",
			evidence: []string{"cache hits 96.1 %, 812 keys"},
			action:   "cache.purge", args: map[string]string{"prefix": "page:"},
		},
		{
			name: "stale cache without a configured purge", change: func(w *world) { stale(w, "") },
			rule: "cache.stale", summary: "web gives content that is 1m20s old",
			evidence: []string{"no purge is configured for this probe"},
		},
		{
			name: "stale pages because the database is down", change: func(w *world) { stale(w, "page:*"); refuse(w, 5) },
			rule: "db.down", summary: "PostgreSQL does not answer",
		},
		{
			name: "slow query", change: func(w *world) {
				one := session(812, "reports", "active", 200*time.Second)
				one.QueryID = 42
				sessions(w, one, session(4, "api", "active", time.Second))
				put(w, store.StatementsKey(), model.Statements{Elapsed: time.Minute, Rows: []model.Statement{{StatementID: model.StatementID{ID: 42}, Text: "SELECT count(*)\n  FROM orders"}}})
			},
			rule: "db.query.slow", summary: "pid 812 runs one statement for 3m20s: app=reports, SELECT count(*) FROM orders",
			against: []string{"it waits for no lock"},
			action:  "pg.cancel", args: pidArgs(812),
		},
		{
			name: "a slow query that is merely waiting", change: func(w *world) {
				sessions(w, session(812, "reports", "active", 200*time.Second, 4711), holder(4711, "worker", "idle in transaction", 210*time.Second))
			},
			summary: "no suspect: no reading is over its threshold",
			against: []string{"1 session waiting for locks"},
		},
		{
			name: "a slow query outranks dead rows", change: func(w *world) {
				bloated(w, 50_000, 30_000)
				sessions(w, session(812, "reports", "active", 200*time.Second))
			},
			rule: "db.query.slow", summary: "pid 812",
			action: "pg.cancel", args: pidArgs(812),
		},
		{
			name: "connections exhausted by idle transactions", change: func(w *world) {
				var all []model.Session
				for i := range 30 {
					all = append(all, session(100+i, "worker", "idle in transaction", time.Duration(60+i)*time.Second))
				}
				sessions(w, all...)
				put(w, store.ConnectionsKey(), model.Connections{
					Max: 103, Reserved: 3, Clients: 92, ByApp: []model.Count{{Name: "worker", N: 60}},
					ByState: []model.Count{{Name: "idle", N: 62}, {Name: "idle in transaction", N: 30}},
				})
			},
			rule: "db.connections", summary: "92 of 100 usable connections are taken (92 %): app=worker holds 60",
			evidence: []string{"62 idle, 30 idle in transaction", "30 idle in transaction for over 30s, the oldest pid 129: 1m29s, app=worker"},
			action:   "pg.terminate", args: pidArgs(129),
		},
		{
			name: "connections exhausted by plain load", change: func(w *world) {
				put(w, store.ConnectionsKey(), model.Connections{Max: 103, Reserved: 3, Clients: 92, ByApp: []model.Count{{Name: "api", N: 80}}})
			},
			rule: "db.connections", summary: "app=api holds 80",
		},
		{
			name: "connections exhausted because of a lock", change: func(w *world) {
				pileUp(w, 60)
				put(w, store.ConnectionsKey(), model.Connections{Max: 103, Reserved: 3, Clients: 92})
			},
			rule: "db.locks.waiting", summary: "60 sessions wait",
			action: "pg.terminate", args: pidArgs(4711),
		},
		{
			name: "no connection left for us either", change: func(w *world) {
				fail(w, store.ConnectionsKey(), model.Fail{Class: model.Full, Text: "sorry, too many clients already", Attempts: 1, Since: w.now})
			},
			rule: "db.connections", summary: "the server has no connection left: sorry, too many clients already",
		},
		{
			name: "a service that does not answer", change: func(w *world) {
				put(w, store.ProbeKey("web"), model.Probe{Service: "web", Address: "https://shop.example/health", Why: "connection refused", Failures: 3})
			},
			rule: "service.down", summary: "web is down: connection refused",
			evidence: []string{"3 attempts in a row failed"}, against: []string{"connections 40 %"},
		},
		{
			name: "a service that answers again", change: func(w *world) {
				put(w, store.ProbeKey("web"), model.Probe{Service: "web", Address: "https://shop.example/health", Passed: true, Passes: 1, Needed: 3})
			},
			rule: "service.down", summary: "web answers again, 1 of 3 good",
			silent: []string{"in a row failed"},
		},
		{
			name: "service down after a deploy", book: "bad-deploy", change: func(w *world) {
				deployed(w, 2*time.Minute)
				put(w, store.ProbeKey("web"), model.Probe{Service: "web", Why: "HTTP 500", Failures: 3})
			},
			rule: "service.down", summary: "web down since deploy v31",
			action: "deploy.rollback", args: map[string]string{"deployment": "dpl_30"},
		},
		{
			name: "disk full", change: func(w *world) {
				put(w, store.HostKey(), model.Host{Name: "bastion", MemTotal: 100, MemFree: 60, Disks: []model.Disk{{Mount: "/", Total: 100, Used: 97}}})
			},
			rule: "host.disk.used", summary: "this machine (bastion): host.disk.used / 97 % (limit 85 %)",
		},
		{
			name: "a disk here is not why a table there has dead rows", change: func(w *world) {
				put(w, store.HostKey(), model.Host{MemTotal: 100, MemFree: 60, Disks: []model.Disk{{Mount: "/", Total: 100, Used: 90}}})
				put(w, store.TablesKey(), model.Tables{Rows: []model.Table{{Schema: "public", Name: "events", Live: 60_000, Dead: 40_000}}})
			},
			rule: "db.dead_tuples.pct", summary: "40 % of the rows of public.events are dead (40000 of 100000)",
			action: "pg.vacuum", args: map[string]string{"table": "public.events"},
		},
		{
			name: "a minute of writing is not why a table has dead rows", change: func(w *world) {
				full := time.Hour
				put(w, store.HostKey(), model.Host{MemTotal: 100, MemFree: 60, Disks: []model.Disk{{Mount: "/", Total: 100, Used: 50, FullIn: &full}}})
				put(w, store.TablesKey(), model.Tables{Rows: []model.Table{{Schema: "public", Name: "events", Live: 60_000, Dead: 40_000}}})
			},
			rule: "db.dead_tuples.pct", summary: "40 % of the rows of public.events are dead (40000 of 100000)",
			action: "pg.vacuum", args: map[string]string{"table": "public.events"},
		},
		{
			name: "a moment of cpu is nothing", change: func(w *world) {
				put(w, store.HostKey(), model.Host{CPU: ptr(99.0), MemTotal: 100, MemFree: 60})
				w.history("host.cpu", nil, 20, 99, w.now)
			},
			summary: "no suspect: host.cpu 99 % for less than a minute",
		},
		{
			name: "a minute of cpu", change: func(w *world) {
				put(w, store.HostKey(), model.Host{CPU: ptr(99.0), MemTotal: 100, MemFree: 60})
				w.history("host.cpu", nil, 20, 99, w.now.Add(-2*time.Minute))
			},
			rule: "host.cpu", summary: "this machine: host.cpu 99 % (limit 80 %)",
		},
		{
			name: "slow without a cause, under more load", change: func(w *world) {
				slowSince(w, 3*time.Second, time.Minute)
				w.history("http.rate", model.Labels{"app": "shop", "window": "1m"}, 15, 40, w.now.Add(-time.Minute))
			},
			summary: "no suspect for http.p95 shop 3 s (limit 1 s), http.p99 shop 4.5 s (limit 2 s)",
			against: []string{"load: 40 requests/s, 2.7 times the usual"},
		},
		{
			name: "errors that end after a rollback", change: func(w *world) {
				deployed(w, 9*time.Hour)
				errorsSince(w, 4, 3*time.Minute)
				w.history("http.error_rate", model.Labels{"app": "shop", "window": "1m"}, 12, 4, w.now.Add(-20*time.Second))
			},
			summary: "no suspect for http.error_rate shop 4 % (limit 2 %, now falling)",
		},
		{
			name: "sessions hidden from the role", change: func(w *world) {
				put(w, store.ActivityKey(), model.Activity{Hidden: "grant pg_monitor to tocsin"})
			},
			summary: "no suspect: no reading is over its threshold",
			against: []string{"0 sessions waiting for locks"}, silent: []string{"longest statement"},
		},
		{
			name: "deployments cannot be read", change: func(w *world) {
				fail(w, store.DeploymentsKey(), model.Fail{Class: model.Denied, Text: "401, token refused"})
				errorsSince(w, 12, time.Minute)
			},
			summary: "no suspect for",
			against: []string{"deploys unknown: 401, token refused"},
		},
	}
}

func TestAQueueThatBreathesKeepsTheSuspect(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	calm(w)
	for _, tt := range []struct {
		waiting int
		want    string
	}{{9, "db.locks.waiting"}, {8, "db.locks.waiting"}, {3, "db.locks.waiting"}, {1, ""}} {
		pileUp(w, tt.waiting)
		if got := Diagnose(w, e.Step(w)); got.Rule != tt.want {
			t.Errorf("%d waiting: got %q, want %q", tt.waiting, got.Rule, tt.want)
		}
		w.now = w.now.Add(15 * time.Second)
	}
}

func TestSuspectTellsSinceWhen(t *testing.T) {
	w := newWorld()
	calm(w)
	deployed(w, 5*time.Minute)
	errorsSince(w, 12, 4*time.Minute)
	got := Diagnose(w, New(Defaults()).Step(w))
	if want := w.now.Add(-4 * time.Minute); !got.Since.Equal(want) {
		t.Errorf("got %s, want %s", got.Since, want)
	}
	if got.Level != Warning || got.Action != "deploy.rollback" {
		t.Errorf("pending: got %s with action %q", got.Level, got.Action)
	}
}
