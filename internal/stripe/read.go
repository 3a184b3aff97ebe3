package stripe

import (
	"context"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"
)

// Charge is one attempt to take money.
type Charge struct {
	ID      string
	Created time.Time
	Status  string // succeeded, pending, failed
	Code    string // why it failed: card_declined, …; ""
}

// Charges lists the charges since an instant, newest first, and whether there
// are more than so many pages hold. Source: GET /v1/charges.
func (c *Client) Charges(ctx context.Context, since time.Time, most int) (out []Charge, more bool, err error) {
	rows, more, err := pages(ctx, c, "charges", most, func(ctx context.Context, p stripego.ListParams) *stripego.V1List[*stripego.Charge] {
		return c.api.V1Charges.List(ctx, &stripego.ChargeListParams{ListParams: p, CreatedRange: from(since)})
	})
	for _, r := range rows {
		out = append(out, Charge{ID: r.ID, Created: unix(r.Created), Status: string(r.Status), Code: r.FailureCode})
	}
	return out, more, err
}

func from(since time.Time) *stripego.RangeQueryParams {
	return &stripego.RangeQueryParams{GreaterThanOrEqual: since.Unix()}
}

// Event is something that happened in the account.
type Event struct {
	ID      string
	Type    string
	Created time.Time
	Code    string    // failure_code of the charge that it is about; ""
	Began   time.Time // when what it is about was created; zero when that is not told
}

// Events lists the events of one type since an instant, newest first, and
// whether there are more than so many pages hold. Stripe keeps them for 30
// days. Source: GET /v1/events.
func (c *Client) Events(ctx context.Context, kind string, since time.Time, most int) (out []Event, more bool, err error) {
	return c.events(ctx, most, func(p *stripego.EventListParams) { p.Type, p.CreatedRange = stripego.String(kind), from(since) })
}

// Undelivered lists the events that at least one webhook has not taken, newest
// first: those that are still tried and those that are given up.
// Source: GET /v1/events with delivery_success=false.
func (c *Client) Undelivered(ctx context.Context, most int) (out []Event, more bool, err error) {
	return c.events(ctx, most, func(p *stripego.EventListParams) { p.DeliverySuccess = stripego.Bool(false) })
}

func (c *Client) events(ctx context.Context, most int, filter func(*stripego.EventListParams)) (out []Event, more bool, err error) {
	rows, more, err := pages(ctx, c, "events", most, func(ctx context.Context, p stripego.ListParams) *stripego.V1List[*stripego.Event] {
		params := &stripego.EventListParams{ListParams: p}
		filter(params)
		return c.api.V1Events.List(ctx, params)
	})
	for _, r := range rows {
		e := Event{ID: r.ID, Type: string(r.Type), Created: unix(r.Created)}
		if r.Data != nil {
			e.Code, _ = r.Data.Object["failure_code"].(string)
			began, _ := r.Data.Object["created"].(float64)
			e.Began = unix(int64(began))
		}
		out = append(out, e)
	}
	return out, more, err
}

// Dispute is a payment that a customer contests.
type Dispute struct {
	ID       string
	Status   string // needs_response, warning_needs_response, under_review, won, lost, …
	Reason   string
	Amount   int64  // in minor units
	Currency string // EUR
	Due      time.Time
}

// Disputes lists the newest disputes, and whether there are more than so many
// pages hold. Source: GET /v1/disputes.
func (c *Client) Disputes(ctx context.Context, most int) (out []Dispute, more bool, err error) {
	rows, more, err := pages(ctx, c, "disputes", most, func(ctx context.Context, p stripego.ListParams) *stripego.V1List[*stripego.Dispute] {
		return c.api.V1Disputes.List(ctx, &stripego.DisputeListParams{ListParams: p})
	})
	for _, r := range rows {
		d := Dispute{ID: r.ID, Status: string(r.Status), Reason: string(r.Reason), Amount: r.Amount, Currency: strings.ToUpper(string(r.Currency))}
		if r.EvidenceDetails != nil {
			d.Due = unix(r.EvidenceDetails.DueBy)
		}
		out = append(out, d)
	}
	return out, more, err
}

// Subscription is one that is active.
type Subscription struct {
	ID      string
	Created time.Time
	Items   []Item
	Off     float64 // discount in percent on all of it
}

// Item is one part of a subscription.
type Item struct {
	Currency string // EUR
	Amount   int64  // minor units for one interval, of all pieces
	Interval string // day, week, month, year
	Count    int64  // intervals between two payments
	Metered  bool   // billed by use: Amount says nothing
	Off      float64
}

// Active lists the active subscriptions, newest first, and whether there are
// more than so many pages hold. Source: GET /v1/subscriptions.
func (c *Client) Active(ctx context.Context, most int) (out []Subscription, more bool, err error) {
	rows, more, err := pages(ctx, c, "subscriptions", most, func(ctx context.Context, p stripego.ListParams) *stripego.V1List[*stripego.Subscription] {
		return c.api.V1Subscriptions.List(ctx, &stripego.SubscriptionListParams{
			ListParams: p, Status: stripego.String("active"), Expand: []*string{stripego.String("data.discounts.source.coupon")},
		})
	})
	for _, r := range rows {
		s := Subscription{ID: r.ID, Created: unix(r.Created), Off: percentOff(r.Discounts)}
		if r.Items != nil {
			for _, i := range r.Items.Data {
				s.Items = append(s.Items, item(i))
			}
		}
		out = append(out, s)
	}
	return out, more, err
}

func item(i *stripego.SubscriptionItem) Item {
	p := i.Price
	if p == nil || p.Recurring == nil {
		return Item{Metered: true}
	}
	return Item{
		Currency: strings.ToUpper(string(p.Currency)), Amount: p.UnitAmount * i.Quantity, Off: percentOff(i.Discounts),
		Interval: string(p.Recurring.Interval), Count: p.Recurring.IntervalCount,
		Metered: p.Recurring.UsageType == stripego.PriceRecurringUsageTypeMetered || p.UnitAmount == 0 && p.BillingScheme == stripego.PriceBillingSchemeTiered,
	}
}

// percentOff is what several discounts in percent leave off together.
func percentOff(all []*stripego.Discount) float64 {
	left := 1.0
	for _, d := range all {
		if d != nil && d.Source != nil && d.Source.Coupon != nil {
			left *= 1 - d.Source.Coupon.PercentOff/100
		}
	}
	return 100 * (1 - left)
}
