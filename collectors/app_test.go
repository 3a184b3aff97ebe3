package collectors

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/internal/model"
)

// endpoint is a metrics endpoint whose text and status a test sets.
type endpoint struct {
	mu     sync.Mutex
	text   string
	status int
	header http.Header
	count  int
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count++
	for k, v := range e.header {
		w.Header()[k] = v
	}
	if e.status != 0 {
		w.WriteHeader(e.status)
	}
	fmt.Fprint(w, e.text)
}

func (e *endpoint) set(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = text
}

// watched is an App with a clock that a test moves.
type watched struct {
	*testing.T
	*endpoint
	app *App
	now time.Time
}

func watch(t *testing.T, opts AppOptions) *watched {
	t.Helper()
	w := &watched{T: t, endpoint: &endpoint{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	srv := httptest.NewServer(w.endpoint)
	t.Cleanup(srv.Close)
	opts.Name, opts.Now = "shop", func() time.Time { return w.now }
	opts.Metrics = srv.URL + "/metrics?format=text"
	if opts.Requests == "" {
		opts.Requests, opts.Latency = "http_requests_total", "http_request_duration_seconds"
	}
	app, err := NewApp(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Close)
	w.app = app
	return w
}

// after moves the clock, serves the text and reads it.
func (w *watched) after(d time.Duration, text string) model.App {
	w.Helper()
	w.now = w.now.Add(d)
	w.set(text)
	got, err := w.app.Collect(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	return got
}

func requestLines(ok, failed int) string {
	return fmt.Sprintf("# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} %d\nhttp_requests_total{code=\"503\"} %d\n", ok, failed)
}

// latencyLines writes two routes that answered so many requests within 0.1 s and 1 s.
func latencyLines(fast, slow int) string {
	var b strings.Builder
	b.WriteString("# TYPE http_request_duration_seconds histogram\n")
	for _, route := range []string{"/", "/checkout"} {
		for _, line := range []struct {
			le string
			n  int
		}{{"0.1", fast}, {"1", fast + slow}, {"+Inf", fast + slow}} {
			fmt.Fprintf(&b, "http_request_duration_seconds_bucket{route=%q,le=%q} %d\n", route, line.le, line.n)
		}
		fmt.Fprintf(&b, "http_request_duration_seconds_sum{route=%q} 1\nhttp_request_duration_seconds_count{route=%q} %d\n", route, route, fast+slow)
	}
	return b.String()
}

func ms(n float64) *time.Duration {
	d := time.Duration(n * float64(time.Millisecond))
	return &d
}

func TestAppWindows(t *testing.T) {
	w := watch(t, AppOptions{})
	first := w.after(0, requestLines(1000, 50)+latencyLines(500, 0))
	want := model.App{Name: "shop", Windows: []model.AppWindow{{Window: time.Minute}, {Window: 5 * time.Minute}}}
	withoutLong := cmpopts.IgnoreFields(model.App{}, "Long")
	if diff := cmp.Diff(want, first, withoutLong); diff != "" {
		t.Errorf("first reading (-want +got):\n%s", diff)
	}
	w.after(45*time.Second, requestLines(1090, 50)+latencyLines(545, 0))
	got := w.after(45*time.Second, requestLines(1180, 60)+latencyLines(545, 50))
	want.Windows = []model.AppWindow{
		// Both routes took 50 more, all between 0.1 s and 1 s.
		{Window: time.Minute, Elapsed: 45 * time.Second, Requests: 100, Errors: 10, P50: ms(550), P95: ms(955), P99: ms(991)},
		// 90 within 0.1 s, 100 above: half of 190 is the fifth of those.
		{Window: 5 * time.Minute, Elapsed: 90 * time.Second, Requests: 190, Errors: 10, P50: ms(145), P95: ms(914.5), P99: ms(982.9)},
	}
	near := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < time.Microsecond })
	if diff := cmp.Diff(want, got, near, withoutLong); diff != "" {
		t.Errorf("third reading (-want +got):\n%s", diff)
	}
}

func TestAppCounters(t *testing.T) {
	tests := []struct {
		name     string
		texts    []string // 30 s apart
		requests int64
		errors   int64
	}{
		{"steady", []string{requestLines(10, 1), requestLines(20, 2)}, 11, 1},
		{"one series went back behind the growth of the other", []string{requestLines(10, 5), requestLines(30, 2)}, 22, 2},
		{"all went back", []string{requestLines(1000, 500), requestLines(7, 1)}, 8, 1},
		{"a series is born", []string{"http_requests_total{code=\"200\"} 10\n", requestLines(12, 3)}, 5, 3},
		{"a series is gone", []string{requestLines(10, 3), "http_requests_total{code=\"200\"} 12\n"}, 2, 0},
		{"untyped, with others around", []string{"up 1\nhttp_requests_total_created 9\n" + requestLines(1, 0), requestLines(4, 0) + "x{y=\"z\"} 1\n"}, 3, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := watch(t, AppOptions{})
			var got model.App
			for _, text := range tt.texts {
				got = w.after(30*time.Second, text)
			}
			over, ok := got.Over(time.Minute)
			if !ok || over.Requests != tt.requests || over.Errors != tt.errors || over.P95 != nil {
				t.Errorf("got %+v", over)
			}
		})
	}
}

