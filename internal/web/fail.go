package web

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tocsin/internal/model"
)

// textMax bounds how much of a server's own words goes into an error, in bytes.
const textMax = 200

// StatusError is an answer with a status that says no. It unwraps to a
// [model.Fail].
type StatusError struct {
	Status  int
	Code    string // the machine word of the answer; "" when it has none
	Message string // the server's own words; "" when it has none
	fail    *model.Fail
}

// Error says what was asked, and what the server said.
func (e *StatusError) Error() string { return e.fail.Error() }

// Unwrap gives the failure with its class.
func (e *StatusError) Unwrap() error { return e.fail }

// fail makes a failure of a request. The query is left out: it may hold what
// is nobody's business.
func (c *Client) fail(r Request, class model.Class, text string) *model.Fail {
	return &model.Fail{Class: class, Text: fmt.Sprintf("%s %s: %s", r.Method, Redact(c.opts.Base+r.Path), c.hide(text))}
}

// hide removes the token from words that came from outside.
func (c *Client) hide(text string) string {
	if c.opts.Token == "" {
		return text
	}
	return strings.ReplaceAll(text, c.opts.Token, "***")
}

// Redact gives an address without user, password, query and fragment.
func Redact(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// noAnswer is a request without a whole answer.
func (c *Client) noAnswer(r Request, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s %s: %w", r.Method, Redact(c.opts.Base+r.Path), context.Canceled)
	}
	class, text, hint := Explain(err)
	fail := c.fail(r, class, text)
	fail.Hint = hint
	return fail
}

// Explain says in plain words why a connection did not give a whole answer:
// its class, the text, and what to do about it where that is known. The
// address is left out, the caller knows it.
func Explain(err error) (class model.Class, text, hint string) {
	var (
		timeout net.Error
		noName  *net.DNSError
		badCert *tls.CertificateVerificationError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return model.Down, "no answer in time", ""
	case errors.As(err, &noName):
		return model.Down, noName.Err + ": " + noName.Name, ""
	case errors.Is(err, syscall.ECONNREFUSED):
		return model.Down, "connection refused", ""
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return model.Down, "the connection was dropped before the answer was whole", ""
	case errors.As(err, &badCert), errors.As(err, new(x509.UnknownAuthorityError)):
		return model.Broken, "certificate not accepted: " + innermost(err).Error(), "check the name, the end of the certificate and this machine's clock"
	case errors.As(err, &record):
		return model.Protocol, "no TLS is spoken there", "check http and https in the address"
	}
	if dial := (*net.OpError)(nil); errors.As(err, &dial) {
		return model.Down, innermost(err).Error(), ""
	}
	return model.Protocol, innermost(err).Error(), ""
}

// innermost follows an error to where it began: the layers of net/http repeat
// the address, with its query.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// refused turns an answer that is not a success into an error.
func (c *Client) refused(r Request, resp *http.Response, body []byte) error {
	code, message := words(body)
	message = c.hide(message)
	text := http.StatusText(resp.StatusCode)
	if message != "" {
		text = message
	}
	class, hint := c.meaning(r, resp.StatusCode)
	fail := c.fail(r, class, fmt.Sprintf("%d: %s", resp.StatusCode, text))
	fail.Hint, fail.RetryAfter = hint, RetryAfter(resp.Header, time.Now())
	return &StatusError{Status: resp.StatusCode, Code: code, Message: message, fail: fail}
}

func (c *Client) meaning(r Request, status int) (class model.Class, hint string) {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		if c.opts.Token == "" {
			return model.Denied, "no token is configured"
		}
		return model.Denied, cmp.Or(r.Scope, c.opts.Scope)
	case status == http.StatusPaymentRequired:
		return model.Denied, "the plan does not include it"
	case status == http.StatusNotFound || status == http.StatusGone:
		return model.Missing, ""
	case status == http.StatusTooManyRequests:
		return model.Limited, ""
	}
	return model.Protocol, ""
}

// words finds a server's own explanation in the shapes in use:
// {"error":{"code","message"}}, the same as "err", {"detail":""},
// {"message":""}, or plain text.
func words(body []byte) (code, message string) {
	type said struct {
		Code    any    `json:"code"`
		Message string `json:"message"`
		Detail  string `json:"detail"`
	}
	var outer map[string]json.RawMessage
	if json.Unmarshal(body, &outer) != nil {
		return "", FirstLine(string(body))
	}
	inner := json.RawMessage(body)
	for _, name := range []string{"error", "err"} {
		if raw, ok := outer[name]; ok {
			inner = raw
		}
	}
	var s said
	if json.Unmarshal(inner, &s) != nil {
		var text string
		_ = json.Unmarshal(inner, &text) // {"error":"text"}; anything else leaves ""
		return "", FirstLine(text)
	}
	if s.Code != nil {
		code = FirstLine(fmt.Sprint(s.Code))
	}
	return code, FirstLine(s.Message + s.Detail)
}

// FirstLine gives the first line of what a server says, cut short; "" of
// markup, which says nothing to a reader.
func FirstLine(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "<") {
		return ""
	}
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > textMax {
		text = strings.ToValidUTF8(text[:textMax], "") + "..."
	}
	return text
}

// RetryAfter reads Retry-After, seconds or a date; 0 when there is none.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
