package ui

import (
	"fmt"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// watcherValues are what the services that watch a company or its business give
// at one instant; a nil one is not configured.
type watcherValues struct {
	issues   *model.SentryIssues
	traffic  *model.SentryTraffic
	sessions *model.SentrySessions
	crons    *model.SentryCrons
	quota    *model.SentryQuota
	payments *model.Payments
	revenue  *model.Revenue
	fleet    *model.Fleet
	gauges   []model.Gauge
}

func issue(now time.Time, n int, title string, ago time.Duration, events int64) model.SentryIssue {
	release := "v29"
	i := model.SentryIssue{ID: fmt.Sprint(4100 + n), ShortID: fmt.Sprintf("SHOP-%d", n), Title: title, Culprit: "/checkout", Level: "error",
		Substatus: "ongoing", Project: "shop", Link: fmt.Sprintf("https://acme.sentry.io/issues/%d/", 4100+n), Count: &events, Users: 12,
		FirstSeen: now.Add(-ago), LastSeen: now.Add(-5 * time.Second), FirstRelease: &release, Assignee: "ana",
		Latest: &model.SentryEvent{At: now.Add(-5 * time.Second), Message: title, Release: "v31", Environment: "production",
			Frames: []string{"shop.(*Shop).checkout  shop/http.go:99", "shop.(*Shop).handle  shop/http.go:29"},
			Tags:   []model.SentryTag{{Key: "route", Value: "/checkout"}, {Key: model.CacheTag, Value: "promo:active"}}}}
	i.Minutes = everyMinute(now, 1)
	return i
}

// everyMinute gives the last hour so many events a minute.
func everyMinute(now time.Time, n float64) []model.Minute {
	var out []model.Minute
	for at := now.Truncate(time.Minute).Add(-time.Hour); at.Before(now.Truncate(time.Minute)); at = at.Add(time.Minute) {
		out = append(out, model.Minute{At: at, N: n})
	}
	return out
}

func calmWatchers(now time.Time) watcherValues {
	return watcherValues{
		issues: &model.SentryIssues{Org: "acme", From: now.Add(-time.Hour), Calls: &model.Budget{Limit: 600, Left: 582, Reset: now.Add(40 * time.Second)},
			Rows: []model.SentryIssue{issue(now, 7, "TimeoutError: rates service: no answer within 2s", 72*time.Hour, 1440)}},
		traffic: &model.SentryTraffic{Minutes: everyMinute(now, 2), Window: 5 * time.Minute, Requests: ptr(6200.0), Failed: ptr(0.4),
			P50: ptr(42 * time.Millisecond), P95: ptr(210 * time.Millisecond), P99: ptr(480 * time.Millisecond)},
		sessions: &model.SentrySessions{From: now.Add(-25 * time.Hour), To: now.Add(-20 * time.Minute), CrashFree: ptr(99.81), Sessions: ptr(28400.0)},
		crons: &model.SentryCrons{Rows: []model.SentryCron{
			{Slug: "reindex-carts", Name: "reindex carts", Project: "shop", Environment: "production", Schedule: "*/10 * * * *", Zone: "UTC", Status: "ok",
				LastCheckIn: now.Add(-4 * time.Minute), NextCheckIn: now.Add(6 * time.Minute)},
			{Slug: "send-invoices", Name: "send invoices", Project: "billing", Environment: "production", Schedule: "every 1 hour", Zone: "UTC",
				Status: "missed_checkin", Muted: true, LastCheckIn: now.Add(-3 * time.Hour), NextCheckIn: now.Add(-2 * time.Hour)},
		}},
		quota: &model.SentryQuota{Limit: 50_000, Hours: 2, Month: []model.SentryOutcome{
			{Category: "error", Outcome: "accepted", N: 21_300}, {Category: "transaction", Outcome: "accepted", N: 8.1e6}, {Category: "error", Outcome: "filtered", N: 410}}},
		payments: &model.Payments{Day: now.Truncate(24 * time.Hour), Zone: "UTC", ReadSince: now.Truncate(24 * time.Hour), Failed: 2, Charges: 340, ReadFailed: 2,
			Codes:    []model.Count{{Name: "card_declined", N: 2}},
			Disputes: []model.Dispute{{ID: "du_1", Reason: "product_not_received", Status: "needs_response", Amount: 4200, Currency: "EUR", Due: now.Add(6 * 24 * time.Hour)}}},
		revenue: &model.Revenue{Monthly: []model.Amount{{Currency: "EUR", Minor: 1_245_050}, {Currency: "JPY", Minor: 250_000}}, Active: 412, Metered: 3, Ended: 9, Before: 398},
		fleet:   calmFleet(),
		gauges: []model.Gauge{{Name: "new users", Unit: "users", Definition: "accounts made within 24 h", Value: ptr(118.0)},
			model.Gauge{Name: "conversion", Definition: "visits of today with an order", MinBase: 100}.Share(312, 8400),
			model.Gauge{Name: "upsell", Definition: "orders with a second piece", MinBase: 100}.Share(1, 12)},
	}
}

func calmFleet() *model.Fleet {
	f := &model.Fleet{Total: ptr(int64(412)), Down: ptr(int64(0)), Listed: 2,
		CPU:    model.FleetUse{Mean: ptr(31.0), Max: ptr(78.0), Over: ptr(int64(0))},
		Memory: model.FleetUse{Mean: ptr(54.0), Max: ptr(81.0), Over: ptr(int64(0))},
		Disk:   model.FleetUse{Mean: ptr(48.0), Max: ptr(79.0), Over: ptr(int64(0))}}
	f.Hosts = []model.FleetHost{
		{Name: "db1.internal:9100", CPU: ptr(78.0), Memory: ptr(81.0), Disk: ptr(79.0)},
		{Name: "web7.internal:9100", CPU: ptr(64.0), Disk: ptr(61.0)}, {Name: "cache2.internal:9100", Memory: ptr(72.0)},
	}
	return f
}

// watcherCells are the cells of these services.
type watcherCells struct {
	issues   *store.Cell[model.SentryIssues]
	traffic  *store.Cell[model.SentryTraffic]
	sessions *store.Cell[model.SentrySessions]
	crons    *store.Cell[model.SentryCrons]
	quota    *store.Cell[model.SentryQuota]
	payments *store.Cell[model.Payments]
	revenue  *store.Cell[model.Revenue]
	fleet    *store.Cell[model.Fleet]
	gauges   []*store.Cell[model.Gauge]
}

func watcherCellsOf(s *store.Store, last watcherValues) watcherCells {
	one := store.Source{Every: 30 * time.Second}
	c := watcherCells{
		issues: store.NewCell(s, store.SentryIssuesKey(), one), traffic: store.NewCell(s, store.SentryTrafficKey(), one),
		sessions: store.NewCell(s, store.SentrySessionsKey(), one), crons: store.NewCell(s, store.SentryCronsKey(), one),
		quota: store.NewCell(s, store.SentryQuotaKey(), one), payments: store.NewCell(s, store.PaymentsKey(), one),
		revenue: store.NewCell(s, store.RevenueKey(), one), fleet: store.NewCell(s, store.FleetKey(), one),
	}
	for _, g := range last.gauges {
		c.gauges = append(c.gauges, store.NewCell(s, store.GaugeKey(g.Name), one))
	}
	return c
}

func (c watcherCells) put(v values, now time.Time) {
	write(c.issues, v.watch.issues, v, now)
	write(c.traffic, v.watch.traffic, v, now)
	write(c.sessions, v.watch.sessions, v, now)
	write(c.crons, v.watch.crons, v, now)
	write(c.quota, v.watch.quota, v, now)
	write(c.payments, v.watch.payments, v, now)
	write(c.revenue, v.watch.revenue, v, now)
	write(c.fleet, v.watch.fleet, v, now)
	for i := range c.gauges {
		write(c.gauges[i], &v.watch.gauges[i], v, now)
	}
}

// errorSpike is a value in the cache that no checkout can read, and a machine
// that is gone.
func errorSpike(v *values, now time.Time, lasting time.Duration) {
	fresh := issue(now, 9, "CacheError: decode promo:active: invalid character … looking for beginning of value", lasting, int64(12*lasting.Seconds()))
	fresh.Substatus, fresh.Assignee, fresh.FirstRelease = "new", "", ptr("v31")
	fresh.Minutes = nil
	for _, m := range everyMinute(now, 0) {
		if !m.At.Before(fresh.FirstSeen) {
			m.N = 720
		}
		fresh.Minutes = append(fresh.Minutes, m)
	}
	v.watch.issues.Rows = append(v.watch.issues.Rows, fresh)
	v.watch.traffic.Failed = ptr(28.0)
	v.watch.crons.Rows[0].Status = "error"
	v.watch.fleet.Down = ptr(int64(1))
	v.watch.fleet.Hosts = append(v.watch.fleet.Hosts, model.FleetHost{Name: "web8.internal:9100", Down: true})
	v.apps[0] = app("shop", 1240, 350, 210*time.Millisecond)
}

// providerOutage is a payment provider that fails, for us as well.
func providerOutage(v *values, _ time.Time, _ time.Duration) {
	v.pages[1].Indicator, v.pages[1].Text = "major", "Elevated errors for API requests"
	v.apps[0] = app("shop", 1240, 350, 210*time.Millisecond)
	v.lost = map[string]*model.Fail{"stripe.": {Class: model.Protocol, Text: "list charges: https://api.stripe.com/v1/charges: 503: Stripe is temporarily unavailable"}}
}

// hostileWatchers puts what could harm a terminal into every text of theirs.
func hostileWatchers(v *values, evil string) {
	i := &v.watch.issues.Rows[0]
	i.ShortID, i.Title, i.Culprit, i.Link, i.Assignee, i.FirstRelease = evil, evil, evil, evil, evil, &evil
	i.Latest.Message, i.Latest.Frames[0], i.Latest.Tags[0] = evil, evil, model.SentryTag{Key: evil, Value: evil}
	c := &v.watch.crons.Rows[0]
	c.Slug, c.Name, c.Schedule, c.Status, c.Environment = evil, evil, evil, evil, evil
	v.watch.quota.Month[0].Category = evil
	v.watch.payments.Codes[0].Name, v.watch.payments.Disputes[0].Reason = evil, evil
	v.watch.fleet.Hosts[0].Name = evil
	v.watch.gauges[0].Definition, v.watch.gauges[0].Unit = evil, evil
}
