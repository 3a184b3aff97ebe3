package audit

import (
	"time"

	"tocsin/internal/model"
)

// Version is the format of a line.
const Version = 1

// Phase says what an entry tells of.
type Phase string

// The phases. Intent is on disk before anything runs; entries of one call share an ID.
const (
	Intent Phase = "intent"
	Result Phase = "result" // ok, failed, refused, cancelled, unknown
	Effect Phase = "effect" // what the change did to the numbers it is judged by
	Repair Phase = "repair" // what was left by a crash or a full disk, and was put in order
	Breach Phase = "breach" // the chain or its head was found changed by somebody else
)

// Entry is one line of the log. V, Seq, Prev and At are set by [Log.Append],
// and so are Who, Host and Target where they are empty. A field without a
// value is left out of the line.
type Entry struct {
	V         int            `json:"v"`
	Seq       int64          `json:"seq"`  // the number of the line, from 1
	Prev      string         `json:"prev"` // SHA-256 of the previous line without its newline, hex
	At        Time           `json:"at"`
	Phase     Phase          `json:"phase"`
	ID        string         `json:"id,omitempty"` // of the call, see [NewID]
	Who       *Who           `json:"who,omitempty"`
	PID       int            `json:"pid,omitempty"` // of the process that acts, on Host
	Host      string         `json:"host,omitempty"`
	Target    string         `json:"target,omitempty"` // the configured target: prod
	Action    string         `json:"action,omitempty"`
	Danger    string         `json:"danger,omitempty"`
	Params    map[string]any `json:"params,omitempty"`
	Steps     []string       `json:"steps,omitempty"` // what will run, or what ran
	Reason    string         `json:"reason,omitempty"`
	Incident  string         `json:"incident,omitempty"`
	Preflight map[string]any `json:"preflight,omitempty"`
	Outcome   string         `json:"outcome,omitempty"` // ok, failed, refused, cancelled, unknown
	TookMS    *int64         `json:"took_ms,omitempty"`
	Detail    string         `json:"detail,omitempty"`
	Verdict   string         `json:"verdict,omitempty"` // helped, no effect, worse, unknown
	Effects   []Change       `json:"effects,omitempty"`
}

// Change is one number before and after; nil means that it was unknown then.
type Change struct {
	Metric string       `json:"metric"`
	Labels model.Labels `json:"labels,omitempty"`
	Unit   model.Unit   `json:"unit,omitempty"`
	Before *float64     `json:"before"`
	After  *float64     `json:"after"`
	TookMS int64        `json:"took_ms"`
}

// timeLayout is RFC 3339 in UTC with milliseconds, always.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is an instant as the log writes it: UTC, in milliseconds.
type Time struct{ time.Time }

// MarshalJSON writes the instant.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"` + timeLayout + `"`)), nil
}

// UnmarshalJSON reads any RFC 3339 instant.
func (t *Time) UnmarshalJSON(raw []byte) error { return t.Time.UnmarshalJSON(raw) }
