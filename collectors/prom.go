package collectors

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/prom"
)

// The expressions that are used where the configuration has no others. $window
// stands for the length of time, $q for the quantile. A counter that does not
// exist is no answer; one of errors that does not exist while there are
// requests is none of them, which the expression itself says.
const (
	DefaultRequests = `sum(increase(http_requests_total[$window]))`
	DefaultErrors   = `sum(increase(http_requests_total{code=~"5.."}[$window])) or 0 * sum(increase(http_requests_total[$window]))`
	DefaultLatency  = `histogram_quantile($q, sum by (le) (rate(http_request_duration_seconds_bucket[$window])))`
)

// PromAppOptions says with which expressions a Prometheus tells about the
// requests of one application.
type PromAppOptions struct {
	Name     string
	Requests string // how many in $window; "" is DefaultRequests
	Errors   string // how many of them failed; "" is DefaultErrors
	Latency  string // the quantile $q over $window, in seconds; "" is DefaultLatency
	Now      func() time.Time
}

// PromApp reads the requests of one application from a Prometheus.
// Source: one query; two ranges of six hours once a minute; and four of the last half hour at the first reading.
type PromApp struct {
	client *prom.Client
	opts   PromAppOptions
	known  bool // what was before the first reading has been told
	long   []model.AppWindow
	longAt time.Time // when long was asked for
}

// NewPromApp fills in the expressions that are not given.
func NewPromApp(client *prom.Client, opts PromAppOptions) *PromApp {
	for _, e := range []struct {
		given    *string
		fallback string
	}{{&opts.Requests, DefaultRequests}, {&opts.Errors, DefaultErrors}, {&opts.Latency, DefaultLatency}} {
		if strings.TrimSpace(*e.given) == "" {
			*e.given = e.fallback
		}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &PromApp{client: client, opts: opts}
}

// quantiles are those that are asked for, by their name in a bundle.
func quantiles() map[string]float64 { return map[string]float64{"p50": 0.5, "p95": 0.95, "p99": 0.99} }

// Collect asks once for all windows.
func (p *PromApp) Collect(ctx context.Context) (model.App, error) {
	all := map[string]string{}
	for _, window := range appWindows() {
		for name, expression := range p.expressions(window) {
			all[name+"/"+window.String()] = expression
		}
	}
	samples, err := p.client.Query(ctx, prom.Bundle(all))
	if err != nil {
		return model.App{}, fmt.Errorf("requests of %s: %w", p.opts.Name, err)
	}
	parts := prom.Unbundle(samples)
	out := model.App{Name: p.opts.Name}
	for _, window := range appWindows() {
		w, err := promWindow(window, parts)
		if err != nil {
			return model.App{}, fmt.Errorf("requests of %s: %w", p.opts.Name, err)
		}
		out.Windows = append(out.Windows, w)
	}
	out.Long = p.longWindows(ctx)
	if !p.known {
		out.Before, p.known = p.before(ctx), true
	}
	return out, nil
}

// expressions are those of one window by their name.
func (p *PromApp) expressions(window time.Duration) map[string]string {
	fill := func(expression string) string { return strings.ReplaceAll(expression, "$window", promSpan(window)) }
	out := map[string]string{"requests": fill(p.opts.Requests), "errors": fill(p.opts.Errors)}
	for name, q := range quantiles() {
		out[name] = strings.ReplaceAll(fill(p.opts.Latency), "$q", fmt.Sprint(q))
	}
	return out
}

// promSpan writes a length of time as PromQL does.
func promSpan(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// promWindow puts the answers for one window together.
func promWindow(window time.Duration, parts map[string][]prom.Sample) (model.AppWindow, error) {
	w := model.AppWindow{Window: window}
	one := func(name string) (*float64, error) { return oneNumber(name, parts[name+"/"+window.String()]) }
	requests, err := one("requests")
	if err != nil || requests == nil {
		w.Why = "Prometheus has no requests for " + promSpan(window) + ": two scrapes within it are needed"
		return w, err
	}
	w.Elapsed, w.Requests = window, int64(math.Round(*requests))
	failed, err := one("errors")
	if err != nil {
		return w, err
	}
	if failed == nil {
		w.NoErrors = "Prometheus has no series for the errors"
	} else {
		w.Errors = int64(math.Round(*failed))
	}
	for name, into := range map[string]**time.Duration{"p50": &w.P50, "p95": &w.P95, "p99": &w.P99} {
		v, err := one(name)
		if err != nil {
			return w, err
		}
		*into = secondsOf(v)
	}
	return w, nil
}

// secondsOf is a quantile that the server gives in seconds; nil stays nil.
func secondsOf(v *float64) *time.Duration {
	if v == nil {
		return nil
	}
	d := time.Duration(*v * float64(time.Second))
	return &d
}

// oneNumber is the number of an expression that has one series at most; nil
// where it has none, or no number.
func oneNumber(name string, samples []prom.Sample) (*float64, error) {
	switch len(samples) {
	case 0:
		return nil, nil
	case 1:
		return samples[0].Value, nil
	}
	return nil, &model.Fail{
		Class: model.Protocol, Text: fmt.Sprintf("the expression of %s has %d series where one is expected", name, len(samples)),
		Hint: "let it sum them",
	}
}

// beforeStep is the distance of the points from before the first reading.
const beforeStep = 15 * time.Second

// before asks how the last half hour was. Without an answer it is not known,
// which nothing depends on.
func (p *PromApp) before(ctx context.Context) []model.Course {
	window := appWindows()[0]
	e := p.expressions(window)
	rate := fmt.Sprintf("(%s) / %v", e["requests"], window.Seconds())
	share := fmt.Sprintf("100 * (%s) / (%s)", e["errors"], e["requests"])
	labels := model.Labels{"app": p.opts.Name, "window": "1m"}
	now := p.opts.Now()
	var out []model.Course
	for _, c := range []struct{ metric, expression string }{
		{"http.rate", rate}, {"http.error_rate", share}, {"http.p95", "1000 * (" + e["p95"] + ")"}, {"http.p99", "1000 * (" + e["p99"] + ")"},
	} {
		// The newest point is the one that this reading gives.
		series, err := p.client.QueryRange(ctx, c.expression, prom.Range{From: now.Add(-30 * time.Minute), To: now.Add(-beforeStep), Step: beforeStep})
		if err == nil && len(series) == 1 {
			out = append(out, model.Course{Metric: c.metric, Labels: labels, Points: series[0].Points})
		}
	}
	return out
}
