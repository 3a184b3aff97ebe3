package vercel

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Log is one entry of a log.
type Log struct {
	At      time.Time
	Level   string // error, warning, info; "" when it is not told
	Text    string // may have several lines
	Cut     bool   // Vercel or we left a part of it out
	Request        // of a runtime log
}

// Request is the request that an entry belongs to; its zero value is none.
type Request struct {
	Method string
	Path   string
	Domain string
	Status int
}

// ErrTimeLimit ends a runtime log whose time is up: it may be asked for again.
var ErrTimeLimit = errors.New("the stream's time limit was reached")

// RuntimeLog gives what a deployment logs from here on, until ctx ends, take
// returns an error, or the stream ends: with [ErrTimeLimit] where its time is
// up. Source: GET /v1/projects/{id}/deployments/{id}/runtime-logs.
func (c *Client) RuntimeLog(ctx context.Context, id string, take func(Log) error) error {
	path := "/v1/projects/" + url.PathEscape(c.project) + "/deployments/" + url.PathEscape(id) + "/runtime-logs"
	return c.web.Stream(ctx, path, c.query(), func(value []byte, cut bool) error {
		if cut {
			return take(Log{Text: "an entry that is too long was left out", Level: "warning", Cut: true})
		}
		var row struct {
			Level     string  `json:"level"`
			Message   string  `json:"message"`
			RowID     string  `json:"rowId"`
			Source    string  `json:"source"`
			At        float64 `json:"timestampInMs"`
			Domain    string  `json:"domain"`
			Truncated bool    `json:"messageTruncated"`
			Method    string  `json:"requestMethod"`
			Path      string  `json:"requestPath"`
			Status    float64 `json:"responseStatusCode"`
		}
		if err := json.Unmarshal(value, &row); err != nil {
			return c.web.Undecoded(path, err)
		}
		if row.RowID == "" && row.Level == "error" && row.Source == "delimiter" {
			return ErrTimeLimit
		}
		return take(Log{
			At: millis(row.At), Level: row.Level, Text: row.Message, Cut: row.Truncated,
			Request: Request{Method: row.Method, Path: row.Path, Domain: row.Domain, Status: max(int(row.Status), 0)},
		})
	})
}

// BuildLog gives the log of a build from its beginning; with follow it goes on
// until the build ends. Source: GET /v3/deployments/{id}/events.
func (c *Client) BuildLog(ctx context.Context, id string, follow bool, take func(Log) error) error {
	q := c.query()
	q.Set("builds", "1")
	q.Set("direction", "forward")
	q.Set("limit", "-1")
	q.Set("follow", strconv.Itoa(btoi(follow)))
	path := "/v3/deployments/" + url.PathEscape(id) + "/events"
	return c.web.Stream(ctx, path, q, func(value []byte, cut bool) error {
		if cut {
			return take(Log{Text: "an entry that is too long was left out", Level: "warning", Cut: true})
		}
		entry, ok, err := buildEntry(value)
		switch {
		case err != nil:
			return c.web.Undecoded(path, err)
		case !ok:
			return nil
		}
		return take(entry)
	})
}

// buildEntry reads one event; not ok for what is no line of the log. Its text
// stands in the event or in its payload.
func buildEntry(value []byte) (entry Log, ok bool, err error) {
	var row struct {
		Type    string  `json:"type"`
		Created float64 `json:"created"`
		Text    string  `json:"text"`
		Level   string  `json:"level"`
		Payload struct {
			Text string `json:"text"`
		} `json:"payload"`
	}
	if err := json.Unmarshal(value, &row); err != nil {
		return Log{}, false, err
	}
	text := strings.TrimRight(first(row.Text, row.Payload.Text), "\r\n")
	if row.Created == 0 || text == "" { // a sign of life, or a change of state
		return Log{}, false, nil
	}
	level := row.Level
	if level == "" && (row.Type == "stderr" || row.Type == "fatal") {
		level = map[string]string{"stderr": "warning", "fatal": "error"}[row.Type]
	}
	return Log{At: millis(row.Created), Level: level, Text: text}, true, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func millisText(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
