package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// situation is what the sources of a company show at one instant, and what has
// to be said of it.
type situation struct {
	name     string
	change   func(w *world) // what differs from calm
	deeds    []Deed         // that helped
	rule     string         // that the first suspect explains; "" where there is none
	summary  string         // what its sentence holds
	evidence []string       // what it lists for it, each with its number
	against  []string       // and against it
	silent   []string       // what stands nowhere in it
	action   string
	book     string            // of the cause; "" for that of the rule
	args     map[string]string // nil where the action is given without them
	then     []string          // the rules of the suspects after it, in order; nil where they do not matter
}

// TestCorpus lets every situation be judged.
func TestCorpus(t *testing.T) {
	all := slices.Concat(ofTheCompany(), misleading(), atOnce(), notKnown(), ofErrors(), afterAShortage(), afterARollback(), ofTheSite(), aroundTheServer(), ofSupabase())
	for _, s := range all {
		t.Run(s.name, s.judge)
	}
}

func (s situation) judge(t *testing.T) {
	w := newWorld()
	calm(w)
	s.change(w)
	alerts := New(Defaults()).Step(w)
	suspects := Suspects(w, alerts, s.deeds...)
	got := suspects[0]
	if got.Rule != s.rule || !strings.Contains(got.Summary, s.summary) {
		t.Errorf("got %q of rule %q\nwant %q of rule %q", got.Summary, got.Rule, s.summary, s.rule)
	}
	holds(t, "for it", got.Evidence, s.evidence)
	holds(t, "against it", got.Against, s.against)
	everything := strings.Join(slices.Concat([]string{got.Summary}, got.Evidence, got.Against), "\n")
	for _, text := range s.silent {
		if strings.Contains(everything, text) {
			t.Errorf("it says %q:\n%s", text, everything)
		}
	}
	if got.Action != s.action || s.args != nil && cmp.Diff(s.args, got.Args) != "" {
		t.Errorf("it offers %q %v, want %q %v", got.Action, got.Args, s.action, s.args)
	}
	if got.Book != s.book {
		t.Errorf("it leads to %q, want %q", got.Book, s.book)
	}
	if got.Found() && (got.Since.IsZero() || got.Since.After(w.now)) {
		t.Errorf("since %s is not before now", got.Since)
	}
	if again := Diagnose(w, alerts, s.deeds...); cmp.Diff(got, again) != "" {
		t.Error("the second look gives another answer")
	}
	var then []string
	for _, other := range suspects[1:] {
		then = append(then, other.Rule)
	}
	if s.then != nil && !slices.Equal(s.then, then) {
		t.Errorf("after it come %q, want %q", then, s.then)
	}
}

// holds checks that each text is part of a line.
func holds(t *testing.T, what string, lines, texts []string) {
	t.Helper()
	for _, text := range texts {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, text) }) {
			t.Errorf("%s is not listed: %q among\n%s", what, text, strings.Join(lines, "\n"))
		}
	}
}

// More parts for situations.

// load is how many requests a second there were, and how many there are.
func load(w *world, before, now float64) {
	w.history("http.rate", model.Labels{"app": "shop", "window": "1m"}, before, now, w.now.Add(-2*time.Minute))
}

// crowded is a server of which so many of 100 connections are in use by the api.
func crowded(w *world, clients int) {
	put(w, store.ConnectionsKey(), model.Connections{
		Max: 103, Reserved: 3, Clients: clients, ByApp: []model.Count{{Name: "api", N: clients}}, ByState: []model.Count{{Name: "active", N: clients}},
	})
}

// keys is a cache that is full and evicts, by what its keys are.
func keys(w *world, prefixes ...model.Prefix) {
	put(w, store.RedisKey(), model.Redis{HitPct: ptr(61.0), Lookups: 900, Keys: 40_000, Evicted: ptr(120.0), Policy: "volatile-lru"})
	put(w, store.KeyspaceKey(), model.Keyspace{Keys: 40_000, Sampled: 10_000, Max: 100 << 20, Policy: "volatile-lru", Prefixes: prefixes})
}

func prefix(name string, megabytes int64, forever float64) model.Prefix {
	return model.Prefix{Name: name, Seen: 5000, Keys: 20_000, Bytes: ptr(megabytes << 20), Forever: &forever}
}

