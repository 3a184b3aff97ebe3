package vercel

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"tocsin/internal/web"
)

// Redeploy asks to build a deployment's source anew for production, and
// returns the id of the new deployment, which is not built yet then. The new
// build has the environment variables of today, not those of the old one.
// Source: POST /v13/deployments.
func (c *Client) Redeploy(ctx context.Context, id, project string) (created string, err error) {
	q := c.query()
	q.Set("forceNew", "1")
	var out struct {
		ID string `json:"id"`
	}
	_, err = c.web.Send(ctx, web.Request{Method: http.MethodPost, Path: "/v13/deployments", Query: q, Body: map[string]any{
		"deploymentId": id, "name": project, "target": "production", "meta": map[string]string{"action": "redeploy"},
	}}, &out)
	return out.ID, err
}

// CancelBuild asks to end a build that is queued or under way.
// Source: PATCH /v12/deployments/{id}/cancel.
func (c *Client) CancelBuild(ctx context.Context, id string) error {
	_, err := c.web.Send(ctx, web.Request{Method: http.MethodPatch, Path: "/v12/deployments/" + url.PathEscape(id) + "/cancel", Query: c.query()}, nil)
	return err
}

// FailedAliases lists the host names that a rollback or promote could not
// move, at most those of one answer.
// Source: GET /v9/projects/{id}/rollback/aliases, /v1/projects/{id}/promote/aliases.
func (c *Client) FailedAliases(ctx context.Context, kind string) ([]string, error) {
	version := map[string]string{"rollback": "/v9", "promote": "/v1"}[kind]
	q := c.query()
	q.Set("failedOnly", "true")
	var out struct {
		Aliases []struct {
			Alias  aliasName `json:"alias"`
			Status string    `json:"status"`
		} `json:"aliases"`
	}
	err := c.web.GetJSON(ctx, version+"/projects/"+url.PathEscape(c.project)+"/"+kind+"/aliases", q, &out)
	var names []string
	for _, a := range out.Aliases {
		if a.Status == "failed" {
			names = append(names, string(a.Alias))
		}
	}
	return names, err
}

// Variable is an environment variable; its value is never asked for.
type Variable struct {
	Key        string
	Production bool
	Updated    time.Time // zero when it is not told
}

// Environment lists the environment variables of the project by name.
// Source: GET /v10/projects/{idOrName}/env.
func (c *Client) Environment(ctx context.Context) ([]Variable, error) {
	type row struct {
		Key       string  `json:"key"`
		Target    oneOf   `json:"target"`
		CreatedAt float64 `json:"createdAt"`
		UpdatedAt float64 `json:"updatedAt"`
	}
	var out []Variable
	err := pages(ctx, c, "/v10/projects/"+url.PathEscape(c.project)+"/env", c.query(), func(page struct {
		row
		pagination

		Envs []row `json:"envs"`
	}) (ids []string, next float64) {
		rows := page.Envs
		if page.Key != "" { // a project with one variable may be answered with just that
			rows = append(rows, page.row)
		}
		for _, r := range rows {
			ids = append(ids, r.Key+r.Target.all())
			out = append(out, Variable{Key: r.Key, Production: r.Target.has("production"), Updated: millis(max(r.CreatedAt, r.UpdatedAt))})
		}
		return ids, page.next()
	})
	return out, err
}
