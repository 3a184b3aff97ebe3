// Package supabase is a thin client of the Supabase management API, for one
// project, and of the metrics that its machine tells. It must not decide what
// to do with an answer, nor wait for a change to end. It does keep account of
// its own calls: the API allows few of them, to all tokens of a person together.
package supabase

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// DefaultBase is the address of the API.
const DefaultBase = "https://api.supabase.com"

// Options says which project is meant and who asks.
type Options struct {
	Base      string // "" is [DefaultBase]
	Project   string // its reference: 20 letters
	Token     string // a personal access token: sbp_…
	UserAgent string
	Timeout   time.Duration // of one call; 0 is the default of [web.Options]
	Account   *Account      // of the calls; nil is one of its own
}

// Client asks for one project. It is safe for use by many goroutines.
type Client struct {
	web   *web.Client
	ref   string
	calls *Account
	asked bool // somebody waits for its reads, see [Client.Asked]
}

// New returns a client. No connection is made before the first call.
func New(opts Options) *Client {
	if opts.Base == "" {
		opts.Base = DefaultBase
	}
	if opts.Account == nil {
		opts.Account = NewAccount(nil)
	}
	return &Client{
		ref: opts.Project, calls: opts.Account,
		web: web.New(web.Options{
			Base: opts.Base, Token: opts.Token, UserAgent: opts.UserAgent, Timeout: opts.Timeout,
			Scope: "the token needs access to project " + opts.Project,
		}),
	}
}

// Asked is the same client for somebody who waits: the reads of a card, and of
// a change that is followed, are sent also when those of the screen have used
// their share up.
func (c *Client) Asked() *Client {
	asked := *c
	asked.asked = true
	return &asked
}

// Ref is the reference of the project.
func (c *Client) Ref() string { return c.ref }

// Close gives the kept connections back.
func (c *Client) Close() { c.web.Close() }

// call is one operation of the API on the project.
type call struct {
	method string     // "" is GET
	path   string     // below the project, with its leading slash; "" is the project itself
	query  url.Values // may be nil
	body   any        // nil sends none
	right  string     // what a scoped token needs for it: backups_read
	change bool       // it is sent whatever the account says
}

// do sends a call once and decodes its answer into out; nil throws it away.
func (c *Client) do(ctx context.Context, o call, out any) error {
	r := web.Request{
		Method: o.method, Path: "/v1/projects/" + url.PathEscape(c.ref) + o.path, Query: o.query, Body: o.body,
		Scope: "the token needs " + o.right + " for project " + c.ref,
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if wait := c.calls.take(o.change, c.asked); wait > 0 {
		return &model.Fail{
			Class: model.Limited, RetryAfter: wait,
			Text: fmt.Sprintf("supabase: not asked: %d calls were made within the last minute, the rest is for changes", readsMax),
		}
	}
	_, err := c.web.Send(ctx, r, out)
	if fail, ok := errors.AsType[*model.Fail](err); ok && fail.Class == model.Limited {
		if fail.RetryAfter == 0 {
			fail.RetryAfter = window // as the API's manual says
		}
		c.calls.hold(fail.RetryAfter)
	}
	return err
}

// get reads one thing of the project.
func get[T any](ctx context.Context, c *Client, path, right string, query url.Values) (T, error) {
	var out T
	err := c.do(ctx, call{path: path, query: query, right: right}, &out)
	return out, err
}

// Budget is how many calls are left: as the API says where it does, else of
// those that it allows in a minute less our own. Others with the same account
// are not seen then.
func (c *Client) Budget() model.Budget {
	if b, ok := c.web.Budget(); ok {
		return b
	}
	return c.calls.budget()
}

// Refused tells an answer that says no from a failure after which nobody knows
// whether a change was accepted: no answer at all, or a fault on their side.
func Refused(err error) bool {
	if fail, ok := errors.AsType[*model.Fail](err); ok && fail.Class == model.Limited {
		return true
	}
	answer, ok := errors.AsType[*web.StatusError](err)
	return ok && answer.Status < http.StatusInternalServerError
}
