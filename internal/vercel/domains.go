package vercel

import (
	"context"
	"net/url"
	"time"
)

// Domain is a host name of the project's production.
type Domain struct {
	Name     string
	Redirect string // where it sends visitors; "" where it serves them
	Verified bool   // Vercel knows that it belongs to the project
}

// Domains lists the host names of production.
// Source: GET /v9/projects/{idOrName}/domains.
func (c *Client) Domains(ctx context.Context) ([]Domain, error) {
	q := c.query()
	q.Set("production", "true")
	q.Set("limit", "100")
	var out []Domain
	err := pages(ctx, c, "/v9/projects/"+url.PathEscape(c.project)+"/domains", q, func(page struct {
		pagination

		Domains []struct {
			Name     string `json:"name"`
			Redirect string `json:"redirect"`
			Verified bool   `json:"verified"`
		} `json:"domains"`
	}) (ids []string, next float64) {
		for _, d := range page.Domains {
			ids = append(ids, d.Name)
			out = append(out, Domain(d))
		}
		return ids, page.next()
	})
	return out, err
}

// Alias is a name under which a deployment answers.
type Alias struct {
	Name       string
	Deployment string // id
}

// Aliases lists the names of all deployments of a project, given by its id,
// newest first. Source: GET /v4/aliases.
func (c *Client) Aliases(ctx context.Context, projectID string) ([]Alias, error) {
	q := c.query()
	q.Set("projectId", projectID)
	q.Set("limit", "100")
	var out []Alias
	err := pages(ctx, c, "/v4/aliases", q, func(page struct {
		pagination

		Aliases []struct {
			Alias        string `json:"alias"`
			DeploymentID string `json:"deploymentId"`
		} `json:"aliases"`
	}) (ids []string, next float64) {
		for _, a := range page.Aliases {
			ids = append(ids, a.Alias)
			out = append(out, Alias{a.Alias, a.DeploymentID})
		}
		return ids, page.next()
	})
	return out, err
}

// Misconfigured tells whether a domain does not point to Vercel, so that
// nothing is served and no certificate is renewed.
// Source: GET /v6/domains/{domain}/config.
func (c *Client) Misconfigured(ctx context.Context, domain string) (bool, error) {
	q := c.query()
	q.Set("projectIdOrName", c.project)
	var out struct {
		Misconfigured bool `json:"misconfigured"`
	}
	err := c.web.GetJSON(ctx, "/v6/domains/"+url.PathEscape(domain)+"/config", q, &out)
	return out.Misconfigured, err
}

// Certificate is a TLS certificate of the account.
type Certificate struct {
	ID    string
	Names []string // host names, one may begin with *.
	Ends  time.Time
	Renew bool // Vercel renews it by itself
}

// Certificates lists the certificates of the account, those of its other
// projects too. Source: GET /v8/certs.
func (c *Client) Certificates(ctx context.Context) ([]Certificate, error) {
	var out []Certificate
	err := pages(ctx, c, "/v8/certs", c.query(), func(page struct {
		pagination

		Certs []struct {
			ID    string   `json:"id"`
			CNs   []string `json:"cns"`
			Ends  float64  `json:"expiresAt"`
			Renew bool     `json:"autoRenew"`
		} `json:"certs"`
	}) (ids []string, next float64) {
		for _, cert := range page.Certs {
			ids = append(ids, cert.ID)
			out = append(out, Certificate{ID: cert.ID, Names: cert.CNs, Ends: millis(cert.Ends), Renew: cert.Renew})
		}
		return ids, page.next()
	})
	return out, err
}
