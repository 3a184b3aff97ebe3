// Package incident keeps the record of incidents: one append-only timeline
// each, which is the only truth; all else is a fold over it. It must not decide
// what to do, nor run anything.
package incident

import (
	"cmp"
	"encoding/json"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/model"
)

// Version is the format of a line of a timeline.
const Version = 1

// Event is one line of a timeline.
type Event struct {
	V    int             `json:"v"`
	N    int             `json:"n"` // the number of the line, from 1
	At   time.Time       `json:"at"`
	Who  string          `json:"who"`
	Via  string          `json:"via,omitempty"` // how the person was there: ssh, console
	Kind Kind            `json:"kind"`
	Data json.RawMessage `json:"data"` // of one of the types of [Data]; others are kept as they are
}

// Kind says what an event tells of.
type Kind string

// The kinds of events.
const (
	KindOpened   Kind = "opened"
	KindTitle    Kind = "title"
	KindSeverity Kind = "severity"
	KindRole     Kind = "role"
	KindStatus   Kind = "status"
	KindNote     Kind = "note"
	KindFact     Kind = "fact"
	KindAlert    Kind = "alert"
	KindPinned   Kind = "runbook.pinned"
	KindAction   Kind = "action"
	KindEffect   Kind = "effect"
	KindEvidence Kind = "evidence"
	KindLooked   Kind = "looked"
	KindComms    Kind = "comms"
	KindHandOff  Kind = "handoff"
	KindFollowUp Kind = "followup"

	KindStepStarted    Kind = "step.started"
	KindStepDone       Kind = "step.done"
	KindStepSkipped    Kind = "step.skipped"
	KindStepFailed     Kind = "step.failed"
	KindStepOverridden Kind = "step.overridden"
)

// Told is when that happened of which an event tells: what was done, what it did,
// and that an alert began to fire, may be learnt later.
func (e Event) Told() time.Time {
	switch e.Kind {
	case KindAlert:
		if a := data[AlertSeen](e); a.State == alertFiring && a.Was != alertFiring {
			return cmp.Or(a.Fired, e.At)
		}
	case KindAction:
		return cmp.Or(data[ActionRun](e).At, e.At)
	case KindEffect:
		return cmp.Or(data[EffectSeen](e).At, e.At)
	}
	return e.At
}

// By is who did it: what people do elsewhere is written by tocsin.
func (e Event) By() string {
	if e.Kind == KindAction {
		return cmp.Or(data[ActionRun](e).By, e.Who)
	}
	return e.Who
}

// Data is what an event says. Each type has its own kind.
type Data interface{ kind() Kind }

// Opened begins an incident.
type Opened struct {
	Title      string `json:"title"` // of a restricted one a code name
	Severity   string `json:"severity"`
	Criterion  string `json:"criterion"`            // why this severity: what a human chose
	Target     string `json:"target"`               // the configured target: prod
	Cause      string `json:"cause,omitempty"`      // the rule that proposed it; "" when no alert saw it
	Suspect    string `json:"suspect,omitempty"`    // the verdict at that time
	Restricted bool   `json:"restricted,omitempty"` // others see no more than that there is one

	Began *time.Time `json:"began,omitempty"` // as a person said; nil when its alerts tell
}

// Titled is another title; of a restricted incident a code name.
type Titled struct {
	Title string `json:"title"`
}

// SeveritySet is another severity, and why.
type SeveritySet struct {
	Severity string `json:"severity"`
	Why      string `json:"why"`
}

// RoleTaken is who has a role from now on.
type RoleTaken struct {
	Role string `json:"role"` // lead, operations, communications, scribe
	Who  string `json:"who"`
}

// StatusSet is another status, and why.
type StatusSet struct {
	Status Status `json:"status"`
	Why    string `json:"why,omitempty"`
}

// Noted is a remark.
type Noted struct {
	Text string `json:"text"`
}

// FactFound is what somebody found out, for the steps that ask for it.
type FactFound struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// AlertSeen is an alert that fired, worsened or cleared.
type AlertSeen struct {
	Rule     string       `json:"rule"`
	Labels   model.Labels `json:"labels,omitempty"`
	Severity string       `json:"severity"`
	State    string       `json:"state"`             // firing, clearing, ok, unknown
	Since    time.Time    `json:"since,omitzero"`    // when its trouble began
	Fired    time.Time    `json:"fired,omitzero"`    // when it began to fire
	Reading  string       `json:"reading,omitempty"` // with its threshold, in words
	Worst    *Worst       `json:"worst,omitempty"`   // of its trouble so far; nil while not known
	Was      string       `json:"was,omitempty"`     // its state before
}

// Worst is the worst reading of an alert.
type Worst struct {
	Value float64 `json:"value"`
	Low   bool    `json:"low,omitempty"` // the lower the worse
	Text  string  `json:"text"`          // the value with its unit
}

