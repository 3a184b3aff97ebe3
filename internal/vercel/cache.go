package vercel

import (
	"context"
	"net/http"

	"tocsin/internal/web"
)

// The limits of one purge.
const (
	MaxTags   = 16
	MaxTagLen = 256
)

// Purge says what of the CDN's cache is meant: what carries one of the tags, or
// what was made of one of the images. Exactly one of them is set.
type Purge struct {
	Tags   []string
	Images []string // paths or addresses of source images
}

// Invalidate asks to mark it as stale: the next visitor of each page gets the
// old one once more while it is made anew. The runtime and data caches are
// purged with it. Source: POST /v1/edge-cache/invalidate-by-tags, -by-src-images.
func (c *Client) Invalidate(ctx context.Context, p Purge) error { return c.purge(ctx, "invalidate", p) }

// Delete asks to remove it: every visitor waits until it is made anew.
// Source: POST /v1/edge-cache/dangerously-delete-by-tags, -by-src-images.
func (c *Client) Delete(ctx context.Context, p Purge) error {
	return c.purge(ctx, "dangerously-delete", p)
}

func (c *Client) purge(ctx context.Context, how string, p Purge) error {
	by, body := "tags", map[string]any{"tags": p.Tags, "target": "production"}
	if len(p.Images) > 0 {
		by, body = "src-images", map[string]any{"srcImages": p.Images}
	}
	q := c.query()
	q.Set("projectIdOrName", c.project)
	_, err := c.web.Send(ctx, web.Request{Method: http.MethodPost, Path: "/v1/edge-cache/" + how + "-by-" + by, Query: q, Body: body}, nil)
	return err
}
