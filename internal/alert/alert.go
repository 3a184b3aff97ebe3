// Package alert holds the thresholds of the runbooks as rules, follows every
// reading through ok, pending, firing, clearing and unknown, and names the
// first suspect. It looks at views of the store only: it must not know how a
// source is read, what the screen shows or what an action does.
package alert

import (
	"strings"
	"time"

	"tocsin/internal/model"
)

// Severity ranks an alert by what its trouble does to users; P0 is the worst.
type Severity string

// The severities, worst first. They compare as strings.
const (
	P0 Severity = "P0" // down, or data exposed
	P1 Severity = "P1" // many users feel it
	P2 Severity = "P2" // some users feel it
	P3 Severity = "P3" // no user feels it yet
)

// Level is what the severity means on the screen while the alert fires.
func (s Severity) Level() Level {
	if s <= P1 {
		return Critical
	}
	return Warning
}

// State says how far the trouble of one series has come.
type State string

// The states of an alert.
const (
	OK       State = "ok"       // not over its threshold
	Pending  State = "pending"  // over it, not for long enough
	Firing   State = "firing"   // over it for long enough
	Clearing State = "clearing" // under its clear threshold, not for long enough
	Unknown  State = "unknown"  // cannot be told; what it was before stands in Former
)

// Level is how loud something is; higher is worse.
type Level int

// The levels.
const (
	Fine Level = iota
	Unclear
	Warning
	Critical
)

// String is the word for the level.
func (l Level) String() string {
	return [...]string{"ok", "unknown", "warning", "critical"}[l]
}

// Reading is the number an alert looks at, or why there is none.
type Reading struct {
	Value float64 // of the newest sample, also when it is too old; meaningless while Known is false
	Known bool
	Unit  model.Unit
	Count int    // sample size behind a ratio or quantile; 0 where that has no meaning
	Why   string // while not Known: what is missing
	Says  string // the reading in words, its first the shortest, where the number alone misleads; ""
}

// Ack says that a person has taken an alert on. It drops when the severity
// rises, the next threshold is crossed or the alert fires again; one that flaps
// fires again all the time and keeps it.
type Ack struct {
	Who string
	Why string
	At  time.Time
}

// Mute silences an alert up to an instant; it stays on screen, dimmed.
type Mute struct {
	Who   string
	Why   string
	At    time.Time // when it was said
	Until time.Time
}

// endsSoon is how long before its end a silence says so; a short one when half
// of it is over.
const endsSoon = 10 * time.Minute

// Ending tells whether the silence is about to end.
func (m Mute) Ending(now time.Time) bool {
	return m.Until.Sub(now) <= min(endsSoon, m.Until.Sub(m.At)/2)
}

// Alert is what one rule says of one series at one instant.
type Alert struct {
	Reading

	Rule      string       // id of the rule: db.locks.waiting
	Metric    string       // name of the fact it looks at
	Labels    model.Labels // of the fact, with its window; nil when the metric has one series only
	Source    string       // name of the source that gives the fact; "" when none ever did
	State     State
	Former    State // while State is Unknown: what it was before
	Severity  Severity
	Since     time.Time // when the trouble began, that is left the state ok; zero when there is none
	Alerted   time.Time // when this trouble, or the last one, began to fire; zero when it did not
	Worst     *float64  // of this trouble, or the last one, in the unit of the reading; nil while not known
	Threshold Threshold // at which it fires
	MinCount  int       // sample size under which the reading is unknown
	Group     string
	Runbook   string // id of the book to open
	Inhibited bool   // the trouble of another alert explains it: shown dimmed
	Acked     *Ack   // nil when nobody has taken it on
	Muted     *Mute  // nil when it is not silenced
	Flapping  bool   // it began to fire so often that it clears only after a while in order
}

// Key identifies the series across steps and restarts:
// "db.dead_tuples.pct{table=public.orders}".
func (a Alert) Key() string { return keyOf(a.Rule, a.Labels) }

func keyOf(rule string, labels model.Labels) string {
	if len(labels) == 0 {
		return rule
	}
	return rule + "{" + labels.String() + "}"
}

// Subject is what the alert is about where the metric has several series: the
// values of its labels, less the window. "" where there is only one.
func (a Alert) Subject() string {
	rest := model.Labels{}
	for name, value := range a.Labels {
		if name != windowLabel {
			rest[name] = value
		}
	}
	return values(rest)
}

// Standing is the state that decides the place of the alert: its own, or while
// that is unknown the one it had before.
func (a Alert) Standing() State {
	if a.State == Unknown {
		return a.Former
	}
	return a.State
}

// About is the subject, and the window where that is longer than the minute
// that readings are otherwise taken over: "shop 5m".
func (a Alert) About() string {
	window := a.Labels[windowLabel]
	if window == suspectWindow {
		window = ""
	}
	return strings.Join(lines(a.Subject(), window), " ")
}

// name is the metric with what it is about: "http.p95 shop 5m".
func (a Alert) name() string { return strings.Join(lines(a.Metric, a.About()), " ") }

// Trouble tells whether the alert is more than a reading in order: pending,
// firing, clearing, or unknown after one of these.
func (a Alert) Trouble() bool { return a.Standing() != OK }

// Quiet tells whether the alert was in order and has too little to judge by now:
// on a quiet site that is no news.
func (a Alert) Quiet() bool { return a.State == Unknown && a.Former == OK && a.Count < a.MinCount }

// Level is how loud the alert is now. A pending one is a warning at most.
func (a Alert) Level() Level {
	switch a.State {
	case OK:
		return Fine
	case Unknown:
		return Unclear
	case Pending:
		return Warning
	default:
		return a.Severity.Level()
	}
}

// Word is the word for the level.
func (a Alert) Word() string { return a.Level().String() }

// Age is how long the trouble has lasted at that instant; 0 when there is none.
func (a Alert) Age(now time.Time) time.Duration {
	if a.Since.IsZero() {
		return 0
	}
	return max(now.Sub(a.Since), 0)
}

// Text is the reading for people: "4.8 s", "12 %", or "unknown: why".
func (r Reading) Text() string {
	if !r.Known {
		return "unknown: " + r.Why
	}
	if r.Says != "" {
		return r.Says
	}
	return number(r.Value, r.Unit)
}

// StillFiring names what fires or clears now, and what a record has as firing
// that is not known now: a dashboard may have ended since. What it has begins
// with the name of its rule.
func StillFiring(now []Alert, recorded []string) []string {
	var out []string
	known := map[string]bool{}
	for _, a := range now {
		known[a.Rule] = true
		if is := a.Standing(); is == Firing || is == Clearing {
			out = append(out, strings.TrimSpace(a.Rule+" "+a.About()))
		}
	}
	for _, name := range recorded {
		if rule, _, _ := strings.Cut(name, " "); !known[rule] {
			out = append(out, name)
		}
	}
	return out
}
