package supabase

import (
	"encoding/json"
	"time"
)

// Stamp is an instant as the API writes it. What is no instant, is unknown.
type Stamp string

// Time is the instant; zero where the text is none.
func (s Stamp) Time() time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999Z07", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, string(s)); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// Project is the state of a project.
type Project struct {
	Ref     string `json:"ref"`
	Name    string `json:"name"`
	Region  string `json:"region"`
	Created Stamp  `json:"created_at"`
	// Status is one word: ACTIVE_HEALTHY, RESIZING, RESTORE_FAILED, ….
	Status   string `json:"status"`
	Database struct {
		Host    string `json:"host"`
		Version string `json:"version"`
	} `json:"database"`
}

// Service is how one service of a project is.
type Service struct {
	Name    string `json:"name"`
	Healthy bool   `json:"healthy"`
	Status  string `json:"status"` // COMING_UP, ACTIVE_HEALTHY, UNHEALTHY
	Error   string `json:"error"`  // "" where there is none
}

// Backups is what a project can be put back to.
type Backups struct {
	PITR     bool     `json:"pitr_enabled"` // point-in-time recovery
	List     []Backup `json:"backups"`
	Physical struct {
		Earliest int64 `json:"earliest_physical_backup_date_unix"` // epoch seconds; 0 where there is none
		Latest   int64 `json:"latest_physical_backup_date_unix"`
	} `json:"physical_backup_data"`
}

// Backup is one of the daily backups.
type Backup struct {
	ID       int64  `json:"id"`
	Status   string `json:"status"` // COMPLETED FAILED PENDING REMOVED ARCHIVED CANCELLED
	Physical bool   `json:"is_physical_backup"`
	At       Stamp  `json:"inserted_at"`
}

// Pooler is the pooler before one database of a project.
type Pooler struct {
	Identifier string `json:"identifier"`    // of the database
	Type       string `json:"database_type"` // PRIMARY, READ_REPLICA
	Host       string `json:"db_host"`
	Mode       string `json:"pool_mode"`         // transaction, session
	Size       *int   `json:"default_pool_size"` // server connections per user and database; nil is the default of the compute size
	MaxClients *int   `json:"max_client_conn"`   // nil where it is not told
}

// Disk is what the disk of the database is.
type Disk struct {
	Attributes struct {
		Type       string `json:"type"` // gp3, io2
		SizeGB     int64  `json:"size_gb"`
		IOPS       int64  `json:"iops"`
		Throughput int64  `json:"throughput_mibps"` // 0 where it is not told
	} `json:"attributes"`
}

// DiskUse is how full the disk of the database is.
type DiskUse struct {
	At      Stamp `json:"timestamp"`
	Metrics struct {
		Size  float64 `json:"fs_size_bytes"`
		Avail float64 `json:"fs_avail_bytes"`
		Used  float64 `json:"fs_used_bytes"`
	} `json:"metrics"`
}

// Addons is what was bought for a project, and what could be.
type Addons struct {
	Selected []struct {
		Type    string  `json:"type"` // compute_instance, pitr, …
		Variant Variant `json:"variant"`
	} `json:"selected_addons"`
	Available []struct {
		Type     string    `json:"type"`
		Variants []Variant `json:"variants"`
	} `json:"available_addons"`
}

// Variant is one size of something that can be bought.
type Variant struct {
	ID    string `json:"id"`   // ci_small, pitr_7
	Name  string `json:"name"` // Small
	Price struct {
		Text     string  `json:"description"`
		Interval string  `json:"interval"` // monthly, hourly
		Amount   float64 `json:"amount"`   // US dollars
	} `json:"price"`
	// Meta tells more of a size in a form that no document fixes.
	Meta json.RawMessage `json:"meta"`
}

// ReadOnly tells whether a database refuses writes, as it does when its disk
// is nearly full.
type ReadOnly struct {
	Enabled  bool  `json:"enabled"`
	Override bool  `json:"override_enabled"` // writes are let through for a while
	Until    Stamp `json:"override_active_until"`
}

// Restrictions says from where the database may be reached.
type Restrictions struct {
	Entitlement string `json:"entitlement"` // allowed, disallowed: whether the plan has them
	Config      struct {
		V4 []string `json:"dbAllowedCidrs"`
		V6 []string `json:"dbAllowedCidrsV6"`
	} `json:"config"`
	Status string `json:"status"` // stored, applied
}

// Ban is one address that is shut out.
type Ban struct {
	Address string `json:"banned_address"`
	Of      string `json:"identifier"` // the database
	Type    string `json:"type"`
}

// Lint is one thing that an advisor found.
type Lint struct {
	Name        string   `json:"name"` // unindexed_foreign_keys
	Title       string   `json:"title"`
	Level       string   `json:"level"`      // ERROR, WARN, INFO
	Categories  []string `json:"categories"` // PERFORMANCE, SECURITY
	Detail      string   `json:"detail"`
	Remediation string   `json:"remediation"` // where to read on
}

// Usage is how many requests the services took, or why that is not known.
type Usage struct {
	Result []struct {
		At       Stamp   `json:"timestamp"`
		Auth     float64 `json:"total_auth_requests"`
		Realtime float64 `json:"total_realtime_requests"`
		REST     float64 `json:"total_rest_requests"`
		Storage  float64 `json:"total_storage_requests"`
	} `json:"result"`
	Error json.RawMessage `json:"error"` // a text or an object; null when all is well
}