func TestAppWindowAfterAGap(t *testing.T) {
	w := watch(t, AppOptions{})
	w.after(0, requestLines(10, 0))
	got := w.after(4*time.Minute, requestLines(500, 0))
	if _, ok := got.Over(time.Minute); ok {
		t.Error("a minute that nobody watched is known")
	}
	if over, ok := got.Over(5 * time.Minute); !ok || over.Elapsed != 4*time.Minute || over.Requests != 490 {
		t.Errorf("five minutes: %+v", over)
	}
}

func TestAppKeepsFewReadings(t *testing.T) {
	w := watch(t, AppOptions{})
	for i := range 1000 {
		w.app.keep(appReading{at: w.now.Add(time.Duration(i) * 5 * time.Second)})
	}
	if n := len(w.app.ring); n != 76 {
		t.Errorf("%d readings are kept, want 76", n)
	}
}

func TestAppRequestsFromAHistogram(t *testing.T) {
	w := watch(t, AppOptions{Requests: "rpc_ms_count", Latency: "rpc_ms", Errors: `status="error"`})
	text := func(n int) string {
		return fmt.Sprintf("# TYPE rpc_ms histogram\nrpc_ms_bucket{status=\"error\",le=\"100\"} %d\nrpc_ms_bucket{status=\"error\",le=\"+Inf\"} %d\nrpc_ms_count{status=\"error\"} %d\nrpc_ms_sum{status=\"error\"} 1\n", n, n, n)
	}
	w.after(0, text(0))
	got, _ := w.after(time.Minute, text(10)).Over(time.Minute)
	if got.Requests != 10 || got.Errors != 10 || *got.P50 != 50*time.Millisecond {
		t.Errorf("got %+v", got)
	}
}

func TestAppFailures(t *testing.T) {
	tests := []struct {
		name  string
		e     *endpoint
		class model.Class
		text  string
	}{
		{"not metrics", &endpoint{text: "http_requests_total{"}, model.Protocol, "not Prometheus text"},
		{"other page", &endpoint{text: "<html>"}, model.Missing, "no metric http_requests_total"},
		{"wrong label", &endpoint{text: "http_requests_total{status=\"200\"} 1\n"}, model.Missing, "has the label code"},
		{"denied", &endpoint{status: 401}, model.Denied, "401"},
		{"limited", &endpoint{status: 429, header: http.Header{"Retry-After": {"9"}}}, model.Limited, "429"},
		{"failing", &endpoint{status: 500, text: "boom"}, model.Protocol, "500: boom"},
		{"too large", &endpoint{text: strings.Repeat("x 1\n", 3<<20)}, model.Protocol, "larger than 10 MB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(tt.e)
			t.Cleanup(srv.Close)
			app, err := NewApp(AppOptions{Name: "shop", Metrics: srv.URL, Requests: "http_requests_total"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(app.Close)
			_, err = app.Collect(context.Background())
			fail := model.FailOf(err)
			if fail == nil || fail.Class != tt.class || !strings.Contains(fail.Text, tt.text) || !strings.HasPrefix(fail.Text, "metrics of shop: ") {
				t.Errorf("got %v", err)
			}
			if tt.e.count != 1 {
				t.Errorf("%d requests", tt.e.count)
			}
		})
	}
}

func TestAppOptions(t *testing.T) {
	for _, opts := range []AppOptions{
		{Metrics: ""}, {Metrics: "localhost:80/metrics"}, {Metrics: "ftp://x/metrics"},
		{Metrics: "http://x", Errors: "code"}, {Metrics: "http://x", Errors: `code=~"("`},
	} {
		if _, err := NewApp(opts); err == nil {
			t.Errorf("%+v was accepted", opts)
		}
	}
}

func TestQuantile(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		name    string
		buckets map[float64]float64
		q       float64
		want    float64
		ok      bool
	}{
		{"empty", nil, 0.5, 0, false},
		{"nothing counted", map[float64]float64{1: 0, inf: 0}, 0.5, 0, false},
		{"within a bucket", map[float64]float64{1: 10, 2: 20, inf: 20}, 0.75, 1.5, true},
		{"at a bound", map[float64]float64{1: 10, 2: 20, inf: 20}, 0.5, 1, true},
		{"beyond the last bound", map[float64]float64{1: 10, 2: 20, inf: 100}, 0.99, 2, true},
		{"only the open bucket", map[float64]float64{inf: 5}, 0.5, 0, false},
		{"a dent", map[float64]float64{1: 10, 1.5: 4, 2: 20, inf: 20}, 0.6, 1.6, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := quantile(tt.buckets, tt.q)
			if math.Abs(got-tt.want) > 1e-9 || ok != tt.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}
