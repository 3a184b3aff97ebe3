// Package sentry is a thin client of the Sentry web API: errors, issues,
// performance, sessions, crons and outcomes of one organization, and the few
// changes of an issue. It must not decide what to do with an answer. A change
// always names its issue by its id: a bulk change without one would meet every
// issue that a filter finds.
package sentry

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// DefaultBase is the address of the API in the region of the United States.
const DefaultBase = "https://us.sentry.io"

// Options says which organization is meant and who asks.
type Options struct {
	Base      string   // "" is [DefaultBase]
	Org       string   // slug
	Projects  []string // slugs; none are all that the token may see
	Token     string
	UserAgent string
	Timeout   time.Duration // of one call; 0 is the default of [web.Options]
}

// Client asks for one organization. It is safe for use by many goroutines.
type Client struct {
	web      *web.Client
	org      string
	projects []string
}

// New returns a client. No connection is made before the first call.
func New(opts Options) *Client {
	if opts.Base == "" {
		opts.Base = DefaultBase
	}
	return &Client{
		org: opts.Org, projects: opts.Projects,
		web: web.New(web.Options{Base: opts.Base, Token: opts.Token, UserAgent: opts.UserAgent, Timeout: opts.Timeout}),
	}
}

// Org is the organization that the client was made for, as configured.
func (c *Client) Org() string { return c.org }

// Budget is what Sentry said of the calls that are left.
func (c *Client) Budget() (model.Budget, bool) { return c.web.Budget() }

// Close gives the kept connections back.
func (c *Client) Close() { c.web.Close() }

// right is the scope that a call needs, as it is told when it is refused.
func right(scope string) string { return "the token needs the scope " + scope }

// path is that of something of the organization. All of Sentry's paths end
// with a slash.
func (c *Client) path(parts ...string) string {
	out := "/api/0/organizations/" + url.PathEscape(c.org) + "/"
	for _, p := range parts {
		out += url.PathEscape(p) + "/"
	}
	return out
}

// query begins the parameters of a call about the projects that are meant.
func (c *Client) query(period time.Duration) url.Values {
	q := url.Values{}
	for _, p := range c.projects {
		q.Add("project", p)
	}
	if period > 0 {
		q.Set("statsPeriod", span(period))
	}
	return q
}

// span writes a length of time as Sentry does: 5m, 24h.
func span(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dm", int(d.Minutes()))
}

func (c *Client) get(ctx context.Context, scope, path string, query url.Values, out any) error {
	_, err := c.web.Send(ctx, web.Request{Method: http.MethodGet, Path: path, Query: query, Scope: right(scope)}, out)
	return err
}

// page is a call whose answer may be one page of many. It gives the cursor of
// the next; "" when there is none.
func (c *Client) page(ctx context.Context, r web.Request, out any) (next string, err error) {
	r.Method = http.MethodGet
	r.Seen = func(h http.Header) { next = nextCursor(h.Get("Link")) }
	_, err = c.web.Send(ctx, r, out)
	return next, err
}

// nextCursor reads the header Link, which always has both directions and says
// of each whether there is anything.
func nextCursor(link string) string {
	for _, part := range strings.Split(link, ",") {
		if strings.Contains(part, `rel="next"`) && strings.Contains(part, `results="true"`) {
			if m := regexp.MustCompile(`cursor="([^"]+)"`).FindStringSubmatch(part); m != nil {
				return m[1]
			}
		}
	}
	return ""
}

// unexpected is what no request for issues may be, and no answer to it.
func (c *Client) unexpected(text string) error {
	return &model.Fail{Class: model.Protocol, Text: "sentry issues: " + text}
}

// number is a number of an answer that may be null, absent or NaN in words:
// then it is nil.
type number struct{ v *float64 }

// UnmarshalJSON never returns an error.
func (n *number) UnmarshalJSON(raw []byte) error {
	var v *float64
	if json.Unmarshal(raw, &v) != nil {
		v = nil
	}
	n.v = v
	return nil
}
