// Package stripe is a thin client of the Stripe API: charges, disputes, events
// and subscriptions of one account. It changes nothing. It must not decide what
// a number means.
package stripe

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tocsin/internal/web"
)

const (
	// DefaultBase is the address of the API.
	DefaultBase = "https://api.stripe.com"
	// PageSize is how many things one page has.
	PageSize = 100

	// version of the API in which the answers are to be, whatever the account is
	// set to.
	version = "2026-03-25.dahlia"
)

// Options says which account is read.
type Options struct {
	Base      string // "" is [DefaultBase]
	Key       string // a restricted key that may only read
	UserAgent string
	Timeout   time.Duration // of one page; 0 is the default of [web.Options]
}

// Client reads one account. It is safe for use by many goroutines.
type Client struct{ web *web.Client }

// New returns a client. No connection is made before the first call.
func New(opts Options) *Client {
	if opts.Base == "" {
		opts.Base = DefaultBase
	}
	return &Client{web.New(web.Options{
		Base: opts.Base, Token: opts.Key, UserAgent: opts.UserAgent, Timeout: opts.Timeout,
		Header: http.Header{"Stripe-Version": {version}},
	})}
}

// Close gives the kept connections back.
func (c *Client) Close() { c.web.Close() }

// row is a thing of a list.
type row interface{ id() string }

// page is one page of a list.
type page[T row] struct {
	Data    []T  `json:"data"`
	HasMore bool `json:"has_more"`
}

// pages reads page after page, newest first, until there is none, the list
// says enough, or so many were read: then more is true.
func pages[T row](ctx context.Context, c *Client, what string, most int, query url.Values) (out []T, more bool, err error) {
	query.Set("limit", strconv.Itoa(PageSize))
	for range most {
		var got page[T]
		ask := web.Request{Method: http.MethodGet, Path: "/v1/" + what, Query: query, Scope: "the key needs the permission to read " + what}
		if _, err := c.web.Send(ctx, ask, &got); err != nil {
			return nil, false, err
		}
		out, more = append(out, got.Data...), got.HasMore
		if !more || len(got.Data) == 0 {
			return out, false, nil
		}
		query.Set("starting_after", got.Data[len(got.Data)-1].id())
	}
	return out, more, nil
}

// unix turns seconds of the epoch into UTC; 0 is no time.
func unix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
