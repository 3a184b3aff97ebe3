package cli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/config"
	"tocsin/internal/model"
	"tocsin/internal/store"
	"tocsin/ui"
)

func TestActsOfTheAudit(t *testing.T) {
	p := &program{target: config.Target{Name: "prod"}}
	var err error
	p.runner, err = actions.NewRunner(actions.Options{Server: "prod", Audit: &audit.Log{}}, actions.Terminate(nil), actions.Vacuum(nil))
	if err != nil {
		t.Fatal(err)
	}
	at := audit.Time{Time: time.Now().Add(-time.Hour)}
	ana := &audit.Who{User: "ana"}
	params := map[string]any{"pid": 4711.0, "backend_start": "2026-01-02T03:04:05Z"}
	got := newPast(p, func([]audit.Call) error { return nil }).actsOf(audit.Calls([]audit.Entry{
		{Phase: audit.Intent, ID: "1", At: at, Target: "prod", Action: "pg.terminate", Params: params, Who: ana},
		{Phase: audit.Result, ID: "1", At: at, Target: "prod", Action: "pg.terminate", Who: ana, Outcome: "ok"},
		{Phase: audit.Effect, ID: "1", At: at, Target: "prod", Verdict: "helped"},
		{Phase: audit.Intent, ID: "2", At: at, Target: "prod", Action: "pg.vacuum", Params: map[string]any{"table": "public.a"}, Who: ana},
		{Phase: audit.Result, ID: "2", At: at, Target: "prod", Action: "pg.vacuum", Outcome: "unknown"},
		{Phase: audit.Result, ID: "3", At: at, Target: "prod", Action: "pg.vacuum", Outcome: "refused"},
		{Phase: audit.Result, ID: "4", At: at, Target: "other", Action: "pg.vacuum", Outcome: "ok"},
		{Phase: audit.Result, ID: "5", At: audit.Time{Time: time.Now().Add(-25 * time.Hour)}, Target: "prod", Action: "pg.vacuum", Outcome: "ok"},
		{Phase: audit.Result, ID: "6", At: at, Target: "prod", Action: "pg.vacuum", Outcome: "failed"},
		{Phase: audit.Intent, ID: "7", At: at, Target: "prod", Action: "pg.vacuum", Preflight: map[string]any{"from": "v4", "to": "v3", "pages": 7.0}},
		{Phase: audit.Result, ID: "7", At: at, Target: "prod", Action: "pg.vacuum", Outcome: "failed", Steps: []string{"VACUUM public.a"}},
	}))
	want := []ui.Event{
		{At: at.Time, Text: "End session 4711 by ana: helped", Role: ui.Strong, Mark: "terminate"},
		{At: at.Time, Text: "Vacuum table public.a: unknown", Role: ui.Warn, Mark: "vacuum"},
		{At: at.Time, Text: "Vacuum table: failed", Role: ui.Warn}, // it did nothing
		{At: at.Time, Text: "Vacuum table v4 → v3: failed", Role: ui.Warn, Mark: "vacuum"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
}

func TestATroubleThatEndedIsRemembered(t *testing.T) {
	now := time.Now()
	fired := alert.Alert{Rule: "db.locks.waiting", State: alert.Clearing, Since: now.Add(-90 * time.Second)}
	blip := alert.Alert{Rule: "http.p95", State: alert.Pending, Since: now.Add(-time.Second)}
	fine := func(a alert.Alert) alert.Alert { a.State = alert.OK; return a }
	p := newPast(&program{}, func([]audit.Call) error { return nil })
	p.alerts(now, []alert.Alert{fired, blip}, []alert.Alert{fine(fired), fine(blip)})
	want := []ui.Event{{At: now, Text: "db.locks.waiting in order again after 1m30s", Role: ui.Good}}
	if diff := cmp.Diff(want, p.ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
}

// A source that lacks an extension is not a server that comes and goes.
func TestOnlyTheLeadSpeaksForItsServer(t *testing.T) {
	s := store.New()
	lead := store.NewCell(s, store.ConnectionsKey(), store.Source{Group: "postgres", Every: time.Minute})
	other := store.NewCell(s, store.StatementsKey(), store.Source{Group: "postgres", Every: time.Minute})
	p, now := newPast(&program{}, func([]audit.Call) error { return nil }), time.Now()
	fail := func(class model.Class) *model.Fail { return &model.Fail{Class: class, Text: "no"} }
	lead.Put(model.Connections{}, now, 0)
	for i := range 3 {
		other.Fail(fail(model.Missing), now.Add(time.Duration(2*i)*time.Second), 0)
		p.sources(s.View())
		lead.Put(model.Connections{}, now.Add(time.Duration(2*i+1)*time.Second), 0)
		p.sources(s.View())
	}
	if len(p.ended) > 0 {
		t.Errorf("got %+v", p.ended)
	}
	lead.Fail(fail(model.Down), now.Add(10*time.Second), 0)
	p.sources(s.View())
	lead.Put(model.Connections{}, now.Add(20*time.Second), 0)
	p.sources(s.View())
	if len(p.ended) != 1 || p.ended[0].Text != "postgres is back after 10s" {
		t.Errorf("got %+v", p.ended)
	}
}

// The end of a silence is announced once and told when it comes; so is that an
// alert got worse after somebody took it on.
func TestWhatWasSaidOfAnAlertEnds(t *testing.T) {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	mute := &alert.Mute{Who: "ana", At: now.Add(-time.Hour), Until: now.Add(9 * time.Minute)}
	muted := alert.Alert{Rule: "host.cpu", State: alert.Firing, Severity: alert.P3, Muted: mute}
	acked := alert.Alert{Rule: "http.p95", State: alert.Clearing, Acked: &alert.Ack{Who: "ben"}}
	heard, again, ended := muted, acked, acked
	heard.Muted, again.Acked, again.State = nil, nil, alert.Firing
	ended.Acked, ended.State = nil, alert.OK
	p := newPast(&program{}, func([]audit.Call) error { return nil })
	for _, s := range []struct{ before, after alert.Alert }{{muted, muted}, {muted, muted}, {muted, heard}, {acked, again}, {acked, ended}} {
		p.said(now, s.before, s.after)
	}
	want := []ui.Event{
		{At: now, Text: "host.cpu: the mute by ana ends in 9m0s", Role: ui.Warn},
		{At: now, Text: "host.cpu is heard again: the mute by ana is over", Role: ui.Warn},
		{At: now, Text: "http.p95 is worse: ben took it on before", Role: ui.Warn},
	}
	if diff := cmp.Diff(want, p.ended); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What somebody says of an alert in one dashboard, another over the same target
// hears with its next look at the rules.
func TestDashboardsHearOfEachOther(t *testing.T) {
	dir := t.TempDir()
	open := func() *watch {
		rules := alert.Set{Every: time.Second, StaleAfter: 3, Rules: []alert.Rule{{
			ID: "r", Metric: "db.connections.used", Severity: alert.P2,
			Fire: alert.Threshold{Op: ">", Value: 80, Unit: "%"}, Clear: alert.Threshold{Op: "<", Value: 70, Unit: "%"},
		}}}
		p := &program{state: folder{root: dir, dir: dir}, store: store.New(), engine: alert.New(rules)}
		store.NewCell(p.store, store.ConnectionsKey(), store.Source{Every: time.Minute}).Put(model.Connections{Max: 100, Clients: 90}, time.Now(), 0)
		p.engine.Step(p.store.View())
		return newWatch(p, func() {}, func() {})
	}
	one, other := open(), open()
	m := marks{one.p.state, one.p.engine}
	if err := m.Mark(actions.Mark{Kind: actions.Acknowledge, Alert: "r", Why: "on it"}); err != nil {
		t.Fatal(err)
	}
	other.hear()
	got := other.p.engine.Current()[0]
	if got.State != alert.Firing || got.Acked == nil || got.Acked.Why != "on it" || got.Acked.Who == "" {
		t.Errorf("got %s, %+v", got.State, got.Acked)
	}
	if at := other.heard; at.IsZero() {
		t.Error("it would be read again and again")
	}
}
