package ui

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// values are what every source of a small company gives at one instant; a nil
// one is not configured.
type values struct {
	connections *model.Connections
	activity    *model.Activity
	statements  *model.Statements
	tables      *model.Tables
	relations   relationValues
	server      serverValues
	hosted      hostedValues
	site        siteValues
	host        *model.Host
	redis       *model.Redis
	keys        *model.Keyspace
	slow        *model.SlowLog
	deploys     *model.Deployments
	apps        []model.App
	probes      []model.Probe
	pages       []model.StatusPage
	watch       watcherValues
	// lost are the sources that cannot be read, by the beginning of their name.
	lost map[string]*model.Fail
}

// scene is a situation: what differs from a calm company since its trouble
// began, and what the verdict says of it.
type scene struct {
	name    string
	change  func(v *values, now time.Time, lasting time.Duration)
	suspect func(now time.Time) alert.Suspect
	lasting time.Duration                // of the trouble at the end; its alerts fire by then
	started time.Duration                // before now; zero is half an hour
	silent  bool                         // nothing was read yet
	wide    bool                         // every view is also looked at on a large screen
	duty    func(t *testing.T, in In) In // puts an incident into the view; nil for none
	marked  time.Duration                // so long before now the user set a mark; zero sets none
}

func ptr[T any](v T) *T { return &v }

// play runs a scene on a virtual clock through the real store and the real
// rules, and calls with what the screen would be made of.
func play(t *testing.T, s scene, f func(t *testing.T, in In)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		st, engine := store.New(), alert.New(alert.Defaults())
		watched := 30 * time.Minute
		if s.started > 0 {
			watched = s.started
		}
		begin := time.Now()
		var alerts []alert.Alert
		cells, marks := cellsOf(st, s, begin), counting{}
		for age := watched; ; age -= 30 * time.Second {
			now := time.Now()
			if !s.silent {
				cells.put(s.at(now, s.lasting-age), now)
			}
			alerts = engine.Step(st.View())
			marks.look(st.View())
			if s.marked > 0 && age >= s.marked {
				r := read(st.View(), store.StatementsKey())
				marks.set = Mark{At: r.At, Counts: r.Value.Counts}
			}
			if age <= 0 {
				break
			}
			<-time.After(min(age, 30*time.Second))
		}
		in := In{View: st.View(), Alerts: alerts, Since: begin, Timed: s.at(time.Now(), s.lasting).site.timed, Mode: Mode{Server: "prod"},
			Verbs: map[string]string{"pg.terminate": "end it", "pg.cancel": "cancel it", "pg.vacuum": "vacuum it",
				"cache.purge": "purge it", "deploy.rollback": "roll back", "firewall.unblock": "let it in"},
			Keys: map[string]string{"pg.terminate": "K", "pg.cancel": "C", "pg.vacuum": "V", "cache.purge": "P", "deploy.rollback": "R",
				"pg.explain": "e", "mark": "m", "mark.off": "Backspace", "logs": "f", "incident": "I", "step": "o"}}
		in.Counted = marks.look(in.View)
		in.Suspect = alert.Diagnose(in.View, alerts)
		if s.suspect != nil {
			in.Suspect = s.suspect(time.Now())
		}
		f(t, in)
	})
}

// at are the values of the scene at one instant, its trouble lasting so long.
func (s scene) at(now time.Time, lasting time.Duration) values {
	v := calm(now)
	if s.change != nil && lasting >= 0 {
		s.change(&v, now, lasting)
	}
	return v
}

