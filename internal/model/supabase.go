package model

import (
	"fmt"
	"strings"
	"time"
)

// SupabaseProject is how a project at Supabase stands.
// Source: its management API, /v1/projects/{ref} and /health.
type SupabaseProject struct {
	Ref      string
	Name     string
	Region   string
	Postgres string    // version of the database
	Created  time.Time // zero where it is not told
	Status   string    // ACTIVE_HEALTHY, RESIZING, RESTORE_FAILED, …
	Services []ManagedService
	Budget   Budget // of the API's calls
}

// ManagedService is how one service of a project is.
type ManagedService struct {
	Name   string // db, auth, rest, realtime, storage, pooler
	Status string // COMING_UP, ACTIVE_HEALTHY, UNHEALTHY
	Error  string // ""
}

// Healthy tells that the service does what it is there for.
func (s ManagedService) Healthy() bool { return s.Status == "ACTIVE_HEALTHY" }

// Standing is what the status of a project means: 0 in order, 1 on its way to
// something else, 2 in trouble or switched off; not ok for a word that says
// nothing.
func (p SupabaseProject) Standing() (level int, ok bool) {
	switch p.Status {
	case "ACTIVE_HEALTHY":
		return 0, true
	case "COMING_UP", "GOING_DOWN", "PAUSING", "RESTORING", "UPGRADING", "RESIZING", "RESTARTING":
		return 1, true
	case "ACTIVE_UNHEALTHY", "INACTIVE", "INIT_FAILED", "RESTORE_FAILED", "PAUSE_FAILED", "REMOVED":
		return 2, true
	}
	return 0, false
}

// Word is the status as people read it: "restore failed".
func (p SupabaseProject) Word() string { return words(p.Status) }

func words(status string) string { return strings.ToLower(strings.ReplaceAll(status, "_", " ")) }

// Facts implements the snapshot of the store.
func (p SupabaseProject) Facts() []Fact {
	facts := []Fact{Unknown("supabase.project.trouble", None, nil, "the status is "+p.Status)}
	if level, ok := p.Standing(); ok {
		facts[0] = Known("supabase.project.trouble", float64(level), None, nil)
		if level > 0 {
			facts[0] = facts[0].Saying(p.Word())
		}
	}
	for _, s := range p.Services {
		down := Known("supabase.service.down", 0, None, Labels{"service": s.Name})
		if !s.Healthy() {
			down.Value = 1
			down = down.Saying(words(s.Status))
		}
		facts = append(facts, down)
	}
	return append(facts, p.Budget.Facts("supabase")...)
}

// SupabaseBackups is what a project can be put back to.
// Source: /database/backups.
type SupabaseBackups struct {
	Read   time.Time       // when it was asked
	List   []ManagedBackup // newest first
	PITR   bool            // to any point in time between Oldest and Latest
	Oldest time.Time       // of point-in-time recovery; zero where there is none
	Latest time.Time
}

// ManagedBackup is one backup that the provider keeps.
type ManagedBackup struct {
	ID     int64
	At     time.Time // zero where it is not told
	Status string    // COMPLETED FAILED PENDING REMOVED ARCHIVED CANCELLED
}

// Newest is the newest instant that the project can be put back to; not ok
// when there is none.
func (b SupabaseBackups) Newest() (at time.Time, ok bool) {
	for _, one := range b.List {
		if one.Status == "COMPLETED" && one.At.After(at) {
			at = one.At
		}
	}
	if b.Latest.After(at) {
		at = b.Latest
	}
	return at, !at.IsZero()
}

// Facts implements the snapshot of the store.
func (b SupabaseBackups) Facts() []Fact {
	none := Known("supabase.backup.none", 0, None, nil)
	age := Unknown("supabase.backup.age", Hours, nil, "there is no completed backup")
	if at, ok := b.Newest(); ok {
		age = Known("supabase.backup.age", b.Read.Sub(at).Hours(), Hours, nil)
	} else {
		none = Known("supabase.backup.none", 1, None, nil).Saying("no completed backup")
	}
	window := Unknown("supabase.backup.window", Hours, nil, "point-in-time recovery is not bought")
	if b.PITR {
		window = Known("supabase.backup.window", b.Latest.Sub(b.Oldest).Hours(), Hours, nil)
	}
	return []Fact{none, age, window}
}

// SupabaseCompute is what a project's database runs on, and the disk it has.
// Source: /billing/addons, /config/disk, /config/disk/util, /readonly.
type SupabaseCompute struct {
	Size     string // Small; "" where it is not told: the size that the plan includes
	SizeID   string // ci_small
	Price    string // $0.0206/hour (~$15/month)
	DiskType string // gp3, io2; ""
	DiskGB   int64
	IOPS     int64
	Volume   Disk  // how full it is; Why where it could not be read
	ReadOnly *bool // the database refuses writes; nil where it is not known
	Override bool  // writes are let through for a while all the same
	// Hidden says what could not be read, and the right for it; "" when all was.
	Hidden string
}

