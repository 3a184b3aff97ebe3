package sentry

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/web"
)

// MaxPage is the most issues that one call lists.
const MaxPage = 100

// Issue is a group of events with one cause.
type Issue struct {
	ID, ShortID  string
	Title        string
	Culprit      string // where it happened: a route, a function; ""
	Level        string // fatal, error, warning, info, debug
	Status       string // unresolved, resolved, ignored
	Substatus    string // new, ongoing, escalating, regressed, archived_…; ""
	Project      string // slug
	Link         string
	Count        *int64 // events in the period that was asked for; nil when it is not told
	Users        int    // that had it
	FirstSeen    time.Time
	LastSeen     time.Time
	FirstRelease string // version; only [Client.Issue] tells it; ""
	Assignee     Assignee
	IgnoredUntil time.Time // zero when it is not ignored, or for good
}

// Assignee is who takes care of an issue; the zero value is nobody.
type Assignee struct {
	Kind string // user, team
	ID   string
	Name string
}

// Actor is the assignee as a change names it: user:1; "" for nobody.
func (a Assignee) Actor() string {
	if a.ID == "" {
		return ""
	}
	return a.Kind + ":" + a.ID
}

// Unresolved lists the unresolved issues of a period with the most events, and
// whether there are more. Source: GET issues.
func (c *Client) Unresolved(ctx context.Context, period time.Duration, limit int) (out []Issue, more bool, err error) {
	q := c.query(period)
	q.Set("query", "is:unresolved")
	q.Set("sort", "freq")
	q.Set("limit", strconv.Itoa(min(limit, MaxPage)))
	q.Set("collapse", "stats")
	var page []issueBody
	next, err := c.page(ctx, web.Request{Path: c.path("issues"), Query: q, Scope: right("event:read")}, &page)
	if err != nil {
		return nil, false, err
	}
	for _, b := range page {
		out = append(out, b.issue())
	}
	return out, next != "", nil
}

// Issue reads one issue with the release in which it was first seen.
// Source: GET issues/{id}.
func (c *Client) Issue(ctx context.Context, id string) (Issue, error) {
	if !isID(id) {
		return Issue{}, c.unexpected(id + " is not the id of an issue")
	}
	q := c.query(0)
	q.Del("project")
	q.Set("collapse", "stats")
	var body issueBody
	if err := c.get(ctx, "event:read", c.path("issues", id), q, &body); err != nil {
		return Issue{}, err
	}
	return body.issue(), nil
}

// isID tells whether a text is the id of an issue: digits. A short id has a
// form of its own and would have to be looked up first.
func isID(id string) bool {
	return id != "" && strings.Trim(id, "0123456789") == ""
}

// Resolve marks an issue as resolved; its next event opens it again.
func (c *Client) Resolve(ctx context.Context, id string) error {
	return c.change(ctx, id, map[string]any{"status": "resolved"})
}

// Unresolve opens an issue again.
func (c *Client) Unresolve(ctx context.Context, id string) error {
	return c.change(ctx, id, map[string]any{"status": "unresolved"})
}

// Ignore silences an issue for a while, in whole minutes.
func (c *Client) Ignore(ctx context.Context, id string, lasting time.Duration) error {
	minutes := int(lasting.Round(time.Minute) / time.Minute)
	if minutes < 1 {
		return c.unexpected("an issue is ignored for a minute at least")
	}
	return c.change(ctx, id, map[string]any{
		"status": "ignored", "statusDetails": map[string]int{"ignoreDuration": minutes},
	})
}

// Assign gives an issue to somebody: user:1, team:2, a name; "" gives it to
// nobody.
func (c *Client) Assign(ctx context.Context, id, actor string) error {
	return c.change(ctx, id, map[string]any{"assignedTo": actor})
}

// change sends one change of one issue, once.
func (c *Client) change(ctx context.Context, id string, body any) error {
	if !isID(id) {
		return c.unexpected(id + " is not the id of an issue")
	}
	_, err := c.web.Send(ctx, web.Request{
		Method: http.MethodPut, Path: c.path("issues", id), Body: body, Scope: right("event:write"),
	}, nil)
	return err
}

// issueBody is an issue as lists and single answers write it.
type issueBody struct {
	ID            string          `json:"id"`
	ShortID       string          `json:"shortId"`
	Title         string          `json:"title"`
	Culprit       string          `json:"culprit"`
	Permalink     string          `json:"permalink"`
	Level         string          `json:"level"`
	Status        string          `json:"status"`
	Substatus     string          `json:"substatus"`
	Count         json.RawMessage `json:"count"` // a text with a number
	UserCount     int             `json:"userCount"`
	FirstSeen     *time.Time      `json:"firstSeen"`
	LastSeen      *time.Time      `json:"lastSeen"`
	FirstRelease  *release        `json:"firstRelease"`
	StatusDetails struct {
		IgnoreUntil *time.Time `json:"ignoreUntil"`
	} `json:"statusDetails"`
	Project struct {
		Slug string `json:"slug"`
	} `json:"project"`
	AssignedTo *struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"assignedTo"`
}

// release is the part of a release that names it.
type release struct {
	Version      string `json:"version"`
	ShortVersion string `json:"shortVersion"`
}

func (r *release) name() string {
	if r == nil {
		return ""
	}
	if r.ShortVersion != "" {
		return r.ShortVersion
	}
	return r.Version
}

func (b issueBody) issue() Issue {
	i := Issue{
		ID: b.ID, ShortID: b.ShortID, Title: b.Title, Culprit: b.Culprit, Level: b.Level, Status: b.Status,
		Substatus: b.Substatus, Project: b.Project.Slug, Link: b.Permalink, Count: counted(b.Count), Users: b.UserCount,
		FirstSeen: instant(b.FirstSeen), LastSeen: instant(b.LastSeen), FirstRelease: b.FirstRelease.name(),
		IgnoredUntil: instant(b.StatusDetails.IgnoreUntil),
	}
	if a := b.AssignedTo; a != nil {
		i.Assignee = Assignee{Kind: a.Type, ID: a.ID, Name: a.Name}
	}
	return i
}

// counted reads a number that is written as a text; nil when it is neither.
func counted(raw json.RawMessage) *int64 {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

// instant is the time in UTC; nil is no time.
func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
