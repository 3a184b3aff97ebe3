package collectors

import (
	"context"
	"fmt"

	"tocsin/internal/model"
	"tocsin/internal/upstash"
)

// Upstash reads what Upstash itself counts of a database.
// Source: the management API, two requests.
type Upstash struct{ Client *upstash.Client }

// Collect reads the counts and the limits once.
func (u Upstash) Collect(ctx context.Context) (model.Upstash, error) {
	stats, err := u.Client.Stats(ctx)
	if err != nil {
		return model.Upstash{}, fmt.Errorf("upstash: read the counts: %w", err)
	}
	database, err := u.Client.Database(ctx)
	if err != nil {
		return model.Upstash{}, fmt.Errorf("upstash: read the limits: %w", err)
	}
	out := model.Upstash{
		Name: database.Name, State: database.State, Plan: database.Type, Eviction: database.Eviction,
		Ops: last(stats.Throughput), Clients: last(stats.Connections), Mean: last(stats.LatencyMean), P99: last(stats.Latency99),
		Storage: stats.Storage, Max: max(database.DiskMax, database.MemoryMax), Bandwidth: stats.Bandwidth, Requests: stats.Requests,
		Billing: stats.Billing, Budget: float64(database.Budget),
	}
	hits, misses := last(stats.Hits), last(stats.Misses)
	if hits != nil && misses != nil && *hits+*misses > 0 {
		pct := 100 * *hits / (*hits + *misses)
		out.HitPct, out.Lookups = &pct, *hits+*misses
	}
	return out, nil
}

// last is the newest number of a list; nil for an empty one.
func last(points []upstash.Point) *float64 {
	v, ok := upstash.Last(points)
	if !ok {
		return nil
	}
	return &v
}