// calm is a company in order.
func calm(now time.Time) values {
	wave := float64(now.Unix()/15%8) - 4
	return values{
		connections: &model.Connections{
			Version: "15.18", Max: 103, Reserved: 3, Clients: 41,
			ByState: []model.Count{{Name: "idle", N: 36}, {Name: "active", N: 4}, {Name: "idle in transaction", N: 1}},
			ByApp:   []model.Count{{Name: "api", N: 24}, {Name: "worker", N: 11}, {Name: "web", N: 5}, {Name: "", N: 1}},
			ByRole:  []model.Count{{Name: "app", N: 40}, {Name: "tocsin", N: 1}},
		},
		activity: &model.Activity{Sessions: []model.Session{
			session(now, 4603, "api", "active", "SELECT id, total FROM orders WHERE user_id = $1"),
			session(now, 4604, "worker", "idle in transaction", "UPDATE events SET done = true WHERE id = $1"),
			session(now, 4605, "web", "idle", "SELECT 1"),
		}},
		statements: calmStatements(now),
		tables:     withParts(calmTables(now), now),
		relations:  calmRelations(now),
		server:     calmServer(now),
		hosted:     calmHosted(now, wave),
		site:       calmSite(now),
		host:       calmHost(wave),
		redis: &model.Redis{Version: "7.2.4", Latency: 800 * time.Microsecond, HitPct: ptr(96.1 + wave/10), Lookups: 5210, Ops: ptr(812.0 + 10*wave), Evicted: ptr(0.0),
			Used: 41 << 20, Max: 100 << 20, Clients: ptr(int64(38)), Blocked: ptr(int64(0)), SlowLog: ptr(int64(0)), Keys: 10420},
		keys:    calmKeys(),
		slow:    calmSlowLog(now),
		deploys: calmDeploys(now),
		apps:    []model.App{app("shop", 1240, 5, 210*time.Millisecond)},
		probes: []model.Probe{
			{Service: "web", Address: "https://shop.example/health", Up: true, Passed: true, Status: 200, Latency: 21 * time.Millisecond,
				Tries: 180, Fresh: &model.Freshness{Age: 4 * time.Second, Max: time.Minute, Purge: "page:"}, TLSDays: ptr(41.0)},
			{Service: "api", Address: "https://api.shop.example/health", Up: true, Passed: true, Status: 200, Latency: 34 * time.Millisecond, Tries: 180},
		},
		watch: calmWatchers(now),
		pages: []model.StatusPage{
			{Name: "Vercel", URL: "https://www.vercel-status.com", Indicator: "none", Text: "All Systems Operational"},
			{Name: "Stripe", URL: "https://status.stripe.com", Indicator: "none", Text: "All Systems Operational"},
		},
	}
}

func session(now time.Time, pid int, app, state, query string) model.Session {
	s := model.Session{PID: pid, BackendStart: now.Add(-2 * time.Hour), Type: "client backend", Database: "shop", Role: "app", App: app,
		Client: "10.0.3.7", State: state, Conn: ptr(2 * time.Hour), QueryAge: ptr(40 * time.Millisecond),
		StateAge: ptr(40 * time.Millisecond), Query: query}
	if state == "active" || s.IdleInTx() {
		s.Tx = ptr(90 * time.Millisecond)
	}
	return s
}

func app(name string, requests, errors int64, p95 time.Duration) model.App {
	over := func(window time.Duration) model.AppWindow {
		n := int64(window / time.Minute)
		return model.AppWindow{Window: window, Elapsed: window, Requests: requests * n, Errors: errors * n,
			P50: ptr(p95 / 4), P95: ptr(p95), P99: ptr(2 * p95)}
	}
	return model.App{Name: name, Windows: []model.AppWindow{over(time.Minute), over(5 * time.Minute)}}
}

func calmTables(now time.Time) *model.Tables {
	row := func(oid int64, name string, size, live, dead int64) model.Table {
		return model.Table{OID: oid, Schema: "public", Name: name, HeapBytes: size, IndexBytes: size / 3, Live: live, Dead: dead,
			SeqScans: 12, IdxScans: 90 * live, XIDAge: 1_200_000, LastAutovacuum: ptr(now.Add(-3 * time.Hour)), LastAnalyze: ptr(now.Add(-2 * time.Hour))}
	}
	return &model.Tables{Rows: []model.Table{
		row(16401, "orders", 61<<20, 60_000, 1200), row(16402, "events", 24<<20, 50_000, 900),
		row(16403, "users", 2<<20, 5000, 1900), row(16404, "products", 80<<10, 200, 0),
	}}
}

func calmHost(wave float64) *model.Host {
	return &model.Host{Name: "bastion", CPUs: 4, CPU: ptr(23 + wave), SwapUsed: ptr(uint64(0)), Load: &[3]float64{0.82, 0.9, 1.1}, MemTotal: 8 << 30, MemFree: 3 << 30,
		Disks: []model.Disk{{Mount: "/", Total: 100 << 30, Used: 71 << 30, InodesPct: ptr(12.0), FullIn: ptr(19 * 24 * time.Hour)},
			{Mount: "/boot", Total: 1 << 30, Used: 200 << 20, InodesPct: ptr(1.0)}},
		NetIn: ptr(120e3), NetOut: ptr(48e3), DiskRead: ptr(0.0), DiskWrite: ptr(512e3),
		Pressure: &model.Pressure{CPU: 1.5, IO: 0.4}}
}

