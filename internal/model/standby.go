package model

import "time"

// Standby is how one standby stands by its own word.
// Source: pg_stat_wal_receiver, pg_stat_activity of the standby.
type Standby struct {
	Name     string   // by which its primary knows it
	Follows  bool     // pg_is_in_recovery(); false once it was promoted
	Receiver Receiver // zero unless Follows
	Conflict *Conflict
	Hidden   string // what the role may not see and the grant that opens it; "" when all is seen
}

// Conflict is a session of a standby for which its replay waits.
type Conflict struct {
	Waits string // wait_event of the replay: RecoveryConflictSnapshot, relation, …
	PID   int    // 0 where it is not seen
	App   string
	Role  string
	State string
	For   *time.Duration // age of its transaction
}

// Facts implements the snapshot of the store.
func (s Standby) Facts() []Fact {
	labels := Labels{"replica": s.Name}
	if !s.Follows {
		const why = "it follows nobody: it was promoted"
		return []Fact{
			Unknown("db.replica.paused", None, labels, why), Unknown("db.replica.unreplayed", Bytes, labels, why),
			Unknown("db.replica.conflict", Seconds, labels, why),
		}
	}
	unreplayed := Unknown("db.replica.unreplayed", Bytes, labels, "nothing was streamed yet")
	if n := s.Receiver.Unreplayed; n != nil {
		unreplayed = Known("db.replica.unreplayed", float64(*n), Bytes, labels)
	}
	conflict := Known("db.replica.conflict", 0, Seconds, labels)
	switch {
	case s.Hidden != "":
		conflict = Unknown("db.replica.conflict", Seconds, labels, s.Hidden)
	case s.Conflict != nil && s.Conflict.For != nil:
		conflict.Value = s.Conflict.For.Seconds()
	}
	return []Fact{Known("db.replica.paused", one(s.Receiver.Paused), None, labels), unreplayed, conflict}
}