// beyond gives the worse of two; nil is none.
func (w *Worst) beyond(other *Worst) *Worst {
	if w == nil || other == nil {
		return cmp.Or(w, other)
	}
	if w.Low == (other.Value < w.Value) {
		return other
	}
	return w
}

// Pinned is the runbook that is followed, as it was at that time.
type Pinned struct {
	Runbook string `json:"runbook"`
	Sum     string `json:"sum"`  // SHA-256 of its text, hex
	File    string `json:"file"` // its copy beside the timeline

	Actions []string     `json:"actions,omitempty"` // that its steps name
	Steps   []PinnedStep `json:"steps,omitempty"`   // in the order of the book
}

// PinnedStep is a step of the runbook, and until when it should be over.
type PinnedStep struct {
	Step    string        `json:"step"`
	Within  time.Duration `json:"within_ns,omitempty"` // since the incident was opened; 0 for no clock
	From    string        `json:"from,omitempty"`      // the fact, a time, that Within counts from instead
	Own     bool          `json:"own,omitempty"`       // the clock is its own, not that of its phase
	When    bool          `json:"when,omitempty"`      // it is only to be done under a condition
	Watched bool          `json:"watched,omitempty"`   // it is over when a reading is, whoever acts
}

// StepEvent is what became of a step of the runbook.
type StepEvent struct {
	Ended   Kind   `json:"-"` // step.started, step.done, …
	Runbook string `json:"runbook"`
	Step    string `json:"step"`
	TookS   int64  `json:"took_s"` // since the incident was opened
	Late    bool   `json:"late"`
	Reading string `json:"reading,omitempty"` // what the check saw
	Reason  string `json:"reason,omitempty"`  // of a human
}

// ActionRun is an action that was run while the incident was open.
type ActionRun struct {
	ID     string    `json:"id"` // of the call, in the audit
	At     time.Time `json:"at"` // when it ended
	By     string    `json:"by,omitempty"`
	Action string    `json:"action"`
	Target string    `json:"target,omitempty"` // its arguments, in words

	Args    map[string]string `json:"args,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Outcome string            `json:"outcome"` // ok, failed, refused, cancelled, unknown
	Detail  string            `json:"detail,omitempty"`
	TookMS  int64             `json:"took_ms"`
}

// EffectSeen is what an action did to the numbers it is judged by.
type EffectSeen struct {
	ID      string    `json:"id"` // of the call, in the audit
	At      time.Time `json:"at"` // when it was measured
	Action  string    `json:"action"`
	Verdict string    `json:"verdict"` // helped, no effect, worse, unknown
	Text    string    `json:"text,omitempty"`

	Changes []audit.Change `json:"changes,omitempty"` // the numbers it is judged by
}

// EvidenceKept is a file in the folder evidence.
type EvidenceKept struct {
	File string `json:"file"`
	Sum  string `json:"sum"` // SHA-256, hex
	What string `json:"what,omitempty"`
}

// LookedAt is evidence that somebody looked at: a verdict with what speaks for
// it.
type LookedAt struct {
	What string `json:"what"`
}

// CommsSent is a text that was given to an audience.
type CommsSent struct {
	Audience string        `json:"audience"`
	Text     string        `json:"text"`
	Next     time.Duration `json:"next_ns,omitempty"` // until the next update that was promised; 0 for none
}

// HandedOff is the incident given to somebody else.
type HandedOff struct {
	To   string `json:"to"`
	Text string `json:"text,omitempty"` // what they have to know
}

// FollowUp is work that remains. One with the ID of an earlier one replaces it;
// one without an ID is given the next.
type FollowUp struct {
	ID    string `json:"id"`
	Text  string `json:"text"`
	Owner string `json:"owner,omitempty"`
	Due   string `json:"due,omitempty"` // a day: 2026-12-01
	Done  bool   `json:"done,omitempty"`
}

func (Opened) kind() Kind       { return KindOpened }
func (Titled) kind() Kind       { return KindTitle }
func (SeveritySet) kind() Kind  { return KindSeverity }
func (RoleTaken) kind() Kind    { return KindRole }
func (StatusSet) kind() Kind    { return KindStatus }
func (Noted) kind() Kind        { return KindNote }
func (FactFound) kind() Kind    { return KindFact }
func (AlertSeen) kind() Kind    { return KindAlert }
func (Pinned) kind() Kind       { return KindPinned }
func (s StepEvent) kind() Kind  { return s.Ended }
func (ActionRun) kind() Kind    { return KindAction }
func (EffectSeen) kind() Kind   { return KindEffect }
func (EvidenceKept) kind() Kind { return KindEvidence }
func (LookedAt) kind() Kind     { return KindLooked }
func (CommsSent) kind() Kind    { return KindComms }
func (HandedOff) kind() Kind    { return KindHandOff }
func (FollowUp) kind() Kind     { return KindFollowUp }
