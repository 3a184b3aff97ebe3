package runbook

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/actions"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// numbers is a snapshot with facts of a test's own.
type numbers []model.Fact

func (n numbers) Facts() []model.Fact { return n }

func TestExprHolds(t *testing.T) {
	dead := func(table string, pct float64) model.Fact {
		return model.Known("db.dead_tuples.pct", pct, model.Percent, model.Labels{"table": table})
	}
	longest := func(s float64) model.Fact { return model.Known("db.query.longest", s, model.Seconds, nil) }
	down := func(n float64) model.Fact { return model.Known("db.down", n, model.None, nil) }
	hidden := model.Unknown("db.query.longest", model.Seconds, nil, "GRANT pg_monitor")
	rate := func(window string, pct float64) model.Fact {
		f := model.Known("http.error_rate", pct, model.Percent, model.Labels{"app": "shop", "window": window})
		f.Count = 50
		return f
	}
	few := rate("1m", 0)
	few.Count = 49
	tests := []struct {
		name    string
		expr    string
		facts   numbers
		holds   Truth // for every series
		applies Truth // for any
	}{
		{"one number", "db.query.longest < 5s", numbers{longest(3)}, Pass, Pass},
		{"in another unit", "db.query.longest < 5000ms", numbers{longest(6)}, Fail, Fail},
		{"hidden", "db.query.longest < 5s", numbers{hidden}, Unknown, Unknown},
		{"not configured", "db.query.longest < 5s", nil, Unknown, Fail},
		{"one table of two", "db.dead_tuples.pct > 20%", numbers{dead("a", 30), dead("b", 1)}, Fail, Pass},
		{"both tables", "db.dead_tuples.pct > 20%", numbers{dead("a", 30), dead("b", 25)}, Pass, Pass},
		{"and", "db.query.longest < 5s and db.dead_tuples.pct < 20%", numbers{longest(1), dead("a", 30)}, Fail, Fail},
		{"and with unknown", "db.query.longest < 5s and db.dead_tuples.pct < 20%", numbers{hidden, dead("a", 3)}, Unknown, Unknown},
		{"and that fails whatever is unknown", "db.query.longest < 5s and db.dead_tuples.pct < 20%", numbers{hidden, dead("a", 30)}, Fail, Fail},
		{"or", "db.query.longest > 5s or db.dead_tuples.pct > 20%", numbers{longest(1), dead("a", 30)}, Pass, Pass},
		{"or with unknown", "db.query.longest > 5s or db.dead_tuples.pct > 20%", numbers{hidden, dead("a", 3)}, Unknown, Unknown},
		{"and before or", "db.query.longest < 5s and db.dead_tuples.pct < 20% or db.down < 1", numbers{longest(9), dead("a", 3), down(0)}, Pass, Pass},
		{"or before and", "db.down > 0 or db.query.longest < 5s and db.dead_tuples.pct < 20%", numbers{longest(1), dead("a", 30), down(0)}, Fail, Fail},
		{"or of two unknown", "db.down > 0 or db.query.longest < 5s", numbers{hidden}, Unknown, Unknown},
		{"of too few requests", "http.error_rate < 1%", numbers{few}, Unknown, Unknown},
		{"the short window", "http.error_rate < 1%", numbers{rate("1m", 0.2), rate("5m", 9)}, Pass, Pass},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ParseExpr(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			s := store.New()
			store.NewCell(s, store.Key[numbers]{Name: "test"}, store.Source{Every: time.Second}).Put(tt.facts, time.Now(), 0)
			if got, reading := e.Holds(s.View(), nil); got != tt.holds {
				t.Errorf("holds: %s (%s), want %s", got, reading, tt.holds)
			}
			if got, reading := e.Applies(s.View()); got != tt.applies {
				t.Errorf("applies: %s (%s), want %s", got, reading, tt.applies)
			}
		})
	}
}

// A condition on slots is false where there are none, and unknown where nobody
// has looked.
func TestExprOfNothingThere(t *testing.T) {
	e, err := ParseExpr("db.slots.lost >= 1")
	if err != nil {
		t.Fatal(err)
	}
	s := store.New()
	cell := store.NewCell(s, store.Key[numbers]{Name: "pg.slots"}, store.Source{Every: time.Second})
	if got, reading := e.Applies(s.View()); got != Unknown {
		t.Errorf("before it is read: %s (%s)", got, reading)
	}
	cell.Put(numbers{}, time.Now(), 0)
	if got, reading := e.Applies(s.View()); got != Fail {
		t.Errorf("without slots: %s (%s)", got, reading)
	}
	if got, reading := e.Holds(s.View(), nil); got != Unknown {
		t.Errorf("a check of what is not there: %s (%s)", got, reading)
	}
	cell.Fail(&model.Fail{Class: model.Down}, time.Now(), 0)
	if got, reading := e.Applies(s.View()); got != Unknown {
		t.Errorf("when its source is down: %s (%s)", got, reading)
	}
}