// Facts implements the snapshot of the store.
func (c SupabaseCompute) Facts() []Fact {
	used := Unknown("supabase.volume.used", Percent, nil, orText(c.Volume.Why, "not told"))
	if pct, ok := c.Volume.UsedPct(); ok {
		used = Known("supabase.volume.used", pct, Percent, nil)
	}
	readOnly := Unknown("supabase.readonly", None, nil, orText(c.Hidden, "not told"))
	if c.ReadOnly != nil {
		readOnly = Known("supabase.readonly", 0, None, nil)
		if *c.ReadOnly {
			readOnly = Known("supabase.readonly", 1, None, nil).Saying("read-only")
		}
	}
	return []Fact{used, readOnly}
}

func orText(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// SupabaseSettings are the pooler and the server settings of a project.
// Source: /config/database/pooler, /config/database/postgres.
type SupabaseSettings struct {
	Pooler   *ManagedPooler // of the primary; nil where it could not be read
	Replicas []ManagedReplica
	Settings []ManagedSetting // by name; those that were changed
	Hidden   string           // what could not be read, and the right for it; ""
}

// ManagedPooler is the connection pooler before a database.
type ManagedPooler struct {
	Mode       string // transaction, session
	Size       *int   // server connections for each user and database; nil is the default of the size
	MaxClients *int   // nil where it is not told
}

// ManagedReplica is a read replica of a project.
type ManagedReplica struct{ ID, Host string }

// ManagedSetting is one setting of the database server.
type ManagedSetting struct{ Name, Value string }

// Facts implements the snapshot of the store.
func (s SupabaseSettings) Facts() []Fact {
	if s.Pooler == nil {
		return []Fact{Unknown("supabase.replicas", None, nil, orText(s.Hidden, "not told"))}
	}
	return []Fact{Known("supabase.replicas", float64(len(s.Replicas)), None, nil)}
}

// SupabaseNetwork is who may reach the database of a project.
// Source: /network-restrictions, /network-bans/retrieve/enriched.
type SupabaseNetwork struct {
	Allowed []string // networks; empty with Open is everybody
	Open    bool     // nothing is restricted
	Stored  bool     // a change is not in force yet
	Bans    []Ban    // nil where they could not be read, see Hidden
	Hidden  string   // what could not be read, and the right for it; ""
}

// Ban is one address that the guard of a database has shut out.
type Ban struct{ Address, Of string }

// Facts implements the snapshot of the store.
func (n SupabaseNetwork) Facts() []Fact {
	if n.Bans == nil && n.Hidden != "" {
		return []Fact{Unknown("supabase.bans", None, nil, n.Hidden)}
	}
	return []Fact{Known("supabase.bans", float64(len(n.Bans)), None, nil)}
}

// SupabaseAdvice is what the advisors of a project found.
// Source: /advisors/performance, /advisors/security.
type SupabaseAdvice struct {
	Lints  []Lint // the worst first
	Hidden string // what could not be read, and the right for it; ""
}

// Lint is one thing that an advisor found.
type Lint struct {
	Kind   string // performance, security
	Name   string // unindexed_foreign_keys
	Level  string // ERROR, WARN, INFO
	Title  string
	Detail string
	More   string // where to read on
}

// Facts implements the snapshot of the store.
func (a SupabaseAdvice) Facts() []Fact {
	var facts []Fact
	for _, level := range []string{"ERROR", "WARN", "INFO"} {
		labels := Labels{"level": strings.ToLower(level)}
		if a.Hidden != "" {
			facts = append(facts, Unknown("supabase.advice", None, labels, a.Hidden))
			continue
		}
		n := 0
		for _, l := range a.Lints {
			if l.Level == level {
				n++
			}
		}
		facts = append(facts, Known("supabase.advice", float64(n), None, labels))
	}
	return facts
}

// SupabaseUsage is how many requests the services of a project took.
// Source: /analytics/endpoints/usage.api-counts.
type SupabaseUsage struct {
	Span     time.Duration
	Requests []Count // by service
}

// Facts implements the snapshot of the store.
func (u SupabaseUsage) Facts() []Fact {
	var facts []Fact
	for _, c := range u.Requests {
		f := Known("supabase.requests", float64(c.N), None, Labels{"service": c.Name})
		facts = append(facts, f.Saying(fmt.Sprintf("%d in %s", c.N, shortWindow(u.Span))))
	}
	return facts
}
