package supabase

import (
	"context"
	"net/http"
	"net/url"
)

// Services are those whose health is asked for.
func Services() []string { return []string{"db", "auth", "rest", "realtime", "storage", "pooler"} }

// Project reads the state of the project. Source: GET /v1/projects/{ref}.
func (c *Client) Project(ctx context.Context) (Project, error) {
	return get[Project](ctx, c, "", "project_admin_read", nil)
}

// Health reads how each of [Services] is. Source: GET /health.
func (c *Client) Health(ctx context.Context) ([]Service, error) {
	return get[[]Service](ctx, c, "/health", "project_admin_read", url.Values{"services": Services()})
}

// Backups lists the backups. Source: GET /database/backups.
func (c *Client) Backups(ctx context.Context) (Backups, error) {
	return get[Backups](ctx, c, "/database/backups", "backups_read", nil)
}

// Poolers lists the pooler of the primary and of each read replica.
// Source: GET /config/database/pooler.
func (c *Client) Poolers(ctx context.Context) ([]Pooler, error) {
	return get[[]Pooler](ctx, c, "/config/database/pooler", "database_pooling_config_read", nil)
}

// Postgres reads the settings that differ from the defaults of the compute
// size, by name. Source: GET /config/database/postgres.
func (c *Client) Postgres(ctx context.Context) (map[string]any, error) {
	return get[map[string]any](ctx, c, "/config/database/postgres", "database_config_read", nil)
}

// Disk reads what the disk is. Source: GET /config/disk.
func (c *Client) Disk(ctx context.Context) (Disk, error) {
	return get[Disk](ctx, c, "/config/disk", "infra_disk_config_read", nil)
}

// DiskUse reads how full the disk is. Source: GET /config/disk/util.
func (c *Client) DiskUse(ctx context.Context) (DiskUse, error) {
	return get[DiskUse](ctx, c, "/config/disk/util", "infra_disk_config_read", nil)
}

// Addons lists what was bought and what could be, with prices.
// Source: GET /billing/addons.
func (c *Client) Addons(ctx context.Context) (Addons, error) {
	return get[Addons](ctx, c, "/billing/addons", "infra_add_ons_read", nil)
}

// ReadOnly tells whether the database refuses writes. Source: GET /readonly.
func (c *Client) ReadOnly(ctx context.Context) (ReadOnly, error) {
	return get[ReadOnly](ctx, c, "/readonly", "database_readonly_config_read", nil)
}

// Restrictions reads who may connect. Source: GET /network-restrictions.
func (c *Client) Restrictions(ctx context.Context) (Restrictions, error) {
	return get[Restrictions](ctx, c, "/network-restrictions", "database_network_restrictions_read", nil)
}

// Bans lists the addresses that the guard of the database has shut out.
// Source: POST /network-bans/retrieve/enriched, which only reads.
func (c *Client) Bans(ctx context.Context) ([]Ban, error) {
	var out struct {
		Banned []Ban `json:"banned_ipv4_addresses"`
	}
	err := c.do(ctx, call{method: http.MethodPost, path: "/network-bans/retrieve/enriched", right: "database_network_bans_read"}, &out)
	return out.Banned, err
}

// Advice lists what the advisor of one kind, performance or security, found.
// Source: GET /advisors/{kind}.
func (c *Client) Advice(ctx context.Context, kind string) ([]Lint, error) {
	out, err := get[struct {
		Lints []Lint `json:"lints"`
	}](ctx, c, "/advisors/"+url.PathEscape(kind), "advisors_read", nil)
	return out.Lints, err
}

// UsageSpan is the time that [Client.Usage] covers, as the API writes it.
const UsageSpan = "15min"

// Usage counts the requests of the last quarter of an hour, in parts of it.
// Source: GET /analytics/endpoints/usage.api-counts.
func (c *Client) Usage(ctx context.Context) (Usage, error) {
	return get[Usage](ctx, c, "/analytics/endpoints/usage.api-counts", "analytics_usage_read", url.Values{"interval": {UsageSpan}})
}
