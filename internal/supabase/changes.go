package supabase

import (
	"context"
	"net/http"
	"time"
)

// Each of these returns when Supabase has accepted; [Client.Project] and the
// other reads tell how it goes on.

// SetPooler changes the pooler of the primary; nil and "" leave a part as it
// is. Source: PATCH /config/database/pooler.
func (c *Client) SetPooler(ctx context.Context, size *int, mode string) error {
	body := struct {
		Size *int   `json:"default_pool_size,omitempty"`
		Mode string `json:"pool_mode,omitempty"`
	}{size, mode}
	return c.change(ctx, http.MethodPatch, "/config/database/pooler", "database_pooling_config_write", body)
}

// SetCompute changes the size of the machine, which restarts the database.
// Source: PATCH /billing/addons.
func (c *Client) SetCompute(ctx context.Context, variant string) error {
	body := map[string]string{"addon_type": "compute_instance", "addon_variant": variant}
	return c.change(ctx, http.MethodPatch, "/billing/addons", "infra_add_ons_write", body)
}

// AddReplica sets a read replica up in a region.
// Source: POST /read-replicas/setup.
func (c *Client) AddReplica(ctx context.Context, region string) error {
	body := map[string]string{"read_replica_region": region}
	return c.change(ctx, http.MethodPost, "/read-replicas/setup", "infra_read_replicas_write", body)
}

// Unban lets addresses in again. Source: DELETE /network-bans.
func (c *Client) Unban(ctx context.Context, addresses ...string) error {
	body := map[string][]string{"ipv4_addresses": addresses}
	return c.change(ctx, http.MethodDelete, "/network-bans", "database_network_bans_write", body)
}

// Restore puts the database back to a point in time; all that is newer is
// lost. Source: POST /database/backups/restore-pitr.
func (c *Client) Restore(ctx context.Context, to time.Time) error {
	body := map[string]int64{"recovery_time_target_unix": to.Unix()}
	return c.change(ctx, http.MethodPost, "/database/backups/restore-pitr", "backups_write", body)
}

func (c *Client) change(ctx context.Context, method, path, right string, body any) error {
	return c.do(ctx, call{method: method, path: path, right: right, body: body, change: true}, nil)
}