// A condition on what nobody configured does not apply, whichever way that is
// told; one on a source that is not read yet, or fails, is unknown.
func TestExprOfNothingConfigured(t *testing.T) {
	unset := &model.Fail{Class: model.Unconfigured}
	for _, tt := range []struct {
		name, expr string
		sources    map[string]*model.Fail // how the newest attempt failed; nil where there was none yet
		want       Truth
		says       string
	}{
		{"no such source", "notify.failing >= 1", nil, Fail, "notify.failing: not configured here"},
		{"it says so itself", "fleet.down >= 1", map[string]*model.Fail{"fleet": unset}, Fail, "fleet.down: not configured here"},
		{"not read yet", "fleet.down >= 1", map[string]*model.Fail{"fleet": nil}, Unknown, "fleet.down: not read here"},
		{"it fails", "fleet.down >= 1", map[string]*model.Fail{"fleet": {Class: model.Down}}, Unknown, "fleet.down: not read here"},
		{"one of two is not there", "notify.failing >= 1 or fleet.down >= 1", map[string]*model.Fail{"fleet": {Class: model.Down}}, Unknown, "fleet.down: not read here"},
		{"one of several applications", "http.error_rate > 0.8%", map[string]*model.Fail{"app.shop": {Class: model.Down}}, Unknown, "http.error_rate: not read here"},
		{"another one gives it as well", "provider.budget < 20%", map[string]*model.Fail{"supabase.project": unset, "sentry.issues": nil}, Unknown, "provider.budget: not read here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ParseExpr(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			s := store.New()
			for name, fail := range tt.sources {
				cell := store.NewCell(s, store.Key[numbers]{Name: name}, store.Source{Every: time.Second})
				if fail != nil {
					cell.Fail(fail, time.Now(), 0)
				}
			}
			if got, reading := e.Applies(s.View()); got != tt.want || reading.String() != tt.says {
				t.Errorf("applies: %s (%s), want %s (%s)", got, reading, tt.want, tt.says)
			}
			if got, _ := e.Holds(s.View(), nil); got != Unknown {
				t.Errorf("as a check: %s", got)
			}
		})
	}
}

// A verification looks at what the action was about.
func TestExprOfOneTarget(t *testing.T) {
	e, err := ParseExpr("db.dead_tuples.pct < 20%")
	if err != nil {
		t.Fatal(err)
	}
	s := store.New()
	cell := store.NewCell(s, store.Key[numbers]{Name: "test"}, store.Source{Every: time.Second})
	cell.Put(numbers{
		model.Known("db.dead_tuples.pct", 1, model.Percent, model.Labels{"table": "public.a"}),
		model.Known("db.dead_tuples.pct", 90, model.Percent, model.Labels{"table": "public.b"}),
	}, time.Now(), 0)
	for table, want := range map[string]Truth{"public.a": Pass, "public.b": Fail, "public.c": Unknown} {
		if got, reading := e.Holds(s.View(), actions.Args{"table": table}); got != want {
			t.Errorf("%s: %s (%s), want %s", table, got, reading, want)
		}
	}
}

func TestExprForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := ParseExpr("db.query.longest < 5s for 1m")
		if err != nil {
			t.Fatal(err)
		}
		s := store.New()
		cell := store.NewCell(s, store.Key[numbers]{Name: "test"}, store.Source{Every: 5 * time.Second})
		read := func(seconds float64, times int) {
			for range times {
				<-time.After(5 * time.Second)
				cell.Put(numbers{model.Known("db.query.longest", seconds, model.Seconds, nil)}, time.Now(), 0)
			}
		}
		want := func(step string, wanted Truth) {
			t.Helper()
			if got, reading := e.Holds(s.View(), nil); got != wanted {
				t.Errorf("%s: %s (%s), want %s", step, got, reading, wanted)
			}
		}
		read(1, 2)
		want("after ten seconds", Unknown)
		read(1, 12)
		want("after a minute", Pass)
		read(9, 1)
		want("while it is above", Fail)
		read(1, 3)
		want("soon after", Fail)
		if _, got := e.Holds(s.View(), nil); got.String() != "db.query.longest 1 s of 5 s, 80 % left, not for 1m0s yet" {
			t.Errorf("soon after: %s", got)
		}
		read(1, 12)
		want("a minute after", Pass)
		<-time.After(time.Minute)
		want("when nobody has read it since", Unknown)
		cell.Fail(&model.Fail{Class: model.Down}, time.Now(), 0)
		want("when its source is down", Unknown)
	})
}

