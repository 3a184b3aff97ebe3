package collectors

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// sample is one counter of one series as the endpoint tells it: all that ever
// happened, until the application starts anew.
type sample struct {
	value  float64
	failed bool    // a request that the matchers call failed
	bucket bool    // value counts requests up to le
	le     float64 // upper bound of a bucket
}

// totals is an account that never goes back.
type totals struct {
	requests, errors float64
	buckets          map[float64]float64 // upper bound: requests up to it
}

func (t totals) clone() totals {
	t.buckets = maps.Clone(t.buckets)
	return t
}

// less is what was added since an earlier account.
func (t totals) less(before totals) totals {
	out := totals{requests: t.requests - before.requests, errors: t.errors - before.errors, buckets: map[float64]float64{}}
	for le, n := range t.buckets {
		out.buckets[le] = n - before.buckets[le]
	}
	return out
}

// tally turns counters that may go back into an account that does not. It
// looks at each series alone: in a sum, one that went back could hide behind
// the growth of the others.
type tally struct {
	last map[string]sample // by series; nil before the first reading
	sum  totals
}

func newTally() tally { return tally{sum: totals{buckets: map[float64]float64{}}} }

// add takes one reading. The first one only says where to count from. A series
// that is new later was born since, so all of it counts; so does all of one
// that went back.
func (t *tally) add(seen map[string]sample) {
	if t.last != nil {
		for key, s := range seen {
			grown := s.value
			if before, ok := t.last[key]; ok && before.value <= s.value {
				grown -= before.value
			}
			t.grow(s, grown)
		}
	}
	t.last = seen
}

func (t *tally) grow(s sample, by float64) {
	switch {
	case s.bucket:
		t.sum.buckets[s.le] += by
	case s.failed:
		t.sum.errors += by
		t.sum.requests += by
	default:
		t.sum.requests += by
	}
}

// parse finds the counters of the application in Prometheus text.
func (a *App) parse(body []byte) (map[string]sample, error) {
	lines, err := parseSeries(only(body, a.opts.Requests, a.opts.Latency))
	if err != nil {
		return nil, &model.Fail{Class: model.Protocol, Text: fmt.Sprintf("%s: not Prometheus text: %v", web.Redact(a.opts.Metrics), err)}
	}
	requests := lines[a.opts.Requests]
	if len(requests) == 0 { // the name of a histogram
		requests = lines[a.opts.Requests+"_count"]
	}
	if err := a.usable(requests); err != nil {
		return nil, err
	}
	out := map[string]sample{}
	for _, r := range requests {
		if !math.IsNaN(r.value) {
			out["requests "+r.labels.String()] = sample{value: r.value, failed: a.failed.match(r.labels)}
		}
	}
	// Quantiles that an application made itself cannot be merged: there are no
	// buckets then.
	for _, b := range lines[a.opts.Latency+"_bucket"] {
		if le, err := strconv.ParseFloat(b.labels["le"], 64); err == nil {
			out["latency "+b.labels.String()] = sample{value: b.value, bucket: true, le: le}
		}
	}
	return out, nil
}

// usable says what is missing for an error ratio.
func (a *App) usable(requests []series) error {
	where := web.Redact(a.opts.Metrics)
	if len(requests) == 0 {
		return &model.Fail{
			Class: model.Missing,
			Text:  fmt.Sprintf("%s: no metric %s", where, a.opts.Requests),
			Hint:  "set requests: of the app to the name of its request counter",
		}
	}
	if label := a.failed.absent(requests); label != "" {
		return &model.Fail{
			Class: model.Missing,
			Text:  fmt.Sprintf("%s: no series of %s has the label %s", where, a.opts.Requests, label),
			Hint:  "set errors: of the app to labels that its request counter has",
		}
	}
	return nil
}

// only keeps the lines of the named families, so that an endpoint with
// thousands of others costs little.
func only(body []byte, names ...string) []byte {
	var out bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, web.MaxBody+1)
	for lines.Scan() {
		line := lines.Bytes()
		name := line
		if rest, ok := bytes.CutPrefix(line, []byte("# TYPE ")); ok {
			name = rest
		}
		if i := bytes.IndexAny(name, "{ \t"); i >= 0 {
			name = name[:i]
		}
		if slices.ContainsFunc(names, func(want string) bool { return belongs(string(name), want) }) {
			out.Write(line)
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// belongs tells whether a line of that name is of the family.
func belongs(name, family string) bool {
	rest, ok := strings.CutPrefix(name, family)
	return ok && family != "" && (rest == "" || rest == "_bucket" || rest == "_sum" || rest == "_count")
}

// latencyUnit is what one unit of the histogram means, as its name says.
func latencyUnit(name string) time.Duration {
	for _, suffix := range []string{"_milliseconds", "_ms", "_millis"} {
		if strings.HasSuffix(name, suffix) {
			return time.Millisecond
		}
	}
	return time.Second
}

// quantile estimates a quantile from cumulative buckets, evenly within one, as
// Prometheus does. In the last, open bucket it is the highest known bound. It
// is not ok when nothing was counted.
func quantile(buckets map[float64]float64, q float64) (v float64, ok bool) {
	total := buckets[math.Inf(1)]
	if total <= 0 {
		return 0, false
	}
	rank := q * total
	lower, below := 0.0, 0.0
	for _, le := range slices.Sorted(maps.Keys(buckets)) {
		upTo := max(buckets[le], below) // histograms with other bounds may leave dents
		if upTo >= rank && !math.IsInf(le, 1) {
			if upTo == below {
				return le, true
			}
			return lower + (le-lower)*(rank-below)/(upTo-below), true
		}
		if !math.IsInf(le, 1) {
			lower, below = le, upTo
		}
	}
	return lower, lower > 0
}
