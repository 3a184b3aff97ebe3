package shop

import (
	"bytes"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestMetricsText(t *testing.T) {
	t.Parallel()
	m := newMetrics(time.Unix(1_700_000_000, 0))
	for _, o := range []struct {
		route string
		code  int
		took  time.Duration
	}{
		{"/", 200, 4 * time.Millisecond},
		{"/", 200, 5 * time.Millisecond}, // a bound belongs to its bucket
		{"/checkout", 500, 400 * time.Millisecond},
		{"/checkout", 504, 20 * time.Second},
	} {
		m.observe(o.route, o.code, o.took)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(m.text("v1")))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(families["http_requests_total"].GetMetric()); n != 3 {
		t.Errorf("%d counters, want one per route and code: 3", n)
	}
	want := map[string]map[float64]uint64{
		"/":         {0.005: 2, 10: 2},
		"/checkout": {0.25: 0, 0.5: 1, 10: 1},
	}
	for _, metric := range families["http_request_duration_seconds"].GetMetric() {
		route := metric.GetLabel()[0].GetValue()
		h := metric.GetHistogram()
		if h.GetSampleCount() != 2 {
			t.Errorf("%s: %d samples, want 2", route, h.GetSampleCount())
		}
		for _, bucket := range h.GetBucket() {
			n, ok := want[route][bucket.GetUpperBound()]
			if ok && bucket.GetCumulativeCount() != n {
				t.Errorf("%s: %d up to %g s, want %d", route, bucket.GetCumulativeCount(), bucket.GetUpperBound(), n)
			}
		}
	}
	if requests, failures := m.counts(); requests != 4 || failures != 2 {
		t.Errorf("counts = %d, %d, want 4 and 2", requests, failures)
	}
}
