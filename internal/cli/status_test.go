package cli

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	prommodel "github.com/prometheus/common/model"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
	"tocsin/internal/testkit"
)

// seen is a look at a made-up target with one of everything: an alert that
// fires, one that is pending, unknown ones, hostile names and failed sources.
func seen(t *testing.T) look {
	t.Helper()
	s := store.New()
	every := store.Source{Every: 2 * time.Second}
	connections := store.NewCell(s, store.ConnectionsKey(), every)
	tables := store.NewCell(s, store.TablesKey(), every)
	redis := store.NewCell(s, store.RedisKey(), every)
	deployments := store.NewCell(s, store.DeploymentsKey(), store.Source{})
	app := store.NewCell(s, store.AppKey("shop"), every)
	store.NewCell(s, store.HostKey(), every)
	engine := alert.New(alert.Defaults())
	step := func() {
		connections.Put(model.Connections{Max: 103, Reserved: 3, Clients: 91, ByState: []model.Count{{Name: "idle", N: 82}, {Name: "active", N: 9}}}, time.Now(), 3*time.Millisecond)
		redis.Fail(&model.Fail{Class: model.Denied, Text: "read INFO: NOPERM", Hint: "ACL SETUSER tocsin +info"}, time.Now(), time.Millisecond)
		deployments.Fail(&model.Fail{Class: model.Unconfigured, Text: "not configured", Hint: "name the project"}, time.Now(), 0)
		app.Put(model.App{Name: "shop", Windows: []model.AppWindow{{Window: time.Minute, Elapsed: 2 * time.Second, Requests: 12}}}, time.Now(), 0)
		engine.Step(s.View())
	}
	step()
	<-time.After(61 * time.Second)
	tables.Put(model.Tables{Rows: []model.Table{
		{Schema: "public", Name: "evil\x1b[31m|'\"\n", Live: 60_000, Dead: 40_000},
		{Schema: "public", Name: "a", Live: 20_000}, {Schema: "public", Name: "b", Live: 20_000},
	}}, time.Now(), 20*time.Millisecond)
	step()
	v := s.View()
	alerts := engine.Step(v)
	return look{target: "demo", limit: 10 * time.Second, view: v, alerts: alerts, suspect: alert.Diagnose(v, alerts)}
}

func TestStatusForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := seen(t)
		for name, p := range map[string]*page{"status": {}, "status_ascii": {ascii: true}, "status_color": {color: true}} {
			l.show(p, "tocsin")
			testkit.Golden(t, name, p.text.String())
		}
		var out bytes.Buffer
		if err := (&command{out: &out}).putJSON(l.document()); err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, "status_json", out.String())
		text := l.exposition()
		testkit.Golden(t, "status_prometheus", text)
		parser := expfmt.NewTextParser(prommodel.LegacyValidation)
		if _, err := parser.TextToMetricFamilies(strings.NewReader(text)); err != nil {
			t.Errorf("the exposition cannot be read: %v", err)
		}
		p := &page{}
		l.plugin(p)
		testkit.Golden(t, "check", p.text.String())
	})
}

func TestNothingHostileReachesTheTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &page{}
		seen(t).show(p, "tocsin")
		if text := p.text.String(); strings.ContainsAny(text, "\x1b\u200b") || !strings.Contains(text, `evil\x1b[31m|'" `) {
			t.Errorf("control characters in\n%q", text)
		}
	})
}

