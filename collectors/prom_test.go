package collectors

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/prom"
	"tocsin/internal/testkit"
)

// scraped is an application whose counters grow by themselves: 20 requests a
// second, a tenth of them too slow, a twentieth failing once it is told to.
type scraped struct {
	began   time.Time
	failing atomic.Bool
	failed  atomic.Int64
}

func (s *scraped) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	n := int64(20 * time.Since(s.began).Seconds())
	if s.failing.Load() {
		s.failed.Add(1)
		fmt.Fprintf(w, "http_requests_total{code=\"503\"} %d\n", s.failed.Load())
	}
	fmt.Fprintf(w, "http_requests_total{code=\"200\"} %d\n", n)
	for _, b := range []struct {
		le string
		n  int64
	}{{"0.1", n * 9 / 10}, {"0.5", n}, {"+Inf", n}} {
		fmt.Fprintf(w, "http_request_duration_seconds_bucket{le=%q} %d\n", b.le, b.n)
	}
}

// TestRealPrometheus reads a real Prometheus that scrapes an application, a
// node exporter and a machine that is not there.
func TestRealPrometheus(t *testing.T) {
	app := &scraped{began: time.Now()}
	srv := httptest.NewServer(app)
	t.Cleanup(srv.Close)
	node := testkit.NodeExporter(t)
	base := testkit.Prometheus(t, map[string][]string{
		"shop": {strings.TrimPrefix(srv.URL, "http://")}, "node": {node, "127.0.0.1:1"},
	})
	c := prom.New(prom.Options{Base: base})
	t.Cleanup(c.Close)

	t.Run("requests", func(t *testing.T) {
		source := NewPromApp(c, PromAppOptions{Name: "shop"})
		var w model.AppWindow
		testkit.Until(t, 40*time.Second, "requests and their latency within a minute", func(ctx context.Context) bool {
			got, err := source.Collect(ctx)
			if err != nil {
				t.Log(err)
				return false
			}
			w, _ = got.Over(time.Minute)
			return w.Requests > 100 && w.P99 != nil
		})
		if pct, ok := w.ErrorPct(); !ok || pct != 0 || w.NoErrors != "" {
			t.Errorf("errors %v %%, %t: a counter that does not exist beside requests is none of them", pct, ok)
		}
		if *w.P50 > 100*time.Millisecond || *w.P99 < 100*time.Millisecond || *w.P99 > 500*time.Millisecond {
			t.Errorf("p50 %s, p99 %s", w.P50, w.P99)
		}
		app.failing.Store(true)
		testkit.Until(t, 40*time.Second, "errors", func(ctx context.Context) bool {
			got, err := source.Collect(ctx)
			w, _ = got.Over(time.Minute)
			pct, ok := w.ErrorPct()
			return err == nil && ok && pct > 0
		})
	})
	t.Run("what is not there", func(t *testing.T) {
		got, err := NewPromApp(c, PromAppOptions{Name: "none", Requests: `sum(increase(no_such_total[$window]))`}).Collect(t.Context())
		if err != nil || len(got.Windows) != 2 {
			t.Fatalf("%v: %+v", err, got)
		}
		for _, f := range got.Facts() {
			if f.Name == "slo.burn" && !f.Known && strings.Contains(f.Why, "known for 0s") {
				continue
			}
			if f.Known || !strings.Contains(f.Why, "Prometheus has no requests") {
				t.Errorf("%s is known, or not why: %s", f.Name, f.Why)
			}
		}
		if _, err := NewPromApp(c, PromAppOptions{Name: "bad", Requests: `sum(`}).Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "parse error") {
			t.Errorf("an expression that is none: %v", err)
		}
		_, err = NewPromApp(c, PromAppOptions{Name: "many", Requests: `up`}).Collect(t.Context())
		if err == nil || !strings.Contains(err.Error(), "has 3 series") {
			t.Errorf("an expression of several series: %v", err)
		}
	})
	t.Run("fleet", func(t *testing.T) {
		var got model.Fleet
		testkit.Until(t, 60*time.Second, "the use of the machine that is up", func(ctx context.Context) bool {
			var err error
			got, err = NewPromFleet(c, PromFleetOptions{}).Collect(ctx)
			return err == nil && got.CPU.Mean != nil && got.Memory.Mean != nil && got.Disk.Mean != nil && len(got.Hosts) == 2
		})
		if *got.Total != 2 || *got.Down != 1 || *got.Memory.Mean <= 0 || *got.Memory.Mean >= 100 || *got.CPU.Over < 0 {
			t.Errorf("total %d, down %d, memory %v", *got.Total, *got.Down, *got.Memory.Mean)
		}
		if worst := got.Worst()[0]; worst.Name != "127.0.0.1:1" || !worst.Down || worst.CPU != nil {
			t.Errorf("the worst is %+v", worst)
		}
		if _, partly := got.Least(func(h model.FleetHost) *float64 { return h.CPU }); partly {
			t.Error("a fleet of two is listed in part")
		}
	})
}

