package alert

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// stepped steps an engine every five seconds and gives the alerts of the last.
func stepped(w *world, e *Engine, lasting time.Duration) []Alert {
	alerts := e.Step(w)
	for end := w.now.Add(lasting); w.now.Before(end); {
		w.now = w.now.Add(5 * time.Second)
		for i := range w.sources {
			w.sources[i].At = w.now
		}
		alerts = e.Step(w)
	}
	return alerts
}

func TestThisMachineIsNotBlamedForWhatUsersFeel(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	calm(w)
	errorsSince(w, 15.6, time.Hour)
	stepped(w, e, 2*time.Minute)
	put(w, store.HostKey(), model.Host{Name: "vm", CPU: ptr(100.0), MemTotal: 100, MemFree: 60})
	w.history("host.cpu", nil, 20, 100, w.now.Add(-2*time.Minute))
	w.history("http.error_rate", model.Labels{"app": "shop", "window": "1m"}, 30, 15.6, w.now.Add(-20*time.Second))
	all := Suspects(w, e.Step(w))
	first := all[0]
	if first.Found() || first.Summary != "no suspect for http.error_rate shop 15.6 % (limit 2 %, now falling)" {
		t.Errorf("got %q of rule %q", first.Summary, first.Rule)
	}
	if first.Level != Critical {
		t.Errorf("got level %s of a P1 that fires", first.Level)
	}
	if got := strings.Join(first.Against, "; "); !strings.HasSuffix(got, "; host.cpu 100 % (limit 80 %)") {
		t.Errorf("got beside it %q", got)
	}
	if len(all) != 2 || all[1].Rule != "host.cpu" {
		t.Errorf("got %d suspects, want the machine second", len(all))
	}
}

func TestAnAlertThatStandsIsNamedWithoutASuspect(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	calm(w)
	requests(w, 0.2, 7200*time.Millisecond)
	stepped(w, e, 4*time.Minute)
	slow := model.AppWindow{Window: 5 * time.Minute, Elapsed: 5 * time.Minute, Requests: 12000, P50: ptr(time.Second), P95: ptr(7200 * time.Millisecond), P99: ptr(time.Second)}
	fine := model.AppWindow{Window: time.Minute, Elapsed: time.Minute, Requests: 2400, P50: ptr(time.Millisecond), P95: ptr(200 * time.Millisecond), P99: ptr(time.Second)}
	put(w, store.AppKey("shop"), model.App{Name: "shop", Windows: []model.AppWindow{fine, slow}})
	got := Diagnose(w, e.Step(w))
	want := "no suspect: http.p95 shop 5m 7.2 s is still over its limit, the last minute is fine, " +
		"http.p99 shop 5m 1 s is fine again, not yet for long enough"
	if got.Summary != want || got.Level != Warning {
		t.Errorf("got %s: %s\nwant %s", got.Level, got.Summary, want)
	}
}