func TestTheWorstLevel(t *testing.T) {
	quiet := alert.Alert{State: alert.Unknown, Former: alert.OK, MinCount: 50, Reading: alert.Reading{Count: 3}}
	was := quiet
	was.Former = alert.Firing
	firing := alert.Alert{State: alert.Firing, Severity: alert.P1}
	silenced := firing
	silenced.Muted = &alert.Mute{}
	tests := []struct {
		name  string
		alert alert.Alert
		want  alert.Level
	}{
		{"in order", alert.Alert{State: alert.OK}, alert.Fine},
		{"pending", alert.Alert{State: alert.Pending, Severity: alert.P0}, alert.Warning},
		{"firing P0", alert.Alert{State: alert.Firing, Severity: alert.P0}, alert.Critical},
		{"firing P1", firing, alert.Critical},
		{"firing P2", alert.Alert{State: alert.Firing, Severity: alert.P2}, alert.Warning},
		{"firing P3", alert.Alert{State: alert.Firing, Severity: alert.P3}, alert.Warning},
		{"clearing", alert.Alert{State: alert.Clearing, Severity: alert.P1}, alert.Critical},
		{"unknown", alert.Alert{State: alert.Unknown, Former: alert.OK}, alert.Unclear},
		{"too few to tell", quiet, alert.Fine},
		{"too few to tell, after trouble", was, alert.Unclear},
		{"silenced", silenced, alert.Fine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := weight(tt.alert); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestPerfRange(t *testing.T) {
	tests := []struct {
		fire string
		unit model.Unit
		want string
	}{
		{"> 80%", model.Percent, "~:80"},
		{">= 3", model.None, "@3:"},
		{"< 4h", model.Hours, "14400:"},
		{"<= 2", model.None, "@~:2"},
		{"== 1", model.None, "@1:1"},
		{"!= 1", model.None, "1:1"},
		{"> 5000ms", model.Seconds, "~:5"},
		{"> 1s", model.Millis, "~:1000"},
	}
	for _, tt := range tests {
		t.Run(tt.fire, func(t *testing.T) {
			limit, err := alert.ParseThreshold(tt.fire)
			if err != nil {
				t.Fatal(err)
			}
			if got := perfRange(alert.Alert{Threshold: limit, Reading: alert.Reading{Unit: tt.unit}}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestStatusOfAServer reads a real server and checks the form of the document;
// the numbers are another time's.
func TestStatusOfAServer(t *testing.T) {
	s := newShop(t)
	got := run("--config", s.config, "status", "-o", "json")
	if got.code != exitOK || got.err != "" {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	var doc statusDocument
	decoder := json.NewDecoder(strings.NewReader(got.out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	states := map[string]store.State{}
	for _, src := range doc.Sources {
		states[src.Name] = src.State
		if src.State == store.OK && (src.At == nil || src.TookMS == nil || src.Error != nil) {
			t.Errorf("source %+v", src)
		}
	}
	for _, name := range []string{"pg.connections", "pg.activity", "pg.tables", "host"} {
		if states[name] != store.OK {
			t.Errorf("%s is %s, want ok", name, states[name])
		}
	}
	if states["redis"] != store.Unconfigured {
		t.Errorf("redis is %s, want unconfigured", states["redis"])
	}
	if !regexp.MustCompile(`"at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`).MatchString(got.out) {
		t.Errorf("times are not RFC 3339 in UTC:\n%s", got.out)
	}
}

// TestPendingCountsAcrossRuns has a table with dead rows: over its threshold at
// once, and so a warning before it has lasted the minute that makes it fire.
func TestPendingCountsAcrossRuns(t *testing.T) {
	s := newShop(t)
	first := run("--config", s.config, "check")
	if first.code != checkWarning || !strings.HasPrefix(first.out, "WARNING - ") || !strings.Contains(first.out, "P3 db.dead_tuples.pct public.orders 50 % (> 20%) pending") {
		t.Fatalf("exit %d, want 1 and the pending alert:\n%s%s", first.code, first.out, first.err)
	}
	since := func() time.Time {
		var doc statusDocument
		if err := json.Unmarshal([]byte(run("--config", s.config, "status", "-o", "json").out), &doc); err != nil {
			t.Fatal(err)
		}
		for _, a := range doc.Alerts {
			if a.Rule == "db.dead_tuples.pct" && a.Since != nil {
				return *a.Since
			}
		}
		t.Fatal("the alert is gone")
		return time.Time{}
	}
	if a, b := since(), since(); !a.Equal(b) || time.Since(a) < ratePause {
		t.Errorf("the alert began at %v, and in the next run at %v: want the first run's instant in both", a, b)
	}
}
