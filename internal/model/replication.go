package model

import (
	"slices"
	"strconv"
	"time"
)

// ThisServer is the name of the server itself among the replicas, where it is
// a standby.
const ThisServer = "(this server)"

// Replication is who follows a PostgreSQL server, and whom it follows.
// Source: pg_stat_replication, pg_stat_wal_receiver, pg_control_checkpoint.
type Replication struct {
	Standby  bool      // pg_is_in_recovery()
	Started  time.Time // pg_postmaster_start_time()
	Timeline int       // of the WAL it writes or follows; a promotion makes a new one
	Replicas []Replica
	Receiver *Receiver      // nil on a primary
	Expected []string       // application_name of the standbys that have to be there; from the configuration
	Changes  []ServerChange // seen since tocsin watches, the oldest first
	Hidden   string         // what the role may not see and the grant that opens it; "" when all is seen
}

// Replica is a standby that follows. Source: pg_stat_replication.
type Replica struct {
	PID       int
	Name      string // application_name
	Client    string // address; "" for a local socket or where hidden
	State     string // streaming, catchup, backup, …; "" where hidden
	Sync      string // sync_state: async, sync, quorum, potential
	LagBytes  *int64 // WAL it has not replayed; nil where hidden or not known yet
	Lag       *time.Duration
	XminAge   int64 // transactions its hot_standby_feedback holds back; 0 for none
	LastReply *time.Duration
}

// Receiver is the WAL receiver of a standby.
type Receiver struct {
	Status     string // streaming, …; "" when none runs or where hidden
	From       string // sender_host
	Expected   *bool  // primary_conninfo is given; nil where hidden
	Unreplayed *int64 // bytes received and not replayed; nil when nothing was ever streamed
	Lag        *time.Duration
	Paused     bool // pg_wal_replay_pause() was called
}

// ServerChange is something that happened to the server itself.
type ServerChange struct {
	At   time.Time
	Text string
}

// Missing are the expected standbys that do not follow.
func (r Replication) Missing() []string {
	var out []string
	for _, name := range r.Expected {
		if !r.follows(name) {
			out = append(out, name)
		}
	}
	return out
}

func (r Replication) follows(name string) bool {
	return slices.ContainsFunc(r.Replicas, func(x Replica) bool { return x.Name == name && !x.Copies() })
}

// Copies tells a base backup under way, which replays nothing and ends.
func (x Replica) Copies() bool { return x.State == "backup" }

// Facts implements the snapshot of the store. Seconds count only while bytes
// are behind: an idle primary gives none to replay.
func (r Replication) Facts() []Fact {
	facts := []Fact{Known("db.standby", one(r.Standby), None, nil), Known("db.timeline", float64(r.Timeline), None, nil)}
	for i, x := range r.Replicas {
		if !x.Copies() {
			facts = append(facts, lagFacts(r.nameOf(i), x.LagBytes, x.Lag, r.Hidden)...)
		}
	}
	for _, name := range r.Expected {
		facts = append(facts, Known("db.replica.gone", one(!r.follows(name)), None, Labels{"replica": name}))
	}
	if w := r.Receiver; w != nil {
		facts = append(facts, lagFacts(ThisServer, w.Unreplayed, w.Lag, "nothing was streamed yet")...)
		if w.Expected != nil && *w.Expected {
			facts = append(facts, Known("db.replica.gone", one(w.Status == ""), None, Labels{"replica": ThisServer}))
		}
	}
	return facts
}

// nameOf tells standbys of one name apart.
func (r Replication) nameOf(i int) string {
	name, seen := r.Replicas[i].Name, 1
	for _, before := range r.Replicas[:i] {
		if before.Name == name {
			seen++
		}
	}
	if seen > 1 {
		name += " #" + strconv.Itoa(seen)
	}
	return name
}

func lagFacts(name string, bytes *int64, lag *time.Duration, why string) []Fact {
	labels := Labels{"replica": name}
	if why == "" {
		why = "the standby has not told yet"
	}
	behind, seconds := Unknown("db.replica.lag_bytes", Bytes, labels, why), Unknown("db.replica.lag_seconds", Seconds, labels, why)
	if bytes != nil {
		behind = Known("db.replica.lag_bytes", float64(*bytes), Bytes, labels)
	}
	if lag != nil {
		seconds = Known("db.replica.lag_seconds", lag.Seconds(), Seconds, labels)
	}
	return []Fact{behind, seconds}
}

func one(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// Slots are the replication slots. Source: pg_replication_slots.
type Slots struct {
	Rows []Slot // most WAL retained first
}

// Slot is one replication slot.
type Slot struct {
	Name      string
	Type      string // physical, logical
	Plugin    string // of a logical one
	Database  string // of a logical one
	PID       int    // of the session that uses it; 0 for none
	WALStatus string // reserved, extended, unreserved, lost
	Retained  *int64 // bytes of WAL kept for it; nil when it keeps none
	Left      *int64 // bytes until it is lost (max_slot_wal_keep_size); nil without a limit
	XminAge   int64  // transactions it holds back, of rows or of the catalogue; 0 for none
	Trouble   string // why it is invalid (16+); "" while it is not
}

// Active tells whether somebody uses the slot.
func (s Slot) Active() bool { return s.PID != 0 }

// Facts implements the snapshot of the store.
func (s Slots) Facts() []Fact {
	idle := 0
	var facts []Fact
	for _, row := range s.Rows {
		if !row.Active() {
			idle++
		}
		kept := Known("db.slots.retained", 0, Bytes, Labels{"slot": row.Name})
		if row.Retained != nil {
			kept.Value = float64(*row.Retained)
		}
		facts = append(facts, kept, Known("db.slots.lost", one(row.WALStatus == "lost" || row.Trouble != ""), None, Labels{"slot": row.Name}))
	}
	return append(facts, Known("db.slots.inactive", float64(idle), None, nil))
}

// Archiver is how archiving of WAL goes. Source: pg_stat_archiver.
type Archiver struct {
	Mode       string // archive_mode: off, on, always
	Archived   int64  // since the statistics began
	Last       string // last_archived_wal
	LastAt     *time.Time
	Failed     int64
	LastFailed string
	FailedAt   *time.Time
	Ready      *int64 // segments that wait; nil where the role may not list them
	Hidden     string // what the role may not see and the grant that opens it; "" when all is seen
}

// Failing tells whether the newest attempt failed.
func (a Archiver) Failing() bool {
	return a.Mode != "off" && a.FailedAt != nil && (a.LastAt == nil || a.FailedAt.After(*a.LastAt))
}

// Facts implements the snapshot of the store.
func (a Archiver) Facts() []Fact {
	ready := Unknown("db.archiver.ready", None, nil, a.Hidden)
	if a.Ready != nil {
		ready = Known("db.archiver.ready", float64(*a.Ready), None, nil)
	}
	return []Fact{Known("db.archiver.failing", one(a.Failing()), None, nil), ready}
}
