package provider

import "time"

// The shapes below are those of the API's schemas.

// stamp is an instant as the API writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

type supabaseProject struct {
	ID               string           `json:"id"`
	Ref              string           `json:"ref"`
	OrganizationID   string           `json:"organization_id"`
	OrganizationSlug string           `json:"organization_slug"`
	Name             string           `json:"name"`
	Region           string           `json:"region"`
	CreatedAt        string           `json:"created_at"`
	Status           string           `json:"status"`
	Database         supabaseDatabase `json:"database"`
}

type supabaseDatabase struct {
	Host    string `json:"host"`
	Version string `json:"version"`
	Engine  string `json:"postgres_engine"`
	Channel string `json:"release_channel"`
}

type serviceHealth struct {
	Name    string `json:"name"`
	Healthy bool   `json:"healthy"`
	Status  string `json:"status"`
	Error   string `json:"error,omitempty"`
}

type supabaseBackups struct {
	Region   string           `json:"region"`
	WALG     bool             `json:"walg_enabled"`
	PITR     bool             `json:"pitr_enabled"`
	List     []supabaseBackup `json:"backups"`
	Physical struct {
		Earliest int64 `json:"earliest_physical_backup_date_unix"`
		Latest   int64 `json:"latest_physical_backup_date_unix"`
	} `json:"physical_backup_data"`
}

type supabaseBackup struct {
	ID       int    `json:"id"`
	Physical bool   `json:"is_physical_backup"`
	Status   string `json:"status"`
	At       string `json:"inserted_at"`
}

type supabasePooler struct {
	Identifier       string `json:"identifier"`
	Type             string `json:"database_type"`
	Scram            bool   `json:"is_using_scram_auth"`
	User             string `json:"db_user"`
	Host             string `json:"db_host"`
	Port             int    `json:"db_port"`
	Name             string `json:"db_name"`
	Connection       string `json:"connection_string"`
	ConnectionString string `json:"connectionString"`
	Size             *int   `json:"default_pool_size"`
	MaxClients       *int   `json:"max_client_conn"`
	Mode             string `json:"pool_mode"`
}

type poolerChanged struct {
	Size *int   `json:"default_pool_size"`
	Mode string `json:"pool_mode"`
}

type supabaseDisk struct {
	Attributes struct {
		IOPS       int    `json:"iops"`
		SizeGB     int    `json:"size_gb"`
		Throughput int    `json:"throughput_mibps"`
		Type       string `json:"type"`
	} `json:"attributes"`
}

type supabaseDiskUse struct {
	At      string `json:"timestamp"`
	Metrics struct {
		Size  float64 `json:"fs_size_bytes"`
		Avail float64 `json:"fs_avail_bytes"`
		Used  float64 `json:"fs_used_bytes"`
	} `json:"metrics"`
}

type supabaseAddons struct {
	Selected  []selectedAddon  `json:"selected_addons"`
	Available []availableAddon `json:"available_addons"`
}

type selectedAddon struct {
	Type    string          `json:"type"`
	Variant supabaseVariant `json:"variant"`
}

type availableAddon struct {
	Type     string            `json:"type"`
	Name     string            `json:"name"`
	Variants []supabaseVariant `json:"variants"`
}

type supabaseVariant struct {
	ID    string        `json:"id"`
	Name  string        `json:"name"`
	Price supabasePrice `json:"price"`
}

type supabasePrice struct {
	Description string  `json:"description"`
	Type        string  `json:"type"`
	Interval    string  `json:"interval"`
	Amount      float64 `json:"amount"`
}

type supabaseReadOnly struct {
	Enabled  bool   `json:"enabled"`
	Override bool   `json:"override_enabled"`
	Until    string `json:"override_active_until"`
}

type supabaseRestrictions struct {
	Entitlement string `json:"entitlement"`
	Config      struct {
		V4 []string `json:"dbAllowedCidrs"`
		V6 []string `json:"dbAllowedCidrsV6"`
	} `json:"config"`
	Status    string `json:"status"`
	UpdatedAt string `json:"updated_at"`
	AppliedAt string `json:"applied_at"`
}

type supabaseBans struct {
	Banned []supabaseBan `json:"banned_ipv4_addresses"`
}

type supabaseBan struct {
	Address    string `json:"banned_address"`
	Identifier string `json:"identifier"`
	Type       string `json:"type"`
}

type supabaseLints struct {
	Lints []supabaseLint `json:"lints"`
}

type supabaseLint struct {
	Name        string       `json:"name"`
	Title       string       `json:"title"`
	Level       string       `json:"level"`
	Facing      string       `json:"facing"`
	Categories  []string     `json:"categories"`
	Description string       `json:"description"`
	Detail      string       `json:"detail"`
	Remediation string       `json:"remediation"`
	Metadata    lintMetadata `json:"metadata"`
	CacheKey    string       `json:"cache_key"`
}

type lintMetadata struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Type   string `json:"type"`
}

func lintBody(l Lint) supabaseLint {
	category := map[string]string{"performance": "PERFORMANCE", "security": "SECURITY"}[l.Kind]
	return supabaseLint{
		Name: l.Name, Title: l.Title, Level: l.Level, Facing: "EXTERNAL", Categories: []string{category},
		Description: l.Title, Detail: l.Detail, Remediation: "https://supabase.com/docs/guides/database/database-linter",
		Metadata: lintMetadata{l.Schema, l.Table, "table"}, CacheKey: l.Name + "_" + l.Schema + "_" + l.Table,
	}
}

type supabaseUsage struct {
	Result []usageRow `json:"result"`
}

type usageRow struct {
	At       string `json:"timestamp"`
	Auth     int64  `json:"total_auth_requests"`
	Realtime int64  `json:"total_realtime_requests"`
	REST     int64  `json:"total_rest_requests"`
	Storage  int64  `json:"total_storage_requests"`
}
