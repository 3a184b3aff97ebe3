package shop

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// metrics counts the answered requests for /metrics.
type metrics struct {
	started time.Time

	mu        sync.Mutex
	requests  map[answer]int64
	durations map[string]*histogram // by route
}

type answer struct {
	route string
	code  int
}

// histogram counts durations by upper bound; they are not cumulative here.
type histogram struct {
	counts [13]int64 // one more than bounds: the last has no bound
	sum    float64   // seconds
}

// bounds of the histogram, in seconds.
func bounds() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10}
}

func newMetrics(started time.Time) *metrics {
	return &metrics{started: started, requests: map[answer]int64{}, durations: map[string]*histogram{}}
}

func (m *metrics) observe(route string, code int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[answer{route, code}]++
	h := m.durations[route]
	if h == nil {
		h = &histogram{}
		m.durations[route] = h
	}
	i, _ := slices.BinarySearch(bounds(), took.Seconds())
	h.counts[i]++
	h.sum += took.Seconds()
}

func (m *metrics) counts() (requests, failures int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for a, n := range m.requests {
		requests += n
		if a.code >= 500 {
			failures += n
		}
	}
	return requests, failures
}

// text is the Prometheus text format.
func (m *metrics) text(build string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b bytes.Buffer
	fmt.Fprintf(&b, "# HELP shop_build_info The build that serves.\n# TYPE shop_build_info gauge\nshop_build_info{version=%q} 1\n", build)
	fmt.Fprintf(&b, "# HELP process_start_time_seconds Start of the process since the Unix epoch.\n# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %d\n", m.started.Unix())
	m.writeRequests(&b)
	m.writeDurations(&b)
	return b.Bytes()
}

func (m *metrics) writeRequests(b *bytes.Buffer) {
	b.WriteString("# HELP http_requests_total Answered requests.\n# TYPE http_requests_total counter\n")
	answers := slices.SortedFunc(maps.Keys(m.requests), func(x, y answer) int {
		return cmp.Or(cmp.Compare(x.route, y.route), cmp.Compare(x.code, y.code))
	})
	for _, a := range answers {
		fmt.Fprintf(b, "http_requests_total{code=\"%d\",route=%q} %d\n", a.code, a.route, m.requests[a])
	}
}

func (m *metrics) writeDurations(b *bytes.Buffer) {
	const name = "http_request_duration_seconds"
	fmt.Fprintf(b, "# HELP %s Time to the answer.\n# TYPE %s histogram\n", name, name)
	for _, route := range slices.Sorted(maps.Keys(m.durations)) {
		h := m.durations[route]
		var total int64
		for i, bound := range bounds() {
			total += h.counts[i]
			le := strconv.FormatFloat(bound, 'g', -1, 64)
			fmt.Fprintf(b, "%s_bucket{route=%q,le=%q} %d\n", name, route, le, total)
		}
		total += h.counts[len(bounds())]
		fmt.Fprintf(b, "%s_bucket{route=%q,le=\"+Inf\"} %d\n", name, route, total)
		fmt.Fprintf(b, "%s_sum{route=%q} %g\n%s_count{route=%q} %d\n", name, route, h.sum, name, route, total)
	}
}