func calmDeploys(now time.Time) *model.Deployments {
	row := func(n int, ago time.Duration, author, message string) model.Deployment {
		return model.Deployment{ID: fmt.Sprintf("dpl_%d", n), Name: fmt.Sprintf("v%d", n), URL: fmt.Sprintf("https://shop-v%d.vercel.app", n),
			State: "READY", Commit: fmt.Sprintf("a1b2c3d4e5f6%d", n), Message: message, Author: author,
			Created: now.Add(-ago - 2*time.Minute), Ready: now.Add(-ago), Candidate: true}
	}
	rows := []model.Deployment{
		row(31, 9*time.Hour, "ana", "Show the price with tax"), row(30, 50*time.Hour, "ben", "Faster search"),
		row(29, 100*time.Hour, "ana", "Upgrade the client"),
	}
	rows[0].Live, rows[0].Candidate = true, false
	return &model.Deployments{Project: "shop", Rows: rows}
}

// company are the cells of all sources.
type company struct {
	connections *store.Cell[model.Connections]
	activity    *store.Cell[model.Activity]
	statements  *store.Cell[model.Statements]
	tables      *store.Cell[model.Tables]
	relations   relationCells
	server      serverCells
	hosted      hostedCells
	site        siteCells
	host        *store.Cell[model.Host]
	redis       *store.Cell[model.Redis]
	keys        *store.Cell[model.Keyspace]
	slow        *store.Cell[model.SlowLog]
	deploys     *store.Cell[model.Deployments]
	apps        []*store.Cell[model.App]
	probes      []*store.Cell[model.Probe]
	pages       []*store.Cell[model.StatusPage]
	watch       watcherCells
}

// cellsOf makes the cells that the scene will write.
func cellsOf(s *store.Store, sc scene, now time.Time) company {
	pg := store.Source{Group: "postgres", Every: 15 * time.Second}
	one := store.Source{Every: 15 * time.Second}
	last := sc.at(now, 0)
	c := company{
		connections: store.NewCell(s, store.ConnectionsKey(), pg), activity: store.NewCell(s, store.ActivityKey(), pg),
		statements: store.NewCell(s, store.StatementsKey(), pg), tables: store.NewCell(s, store.TablesKey(), pg),
		host: store.NewCell(s, store.HostKey(), one), redis: store.NewCell(s, store.RedisKey(), one),
		keys: store.NewCell(s, store.KeyspaceKey(), one), slow: store.NewCell(s, store.SlowLogKey(), one),
		deploys: store.NewCell(s, store.DeploymentsKey(), one), relations: relationCellsOf(s, pg), site: siteCellsOf(s, one),
	}
	c.server = serverCellsOf(s, pg, last.server.pooler != nil)
	c.hosted = hostedCellsOf(s)
	c.watch = watcherCellsOf(s, last.watch)
	for _, a := range last.apps {
		c.apps = append(c.apps, store.NewCell(s, store.AppKey(a.Name), one))
	}
	for _, p := range last.probes {
		c.probes = append(c.probes, store.NewCell(s, store.ProbeKey(p.Service), one))
	}
	for _, p := range last.pages {
		c.pages = append(c.pages, store.NewCell(s, store.StatusPageKey(p.Name), one))
	}
	return c
}

func (c company) put(v values, now time.Time) {
	write(c.connections, v.connections, v, now)
	write(c.activity, v.activity, v, now)
	write(c.statements, v.statements, v, now)
	write(c.tables, v.tables, v, now)
	c.relations.put(v, now)
	c.server.put(v, now)
	c.hosted.put(v, now)
	c.site.put(v, now)
	write(c.host, v.host, v, now)
	write(c.redis, v.redis, v, now)
	write(c.keys, v.keys, v, now)
	write(c.slow, v.slow, v, now)
	write(c.deploys, v.deploys, v, now)
	c.watch.put(v, now)
	for i := range c.apps {
		write(c.apps[i], &v.apps[i], v, now)
	}
	for i := range c.probes {
		write(c.probes[i], &v.probes[i], v, now)
	}
	for i := range c.pages {
		write(c.pages[i], &v.pages[i], v, now)
	}
}

func write[T store.Snapshot](c *store.Cell[T], value *T, v values, now time.Time) {
	for prefix, fail := range v.lost {
		if len(c.Name()) >= len(prefix) && c.Name()[:len(prefix)] == prefix {
			c.Fail(fail, now, time.Millisecond)
			return
		}
	}
	if value == nil {
		c.Fail(&model.Fail{Class: model.Unconfigured, Text: "not configured"}, now, 0)
		return
	}
	c.Put(*value, now, 3*time.Millisecond)
}
