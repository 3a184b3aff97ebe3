package incident

import (
	"encoding/json"
	"slices"
	"time"
)

// Status is how far an incident is.
type Status string

// The statuses, in order.
const (
	StatusOpen      Status = "open"
	StatusMitigated Status = "mitigated" // users are no longer affected
	StatusResolved  Status = "resolved"  // the cause is gone
	StatusClosed    Status = "closed"    // the postmortem is written
)

// Statuses lists them in order.
func Statuses() []Status { return []Status{StatusOpen, StatusMitigated, StatusResolved, StatusClosed} }

// Criterion is a severity and what makes an incident so severe.
type Criterion struct{ Severity, Means string }

// Criteria are what a person chooses a severity by, the worst first.
func Criteria() []Criterion {
	return []Criterion{
		{"P0", "a service is down, or data is exposed"},
		{"P1", "more than 2 % of requests fail, or the error budget burns fast"},
		{"P2", "a P2 alert, and users feel it"},
		{"P3", "no user feels it yet"},
	}
}

// Roles lists what people can be responsible for.
func Roles() []string { return []string{"lead", "operations", "communications", "scribe"} }

// Dated is something that was said at a time.
type Dated[T any] struct {
	At  time.Time
	Who string
	Is  T
}

// State is an incident as its timeline tells it.
type State struct {
	ID         string
	By         string // who opened it
	At         time.Time
	Opening    Opened
	Hidden     bool // it is restricted, and another's: no more than ID and At is known
	Severity   string
	Status     Status
	Reached    map[Status]time.Time // when each status was first said; what was passed over is not there
	Severities []Dated[SeveritySet]
	Roles      map[string]string
	Facts      map[string]string
	Alerts     []Dated[AlertSeen]
	Book       *Pinned
	steps      map[string]Dated[StepEvent] // the newest word on each step, by stepKey
	Actions    []Dated[ActionRun]
	Effects    map[string]EffectSeen // by the id of the call
	Evidence   []EvidenceKept
	Comms      []Dated[CommsSent]
	HandOffs   []Dated[HandedOff]
	FollowUps  []FollowUp // in the order of their first mention
	Events     []Event
}

// Fold reads an incident out of its timeline. Events of a kind that it does not
// know are kept among Events and change nothing.
func Fold(events []Event) State {
	s := State{
		Status: StatusOpen, Reached: map[Status]time.Time{}, Roles: map[string]string{}, Facts: map[string]string{},
		steps: map[string]Dated[StepEvent]{}, Effects: map[string]EffectSeen{}, Events: events,
	}
	for _, e := range events {
		s.take(e)
	}
	return s
}

// Timeline are the events in the order in which it happened: as they were
// written, whatever the clock said then, but that what was learnt later stands
// where it belongs.
func (s State) Timeline() []Event {
	var out []Event
	for _, e := range s.Events {
		at := len(out)
		for told := e.Told(); at > 0 && told.Before(e.At) && out[at-1].Told().After(told); {
			at--
		}
		out = slices.Insert(out, at, e)
	}
	return out
}

// take is one event, of those that move the incident itself.
func (s *State) take(e Event) {
	switch e.Kind {
	case KindOpened:
		s.Opening, s.At, s.By = data[Opened](e), e.At, e.Who
		s.Severity, s.Reached[StatusOpen] = s.Opening.Severity, e.At
		s.Severities = append(s.Severities, Dated[SeveritySet]{e.At, e.Who, SeveritySet{s.Severity, s.Opening.Criterion}})
	case KindTitle:
		s.Opening.Title = data[Titled](e).Title
	case KindSeverity:
		set := dated[SeveritySet](e)
		s.Severity, s.Severities = set.Is.Severity, append(s.Severities, set)
	case KindStatus:
		s.reach(data[StatusSet](e).Status, e.At)
	case KindRole:
		r := data[RoleTaken](e)
		s.Roles[r.Role] = r.Who
	case KindFact:
		f := data[FactFound](e)
		s.Facts[f.Name] = f.Value
	case KindHandOff:
		s.HandOffs = append(s.HandOffs, dated[HandedOff](e))
		s.Roles["lead"] = data[HandedOff](e).To
	case KindPinned:
		p := data[Pinned](e)
		s.Book = &p
	default:
		s.gather(e)
	}
}

// gather is one event, of those that are collected.
func (s *State) gather(e Event) {
	switch e.Kind {
	case KindStepStarted, KindStepDone, KindStepSkipped, KindStepFailed, KindStepOverridden:
		step := dated[StepEvent](e)
		step.Is.Ended = e.Kind
		s.steps[stepKey(step.Is.Runbook, step.Is.Step)] = step
	case KindAlert:
		s.Alerts = append(s.Alerts, dated[AlertSeen](e))
	case KindAction:
		s.act(dated[ActionRun](e))
	case KindEffect:
		effect := data[EffectSeen](e)
		s.Effects[effect.ID] = effect
	case KindEvidence:
		s.Evidence = append(s.Evidence, data[EvidenceKept](e))
	case KindComms:
		s.Comms = append(s.Comms, dated[CommsSent](e))
	case KindFollowUp:
		s.follow(data[FollowUp](e))
	}
}

// reach takes another status. Going back to open takes back what was reached since.
func (s *State) reach(to Status, at time.Time) {
	place := slices.Index(Statuses(), to)
	if place < 0 {
		return // of a newer program, or another hand
	}
	s.Status = to
	for _, later := range Statuses()[place+1:] {
		delete(s.Reached, later)
	}
	if _, ok := s.Reached[to]; !ok {
		s.Reached[to] = at
	}
}

