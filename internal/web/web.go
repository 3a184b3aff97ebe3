// Package web is the one manner in which tocsin speaks HTTP to the services
// around it: every call has an end, every answer a size limit, nothing is sent
// twice, and every failure says what, where and whose turn it is. It must not
// know any service in particular, nor decide when to ask again: the scheduler
// does, with the pause that a failure carries.
package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/model"
)

const (
	// MaxBody is the most bytes of one answer that are read, after decompression.
	MaxBody = 10 << 20
	// MaxRedirects is how often a read follows a redirect; a change follows none.
	MaxRedirects = 3

	defaultTimeout = 10 * time.Second
	dialTimeout    = 5 * time.Second
)

// Options says where a [Client] speaks to, and as whom.
type Options struct {
	Base      string        // scheme, host and an optional path before all others
	Token     string        // sent as a bearer token; "" sends none
	User      string        // sends Token as the password of this user instead (HTTP Basic)
	UserAgent string        // tocsin/VERSION
	Timeout   time.Duration // of one call with its body, and until a stream begins; 0 is 10 s
	Idle      time.Duration // how long a stream may be silent; 0 is [StreamIdle]
	Scope     string        // the right that the token needs, told when it is refused
	Header    http.Header   // sent with every request; nil sends none
}

// Client speaks to one base address. It is safe for use by many goroutines and
// keeps at most two connections beside those of its streams.
type Client struct {
	opts    Options
	http    *http.Client
	streams *http.Client // connections of their own: a stream keeps one for as long as it lasts
	quota   quota
	seen    seen
}

// Request is one call in full.
type Request struct {
	Method string
	Path   string // escaped, with its leading slash
	Query  url.Values
	Body   any               // sent as JSON; nil sends none
	Accept string            // what the answer may be; "" is application/json
	Scope  string            // the right that this call needs; "" is that of [Options]
	Seen   func(http.Header) // is shown the header of the answer; may be nil
}

// New returns a client. No connection is made before the first call.
func New(opts Options) *Client {
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.Idle <= 0 {
		opts.Idle = StreamIdle
	}
	opts.Base = strings.TrimSuffix(opts.Base, "/")
	few := func(most int) *http.Client {
		transport := Transport()
		transport.MaxConnsPerHost = most
		return &http.Client{Transport: transport, CheckRedirect: redirect}
	}
	return &Client{opts: opts, http: few(2), streams: few(4)}
}

// Transport returns connections in tocsin's manner: the proxy comes from the
// environment, and connecting and the handshake have ends of their own.
func Transport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// redirect bounds the redirects of a read. A change is not sent to an address
// that nobody chose.
func redirect(r *http.Request, via []*http.Request) error {
	if via[0].Method != http.MethodGet {
		return http.ErrUseLastResponse
	}
	if len(via) > MaxRedirects {
		return fmt.Errorf("more than %d redirects", MaxRedirects)
	}
	return nil
}

// Close gives the kept connections back.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.streams.CloseIdleConnections()
}

// GetJSON reads path and decodes its JSON into out.
func (c *Client) GetJSON(ctx context.Context, path string, query url.Values, out any) error {
	_, err := c.Send(ctx, Request{Method: http.MethodGet, Path: path, Query: query}, out)
	return err
}

// GetBytes reads path as it is.
func (c *Client) GetBytes(ctx context.Context, path string, query url.Values) ([]byte, error) {
	_, body, err := c.call(ctx, Request{Method: http.MethodGet, Path: path, Query: query}, "*/*")
	return body, err
}

// Send sends a request once and decodes the JSON answer into out; nil throws
// the answer away. It returns the HTTP status, 0 when there was no answer.
func (c *Client) Send(ctx context.Context, r Request, out any) (status int, err error) {
	status, body, err := c.call(ctx, r, cmp.Or(r.Accept, "application/json"))
	if err != nil || out == nil {
		return status, err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return status, c.fail(r, model.Protocol, "the answer is not the JSON expected: "+jsonFault(err))
	}
	return status, nil
}

func (c *Client) call(ctx context.Context, r Request, accept string) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	if err := c.spent(r, time.Now()); err != nil {
		return 0, nil, err
	}
	req, err := c.request(ctx, r, accept)
	if err != nil {
		return 0, nil, err
	}
	known, again := c.seen.ask(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, c.noAnswer(r, err)
	}
	defer resp.Body.Close()
	c.quota.note(r.Path, resp.Header, time.Now())
	if r.Seen != nil {
		r.Seen(resp.Header)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	switch {
	case resp.StatusCode == http.StatusNotModified && again:
		return http.StatusOK, known, nil
	case resp.StatusCode >= 300: // the status says more than a body that broke off
		return resp.StatusCode, nil, c.refused(r, resp, body)
	case err != nil:
		return resp.StatusCode, nil, c.noAnswer(r, err)
	case len(body) > MaxBody:
		return resp.StatusCode, nil, c.fail(r, model.Protocol, fmt.Sprintf("the answer is larger than %d MB", MaxBody>>20))
	}
	c.seen.keep(req, resp, body)
	return resp.StatusCode, body, nil
}

func (c *Client) request(ctx context.Context, r Request, accept string) (*http.Request, error) {
	var body io.Reader
	if r.Body != nil {
		raw, err := json.Marshal(r.Body)
		if err != nil {
			return nil, c.fail(r, model.Broken, "encode the request: "+err.Error())
		}
		body = bytes.NewReader(raw)
	}
	target := c.opts.Base + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, c.fail(r, model.Broken, "not an address")
	}
	for name, values := range c.opts.Header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", accept)
	if c.opts.UserAgent != "" {
		req.Header.Set("User-Agent", c.opts.UserAgent)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case c.opts.User != "":
		req.SetBasicAuth(c.opts.User, c.opts.Token)
	case c.opts.Token != "":
		req.Header.Set("Authorization", "Bearer "+c.opts.Token)
	}
	return req, nil
}

// jsonFault says which field did not fit, without the value that was there.
func jsonFault(err error) string {
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s where %s is expected in %q", typed.Value, typed.Type, typed.Field)
	}
	return err.Error()
}
