// Package prom is a thin client of the query API of Prometheus, which Thanos,
// Mimir and VictoriaMetrics speak as well. It must not know what is asked for.
package prom

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// MaxSeries is the most series that one answer may have: what is asked for is
// to be summed or cut by the server.
const MaxSeries = 1000

// Options says which server is asked, and as whom.
type Options struct {
	Base      string // with the path before /api/v1
	User      string // sends Token as its password (HTTP Basic)
	Token     string // a bearer token where there is no User; "" sends none
	Tenant    string // X-Scope-OrgID, for Mimir; "" sends none
	UserAgent string
	Timeout   time.Duration // of one call; 0 is the default of [web.Options]
}

// Client asks one server. It is safe for use by many goroutines.
type Client struct {
	web  *web.Client
	base string
}

// New returns a client. No connection is made before the first call.
func New(opts Options) *Client {
	o := web.Options{
		Base: opts.Base, User: opts.User, Token: opts.Token, UserAgent: opts.UserAgent, Timeout: opts.Timeout,
		Scope: "the user or token needs the right to query",
	}
	if opts.Tenant != "" {
		o.Header = http.Header{"X-Scope-Orgid": {opts.Tenant}}
	}
	return &Client{web: web.New(o), base: web.Redact(opts.Base)}
}

// Close gives the kept connections back.
func (c *Client) Close() { c.web.Close() }

// Sample is one series at one instant.
type Sample struct {
	Labels map[string]string
	Value  *float64 // nil where the server has no number: NaN, infinity, a native histogram
}

// Series is one series over time, oldest first; instants without a number are
// left out.
type Series struct {
	Labels map[string]string
	Points []model.Point
}

// Query evaluates an expression now. No series is an empty list and no error:
// what it means is for the caller to say. A scalar is one series without labels.
// Source: GET /api/v1/query.
func (c *Client) Query(ctx context.Context, expression string) ([]Sample, error) {
	data, err := c.ask(ctx, "/api/v1/query", url.Values{"query": {expression}})
	if err != nil {
		return nil, err
	}
	if data.Type == "scalar" {
		var at point
		if err := c.decode(data.Result, &at); err != nil {
			return nil, err
		}
		return []Sample{{Labels: map[string]string{}, Value: at.value}}, nil
	}
	var rows []struct {
		Metric map[string]string `json:"metric"`
		Value  *point            `json:"value"`
	}
	if err := c.vector(data, "vector", &rows); err != nil {
		return nil, err
	}
	out := make([]Sample, 0, len(rows))
	for _, row := range rows {
		s := Sample{Labels: row.Metric}
		if row.Value != nil {
			s.Value = row.Value.value
		}
		out = append(out, s)
	}
	return out, c.tooMany(len(out))
}

// Range is a stretch of time and the distance of its points.
type Range struct {
	From, To time.Time
	Step     time.Duration
}

// QueryRange evaluates an expression at every step of a range.
// Source: GET /api/v1/query_range.
func (c *Client) QueryRange(ctx context.Context, expression string, r Range) ([]Series, error) {
	data, err := c.ask(ctx, "/api/v1/query_range", url.Values{
		"query": {expression}, "start": {seconds(r.From)}, "end": {seconds(r.To)},
		"step": {strconv.FormatFloat(r.Step.Seconds(), 'f', -1, 64) + "s"},
	})
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Metric map[string]string `json:"metric"`
		Values []point           `json:"values"`
	}
	if err := c.vector(data, "matrix", &rows); err != nil {
		return nil, err
	}
	out := make([]Series, 0, len(rows))
	for _, row := range rows {
		s := Series{Labels: row.Metric}
		for _, p := range row.Values {
			if p.value != nil {
				s.Points = append(s.Points, model.Point{At: p.at, Value: *p.value})
			}
		}
		out = append(out, s)
	}
	return out, c.tooMany(len(out))
}

// answer is the part of every answer that says what it is.
type answer struct {
	Type   string          `json:"resultType"`
	Result json.RawMessage `json:"result"`
}

func (c *Client) ask(ctx context.Context, path string, query url.Values) (answer, error) {
	var body struct {
		Status string `json:"status"`
		Data   answer `json:"data"`
	}
	if err := c.web.GetJSON(ctx, path, query, &body); err != nil {
		return answer{}, err
	}
	if body.Status != "success" {
		return answer{}, c.protocol("the answer has no status success")
	}
	return body.Data, nil
}

// vector decodes the series of an answer that must be of a kind.
func (c *Client) vector(data answer, kind string, rows any) error {
	if data.Type != kind {
		return c.protocol(fmt.Sprintf("the result is a %s where a %s is expected", data.Type, kind))
	}
	return c.decode(data.Result, rows)
}

func (c *Client) decode(raw json.RawMessage, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return c.protocol("the result is not as documented: " + err.Error())
	}
	return nil
}

func (c *Client) tooMany(n int) error {
	if n <= MaxSeries {
		return nil
	}
	fail := c.protocol(fmt.Sprintf("%d series, more than %d", n, MaxSeries))
	fail.Hint = "let the query sum them, or cut them by topk"
	return fail
}

func (c *Client) protocol(text string) *model.Fail {
	return &model.Fail{Class: model.Protocol, Text: c.base + ": " + text}
}

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// point is [seconds, "value"]; the value is a string so that NaN and the
// infinities fit, which are no number to show.
type point struct {
	at    time.Time
	value *float64
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *point) UnmarshalJSON(raw []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil {
		return err
	}
	var at float64
	var text string
	if err := json.Unmarshal(pair[0], &at); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[1], &text); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%q is no number", text)
	}
	p.at, p.value = time.UnixMilli(int64(at*1000)).UTC(), nil
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		p.value = &v
	}
	return nil
}