// held are dead rows that somebody keeps.
func held(w *world, h model.Holder) {
	bloated(w, 50_000, 30_000)
	put(w, store.HorizonKey(), model.Horizon{Rows: []model.Holder{h}})
}

// busy is the machine that tocsin runs on, at its limit for minutes.
func busy(w *world) {
	put(w, store.HostKey(), model.Host{Name: "bastion", CPU: ptr(99.0), MemTotal: 100, MemFree: 60})
	w.history("host.cpu", nil, 20, 99, w.now.Add(-10*time.Minute))
}

// poolerDown is a PgBouncer that refuses.
func poolerDown(w *world) {
	fail(w, store.PoolerKey(), model.Fail{Class: model.Down, Text: "connect to 127.0.0.1:6432: connection refused", Attempts: 4, Since: w.now.Add(-20 * time.Second)})
}

// unread is a source that was good two minutes ago and cannot be read since.
func unread[T store.Snapshot](w *world, key store.Key[T]) {
	sample, _ := store.Get(w, key)
	sample.At = w.now.Add(-2 * time.Minute)
	w.samples[key.Name] = sample
	fail(w, key, model.Fail{Class: model.Stuck, Text: "no answer for 2 s", Attempts: 1, Since: w.now.Add(-3 * time.Second)})
}

