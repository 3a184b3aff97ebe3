package collectors

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/web"
)

// GaugeOptions say what a number of the business is.
type GaugeOptions struct {
	Name       string
	Definition string
	Unit       string
	MinBase    int // whole below which a share is not known
}

func (o GaugeOptions) gauge() model.Gauge {
	return model.Gauge{Name: o.Name, Definition: o.Definition, Unit: o.Unit, MinBase: o.MinBase}
}

// SQLGauge asks a database for a number, or for a part and its whole.
// Source: one statement from the configuration, in a read-only transaction.
type SQLGauge struct {
	GaugeOptions

	Server *pg.Server
	SQL    string
}

// Collect runs the statement once.
func (g SQLGauge) Collect(ctx context.Context) (model.Gauge, error) {
	got, err := pg.Read(ctx, g.Server.Own(), func(ctx context.Context, s *pg.Session) ([]*float64, error) {
		return pg.Numbers(ctx, s, g.SQL)
	})
	if err != nil {
		return model.Gauge{}, fmt.Errorf("gauge %s: %w", g.Name, err)
	}
	out := g.gauge()
	switch {
	case len(got) == 1 && got[0] != nil:
		out.Value = got[0]
	case len(got) == 2 && got[0] != nil && got[1] != nil:
		out = out.Share(*got[0], *got[1])
	case len(got) == 1 || len(got) == 2:
		out.Why = "the database gives NULL"
	default:
		return out, &model.Fail{
			Class: model.Protocol, Text: fmt.Sprintf("gauge %s: the statement gives %d columns", g.Name, len(got)),
			Hint: "one number, or two for a share: the part and the whole",
		}
	}
	return out, nil
}

// HTTPGauge asks an HTTP server for a number, or for a part and its whole.
// Source: one request of the configuration, answered with JSON.
type HTTPGauge struct {
	opts   GaugeOptions
	client *web.Client
	query  url.Values
	part   string // path of the number
	whole  string // path of the whole; "" where it is no share
}

// HTTPGaugeOptions say where a number is.
type HTTPGaugeOptions struct {
	GaugeOptions

	URL       string
	JSON      string // names and places in lists joined by dots
	Of        string // the same for the whole; "" where it is no share
	Token     string
	UserAgent string
}

// NewHTTPGauge makes the source; no connection is made before the first reading.
func NewHTTPGauge(o HTTPGaugeOptions) *HTTPGauge {
	base, raw, _ := strings.Cut(o.URL, "?")
	query, err := url.ParseQuery(raw)
	if err != nil {
		base, query = o.URL, nil // the server says what is wrong with it
	}
	return &HTTPGauge{
		opts: o.GaugeOptions, query: query, part: o.JSON, whole: o.Of,
		client: web.New(web.Options{Base: base, Token: o.Token, UserAgent: o.UserAgent}),
	}
}

// Close gives the kept connection back.
func (g *HTTPGauge) Close() { g.client.Close() }

// Collect asks once.
func (g *HTTPGauge) Collect(ctx context.Context) (model.Gauge, error) {
	out := g.opts.gauge()
	var body any
	if err := g.client.GetJSON(ctx, "", g.query, &body); err != nil {
		return out, fmt.Errorf("gauge %s: %w", out.Name, err)
	}
	part, err := numberAt(body, g.part)
	if err == nil && g.whole == "" {
		out.Value = &part
		return out, nil
	}
	whole := 0.0
	if err == nil {
		whole, err = numberAt(body, g.whole)
	}
	if err != nil {
		return out, fmt.Errorf("gauge %s: %w", out.Name, &model.Fail{Class: model.Protocol, Text: err.Error()})
	}
	return out.Share(part, whole), nil
}

// numberAt follows a path of names, and of places in lists, to a number; one
// that is written as a text counts.
func numberAt(body any, path string) (float64, error) {
	at := body
	for _, step := range strings.Split(path, ".") {
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return 0, fmt.Errorf("the answer has no place %q of %s", step, path)
			}
			at = v[i]
		default:
			return 0, fmt.Errorf("the answer has no %q of %s", step, path)
		}
	}
	n, ok := at.(float64)
	if text, is := at.(string); is {
		v, err := strconv.ParseFloat(text, 64)
		n, ok = v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	if !ok {
		return 0, fmt.Errorf("%s of the answer is no number", path)
	}
	return n, nil
}
