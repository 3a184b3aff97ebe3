package model

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Payments is how payments go at Stripe. Source: Stripe, GET /v1/charges,
// /v1/events and /v1/disputes.
type Payments struct {
	Day          time.Time // when the day began that is counted
	Zone         string    // in which it began
	Failed       int       // charges of the day that failed
	AtLeast      bool      // there are more failed ones than were counted
	Charges      int       // charges that were read, the newest of the day
	ReadFailed   int       // of those the failed ones
	ReadSince    time.Time // the oldest charge that was read; the beginning of the day when all were
	Partly       bool      // the day has more charges than were read
	Codes        []Count   // why they failed, the most frequent first
	Disputes     []Dispute // that wait for an answer, the most urgent first
	MoreDisputes bool      // there are more than are listed
	Backlog      Backlog
}

// Dispute is a payment that a customer contests.
type Dispute struct {
	ID       string
	Reason   string
	Status   string    // needs_response, warning_needs_response
	Amount   int64     // in minor units of Currency
	Currency string    // EUR
	Due      time.Time // by when it has to be answered; zero when it is not told
}

// Backlog is what Stripe could not deliver to a webhook.
type Backlog struct {
	Events int       // that at least one endpoint has not taken
	More   bool      // there are more than were read
	Oldest time.Time // of those that were read; zero when there are none
	Types  []Count   // of them, the most frequent first
}

// FailedPct is the share of the charges that were read that failed; not ok
// when there was none.
func (p Payments) FailedPct() (pct float64, ok bool) {
	if p.Charges == 0 {
		return 0, false
	}
	return 100 * float64(p.ReadFailed) / float64(p.Charges), true
}

// Facts implements the snapshot of the store.
func (p Payments) Facts() []Fact {
	share := Unknown("payments.failed_share", Percent, nil, "there was no payment today")
	if pct, ok := p.FailedPct(); ok {
		share = Known("payments.failed_share", pct, Percent, nil)
	}
	share.Count = p.Charges
	return []Fact{
		Known("payments.failed", float64(p.Failed), None, nil), share,
		Known("payments.disputes", float64(len(p.Disputes)), None, nil),
		Known("payments.webhooks.failing", float64(p.Backlog.Events), None, nil),
	}
}

// Revenue is what subscriptions bring. Source: Stripe, GET /v1/subscriptions
// and /v1/events.
type Revenue struct {
	Monthly   []Amount // by currency, the largest first: see MRRDefinition
	Active    int      // subscriptions
	Metered   int      // of them with a part that is billed by use, which Monthly leaves out
	Partly    bool     // there are more subscriptions than were read
	Ended     int      // in the last 30 days
	MoreEnded bool     // there are more that ended than were read
	Before    int      // that were active 30 days ago: the active ones that are older, and those that ended
}

// Amount is money in minor units: 1250 EUR is 12.50.
type Amount struct {
	Currency string // EUR
	Minor    int64
}

// What the numbers of [Revenue] mean, shown beside them.
const (
	MRRDefinition   = "active subscriptions a month, less discounts in %; no tax, trials, metered parts"
	ChurnDefinition = "ended within 30 d, of those active 30 d ago"
)

// ChurnPct is the share of the subscriptions that ended; not ok when there was
// none, or when not all were read.
func (r Revenue) ChurnPct() (pct float64, ok bool) {
	if r.Before == 0 || r.Partly || r.MoreEnded {
		return 0, false
	}
	return 100 * float64(r.Ended) / float64(r.Before), true
}

// Facts implements the snapshot of the store.
func (r Revenue) Facts() []Fact {
	why := "there was no subscription 30 days ago"
	if r.Partly || r.MoreEnded {
		why = "there are more subscriptions than were read"
	}
	churn := Unknown("revenue.churn", Percent, nil, why)
	if pct, ok := r.ChurnPct(); ok {
		churn = Known("revenue.churn", pct, Percent, nil)
	}
	churn.Count = r.Before
	facts := []Fact{churn, Known("revenue.subscriptions", float64(r.Active), None, nil)}
	for _, a := range r.Monthly {
		facts = append(facts, Known("revenue.mrr", a.Units(), None, Labels{"currency": a.Currency}))
	}
	return facts
}

// Units is the amount in whole units of its currency: 12.5 for 1250 EUR.
func (a Amount) Units() float64 {
	v := float64(a.Minor)
	for range MinorDigits(a.Currency) {
		v /= 10
	}
	return v
}

// MinorDigits is how many digits the minor unit of a currency takes at Stripe.
func MinorDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "JOD", "KWD", "OMR", "TND":
		return 3
	}
	return 2
}

// Gauge is a number of the business, by its own definition.
// Source: one SQL statement or one HTTP request from the configuration.
type Gauge struct {
	Name       string
	Definition string
	Unit       string // as shown; "%" for a share
	Value      *float64
	Part       *float64 // of a share; nil where it is none
	Whole      *float64 // of a share; nil where it is none
	MinBase    int      // whole below which a share is not known
	Why        string   // why Value is not known; ""
}

// Share puts a part and a whole together; below the least whole it is not known.
func (g Gauge) Share(part, whole float64) Gauge {
	g.Part, g.Whole, g.Unit = &part, &whole, string(Percent)
	switch {
	case whole <= 0:
		g.Why = "the whole is 0"
	case whole < float64(g.MinBase):
		g.Why = "too few to tell"
	default:
		pct := 100 * part / whole
		g.Value = &pct
	}
	return g
}

// Facts implements the snapshot of the store.
func (g Gauge) Facts() []Fact {
	labels := Labels{"gauge": g.Name}
	name, unit := "gauge.value", None
	if g.Whole != nil {
		name, unit = "gauge.share", Percent
	}
	if g.Value == nil {
		return []Fact{Unknown(name, unit, labels, cmp.Or(g.Why, "it was not told"))}
	}
	f := Known(name, *g.Value, unit, labels)
	if g.Whole != nil {
		f.Count = int(*g.Whole)
	}
	return []Fact{f}
}

// Tallied turns counts by name into a list, the most frequent first.
func Tallied(n map[string]int) []Count {
	out := make([]Count, 0, len(n))
	for _, name := range slices.Sorted(maps.Keys(n)) {
		out = append(out, Count{Name: name, N: n[name]})
	}
	slices.SortStableFunc(out, func(a, b Count) int { return cmp.Compare(b.N, a.N) })
	return out
}
