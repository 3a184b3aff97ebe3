package collectors

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// AppOptions says where an application tells about its requests, and under
// which names.
type AppOptions struct {
	Name      string
	Metrics   string // address of the metrics endpoint, with its query
	Requests  string // a counter; or NAME_count of a histogram
	Errors    string // label matchers of the failed ones; "" is code=~"5.."
	Latency   string // a histogram of seconds, or of milliseconds when its name ends so; "" has none
	UserAgent string
	Kept      AppMemory        // what an earlier program counted; nil has none
	Now       func() time.Time // nil is time.Now
}

// App reads the requests of one application and keeps enough readings to tell
// what happened within the last minutes.
// Source: Prometheus text, one request.
type App struct {
	opts   AppOptions
	client *web.Client
	query  url.Values
	failed matchers
	count  tally
	ring   []appReading // oldest first
	long   appLong
}

// appReading is the account at one instant.
type appReading struct {
	at  time.Time
	sum totals
}

// appWindows are the windows that rules and charts look at.
func appWindows() []time.Duration { return []time.Duration{time.Minute, 5 * time.Minute} }

// NewApp checks the address and the matchers.
func NewApp(opts AppOptions) (*App, error) {
	u, err := url.Parse(opts.Metrics)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("app %s: %q is not an address", opts.Name, web.Redact(opts.Metrics))
	}
	if strings.TrimSpace(opts.Errors) == "" {
		opts.Errors = `code=~"5.."`
	}
	failed, err := parseMatchers(opts.Errors)
	if err != nil {
		return nil, fmt.Errorf("app %s: errors: %w", opts.Name, err)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	query := u.Query()
	u.RawQuery = ""
	return &App{
		opts: opts, query: query, failed: failed, count: newTally(),
		client: web.New(web.Options{Base: u.String(), UserAgent: opts.UserAgent}),
	}, nil
}

// Close gives the kept connection back.
func (a *App) Close() { a.client.Close() }

// Collect reads the endpoint once.
func (a *App) Collect(ctx context.Context) (model.App, error) {
	body, err := a.client.GetBytes(ctx, "", a.query)
	if err != nil {
		return model.App{}, fmt.Errorf("metrics of %s: %w", a.opts.Name, err)
	}
	now := a.opts.Now()
	seen, err := a.parse(body)
	if err != nil {
		return model.App{}, fmt.Errorf("metrics of %s: %w", a.opts.Name, err)
	}
	a.count.add(seen)
	a.keep(appReading{at: now, sum: a.count.sum.clone()})
	a.long.count(now, rawOf(seen), a.count.sum, a.opts.Kept)
	out := model.App{Name: a.opts.Name, Long: a.long.windows(now, a.count.sum)}
	for _, window := range appWindows() {
		out.Windows = append(out.Windows, a.over(window))
	}
	return out, nil
}

// keep adds a reading and drops those that no window can reach any more.
func (a *App) keep(r appReading) {
	longest := slack(appWindows()[len(appWindows())-1])
	first := 0
	for first < len(a.ring) && r.at.Sub(a.ring[first].at) > longest {
		first++
	}
	a.ring = append(a.ring[first:len(a.ring):len(a.ring)], r)
}

// slack lets a window reach back a little further than its length: readings do
// not come at even distances, and half a window would be a poor stand-in.
func slack(window time.Duration) time.Duration { return window + window/4 }

// over is what happened since the oldest reading within the window.
func (a *App) over(window time.Duration) model.AppWindow {
	last := a.ring[len(a.ring)-1]
	out := model.AppWindow{Window: window}
	for _, base := range a.ring {
		if elapsed := last.at.Sub(base.at); elapsed > 0 && elapsed <= slack(window) {
			return a.between(base, last, out)
		}
	}
	return out
}

func (a *App) between(base, last appReading, out model.AppWindow) model.AppWindow {
	out.Elapsed = last.at.Sub(base.at)
	delta := last.sum.less(base.sum)
	out.Requests, out.Errors = int64(delta.requests+0.5), int64(delta.errors+0.5)
	out.P50 = a.quantile(delta.buckets, 0.50)
	out.P95 = a.quantile(delta.buckets, 0.95)
	out.P99 = a.quantile(delta.buckets, 0.99)
	return out
}

// quantile is nil when there was no request or no histogram.
func (a *App) quantile(buckets map[float64]float64, q float64) *time.Duration {
	v, ok := quantile(buckets, q)
	if !ok {
		return nil
	}
	d := time.Duration(v * float64(latencyUnit(a.opts.Latency)))
	return &d
}