// act takes an action, in place of what was said of the same call before its end
// was known.
func (s *State) act(a Dated[ActionRun]) {
	at := slices.IndexFunc(s.Actions, func(old Dated[ActionRun]) bool { return old.Is.ID == a.Is.ID })
	if at < 0 {
		s.Actions = append(s.Actions, a)
		return
	}
	s.Actions[at] = a
}

func (s *State) follow(f FollowUp) {
	at := slices.IndexFunc(s.FollowUps, func(old FollowUp) bool { return old.ID == f.ID })
	if at < 0 {
		s.FollowUps = append(s.FollowUps, f)
		return
	}
	s.FollowUps[at] = f
}

// data reads what an event says; what is missing in it is empty.
func data[T any](e Event) T {
	var out T
	_ = json.Unmarshal(e.Data, &out) // a line of another hand stays readable as far as it goes
	return out
}

func dated[T any](e Event) Dated[T] { return Dated[T]{e.At, e.Who, data[T](e)} }

func stepKey(book, step string) string { return book + "/" + step }

// Step is the newest word on a step of a runbook; not ok when there is none.
func (s State) Step(book, step string) (Dated[StepEvent], bool) {
	out, ok := s.steps[stepKey(book, step)]
	return out, ok
}

// Due is when the clock of a step runs out; not ok where it has none, or what it
// counts from is not known.
func (s State) Due(c PinnedStep) (at time.Time, ok bool) {
	if c.From == "" {
		return s.At.Add(c.Within), c.Within > 0
	}
	from, err := time.Parse(time.RFC3339, s.Facts[c.From])
	return from.Add(c.Within), err == nil
}

// Missed are the steps of the runbook with a clock of their own that ran out
// after since and before the end of the incident, or until, and that nobody did,
// tried, skipped or overrode. Whether the condition of a step held is on record
// only where it was begun: the others are untold.
func (s State) Missed(since, until time.Time) (never, untold []string) {
	if s.Book == nil {
		return nil, nil
	}
	if closed, over := s.Reached[StatusClosed]; over && closed.Before(until) {
		until = closed
	}
	over := []Kind{KindStepDone, KindStepFailed, KindStepSkipped, KindStepOverridden}
	for _, c := range s.Book.Steps {
		word, begun := s.Step(s.Book.Runbook, c.Step)
		due, known := s.Due(c)
		switch {
		case !c.Own, !known, due.Before(since), !due.Before(until), slices.Contains(over, word.Is.Ended):
		case c.When && !begun:
			untold = append(untold, c.Step)
		default:
			never = append(never, c.Step)
		}
	}
	return never, untold
}

// calm tells whether nobody waits for news any more.
func (s State) calm() bool { return s.Status == StatusResolved || s.Status == StatusClosed }

// Live tells whether work on it goes on.
func (s State) Live() bool { return s.Status != StatusClosed }

// Spans tells whether something that was done at a time belongs to the incident.
func (s State) Spans(at time.Time) bool {
	closed, over := s.Reached[StatusClosed]
	return !at.Before(s.Began()) && !(over && at.After(closed))
}

// Title is its title, as far as the reader may see it.
func (s State) Title() string {
	if s.Hidden {
		return "restricted incident"
	}
	return s.Opening.Title
}

// beganWithin is how long before an incident is opened an alert may have begun
// to be part of it.
const beganWithin = 30 * time.Minute

// Began is when it began as far as is known: as somebody said; else the start of
// the oldest alert that fired in it, and began a short while before it was opened
// or was its cause; else when it was opened.
func (s State) Began() time.Time {
	if s.Opening.Began != nil {
		return *s.Opening.Began
	}
	began := s.At
	for _, a := range s.Alerts {
		since := a.Is.Since
		if !since.IsZero() && s.hasPart(a.Is) && since.Before(began) {
			began = since
		}
	}
	return began
}

// firstUpdate is how long after the opening users and colleagues hear of it.
func firstUpdate(severity string) time.Duration {
	switch severity {
	case "P0":
		return 15 * time.Minute
	case "P1":
		return 30 * time.Minute
	case "P2":
		return time.Hour
	}
	return 24 * time.Hour
}

// NextUpdate is when the next communication is due; not ok when none is. The
// newest one says when the next comes; before the first the severity does. One
// that was raised since asks for it sooner.
func (s State) NextUpdate() (at time.Time, ok bool) {
	if s.calm() || s.Hidden {
		return time.Time{}, false
	}
	told := s.At
	at, ok = s.At.Add(firstUpdate(s.Opening.Severity)), true
	if n := len(s.Comms); n > 0 {
		told = s.Comms[n-1].At
		at, ok = told.Add(s.Comms[n-1].Is.Next), s.Comms[n-1].Is.Next > 0
	}
	for _, set := range s.Severities {
		if sooner := set.At.Add(firstUpdate(set.Is.Severity)); set.At.After(told) && (!ok || sooner.Before(at)) {
			at, ok = sooner, true
		}
	}
	return at, ok
}

// OpenFollowUps are those that are not done.
func (s State) OpenFollowUps() []FollowUp {
	return slices.DeleteFunc(slices.Clone(s.FollowUps), func(f FollowUp) bool { return f.Done })
}

// After is the time from the beginning until a status was reached; not ok when
// it was not. A clock that stepped back gives no negative time.
func (s State) After(status Status) (d time.Duration, ok bool) {
	at, ok := s.Reached[status]
	return max(at.Sub(s.Began()), 0), ok
}

// Seconds is how long the incident has been open, never negative.
func (s State) Seconds(now time.Time) int64 { return int64(max(now.Sub(s.At), 0).Seconds()) }

// Mentions tells whether the incident has to do with a rule, runbook, action or
// word: what a search looks for.
func (s State) Mentions(text string) bool {
	if s.Hidden {
		return false
	}
	return slices.ContainsFunc(s.words(), func(word string) bool { return contains(word, text) })
}