// misleading are those where what is seen first is not the cause.
func misleading() []situation {
	rollback := map[string]string{"deployment": "dpl_30"}
	return []situation{
		{
			name: "connections run out because of a bad deploy", book: "bad-deploy", change: func(w *world) {
				deployed(w, 5*time.Minute)
				slowSince(w, 3*time.Second, 4*time.Minute)
				crowded(w, 92)
			},
			rule: "http.p95", summary: "http.p95 shop 3 s (limit 1 s) since deploy v31 by ana, live for 5m0s",
			evidence: []string{"began 1m0s after the build went live", "http.p95 was 200 ms before it"}, against: []string{"0 sessions waiting for locks"},
			action: "deploy.rollback", args: rollback, then: []string{"db.connections"},
		},
		{
			name: "a transaction left idle behind a crowd of connections", change: func(w *world) { pileUp(w, 60); crowded(w, 92) },
			rule: "db.locks.waiting", summary: "60 sessions wait behind pid 4711: idle in transaction 6m12s, app=worker",
			evidence: []string{"db.locks.waiting 60 (limit 5)"}, against: []string{"no deploy in 9 h", "not load: 40 requests/s, flat"},
			action: "pg.terminate", args: pidArgs(4711), then: []string{"db.connections"},
		},
		{
			name: "a busy bastion explains no errors", change: func(w *world) { busy(w); errorsSince(w, 12, 3*time.Minute) },
			summary: "no suspect for http.error_rate shop 12 % (limit 2 %)",
			against: []string{"no deploy in 9 h", "host.cpu 99 % (limit 80 %)"}, then: []string{"host.cpu"},
		},
		{
			name: "a deploy long before the trouble, and an issue that began with it", change: func(w *world) {
				deployed(w, 26*time.Minute)
				errorsSince(w, 28, time.Minute)
				issues(w, poisoned(w, time.Minute, 700))
			},
			rule: "http.error_rate.high", summary: "since issue SHOP-2 in /checkout, 700 a minute",
			evidence: []string{"first seen 1m0s ago"}, against: []string{"deploy v31 26m0s ago"},
			action: "cache.purge", args: map[string]string{"prefix": "promo:active"}, then: []string{"http.error_rate.high"},
		},
		{
			name: "a deploy long before the trouble of a provider", change: func(w *world) {
				deployed(w, 26*time.Minute)
				outage(w)
				errorsSince(w, 12, time.Minute)
			},
			rule: "provider.trouble", summary: "Vercel reports major trouble", against: []string{"deploy v31 26m0s ago"},
			then: []string{"http.error_rate.high"},
		},
		{
			name: "a deploy long before the trouble where nothing else is known", book: "bad-deploy", change: func(w *world) { deployed(w, 26*time.Minute); errorsSince(w, 12, time.Minute) },
			rule: "http.error_rate.high", summary: "since deploy v31 by ana, live for 26m0s",
			evidence: []string{"began 25m0s after the build went live"}, action: "deploy.rollback", args: rollback,
		},
		{
			name: "one slow statement is not why requests fail", change: func(w *world) {
				sessions(w, session(812, "reports", "active", 200*time.Second))
				errorsSince(w, 12, time.Minute)
			},
			summary: "no suspect for http.error_rate shop 12 % (limit 2 %)", against: []string{"longest statement 3m20s"}, then: []string{"db.query.slow"},
		},
		{
			name: "one slow statement that harms nobody", change: func(w *world) { sessions(w, session(812, "reports", "active", 6*time.Second)) },
			rule: "db.query.slow", summary: "pid 812 runs one statement for 6s: app=reports",
			evidence: []string{"db.query.longest 6 s (limit 5 s)"}, against: []string{"it waits for no lock", "no deploy in 9 h"}, silent: []string{"http."},
			action: "pg.cancel", args: pidArgs(812), then: []string(nil),
		},
		{
			name: "dead rows are not why requests fail", change: func(w *world) { bloated(w, 50_000, 30_000); errorsSince(w, 12, time.Minute) },
			summary: "no suspect for http.error_rate shop 12 %", then: []string{"db.dead_tuples.pct"},
		},
		{
			name: "a build that failed serves nobody", change: func(w *world) {
				deployed(w, 9*time.Hour)
				sample, _ := store.Get(w, store.DeploymentsKey())
				sample.Value.Rows = append([]model.Deployment{{ID: "dpl_32", Name: "v32", State: "ERROR", Created: w.now.Add(-2 * time.Minute)}}, sample.Value.Rows...)
				put(w, store.DeploymentsKey(), sample.Value)
				errorsSince(w, 12, time.Minute)
			},
			summary: "no suspect for http.error_rate shop 12 %", against: []string{"no deploy in 9 h"}, then: []string{"deploy.newest_failed"},
		},
		{
			name: "a certificate that ends in two days breaks nothing now", change: func(w *world) {
				domains(w, model.Domain{Name: "shop.example", Verified: true, Lost: ptr(false)}, 50*time.Hour)
				slowSince(w, 3*time.Second, time.Minute)
			},
			summary: "no suspect for http.p95 shop 3 s", then: []string{"domain.tls.hours"},
		},
		{
			name: "a rush of customers, and everything with it", change: func(w *world) {
				load(w, 13, 40)
				crowded(w, 78)
				slowSince(w, 1500*time.Millisecond, time.Minute)
			},
			summary: "no suspect for http.p95 shop 1.5 s (limit 1 s)",
			against: []string{"load: 40 requests/s, 3.1 times the usual", "connections 78 %", "no deploy in 9 h"},
		},
		{
			name: "a rush of customers that takes the connections", change: func(w *world) { load(w, 13, 40); crowded(w, 92) },
			rule: "db.connections", summary: "92 of 100 usable connections are taken (92 %): app=api holds 92",
			evidence: []string{"92 active"}, against: []string{"load: 40 requests/s, 3.1 times the usual"},
		},
		{
			name: "a rush that is over", change: func(w *world) { load(w, 80, 40) },
			summary: "no suspect: no reading is over its threshold", against: []string{"not load: 40 requests/s, usually 80"},
		},
		{
			name: "a limit of a provider that says all is well", change: func(w *world) {
				put(w, store.StatusPageKey("Stripe"), model.StatusPage{Name: "Stripe", Indicator: "none"})
				errorsSince(w, 28, time.Minute)
				limited := refusedPayments(w, time.Minute, 700)
				limited.Title = "Error: pay an order: payment provider stripe failed: status 429 rate_limit"
				issues(w, limited)
			},
			rule: "http.error_rate.high", summary: "since issue SHOP-3 in /checkout, 700 a minute",
			evidence: []string{"status 429 rate_limit"}, against: []string{"providers fine", "not load: 40 requests/s, flat"},
		},
		{
			name: "a cache that evicts because keys never end", change: func(w *world) { keys(w, prefix("cart:", 85, 100), prefix("page:", 10, 0)) },
			rule: "cache.unending", summary: "cart:* fills the cache: about 20000 keys without an end take 85 % of its memory: purge cart:*",
			evidence: []string{"120 keys/s evicted (volatile-lru)", "hits 61 %", "estimated from 10000 of 40000 keys"}, against: []string{"not load: 40 requests/s, flat"},
			action: "cache.purge", args: map[string]string{"prefix": "cart:"},
		},
		{
			name: "a cache that evicts because there is more to keep", change: func(w *world) { keys(w, prefix("page:", 70, 0), prefix("session:", 25, 0)); load(w, 13, 40) },
			summary: "no suspect for cache.hit_ratio 61 % (limit 70 %)", against: []string{"load: 40 requests/s, 3.1 times the usual"}, silent: []string{"purge"},
		},
		{
			name: "one probe of two fails alone", change: func(w *world) {
				put(w, store.ProbeKey("api"), model.Probe{Service: "api", Address: "https://shop.example/api", Why: "no answer for 2 s", Failures: 3})
			},
			rule: "service.down", summary: "api is down: no answer for 2 s",
			evidence: []string{"3 attempts in a row failed", "https://shop.example/api"}, against: []string{"connections 40 %", "providers fine", "0 sessions waiting for locks"},
			silent: []string{"web"},
		},
		{
			name: "a pooler that is down before a server that is not", change: func(w *world) { poolerDown(w); errorsSince(w, 60, time.Minute) },
			rule: "db.pooler.down", summary: "PgBouncer does not answer, 4 attempts in a row", evidence: []string{"http.error_rate shop 60 %"}, silent: []string{"PostgreSQL"},
		},
		{
			name: "dead rows that a prepared transaction keeps", book: "old-snapshot", change: func(w *world) {
				held(w, model.Holder{Kind: "prepared", Name: "tx-9", XminAge: 40_000, For: ptr(3 * time.Hour)})
			},
			rule: "db.dead_tuples.pct", summary: "kept by the snapshot of prepared tx-9, 3 h old", evidence: []string{"the snapshot is 40000 transactions old"},
		},
		{
			name: "dead rows that the feedback of a standby keeps", book: "old-snapshot", change: func(w *world) { held(w, model.Holder{Kind: "standby", Name: "r1", XminAge: 40_000}) },
			rule: "db.dead_tuples.pct", summary: "kept by the snapshot of standby r1", evidence: []string{"the snapshot is 40000 transactions old"},
		},
		{
			name: "dead rows that a slot keeps which nobody reads", book: "old-snapshot", change: func(w *world) {
				held(w, model.Holder{Kind: "slot", Name: "cdc", XminAge: 90_000})
				put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "cdc", Type: "logical", Retained: ptr(int64(1 << 30))}}})
			},
			rule: "db.dead_tuples.pct", summary: "kept by the snapshot of slot cdc", evidence: []string{"the snapshot is 90000 transactions old"},
			action: "pg.slot.drop", args: map[string]string{"slot": "cdc"},
		},
		{
			name: "dead rows that a slot keeps which is read", book: "old-snapshot", change: func(w *world) {
				held(w, model.Holder{Kind: "slot", Name: "cdc", XminAge: 90_000})
				put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "cdc", Type: "logical", PID: 88, Retained: ptr(int64(1 << 30))}}})
			},
			rule: "db.dead_tuples.pct", summary: "kept by the snapshot of slot cdc",
		},
		{
			name: "a slot that has kept a few transactions keeps no dead rows", change: func(w *world) { held(w, model.Holder{Kind: "slot", Name: "cdc", XminAge: 12}) },
			rule: "db.dead_tuples.pct", summary: "37.5 % of the rows of public.events are dead (30000 of 80000): autovacuum is off for it", silent: []string{"cdc"},
			action: "pg.vacuum", args: map[string]string{"table": "public.events"},
		},
		{
			name: "a standby behind because much is written", change: func(w *world) {
				put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
				put(w, store.StandbyKey("replica1"), model.Standby{Name: "replica1", Follows: true, Receiver: model.Receiver{Status: "streaming", Unreplayed: ptr(int64(90 << 20))}})
				put(w, store.WALKey(), model.WAL{Elapsed: time.Second, Bytes: ptr(int64(40 << 20))})
			},
			rule: "db.replica.lag_seconds", summary: "standby replica1 is 40s, 96 MiB behind",
			evidence: []string{"90 MiB are received and not replayed"}, against: []string{"log made: 40 MiB/s"}, silent: []string{"paused"},
		},
		{
			name: "a disk that fills because a slot keeps the log", change: func(w *world) {
				put(w, store.HostKey(), model.Host{Name: "db1", MemTotal: 100, MemFree: 60, Disks: []model.Disk{{Mount: "/", Total: 100, Used: 90}}})
				put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "old", Type: "physical", Retained: ptr(int64(20 << 30))}}})
				put(w, store.WALKey(), model.WAL{Elapsed: time.Second, Bytes: ptr(int64(2 << 20)), Dir: ptr(int64(21 << 30))})
			},
			rule: "db.slots.retained", summary: "slot old keeps 20 GiB of log, and nobody reads it",
			evidence: []string{"the folder of the log holds 21 GiB"}, against: []string{"log made: 2 MiB/s"},
			action: "pg.slot.drop", args: map[string]string{"slot": "old"}, then: []string{"host.disk.used"},
		},
		{
			name: "a slot that has come to keep more than its folder held when that was read", change: func(w *world) {
				put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "old", Type: "physical", Retained: ptr(int64(20 << 30))}}})
				put(w, store.WALKey(), model.WAL{Elapsed: time.Second, Bytes: ptr(int64(2 << 20)), Dir: ptr(int64(5 << 30))})
			},
			rule: "db.slots.retained", summary: "slot old keeps 20 GiB of log, and nobody reads it", silent: []string{"5 GiB"},
			action: "pg.slot.drop", args: map[string]string{"slot": "old"},
		},
		{
			name: "a slot whose reader is behind is not to be dropped", change: func(w *world) {
				put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "cdc", Type: "logical", PID: 88, Retained: ptr(int64(20 << 30))}}})
			},
			rule: "db.slots.retained", summary: "slot cdc keeps 20 GiB of log", evidence: []string{"pid 88 reads it, and is behind"}, silent: []string{"nobody"},
		},
		{
			name: "the slot of a standby that has to come back", change: func(w *world) {
				put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "r1", Retained: ptr(int64(20 << 30))}}})
				put(w, store.ReplicationKey(), model.Replication{Expected: []string{"r1"}, Replicas: []model.Replica{{Name: "r1", State: "catchup"}}})
			},
			rule: "db.slots.retained", summary: "slot r1 keeps 20 GiB of log", evidence: []string{"the standby of its name has to be there: bring it back"},
		},
	}
}

