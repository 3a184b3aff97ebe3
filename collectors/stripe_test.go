package collectors

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/demo/provider"
	"tocsin/internal/model"
	"tocsin/internal/stripe"
)

func stripeOf(t *testing.T, now time.Time) (*provider.Stripe, *stripe.Client) {
	t.Helper()
	p := provider.NewStripe("rk_test", func() time.Time { return now })
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	c := stripe.New(stripe.Options{Base: srv.URL, Key: "rk_test"})
	t.Cleanup(c.Close)
	return p, c
}

func TestPayments(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 7, 10, 12, 0, 0, 0, time.UTC)
	day := time.Date(2026, 7, 9, 22, 0, 0, 0, time.UTC) // midnight in Berlin
	p, c := stripeOf(t, now)
	p.Charge(day.Add(-time.Minute), 1000, true) // yesterday, there
	for n := range 10 {
		p.Charge(day.Add(time.Duration(n)*time.Minute), 1000, n < 2)
	}
	p.Dispute(now.Add(-time.Hour), now.Add(72*time.Hour), 4200)
	p.Dispute(now.Add(-2*time.Hour), now.Add(48*time.Hour), 900)
	p.Undelivered(now.Add(-time.Hour), "invoice.paid")
	got, err := Payments{Client: c, Zone: zone, Now: func() time.Time { return now }}.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if pct, ok := got.FailedPct(); got.Failed != 2 || got.Charges != 10 || !ok || pct != 20 || got.Partly || !got.Day.Equal(day) {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]model.Count{{Name: "card_declined", N: 2}}, got.Codes); diff != "" {
		t.Error(diff)
	}
	if len(got.Disputes) != 2 || got.Disputes[0].Amount != 900 || got.Backlog.Events != 1 || !got.Backlog.Oldest.Equal(now.Add(-time.Hour)) {
		t.Errorf("disputes %+v, backlog %+v", got.Disputes, got.Backlog)
	}
}

// TestPaymentsOfABusyDay: the share is that of the newest charges, the failed
// ones are all counted, and it is said.
func TestPaymentsOfABusyDay(t *testing.T) {
	now := time.Date(2026, 7, 10, 12, 0, 0, 0, time.UTC)
	p, c := stripeOf(t, now)
	const many = chargePages*stripe.PageSize + 150
	for n := range many {
		p.Charge(now.Add(-time.Duration(many-n)*time.Second), 1000, n%65 == 0)
	}
	got, err := Payments{Client: c, Zone: time.UTC, Now: func() time.Time { return now }}.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Failed != 10 || got.AtLeast || got.Charges != chargePages*stripe.PageSize || !got.Partly || got.ReadFailed >= got.Failed {
		t.Errorf("%d failed (%d of those that were read), %d charges, partly %t", got.Failed, got.ReadFailed, got.Charges, got.Partly)
	}
	if want := now.Add(-(chargePages * stripe.PageSize) * time.Second); !got.ReadSince.Equal(want) {
		t.Errorf("read since %s, want %s", got.ReadSince, want)
	}
}

func TestRevenue(t *testing.T) {
	now := time.Date(2026, 7, 10, 12, 0, 0, 0, time.UTC)
	p, c := stripeOf(t, now)
	p.Subscribe(now.Add(-60*24*time.Hour), 3000, false)
	p.Subscribe(now.Add(-400*24*time.Hour), 1200, true) // 10 months a year: 10 EUR a month
	p.Subscribe(now.Add(-24*time.Hour), 500, false)     // younger than the month
	p.Unsubscribed(now.Add(-90*24*time.Hour), now.Add(-3*24*time.Hour))
	p.Unsubscribed(now.Add(-10*24*time.Hour), now.Add(-2*24*time.Hour)) // came and went within it
	got, err := Revenue{Client: c, Now: func() time.Time { return now }}.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := model.Revenue{Monthly: []model.Amount{{Currency: "EUR", Minor: 3000 + 1000 + 500}}, Active: 3, Ended: 1, Before: 3}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if pct, ok := got.ChurnPct(); !ok || int(pct) != 33 {
		t.Errorf("churn %v", pct)
	}
}

func TestMonthly(t *testing.T) {
	for _, tt := range []struct {
		name    string
		item    stripe.Item
		off     float64
		want    float64
		metered bool
	}{
		{"a month", stripe.Item{Amount: 1000, Interval: "month", Count: 1}, 0, 1000, false},
		{"three months", stripe.Item{Amount: 3000, Interval: "month", Count: 3}, 0, 1000, false},
		{"a year, a tenth off", stripe.Item{Amount: 12000, Interval: "year", Count: 1}, 10, 900, false},
		{"a week", stripe.Item{Amount: 1200, Interval: "week", Count: 1}, 0, 5200, false},
		{"twice off", stripe.Item{Amount: 1000, Interval: "month", Count: 1, Off: 50}, 50, 250, false},
		{"by use", stripe.Item{Metered: true, Interval: "month", Count: 1}, 0, 0, true},
		{"an interval that is not known", stripe.Item{Amount: 1000, Interval: "fortnight", Count: 1}, 0, 0, true},
	} {
		monthly := map[string]float64{}
		metered := addMonthly(monthly, stripe.Subscription{Items: []stripe.Item{tt.item}, Off: tt.off})
		if got := monthly[""]; got < tt.want-0.5 || got > tt.want+0.5 || metered != tt.metered {
			t.Errorf("%s: %v, metered %t", tt.name, got, metered)
		}
	}
}
