package sentry

import (
	"context"
	"strconv"
	"time"
)

// Bucket is the number of events within one interval.
type Bucket struct {
	At time.Time // beginning of the interval
	N  float64
}

// timeseries is the answer of events-timeseries.
type timeseries struct {
	Series []struct {
		Values []struct {
			Timestamp  float64 `json:"timestamp"` // milliseconds
			Value      number  `json:"value"`
			Incomplete bool    `json:"incomplete"`
		} `json:"values"`
		GroupBy []struct {
			Key   string `json:"key"`
			Value any    `json:"value"`
		} `json:"groupBy"`
		Meta struct {
			IsOther bool `json:"isOther"`
		} `json:"meta"`
	} `json:"timeSeries"`
}

// buckets are those of one series that are complete: the newest ones still grow.
func (t timeseries) buckets(i int) []Bucket {
	var out []Bucket
	for _, v := range t.Series[i].Values {
		if !v.Incomplete && v.Value.v != nil {
			out = append(out, Bucket{At: time.UnixMilli(int64(v.Timestamp)).UTC(), N: *v.Value.v})
		}
	}
	return out
}

// ErrorsByMinute counts the errors of each whole minute of a period.
// Source: GET events-timeseries of the data set errors.
func (c *Client) ErrorsByMinute(ctx context.Context, period time.Duration) ([]Bucket, error) {
	got, err := c.errors(ctx, period, 0)
	if err != nil || len(got.Series) == 0 {
		return nil, err
	}
	return got.buckets(0), nil
}

// ErrorsByIssue counts the errors of each whole minute of a period by issue,
// for those with the most. The key is what Sentry groups by, which may be the
// short id or the id.
// Source: GET events-timeseries of the data set errors, grouped by issue.
func (c *Client) ErrorsByIssue(ctx context.Context, period time.Duration, top int) (map[string][]Bucket, error) {
	got, err := c.errors(ctx, period, top)
	if err != nil {
		return nil, err
	}
	out := map[string][]Bucket{}
	for i, s := range got.Series {
		for _, g := range s.GroupBy {
			if key := text(g.Value); key != "" && !s.Meta.IsOther {
				out[key] = got.buckets(i)
			}
		}
	}
	return out, nil
}

// text is a value that is a text or a whole number.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func (c *Client) errors(ctx context.Context, period time.Duration, top int) (timeseries, error) {
	q := c.query(period)
	q.Set("dataset", "errors")
	q.Set("yAxis", "count()")
	q.Set("interval", "60")
	if top > 0 {
		q.Set("topEvents", strconv.Itoa(top))
		q.Set("groupBy", "issue")
		q.Set("sort", "-count()")
		q.Set("excludeOther", "1")
	}
	var out timeseries
	err := c.get(ctx, "org:read", c.path("events-timeseries"), q, &out)
	return out, err
}

// Performance is what the requests of a period were like. A number that Sentry
// does not give is nil.
type Performance struct {
	Count         *float64 // transactions, extrapolated from those that were sampled
	Failed        *float64 // percent of them
	P50, P95, P99 *time.Duration
}

// Performance reads the transactions of a period.
// Source: GET events of the data set spans.
func (c *Client) Performance(ctx context.Context, period time.Duration) (Performance, error) {
	q := c.query(period)
	q.Set("dataset", "spans")
	q.Set("query", "is_transaction:true")
	q.Set("per_page", "1")
	for _, f := range []string{"count()", "failure_rate()", "p50(span.duration)", "p95(span.duration)", "p99(span.duration)"} {
		q.Add("field", f)
	}
	var got struct {
		Data []map[string]number `json:"data"`
	}
	if err := c.get(ctx, "org:read", c.path("events"), q, &got); err != nil || len(got.Data) == 0 {
		return Performance{}, err
	}
	row := got.Data[0]
	p := Performance{
		Count: row["count()"].v, P50: millis(row["p50(span.duration)"].v),
		P95: millis(row["p95(span.duration)"].v), P99: millis(row["p99(span.duration)"].v),
	}
	if share := row["failure_rate()"].v; share != nil {
		pct := 100 * *share
		p.Failed = &pct
	}
	return p, nil
}

// millis turns milliseconds into a length of time; nil stays nil.
func millis(v *float64) *time.Duration {
	if v == nil {
		return nil
	}
	d := time.Duration(*v * float64(time.Millisecond))
	return &d
}

// Sessions is how many sessions of a period ended well.
type Sessions struct {
	From, To  time.Time
	CrashFree *float64 // percent; nil when there was no session
	Count     *float64
}

// Sessions reads the sessions of a period. Their smallest interval is one hour.
// Source: GET sessions.
func (c *Client) Sessions(ctx context.Context, period time.Duration) (Sessions, error) {
	q := c.query(period)
	q.Set("interval", "1h")
	q.Set("includeSeries", "0")
	q.Add("field", "crash_free_rate(session)")
	q.Add("field", "sum(session)")
	var got struct {
		Start  time.Time `json:"start"`
		End    time.Time `json:"end"`
		Groups []struct {
			Totals map[string]number `json:"totals"`
		} `json:"groups"`
	}
	if err := c.get(ctx, "org:read", c.path("sessions"), q, &got); err != nil {
		return Sessions{}, err
	}
	out := Sessions{From: got.Start.UTC(), To: got.End.UTC()}
	if len(got.Groups) == 0 {
		return out, nil
	}
	out.Count = got.Groups[0].Totals["sum(session)"].v
	if share := got.Groups[0].Totals["crash_free_rate(session)"].v; share != nil {
		pct := 100 * *share
		out.CrashFree = &pct
	}
	return out, nil
}

// Outcome is how many events of one category ended in one way.
type Outcome struct {
	Category string // error, transaction, replay, …
	Outcome  string // accepted, filtered, rate_limited, invalid, abuse, client_discard, cardinality_limited
	N        float64
}

// Outcomes counts what became of the events of a period, which is made of
// whole hours. Source: GET stats_v2.
func (c *Client) Outcomes(ctx context.Context, period, interval time.Duration) ([]Outcome, error) {
	q := c.query(period)
	q.Set("interval", span(interval))
	q.Set("field", "sum(quantity)")
	q.Add("groupBy", "outcome")
	q.Add("groupBy", "category")
	var got struct {
		Groups []struct {
			By     map[string]any    `json:"by"`
			Totals map[string]number `json:"totals"`
		} `json:"groups"`
	}
	if err := c.get(ctx, "org:read", c.path("stats_v2"), q, &got); err != nil {
		return nil, err
	}
	var out []Outcome
	for _, g := range got.Groups {
		if n := g.Totals["sum(quantity)"].v; n != nil {
			out = append(out, Outcome{Category: text(g.By["category"]), Outcome: text(g.By["outcome"]), N: *n})
		}
	}
	return out, nil
}
