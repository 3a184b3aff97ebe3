package alert

import (
	"fmt"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// world is a view whose clock, sources and points a test sets.
type world struct {
	now     time.Time
	sources []store.Status
	samples map[string]any
	points  map[string][]model.Point
}

func newWorld() *world {
	return &world{
		now:     time.Date(2026, 11, 23, 3, 12, 44, 0, time.UTC),
		samples: map[string]any{}, points: map[string][]model.Point{},
	}
}

func (w *world) Now() time.Time          { return w.now }
func (w *world) Sources() []store.Status { return w.sources }

func (w *world) Sample(name string) (any, bool) {
	got, ok := w.samples[name]
	return got, ok
}

func (w *world) Series(metric string, labels model.Labels, from time.Time) []model.Point {
	var out []model.Point
	for _, p := range w.points[metric+labels.String()] {
		if !p.At.Before(from) && !p.At.After(w.now) {
			out = append(out, p)
		}
	}
	return out
}

// put publishes a good reading of now.
func put[T store.Snapshot](w *world, key store.Key[T], value T) {
	w.samples[key.Name] = store.Sample[T]{Value: value, At: w.now}
	w.set(store.Status{Name: key.Name, Group: group(key.Name), Every: 5 * time.Second, State: store.OK, At: w.now, Facts: value.Facts()})
}

// fail publishes a failure; the value before it stays. The sample of a key
// that was never put stays pending.
func fail[T store.Snapshot](w *world, key store.Key[T], f model.Fail) {
	sample, _ := w.samples[key.Name].(store.Sample[T])
	sample.Fail = &f
	w.samples[key.Name] = sample
	status := store.Status{
		Name: key.Name, Group: group(key.Name), Every: 5 * time.Second, State: store.Error,
		At: sample.At, Fail: &f,
	}
	if !sample.At.IsZero() {
		status.Facts = sample.Value.Facts()
	}
	if f.Class == model.Down {
		switch key.Name {
		case store.ConnectionsKey().Name:
			status.Told = model.Connections{}.FailFacts(&f)
		case store.RedisKey().Name:
			status.Told = model.Redis{}.FailFacts(&f)
		case store.PoolerKey().Name:
			status.Told = model.Pooler{}.FailFacts(&f)
		}
	}
	for _, told := range status.Told {
		kept := []model.Fact{told}
		for _, fact := range status.Facts {
			if fact.Name != told.Name {
				kept = append(kept, fact)
			}
		}
		status.Facts = kept
	}
	w.set(status)
}

func group(name string) string {
	if len(name) > 3 && name[:3] == "pg." {
		return "postgres"
	}
	return ""
}

func (w *world) set(status store.Status) {
	for i := range w.sources {
		if w.sources[i].Name == status.Name {
			w.sources[i] = status
			return
		}
	}
	w.sources = append(w.sources, status)
}

// remove takes a source away, as a changed configuration does.
func (w *world) remove(name string) {
	for i := range w.sources {
		if w.sources[i].Name == name {
			w.sources = append(w.sources[:i:i], w.sources[i+1:]...)
			break
		}
	}
	delete(w.samples, name)
}

// history gives a metric one value up to an instant and another one since, a
// point every ten seconds for half an hour.
func (w *world) history(metric string, labels model.Labels, before, since float64, turn time.Time) {
	var points []model.Point
	for at := w.now.Add(-30 * time.Minute); !at.After(w.now); at = at.Add(10 * time.Second) {
		value := before
		if !at.Before(turn) {
			value = since
		}
		points = append(points, model.Point{At: at, Value: value})
	}
	w.points[metric+labels.String()] = points
}

// pick finds an alert by its key.
func pick(t *testing.T, alerts []Alert, key string) Alert {
	t.Helper()
	for _, a := range alerts {
		if a.Key() == key {
			return a
		}
	}
	t.Fatalf("no alert %s among %d", key, len(alerts))
	return Alert{}
}

func ptr[T any](v T) *T { return &v }

// The parts from which the situations below are built.

func began() time.Time { return time.Date(2026, 11, 23, 3, 4, 2, 7000, time.UTC) }

// calm is a company in order: nothing deployed for nine hours.
func calm(w *world) {
	put(w, store.ConnectionsKey(), model.Connections{
		Max: 103, Reserved: 3, Clients: 40, ByApp: []model.Count{{Name: "api", N: 30}},
		ByState: []model.Count{{Name: "idle", N: 35}, {Name: "active", N: 5}},
	})
	put(w, store.ActivityKey(), model.Activity{})
	put(w, store.TablesKey(), model.Tables{Rows: []model.Table{{Schema: "public", Name: "events", Live: 50_000, Dead: 500}}})
	put(w, store.HostKey(), model.Host{Name: "bastion", CPU: ptr(20.0), MemTotal: 100, MemFree: 60})
	put(w, store.RedisKey(), model.Redis{HitPct: ptr(96.1), Lookups: 900, Keys: 812})
	put(w, store.ProbeKey("web"), model.Probe{Service: "web", Up: true, Passed: true, Fresh: &model.Freshness{Age: 5 * time.Second, Max: time.Minute, Purge: "page:*"}})
	put(w, store.StatusPageKey("Vercel"), model.StatusPage{Name: "Vercel", Indicator: "none"})
	deployed(w, 9*time.Hour)
	requests(w, 0.2, 200*time.Millisecond)
	w.history("http.rate", model.Labels{"app": "shop", "window": "1m"}, 40, 40, w.now)
}

func deployed(w *world, age time.Duration) {
	put(w, store.DeploymentsKey(), model.Deployments{Rows: []model.Deployment{
		{ID: "dpl_31", Name: "v31", Author: "ana", Created: w.now.Add(-age - time.Minute), Ready: w.now.Add(-age), State: "READY", Live: true},
		{ID: "dpl_30", Name: "v30", Author: "ben", Created: w.now.Add(-48 * time.Hour), State: "READY", Candidate: true},
	}})
}

// switched points production at a build of nine hours ago.
func switched(w *world, by string, age time.Duration) {
	deployed(w, 9*time.Hour)
	sample, _ := store.Get(w, store.DeploymentsKey())
	sample.Value.Switch = &model.Switched{At: w.now.Add(-age), By: by}
	put(w, store.DeploymentsKey(), sample.Value)
}

// requests gives both windows the same errors and latencies.
func requests(w *world, errorPct float64, p95 time.Duration) {
	window := func(d time.Duration) model.AppWindow {
		n := int64(40 * d.Seconds())
		return model.AppWindow{
			Window: d, Elapsed: d, Requests: n, Errors: int64(errorPct * float64(n) / 100),
			P50: ptr(p95 / 2), P95: &p95, P99: ptr(p95 + p95/2),
		}
	}
	put(w, store.AppKey("shop"), model.App{Name: "shop", Windows: []model.AppWindow{window(time.Minute), window(5 * time.Minute)}})
}

// errorsSince makes errors that began so long ago.
func errorsSince(w *world, pct float64, ago time.Duration) {
	requests(w, pct, 300*time.Millisecond)
	w.history("http.error_rate", model.Labels{"app": "shop", "window": "1m"}, 0.2, pct, w.now.Add(-ago))
}

// slowSince makes slow requests that began so long ago.
func slowSince(w *world, p95, ago time.Duration) {
	requests(w, 0.2, p95)
	w.history("http.p95", model.Labels{"app": "shop", "window": "1m"}, 200, float64(p95.Milliseconds()), w.now.Add(-ago))
	w.history("http.p99", model.Labels{"app": "shop", "window": "1m"}, 300, 1.5*float64(p95.Milliseconds()), w.now.Add(-ago))
}

func session(pid int, app, state string, age time.Duration, blockedBy ...int) model.Session {
	s := model.Session{
		PID: pid, BackendStart: began(), Type: "client backend", Database: "shop", Role: "shop", App: app, State: state,
		Tx: &age, QueryAge: &age, StateAge: &age, BlockedBy: blockedBy,
	}
	if len(blockedBy) > 0 {
		s.WaitType = "Lock"
		s.WaitsFor = &model.LockWait{Type: "relation", Mode: "RowExclusiveLock", Relation: "shop.orders"}
	}
	return s
}

// waiting are n sessions behind one.
func waiting(n, behind int) []model.Session {
	var out []model.Session
	for i := range n {
		out = append(out, session(5000+i, "api", "active", 40*time.Second, behind))
	}
	return out
}

func holder(pid int, app, state string, age time.Duration) model.Session {
	s := session(pid, app, state, age)
	s.HasXID = true
	s.Holds = []model.LockHeld{{Mode: "RowShareLock", Relation: "shop.users"}, {Mode: "AccessExclusiveLock", Relation: "shop.orders"}}
	return s
}

func sessions(w *world, all ...model.Session) {
	put(w, store.ActivityKey(), model.Activity{Sessions: all})
}

func pileUp(w *world, n int) {
	sessions(w, append(waiting(n, 4711), holder(4711, "worker", "idle in transaction", 372*time.Second))...)
}

func stale(w *world, purge string) {
	put(w, store.ProbeKey("web"), model.Probe{Service: "web", Up: true, Passed: true, Fresh: &model.Freshness{Age: 80 * time.Second, Max: 20 * time.Second, Purge: purge}})
}

func outage(w *world) {
	put(w, store.StatusPageKey("Vercel"), model.StatusPage{
		Name: "Vercel", Indicator: "major", Text: "Partial System Outage",
		Incidents: []model.ProviderIncident{{Name: "Edge errors", Impact: "major", Since: w.now.Add(-20 * time.Minute)}},
	})
}

func bloated(w *world, live, dead int64) {
	put(w, store.TablesKey(), model.Tables{Rows: []model.Table{
		{Schema: "public", Name: "orders", Live: 60_000, Dead: 16_000},
		{Schema: "public", Name: "events", Live: live, Dead: dead, AutovacuumOff: true},
	}})
}

func refuse(w *world, attempts int) {
	f := model.Fail{Class: model.Down, Text: "connect to 127.0.0.1:5432: connection refused", Attempts: attempts, Since: w.now.Add(-12 * time.Second)}
	fail(w, store.ConnectionsKey(), f)
	fail(w, store.ActivityKey(), f)
	fail(w, store.TablesKey(), f)
}

func pidArgs(pid int) map[string]string {
	return map[string]string{"pid": fmt.Sprint(pid), "backend_start": "2026-11-23T03:04:02.000007Z"}
}