// atOnce are several causes at one time: the worst comes first.
func atOnce() []situation {
	return []situation{
		{
			name: "a database and a cache that are down", change: func(w *world) {
				refuse(w, 5)
				fail(w, store.RedisKey(), model.Fail{Class: model.Down, Text: "connection refused", Attempts: 4, Since: w.now})
			},
			rule: "db.down", summary: "PostgreSQL does not answer", then: []string{"cache.down"},
		},
		{
			name: "a database that is down and its pooler with it", change: func(w *world) { poolerDown(w); refuse(w, 5) },
			rule: "db.down", summary: "PostgreSQL does not answer", then: []string{"db.pooler.down"},
		},
		{
			name: "a lock, a bad deploy and old dead rows", change: func(w *world) {
				bloated(w, 50_000, 30_000)
				pileUp(w, 9)
				deployed(w, 5*time.Minute)
				errorsSince(w, 12, 4*time.Minute)
			},
			rule: "db.locks.waiting", summary: "9 sessions wait", evidence: []string{"http.error_rate shop 12 %"}, against: []string{"deploy v31 5m0s ago"},
			action: "pg.terminate", then: []string{"http.error_rate.high", "db.dead_tuples.pct"},
		},
		{
			name: "a lock, stale pages and dead rows", change: func(w *world) {
				pileUp(w, 9)
				bloated(w, 50_000, 30_000)
				stale(w, "page:*")
			},
			rule: "db.locks.waiting", action: "pg.terminate", then: []string{"cache.stale", "db.dead_tuples.pct"},
		},
		{
			name: "a provider's trouble and a lock", change: func(w *world) { outage(w); pileUp(w, 9); errorsSince(w, 12, time.Minute) },
			rule: "db.locks.waiting", against: []string{"Vercel reports major"}, action: "pg.terminate", then: []string{"provider.trouble"},
		},
		{
			name: "a bad deploy while new builds are off since a rollback", change: func(w *world) {
				rolledBack(w, false)
				errorsSince(w, 12, 20*time.Minute)
			},
			summary: "no suspect for http.error_rate shop 12 %", against: []string{"rolled back to v31 12m0s ago"}, then: []string{"deploy.promotion_off"},
		},
	}
}