// TestFleetOfThousands: however many machines there are, as many lines come
// back as were asked for, and what is not listed is not 0.
func TestFleetOfThousands(t *testing.T) {
	list := func(kind string, from int) string {
		var b strings.Builder
		for n := range fleetListed {
			fmt.Fprintf(&b, `{"metric":{"instance":"host%d","tocsin":"%s.list"},"value":[1,"%d"]},`, from+n, kind, 99-n%50)
		}
		return b.String()
	}
	one := func(name, v string) string { return fmt.Sprintf(`{"metric":{"tocsin":%q},"value":[1,%q]},`, name, v) }
	body := list("cpu", 0) + list("memory", 1000) + list("disk", 0) + one("total", "5000") + one("down", "0") + one("cpu.mean", "12.5") + one("cpu.max", "NaN")
	base, requests := testkit.Counted(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, strings.TrimSuffix(body, ","))
	})
	c := prom.New(prom.Options{Base: base})
	t.Cleanup(c.Close)
	got, err := NewPromFleet(c, PromFleetOptions{}).Collect(t.Context())
	if err != nil || requests.Load() != 1 {
		t.Fatalf("%v after %d requests", err, requests.Load())
	}
	if *got.Total != 5000 || len(got.Hosts) != 2*fleetListed || got.CPU.Max != nil || got.Memory.Mean != nil {
		t.Errorf("total %v, %d hosts, %+v", got.Total, len(got.Hosts), got.CPU)
	}
	if least, ok := got.Least(func(h model.FleetHost) *float64 { return h.Memory }); !ok || least != 50 {
		t.Errorf("what is not listed is under %v, %t", least, ok)
	}
	if got.Hosts[0].Memory != nil {
		t.Error("a number that nobody told is there")
	}
}

func TestFleetWithoutExporters(t *testing.T) {
	base, _ := testkit.Counted(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	})
	c := prom.New(prom.Options{Base: base})
	t.Cleanup(c.Close)
	_, err := NewPromFleet(c, PromFleetOptions{}).Collect(t.Context())
	if fail := model.FailOf(err); fail == nil || fail.Class != model.Missing || !strings.Contains(fail.Hint, "prometheus.hosts") {
		t.Errorf("got %v", err)
	}
}

// TestPromAppBefore: the first reading tells how the last half hour was, later
// ones do not ask again, and for the long windows only once a minute.
func TestPromAppBefore(t *testing.T) {
	ranges := 0
	base, _ := testkit.Counted(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "query_range") {
			ranges++
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1767225600,"1"],[1767225615,"NaN"],[1767225630,"3"]]}]}}`)
			return
		}
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	})
	c := prom.New(prom.Options{Base: base})
	t.Cleanup(c.Close)
	source := NewPromApp(c, PromAppOptions{Name: "shop"})
	first, err := source.Collect(t.Context())
	if err != nil || len(first.Past()) != 4 || len(first.Past()[0].Points) != 2 {
		t.Errorf("%v: %+v", err, first.Past())
	}
	second, err := source.Collect(t.Context())
	if err != nil || second.Past() != nil || ranges != 6 {
		t.Errorf("%v: %d ranges, %+v", err, ranges, second.Past())
	}
}

// TestPromAppLong: what the server was not there for is missing from the long
// windows.
func TestPromAppLong(t *testing.T) {
	now := time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)
	base, _ := testkit.Counted(t, func(w http.ResponseWriter, r *http.Request) {
		n := "1000"
		if strings.Contains(r.URL.Query().Get("query"), "code") {
			n = "20"
		}
		var points []string
		for at := now; now.Sub(at) < 70*time.Minute; at = at.Add(-5 * time.Minute) {
			points = append([]string{fmt.Sprintf("[%d,%q]", at.Unix(), n)}, points...)
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[%s]}]}}`, strings.Join(points, ","))
	})
	c := prom.New(prom.Options{Base: base})
	t.Cleanup(c.Close)
	source := NewPromApp(c, PromAppOptions{Name: "shop", Now: func() time.Time { return now }})
	want := []model.AppWindow{
		{Window: 5 * time.Minute, Elapsed: 5 * time.Minute, Requests: 1000, Errors: 20},
		{Window: 30 * time.Minute, Elapsed: 30 * time.Minute, Requests: 6000, Errors: 120},
		{Window: time.Hour, Elapsed: time.Hour, Requests: 12000, Errors: 240},
		{Window: 6 * time.Hour, Elapsed: 70 * time.Minute, Requests: 14000, Errors: 280},
	}
	if diff := cmp.Diff(want, source.longWindows(t.Context())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
