// Package statuspage is a thin client of public status pages in the form of
// Atlassian Statuspage. Pages moved to other vendors keep the path with fewer
// fields, so everything but status.indicator is optional. It must not judge
// what a page says.
package statuspage

import (
	"context"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// Summary is everything that a page says at once.
type Summary struct {
	Page struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	} `json:"page"`
	Status struct {
		Indicator   string `json:"indicator"` // none, minor, major, critical
		Description string `json:"description"`
	} `json:"status"`
	Components []Component `json:"components"`
	Incidents  []Incident  `json:"incidents"` // unresolved
}

// Component is one part of the service, or a group of parts.
type Component struct {
	Name   string `json:"name"`
	Status string `json:"status"` // operational, degraded_performance, partial_outage, major_outage, under_maintenance
	Group  bool   `json:"group"`
}

// Incident is one unresolved incident; a time that was not told is zero.
type Incident struct {
	Name    string    `json:"name"`
	Impact  string    `json:"impact"` // none, minor, major, critical
	Started Timestamp `json:"started_at"`
	Created Timestamp `json:"created_at"`
	Updated Timestamp `json:"updated_at"`
}

// Timestamp is a time that may be absent, null or unreadable: then it is zero,
// because a page is worth reading without it.
type Timestamp struct{ time.Time }

// UnmarshalJSON never returns an error.
func (t *Timestamp) UnmarshalJSON(raw []byte) error {
	at, err := time.Parse(`"`+time.RFC3339+`"`, string(raw))
	if err != nil {
		at = time.Time{}
	}
	t.Time = at.UTC()
	return nil
}

// Client reads one page. It is safe for use by many goroutines.
type Client struct {
	web    *web.Client
	base   string
	stripe bool // the page is that of Stripe
}

// New returns a client for a page's base address.
func New(opts web.Options) *Client { return &Client{web: web.New(opts), base: web.Redact(opts.Base)} }

// Close gives the kept connections back.
func (c *Client) Close() { c.web.Close() }

// Summary reads the page. An answer without status.indicator is an error.
// Source: GET /api/v2/summary.json.
func (c *Client) Summary(ctx context.Context) (Summary, error) {
	if c.stripe {
		return c.current(ctx)
	}
	var s Summary
	if err := c.web.GetJSON(ctx, "/api/v2/summary.json", nil, &s); err != nil {
		return Summary{}, err
	}
	if s.Status.Indicator == "" {
		return Summary{}, &model.Fail{
			Class: model.Protocol,
			Text:  c.base + ": the answer has no status.indicator",
			Hint:  "the address may not be a page of Atlassian Statuspage",
		}
	}
	return s, nil
}