// notKnown are readings that are old, hidden or absent: they prove nothing.
func notKnown() []situation {
	return []situation{
		{
			name: "sessions that waited before the server fell silent", change: func(w *world) { pileUp(w, 38); unread(w, store.ActivityKey()) },
			summary: "no suspect: 1 source cannot be read", evidence: []string{"pg.activity: no answer for 2 s"}, silent: []string{"4711", "waiting for locks"},
		},
		{
			name: "dead rows of a reading that is old", change: func(w *world) { bloated(w, 50_000, 30_000); unread(w, store.TablesKey()) },
			summary: "no suspect: 1 source cannot be read", silent: []string{"events"},
		},
		{
			name: "a status page that was red when it was read last", change: func(w *world) {
				outage(w)
				unread(w, store.StatusPageKey("Vercel"))
				errorsSince(w, 12, time.Minute)
			},
			summary: "no suspect for http.error_rate shop 12 %", against: []string{"unknown: Vercel"}, silent: []string{"reports major"},
		},
		{
			name: "deploys that cannot be read since the bad one", book: "bad-deploy", change: func(w *world) {
				deployed(w, 5*time.Minute)
				unread(w, store.DeploymentsKey())
				errorsSince(w, 12, 4*time.Minute)
			},
			rule: "http.error_rate.high", summary: "since deploy v31 by ana", evidence: []string{"what is live now is not known: no answer for 2 s"},
		},
		{
			name: "a cache whose keys were counted long ago", change: func(w *world) { keys(w, prefix("cart:", 85, 100)); unread(w, store.KeyspaceKey()) },
			summary: "no suspect for cache.hit_ratio 61 %", silent: []string{"cart:"},
		},
		{
			name: "an application that does not tell its errors", change: func(w *world) {
				deployed(w, 5*time.Minute)
				put(w, store.AppKey("shop"), model.App{Name: "shop", Windows: []model.AppWindow{{Window: time.Minute, Elapsed: time.Minute, Requests: 2400, Errors: 900, NoErrors: "no such series"}}})
			},
			summary: "no suspect: no reading is over its threshold", silent: []string{"error_rate"},
		},
		{
			name: "a standby whose lag is hidden", change: func(w *world) {
				put(w, store.ReplicationKey(), model.Replication{Hidden: "grant pg_monitor to tocsin", Replicas: []model.Replica{{Name: "replica1"}}})
			},
			summary: "no suspect: no reading is over its threshold", silent: []string{"replica1"},
		},
		{
			name: "a disk that cannot be read", change: func(w *world) {
				put(w, store.HostKey(), model.Host{MemTotal: 100, MemFree: 60, Disks: []model.Disk{{Mount: "/data", Why: "input/output error"}}})
			},
			summary: "no suspect: no reading is over its threshold",
		},
		{
			name: "a provider that lists no live build", change: func(w *world) {
				put(w, store.DeploymentsKey(), model.Deployments{})
				errorsSince(w, 12, time.Minute)
			},
			summary: "no suspect for http.error_rate shop 12 %", silent: []string{"deploy"},
		},
		{
			name: "a session whose age nobody knows", change: func(w *world) {
				bloated(w, 50_000, 30_000)
				put(w, store.HorizonKey(), model.Horizon{Rows: []model.Holder{{Kind: "prepared", Name: "tx-9", XminAge: 3}}})
			},
			rule: "db.dead_tuples.pct", silent: []string{"tx-9"}, action: "pg.vacuum",
		},
	}
}
