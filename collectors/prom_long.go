package collectors

import (
	"context"
	"math"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/prom"
)

const (
	// longEvery is how often the long windows are asked for: they change slowly.
	longEvery = time.Minute
	// longStep is the distance of the points that they are added up from.
	longStep = 5 * time.Minute
)

// longWindows are the long windows, asked for once a minute. Each is the sum of
// the five minutes that the server knows: what it was not there for is missing,
// and not taken for quiet.
func (p *PromApp) longWindows(ctx context.Context) []model.AppWindow {
	now := p.opts.Now()
	if p.long == nil || now.Sub(p.longAt) >= longEvery {
		p.long, p.longAt = p.askLong(ctx, now), now
	}
	return p.long
}

func (p *PromApp) askLong(ctx context.Context, now time.Time) []model.AppWindow {
	windows := model.LongWindows()
	span := prom.Range{From: now.Add(longStep - windows[len(windows)-1]), To: now, Step: longStep}
	ask := func(expression string) ([]model.Point, error) {
		series, err := p.client.QueryRange(ctx, strings.ReplaceAll(expression, "$window", promSpan(longStep)), span)
		if err != nil || len(series) != 1 {
			return nil, err
		}
		return series[0].Points, nil
	}
	requests, err := ask(p.opts.Requests)
	var failed []model.Point
	if err == nil {
		failed, err = ask(p.opts.Errors)
	}
	out := make([]model.AppWindow, len(windows))
	for i, window := range windows {
		out[i] = added(window, now, requests, failed)
		if err != nil {
			out[i] = model.AppWindow{Window: window, Why: err.Error()}
		}
	}
	return out
}

// added adds up the points within a window that tell both numbers.
func added(window time.Duration, now time.Time, requests, failed []model.Point) model.AppWindow {
	errors := map[int64]float64{}
	for _, p := range failed {
		errors[p.At.Unix()] = p.Value
	}
	w, all, bad := model.AppWindow{Window: window}, 0.0, 0.0
	for _, p := range requests {
		n, ok := errors[p.At.Unix()]
		if ok && now.Sub(p.At)+longStep <= window+time.Second {
			w.Elapsed, all, bad = w.Elapsed+longStep, all+p.Value, bad+n
		}
	}
	w.Requests, w.Errors = int64(math.Round(all)), int64(math.Round(bad))
	return w
}
