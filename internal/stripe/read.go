package stripe

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
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
	rows, more, err := pages[charge](ctx, c, "charges", most, from(since))
	for _, r := range rows {
		out = append(out, Charge{ID: r.ID, Created: unix(r.Created), Status: r.Status, Code: r.FailureCode})
	}
	return out, more, err
}

type charge struct {
	ID          string `json:"id"`
	Created     int64  `json:"created"`
	Status      string `json:"status"`
	FailureCode string `json:"failure_code"`
}

func (c charge) id() string { return c.ID }

// from are the parameters of what was created since an instant.
func from(since time.Time) url.Values {
	return url.Values{"created[gte]": {strconv.FormatInt(since.Unix(), 10)}}
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
	query := from(since)
	query.Set("type", kind)
	return c.events(ctx, most, query)
}

// Undelivered lists the events that at least one webhook has not taken, newest
// first: those that are still tried and those that are given up.
// Source: GET /v1/events with delivery_success=false.
func (c *Client) Undelivered(ctx context.Context, most int) (out []Event, more bool, err error) {
	return c.events(ctx, most, url.Values{"delivery_success": {"false"}})
}

func (c *Client) events(ctx context.Context, most int, query url.Values) (out []Event, more bool, err error) {
	rows, more, err := pages[event](ctx, c, "events", most, query)
	for _, r := range rows {
		e := Event{ID: r.ID, Type: r.Type, Created: unix(r.Created)}
		e.Code, _ = r.Data.Object["failure_code"].(string)
		began, _ := r.Data.Object["created"].(float64)
		e.Began = unix(int64(began))
		out = append(out, e)
	}
	return out, more, err
}

type event struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Created int64  `json:"created"`
	Data    struct {
		Object map[string]any `json:"object"` // of any kind
	} `json:"data"`
}

func (e event) id() string { return e.ID }

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
	rows, more, err := pages[dispute](ctx, c, "disputes", most, url.Values{})
	for _, r := range rows {
		out = append(out, Dispute{
			ID: r.ID, Status: r.Status, Reason: r.Reason, Amount: r.Amount, Currency: strings.ToUpper(r.Currency), Due: unix(r.Evidence.DueBy),
		})
	}
	return out, more, err
}

type dispute struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Reason   string `json:"reason"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Evidence struct {
		DueBy int64 `json:"due_by"`
	} `json:"evidence_details"`
}

func (d dispute) id() string { return d.ID }

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
	query := url.Values{"status": {"active"}, "expand[0]": {"data.discounts.source.coupon"}}
	rows, more, err := pages[subscription](ctx, c, "subscriptions", most, query)
	for _, r := range rows {
		s := Subscription{ID: r.ID, Created: unix(r.Created), Off: percentOff(r.Discounts)}
		for _, i := range r.Items.Data {
			s.Items = append(s.Items, i.item())
		}
		out = append(out, s)
	}
	return out, more, err
}

type subscription struct {
	ID        string                 `json:"id"`
	Created   int64                  `json:"created"`
	Discounts []expandable[discount] `json:"discounts"`
	Items     struct {
		Data []part `json:"data"`
	} `json:"items"`
}

func (s subscription) id() string { return s.ID }

// part is one item of a subscription, as it comes.
type part struct {
	Quantity  int64                  `json:"quantity"`
	Discounts []expandable[discount] `json:"discounts"`
	Price     *struct {
		Currency      string `json:"currency"`
		UnitAmount    int64  `json:"unit_amount"`
		BillingScheme string `json:"billing_scheme"`
		Recurring     *struct {
			Interval      string `json:"interval"`
			IntervalCount int64  `json:"interval_count"`
			UsageType     string `json:"usage_type"`
		} `json:"recurring"`
	} `json:"price"`
}

func (i part) item() Item {
	p := i.Price
	if p == nil || p.Recurring == nil {
		return Item{Metered: true}
	}
	return Item{
		Currency: strings.ToUpper(p.Currency), Amount: p.UnitAmount * i.Quantity, Off: percentOff(i.Discounts),
		Interval: p.Recurring.Interval, Count: p.Recurring.IntervalCount,
		Metered: p.Recurring.UsageType == "metered" || p.UnitAmount == 0 && p.BillingScheme == "tiered",
	}
}

// expandable is a thing that comes whole where that was asked for, and as its
// id elsewhere: then it is the zero thing.
type expandable[T any] struct{ whole T }

// UnmarshalJSON implements json.Unmarshaler.
func (e *expandable[T]) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return nil
	}
	return json.Unmarshal(data, &e.whole)
}

type discount struct {
	Source struct {
		Coupon expandable[struct {
			PercentOff float64 `json:"percent_off"`
		}] `json:"coupon"`
	} `json:"source"`
}

// percentOff is what several discounts in percent leave off together.
func percentOff(all []expandable[discount]) float64 {
	left := 1.0
	for _, d := range all {
		left *= 1 - d.whole.Source.Coupon.whole.PercentOff/100
	}
	return 100 * (1 - left)
}