func TestNothingIsSaidOfSourcesStillToBeRead(t *testing.T) {
	w := newWorld()
	calm(w)
	w.set(store.Status{Name: store.ActivityKey().Name, State: store.Pending})
	w.set(store.Status{Name: store.HostKey().Name, State: store.Pending})
	if got, want := Diagnose(w, New(Defaults()).Step(w)).Summary, "no suspect so far: 2 sources still to be read"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheVerdictIsAsLoudAsItsAlert(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	calm(w)
	pileUp(w, 38)
	if got := Diagnose(w, e.Step(w)).Level; got != Warning {
		t.Errorf("pending: got %s", got)
	}
	if got := Diagnose(w, stepped(w, e, 30*time.Second)).Level; got != Critical {
		t.Errorf("firing: got %s", got)
	}
}

func TestSinceOfAStaleCacheStandsStill(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	calm(w)
	stale(w, "page:*")
	want := Diagnose(w, e.Step(w)).Since
	w.now = w.now.Add(3 * time.Second)
	if got := Diagnose(w, e.Step(w)).Since; !got.Equal(want) {
		t.Errorf("got %s three seconds later, %s before", got, want)
	}
}

func TestAlertsSpeakInWords(t *testing.T) {
	w := newWorld()
	calm(w)
	refuse(w, 8)
	stale(w, "page:*")
	put(w, store.ProbeKey("api"), model.Probe{Service: "api", Why: "HTTP 503", Failures: 3})
	alerts := New(Defaults()).Step(w)
	for key, want := range map[string]string{
		"db.down":                   "down: did not answer 8 times",
		"service.down{service=api}": "down",
		"cache.stale{service=web}":  "1m20s old, 20s is allowed",
	} {
		if got := pick(t, alerts, key).Text(); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}

// The root was ended and those that waited run now, one after the other: who is
// first of them is no culprit, and nothing is offered against it.
func TestAQueueThatDrainsOffersNothing(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	calm(w)
	pileUp(w, 16)
	stepped(w, e, 30*time.Second)
	sessions(w, append(waiting(3, 25612), holder(25612, "loyalty", "active", 2*time.Minute))...)
	w.history("db.locks.waiting", nil, 16, 3, w.now.Add(-10*time.Second))
	got := Diagnose(w, e.Step(w))
	if got.Rule != "db.locks.waiting" || got.Action != "" || !strings.Contains(strings.Join(got.Evidence, "; "), "the queue drains") {
		t.Errorf("got %+v", got)
	}
	w.history("db.locks.waiting", nil, 3, 3, w.now.Add(-10*time.Second))
	if got := Diagnose(w, e.Step(w)); got.Action == "" {
		t.Errorf("a short queue that stands still: got %+v", got)
	}
}

func TestErrorsThatFallSaySo(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	calm(w)
	requests(w, 15.6, 9800*time.Millisecond)
	stepped(w, e, 4*time.Minute)
	w.history("http.error_rate", model.Labels{"app": "shop", "window": "1m"}, 30, 15.6, w.now.Add(-20*time.Second))
	got := Diagnose(w, e.Step(w)).Summary
	if !strings.HasPrefix(got, "no suspect for http.error_rate shop 15.6 % (limit 2 %, now falling), http.p95 shop 9.8 s (limit") {
		t.Errorf("got %q", got)
	}
}

// A budget that goes too fast says so though no minute is over a limit of its own.
func TestTheVerdictOnABudget(t *testing.T) {
	w := newWorld()
	long := func(d time.Duration) model.AppWindow {
		return model.AppWindow{Window: d, Elapsed: d, Requests: 10000, Errors: 70}
	}
	app := model.App{Name: "shop", Windows: []model.AppWindow{{Window: time.Minute, Elapsed: time.Minute, Requests: 1000, Errors: 7}}}
	for _, d := range model.LongWindows() {
		app.Long = append(app.Long, long(d))
	}
	put(w, store.AppKey("shop"), app)
	alerts := New(Defaults()).Step(w)
	if got := pick(t, alerts, "slo.slow{app=shop,window=6h}"); got.State != Firing || got.Text() != "7.0x too fast" {
		t.Errorf("got %s, %s", got.State, got.Text())
	}
	if got := pick(t, alerts, "slo.fast{app=shop,window=1h}"); got.State != OK {
		t.Errorf("fast: got %s, %s", got.State, got.Text())
	}
	got := Diagnose(w, alerts)
	if want := "no suspect: slo.burn shop 6h 7.0x too fast is over its limit"; got.Summary != want || got.Level != Warning {
		t.Errorf("got %s at %s, want %s", got.Summary, got.Level, want)
	}
}

// The first readings after a restart do not tell yet whether what fired before
// lasts.
func TestWhatFiredBeforeIsNotSaidToBeFine(t *testing.T) {
	const fine = "no suspect: no reading is over its threshold"
	untold := model.Probe{Service: "web", Up: true, Needed: 3, Tries: 1, Failures: 1}
	down := model.Probe{Service: "web", Why: "HTTP 503", Needed: 3, Tries: 3, Failures: 3}
	well := model.Probe{Service: "web", Up: true, Passed: true, Needed: 3, Tries: 1}
	for _, tt := range []struct {
		name          string
		before, after model.Probe
		summary       string
		level         Level
	}{
		{"it fired, and nobody knows yet", down, untold, "no suspect so far; not known now: P0 service.down web fired before", Unclear},
		{"it never fired, and nobody knows yet", well, untold, fine, Fine},
		{"it fired, and answers", down, well, fine, Fine},
		{"it fired, and is down", down, down, "web is down: HTTP 503", Critical},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, e := newWorld(), New(Defaults())
			calm(w)
			put(w, store.ProbeKey("web"), tt.before)
			e.Step(w)
			data, err := e.Export()
			if err != nil {
				t.Fatal(err)
			}
			later := New(Defaults())
			if err := later.Import(data); err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(5 * time.Second)
			calm(w)
			put(w, store.ProbeKey("web"), tt.after)
			got := Diagnose(w, later.Step(w))
			if !strings.Contains(got.Summary, tt.summary) || got.Level != tt.level {
				t.Errorf("got %s: %q\nwant %s: %q", got.Level, got.Summary, tt.level, tt.summary)
			}
		})
	}
}
