// Package vercel is a thin client of the Vercel REST API: the deployments of
// one project and the switches between them, its logs, domains, firewall and
// caches. It must not decide what to do with an answer, nor wait for a change
// to end.
package vercel

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

const (
	// DefaultBase is the address of the API.
	DefaultBase = "https://api.vercel.com"
	// MaxPage is the most deployments that one call lists.
	MaxPage = 100
)

// Options says which project is meant and who asks.
type Options struct {
	Base      string // "" is [DefaultBase]
	Project   string // id or name
	Team      string // slug, or id beginning with team_; "" is the personal account
	Token     string
	UserAgent string
	Timeout   time.Duration // of one call; 0 is the default of [web.Options]
}

// Client asks for one project. It is safe for use by many goroutines.
type Client struct {
	web     *web.Client
	project string
	team    string
}

// New returns a client. No connection is made before the first call.
func New(opts Options) *Client {
	if opts.Base == "" {
		opts.Base = DefaultBase
	}
	return &Client{
		project: opts.Project, team: opts.Team,
		web: web.New(web.Options{
			Base: opts.Base, Token: opts.Token, UserAgent: opts.UserAgent, Timeout: opts.Timeout,
			Scope: "the token needs access to " + scope(opts),
		}),
	}
}

func scope(opts Options) string {
	if opts.Team == "" {
		return "project " + opts.Project
	}
	return "project " + opts.Project + " of team " + opts.Team
}

// Name is the project that the client was made for, as configured.
func (c *Client) Name() string { return c.project }

// Budget is what is left of the calls that Vercel allows; not ok where it did
// not say so.
func (c *Client) Budget() (model.Budget, bool) { return c.web.Budget() }

// Close gives the kept connections back.
func (c *Client) Close() { c.web.Close() }

// Deployments lists the newest production deployments, newest first, at most
// limit and at most [MaxPage]. Source: GET /v7/deployments.
func (c *Client) Deployments(ctx context.Context, limit int) ([]Deployment, error) {
	q := c.query()
	q.Set("projectId", c.project)
	q.Set("target", "production")
	q.Set("limit", strconv.Itoa(min(limit, MaxPage)))
	var page struct {
		Deployments []deploymentBody `json:"deployments"`
	}
	if err := c.web.GetJSON(ctx, "/v7/deployments", q, &page); err != nil {
		return nil, err
	}
	out := make([]Deployment, 0, len(page.Deployments))
	for _, d := range page.Deployments {
		out = append(out, d.deployment())
	}
	return out, nil
}

// Deployment reads one deployment by its id or host name.
// Source: GET /v13/deployments/{idOrUrl}.
func (c *Client) Deployment(ctx context.Context, idOrURL string) (Deployment, error) {
	var body deploymentBody
	err := c.web.GetJSON(ctx, "/v13/deployments/"+url.PathEscape(idOrURL), c.query(), &body)
	if err != nil {
		return Deployment{}, err
	}
	return body.deployment(), nil
}

// Project reads the project with its newest switch of production.
// Source: GET /v9/projects/{idOrName}.
func (c *Client) Project(ctx context.Context) (Project, error) {
	var body projectBody
	if err := c.web.GetJSON(ctx, "/v9/projects/"+url.PathEscape(c.project), c.query(), &body); err != nil {
		return Project{}, err
	}
	return body.project(), nil
}

// Live returns the id of the deployment that serves production; not ok when
// there is none. Source: GET /projects/{id}/production-deployment, which also
// answers 404 for a project that does not exist.
func (c *Client) Live(ctx context.Context) (id string, ok bool, err error) {
	var body struct {
		Deployment struct {
			ID string `json:"id"`
		} `json:"deployment"`
	}
	err = c.web.GetJSON(ctx, "/projects/"+url.PathEscape(c.project)+"/production-deployment", c.query(), &body)
	if refused, is := errors.AsType[*web.StatusError](err); is && refused.Status == http.StatusNotFound {
		return "", false, nil
	}
	return body.Deployment.ID, body.Deployment.ID != "", err
}

// Rollback asks to point production at a deployment that served before. It
// returns when Vercel has accepted; [Client.Project] tells how it goes on.
// Promotion of new builds is off afterwards.
// Source: POST /v1/projects/{projectId}/rollback/{deploymentId}.
func (c *Client) Rollback(ctx context.Context, id string) error {
	return c.change(ctx, "/v1/projects/", "/rollback/", id)
}

// Promote asks to point production at a production build without building it
// anew, and turns promotion of new builds on. It returns when Vercel has
// accepted; a promote may wait behind a rolling release.
// Source: POST /v10/projects/{projectId}/promote/{deploymentId}.
func (c *Client) Promote(ctx context.Context, id string) error {
	return c.change(ctx, "/v10/projects/", "/promote/", id)
}

// change sends a switch once, without a body: the contract has none.
func (c *Client) change(ctx context.Context, projects, verb, id string) error {
	_, err := c.web.Send(ctx, web.Request{
		Method: http.MethodPost,
		Path:   projects + url.PathEscape(c.project) + verb + url.PathEscape(id),
		Query:  c.query(),
	}, nil)
	return err
}

func (c *Client) query() url.Values {
	q := url.Values{}
	switch {
	case strings.HasPrefix(c.team, "team_"):
		q.Set("teamId", c.team)
	case c.team != "":
		q.Set("slug", c.team)
	}
	return q
}
