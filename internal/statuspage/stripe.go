package statuspage

import (
	"context"
	"maps"
	"slices"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// NewStripe returns a client for the status page of Stripe, which has a form of
// its own, at its base address.
func NewStripe(opts web.Options) *Client {
	c := New(opts)
	c.stripe = true
	return c
}

// current reads the page of Stripe. A word for a state that is not known is
// told as it is. Source: GET /current.
func (c *Client) current(ctx context.Context) (Summary, error) {
	var body struct {
		Largest  string            `json:"largestatus"`
		Message  string            `json:"message"`
		Statuses map[string]string `json:"statuses"`
	}
	if err := c.web.GetJSON(ctx, "/current", nil, &body); err != nil {
		return Summary{}, err
	}
	if body.Largest == "" {
		return Summary{}, &model.Fail{Class: model.Protocol, Text: c.base + ": the answer has no largestatus", Hint: "the address may not be the page of Stripe"}
	}
	var s Summary
	s.Page.Name, s.Page.URL = "Stripe", c.base
	s.Status.Indicator, s.Status.Description = indicator(body.Largest), body.Message
	for _, name := range slices.Sorted(maps.Keys(body.Statuses)) {
		s.Components = append(s.Components, Component{Name: name, Status: body.Statuses[name]})
	}
	return s, nil
}

// indicator is the word of other status pages for one of Stripe's.
func indicator(largest string) string {
	switch largest {
	case "up":
		return "none"
	case "degraded":
		return "minor"
	case "down":
		return "major"
	}
	return largest
}
