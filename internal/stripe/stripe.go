// Package stripe reads payments, disputes, events and subscriptions of one
// account at Stripe, through the official client held to tocsin's manner: no
// retry, no telemetry, no log, bounded answers. It changes nothing. It must
// not decide what a number means.
package stripe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

const (
	// DefaultBase is the address of the API.
	DefaultBase = "https://api.stripe.com"
	// PageSize is how many things one page has.
	PageSize = 100

	defaultTimeout = 10 * time.Second
)

// Options says which account is read.
type Options struct {
	Base    string        // "" is [DefaultBase]
	Key     string        // a restricted key that may only read
	Timeout time.Duration // of one page; 0 is 10 s
}

// Client reads one account. It is safe for use by many goroutines.
type Client struct {
	api  stripego.Backend
	http *http.Client
	opts Options
}

// New returns a client. No connection is made before the first call.
func New(opts Options) *Client {
	if opts.Base == "" {
		opts.Base = DefaultBase
	}
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	bounded := web.Bounded()
	bounded.Transport = refusals{bounded.Transport}
	api := stripego.GetBackendWithConfig(stripego.APIBackend, &stripego.BackendConfig{
		URL: &opts.Base, HTTPClient: bounded,
		MaxNetworkRetries: stripego.Int64(0), EnableTelemetry: stripego.Bool(false),
		LeveledLogger: &stripego.LeveledLogger{Level: stripego.LevelNull},
	})
	return &Client{api: api, http: bounded, opts: opts}
}

// Close gives the kept connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// row is a thing of a list. We read them into types of our own: to decode one
// charge into the official one makes reading plans for hundreds of types, which
// stay in memory for good.
type row interface{ id() string }

// page is one page of a list.
type page[T row] struct {
	stripego.APIResource

	Data    []T  `json:"data"`
	HasMore bool `json:"has_more"`
}

// pages reads page after page, newest first, until there is none, the list
// says enough, or so many were read: then more is true.
func pages[T row](ctx context.Context, c *Client, what string, most int, query url.Values) (out []T, more bool, err error) {
	query.Set("limit", strconv.Itoa(PageSize))
	for range most {
		var got page[T]
		if err := c.get(ctx, what, query, &got); err != nil {
			return nil, false, c.fail(what, err)
		}
		out, more = append(out, got.Data...), got.HasMore
		if !more || len(got.Data) == 0 {
			return out, false, nil
		}
		query.Set("starting_after", got.Data[len(got.Data)-1].id())
	}
	return out, more, nil
}

func (c *Client) get(ctx context.Context, what string, query url.Values, into stripego.LastResponseSetter) error {
	limited, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	return c.api.CallRaw(http.MethodGet, "/v1/"+what, c.opts.Key, []byte(query.Encode()), &stripego.Params{Context: limited}, into)
}

// fail turns an error of the official client into a failure with its class.
func (c *Client) fail(what string, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stripe %s: %w", what, context.Canceled)
	}
	fail := &model.Fail{}
	refused, ok := errors.AsType[*stripego.Error](err)
	if !ok {
		fail.Class, fail.Text, fail.Hint = web.Explain(err)
		fail.Text = c.text(what, unread(fail.Text))
		return fail
	}
	status := refused.HTTPStatusCode
	fail.Class, fail.Hint = meaning(what, status)
	fail.Text = c.text(what, fmt.Sprintf("%d: %s", status, cmp.Or(web.FirstLine(refused.Msg), http.StatusText(status))))
	if last := refused.LastResponse; last != nil {
		fail.RetryAfter = web.RetryAfter(last.Header, time.Now())
	}
	return fail
}

// unread says what was wrong with an answer that the official client could not
// read. Its own words have a sample of the answer, which is about customers.
func unread(text string) string {
	if !strings.HasPrefix(text, "Couldn't deserialize JSON") {
		return text
	}
	why := "it has other types"
	if strings.Contains(text, "): invalid character") || strings.Contains(text, "): unexpected end") {
		why = "it is no JSON"
	}
	return "the answer is not the JSON expected: " + why
}

func (c *Client) text(what, text string) string {
	text = strings.ReplaceAll(text, cmp.Or(c.opts.Key, "\x00"), "***")
	return fmt.Sprintf("%s/v1/%s: %s", web.Redact(c.opts.Base), what, text)
}

func meaning(what string, status int) (class model.Class, hint string) {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return model.Denied, "the key needs the permission to read " + what
	case http.StatusNotFound:
		return model.Missing, ""
	case http.StatusTooManyRequests:
		return model.Limited, ""
	}
	return model.Protocol, ""
}

// unix turns seconds of the epoch into UTC; 0 is no time.
func unix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
