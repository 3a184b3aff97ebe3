package actions

import (
	"context"
	"errors"
	"time"

	"tocsin/internal/model"
)

// Card is what the operator is asked before an action runs.
type Card struct {
	Action Action
	Plan   Plan
	Server string // the configured target: prod
	Arm    bool   // the session is read-only: the server's name must be typed, and arms it
	Phrase string // what must be typed to confirm; "" where y is enough
}

// Answer is what the operator said to a card.
type Answer struct {
	Yes    bool
	Armed  string // the server's name as typed, where the card asked for it
	Typed  string // the phrase as typed, where the card asked for it
	Reason string
}

// Confirm shows a card and waits for the answer; ctx ends the wait.
type Confirm func(ctx context.Context, c Card) (Answer, error)

// Order is one call of an action.
type Order struct {
	Action  string
	Args    Args
	Confirm Confirm
	Step    func(Progress) // may be nil
}

// Verdict says whether an action helped.
type Verdict string

// The verdicts.
const (
	Helped   Verdict = "helped"
	NoEffect Verdict = "no effect"
	Worse    Verdict = "worse"
	Unclear  Verdict = "unknown"
)

// Effect is one number before and after an action; nil means unknown then.
type Effect struct {
	Name   string // short, for the operator: waiting
	Metric string
	Better Direction
	Labels model.Labels
	Unit   model.Unit
	Before *float64
	After  *float64
	Took   time.Duration // until After was seen
}

// Ending says how a call of an action ended, in the words of the audit.
type Ending string

// The endings.
const (
	Done      Ending = "ok"
	Failed    Ending = "failed"
	Refused   Ending = "refused"
	Cancelled Ending = "cancelled"
	LeftOpen  Ending = "unknown" // left running, or its result could not be seen
)

// Outcome is all that is known after a call. Its Text stands on its own also
// when nothing was done.
type Outcome struct {
	ID      string // of the audit entries; "" when nothing was begun
	Ending  Ending
	Plan    Plan
	Result  Result
	Effects []Effect
	Verdict Verdict
	Text    string // one line for the operator: "ended in 40 ms · waiting 38 → 0 in 1.2 s · helped"
}

// ErrNeedsConfirmation is returned when nobody could be asked. Nothing was changed.
var ErrNeedsConfirmation = errors.New("needs confirmation")

// ErrUsage is in every error about an action or arguments that do not exist or
// do not fit their type. Nothing was changed.
var ErrUsage = errors.New("wrong usage")

// Reading is one number as it was last read.
type Reading struct {
	Value float64
	Unit  model.Unit
	Began time.Time // when that reading began: what happened later need not be in it
}

// Facts gives the newest reading of one number; not ok while it is unknown.
type Facts interface {
	Fact(metric string, labels model.Labels) (r Reading, ok bool)
}