// What a check sees says how much is left to its limit, of the series that is
// closest to it. A condition has no limit to keep.
func TestReadingsTellWhatIsLeft(t *testing.T) {
	p95 := func(app string, ms float64) model.Fact {
		f := model.Known("http.p95", ms, model.Millis, model.Labels{"app": app, "window": "1m"})
		f.Count = 50
		return f
	}
	few := p95("shop", 312)
	few.Count = 49
	burn := func(window string, times float64) model.Fact {
		f := model.Known("slo.burn", times, model.None, model.Labels{"app": "shop", "window": window})
		f.Count = 50
		return f
	}
	used := func(pct float64) model.Fact { return model.Known("db.connections.used", pct, model.Percent, nil) }
	hit := model.Known("cache.hit_ratio", 92, model.Percent, nil)
	hit.Count = 50
	miss := hit
	miss.Value = 71
	count := func(metric string, n float64) model.Fact { return model.Known(metric, n, model.None, nil) }
	tests := []struct {
		name, expr, want string
		facts            numbers
	}{
		{"time", "http.p95 < 1000ms", "http.p95 app=shop 312 ms of 1 s, 69 % left", numbers{p95("shop", 312)}},
		{"over it", "http.p95 < 1000ms", "http.p95 app=shop 1.4 s of 1 s, 40 % over", numbers{p95("shop", 1400)}},
		{"a little over it", "http.p95 < 1000ms", "http.p95 app=shop 1 s of 1 s, 0.50 % over", numbers{p95("shop", 1005)}},
		{"at it", "http.p95 < 1000ms", "http.p95 app=shop 1 s of 1 s, none left", numbers{p95("shop", 1000)}},
		{"a share counts in points", "db.connections.used < 80%", "db.connections.used 41 % of 80 %, 39 points left", numbers{used(41)}},
		{"a count", "db.archiver.ready < 50", "db.archiver.ready 12 of 50, 38 left", numbers{count("db.archiver.ready", 12)}},
		{"of other windows, where there is no short one", "slo.burn <= 6", "slo.burn app=shop,window=6h 9 of 6, 3 over", numbers{burn("1h", 2), burn("6h", 9)}},
		{"none at all", "db.down < 1", "db.down 0", numbers{count("db.down", 0)}},
		{"any number", "db.tables.bytes >= 0B", "db.tables.bytes 1 KiB", numbers{model.Known("db.tables.bytes", 1024, model.Bytes, nil)}},
		{"a least value", "cache.hit_ratio > 80%", "cache.hit_ratio 92 %, 12 points above 80 %", numbers{hit}},
		{"under the least value", "cache.hit_ratio > 80%", "cache.hit_ratio 71 %, 9 points below 80 %", numbers{miss}},
		{"of several series the closest", "http.p95 < 1000ms", "http.p95 app=b 900 ms of 1 s, 10 % left", numbers{p95("a", 312), p95("b", 900), p95("c", 500)}},
		{"of those over it the worst", "http.p95 < 1000ms", "http.p95 app=b 2 s of 1 s, 100 % over", numbers{p95("a", 1400), p95("b", 2000), p95("c", 500)}},
		{"of and the tightest", "db.down < 1 and http.p95 < 1000ms and db.connections.used < 80%", "db.connections.used 72 % of 80 %, 8 points left", numbers{count("db.down", 0), p95("shop", 312), used(72)}},
		{"too few", "http.p95 < 1000ms", "http.p95 app=shop 312 ms, of 49 only: 50 are needed to tell", numbers{few}},
		{"hidden", "db.connections.used < 80%", "db.connections.used: GRANT pg_monitor", numbers{model.Unknown("db.connections.used", model.Percent, nil, "GRANT pg_monitor")}},
		{"not read", "db.connections.used < 80%", "db.connections.used: not read here", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ParseExpr(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			s := store.New()
			store.NewCell(s, store.Key[numbers]{Name: "test"}, store.Source{Every: time.Second}).Put(tt.facts, time.Now(), 0)
			if _, got := e.Holds(s.View(), nil); got.String() != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if _, got := e.Applies(s.View()); strings.Contains(got.String(), " left") || strings.Contains(got.String(), " points") {
				t.Errorf("a condition has no limit to keep: %s", got)
			}
		})
	}
}
