package collectors

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/stripe"
)

// How many pages of each kind are read, of [stripe.PageSize] each.
const (
	chargePages       = 5
	failedPages       = 3
	disputePages      = 2
	undeliveredPages  = 2
	subscriptionPages = 30
	endedPages        = 10
)

// Payments reads the payments of the day, the disputes and what the webhooks
// have not taken. Source: Stripe, four lists of a few pages.
type Payments struct {
	Client *stripe.Client
	Zone   *time.Location // in which a day begins
	Now    func() time.Time
}

// Collect reads all of it. Where the day has more charges than are read, the
// failed ones are counted by their events, of which there are fewer.
func (p Payments) Collect(ctx context.Context) (model.Payments, error) {
	now := p.Now().In(p.Zone)
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, p.Zone)
	out := model.Payments{Day: day.UTC(), Zone: p.Zone.String(), ReadSince: day.UTC()}
	charges, more, err := p.Client.Charges(ctx, day, chargePages)
	if err != nil {
		return out, fmt.Errorf("list charges: %w", err)
	}
	codes := map[string]int{}
	for _, c := range charges {
		out.Charges++
		if c.Status == "failed" {
			out.ReadFailed++
			codes[cmp.Or(c.Code, "unknown")]++
		}
	}
	out.Failed = out.ReadFailed
	if more {
		out.Partly, out.ReadSince = true, charges[len(charges)-1].Created
		if out.Failed, codes, out.AtLeast, err = p.failedByEvents(ctx, day); err != nil {
			return out, err
		}
	}
	out.Codes = model.Tallied(codes)
	return p.rest(ctx, out)
}

func (p Payments) failedByEvents(ctx context.Context, day time.Time) (n int, codes map[string]int, more bool, err error) {
	events, more, err := p.Client.Events(ctx, "charge.failed", day, failedPages)
	if err != nil {
		return 0, nil, false, fmt.Errorf("list failed charges: %w", err)
	}
	codes = map[string]int{}
	for _, e := range events {
		codes[cmp.Or(e.Code, "unknown")]++
	}
	return len(events), codes, more, nil
}

// rest reads the disputes and the webhooks.
func (p Payments) rest(ctx context.Context, out model.Payments) (model.Payments, error) {
	disputes, more, err := p.Client.Disputes(ctx, disputePages)
	if err != nil {
		return out, fmt.Errorf("list disputes: %w", err)
	}
	out.MoreDisputes = more
	for _, d := range disputes {
		if d.Status == "needs_response" || d.Status == "warning_needs_response" {
			out.Disputes = append(out.Disputes, model.Dispute{
				ID: d.ID, Reason: d.Reason, Status: d.Status, Amount: d.Amount, Currency: d.Currency, Due: d.Due,
			})
		}
	}
	slices.SortStableFunc(out.Disputes, func(a, b model.Dispute) int { return a.Due.Compare(b.Due) })
	events, more, err := p.Client.Undelivered(ctx, undeliveredPages)
	if err != nil {
		return out, fmt.Errorf("list events that were not delivered: %w", err)
	}
	types := map[string]int{}
	for _, e := range events {
		types[e.Type]++
		out.Backlog.Oldest = e.Created
	}
	out.Backlog.Events, out.Backlog.More, out.Backlog.Types = len(events), more, model.Tallied(types)
	return out, nil
}

// Revenue reads what subscriptions bring. Source: Stripe, two lists of pages.
type Revenue struct {
	Client *stripe.Client
	Now    func() time.Time
}

// churnPeriod is over what it is counted which subscriptions ended; Stripe
// keeps its events as long.
const churnPeriod = 30 * 24 * time.Hour

// Collect reads the active subscriptions and those that ended.
func (r Revenue) Collect(ctx context.Context) (model.Revenue, error) {
	active, more, err := r.Client.Active(ctx, subscriptionPages)
	if err != nil {
		return model.Revenue{}, fmt.Errorf("list subscriptions: %w", err)
	}
	since := r.Now().Add(-churnPeriod)
	out := model.Revenue{Active: len(active), Partly: more}
	monthly := map[string]float64{}
	for _, s := range active {
		if s.Created.Before(since) {
			out.Before++
		}
		if addMonthly(monthly, s) {
			out.Metered++
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(monthly)) {
		out.Monthly = append(out.Monthly, model.Amount{Currency: currency, Minor: int64(math.Round(monthly[currency]))})
	}
	slices.SortStableFunc(out.Monthly, func(a, b model.Amount) int { return cmp.Compare(b.Units(), a.Units()) })
	ended, more, err := r.Client.Events(ctx, "customer.subscription.deleted", since, endedPages)
	if err != nil {
		return model.Revenue{}, fmt.Errorf("list ended subscriptions: %w", err)
	}
	for _, e := range ended {
		if e.Began.Before(since) {
			out.Ended++
		}
	}
	out.MoreEnded = more
	out.Before += out.Ended
	return out, nil
}

// addMonthly adds what a subscription brings a month, by currency, and tells
// whether a part of it is billed by use.
func addMonthly(monthly map[string]float64, s stripe.Subscription) (metered bool) {
	for _, i := range s.Items {
		months := monthsOf(i.Interval) * float64(i.Count)
		if i.Metered || months == 0 {
			metered = true
			continue
		}
		monthly[i.Currency] += float64(i.Amount) / months * (1 - s.Off/100) * (1 - i.Off/100)
	}
	return metered
}

// monthsOf is how many months an interval has; 0 for one that is not known.
func monthsOf(interval string) float64 {
	switch interval {
	case "day":
		return 12.0 / 365
	case "week":
		return 12.0 / 52
	case "month":
		return 1
	case "year":
		return 12
	}
	return 0
}
