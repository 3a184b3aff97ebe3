package alert

import (
	"time"

	"tocsin/internal/model"
)

// maxGap is the longest time between two steps over which a condition counts
// as having held: programs that look once a minute or once a quarter of an
// hour add up, a screen opened the next morning starts anew.
const maxGap = time.Hour

// series is all that is remembered of one series of one rule. It is plain data
// and is kept on disk.
type series struct {
	Rule     string        `json:"rule"`
	Labels   model.Labels  `json:"labels,omitempty"`
	Source   string        `json:"source,omitempty"`
	State    State         `json:"state"`
	Former   State         `json:"former,omitempty"` // while State is Unknown
	Since    time.Time     `json:"since,omitzero"`   // when it left OK
	Held     time.Duration `json:"held"`             // how long what would end the state has held
	Last     time.Time     `json:"last"`             // the newest step
	Severity Severity      `json:"severity"`
	Reading  Reading       `json:"reading"`
	Ack      *Ack          `json:"ack,omitempty"`
	AckSaid  time.Time     `json:"ack_said,omitzero"` // when Ack became what it is
	Mute     *Mute         `json:"mute,omitempty"`
	MuteSaid time.Time     `json:"mute_said,omitzero"` // when Mute was given or taken back
	Fired    []time.Time   `json:"fired,omitempty"`    // when it began to fire within the last hour, oldest first
	Alerted  time.Time     `json:"alerted,omitzero"`   // when this trouble, or the last one, began to fire
	Worst    *float64      `json:"worst,omitempty"`    // of this trouble, or the last one; nil while no reading of it is known
}

// verdict is what one reading says.
type verdict int

const (
	between verdict = iota // neither over nor clear
	over                   // the fire threshold holds
	under                  // the clear threshold holds, or the series is gone
	unclear                // it cannot be told
)

// standing is the state that counts: the one before, while it is unknown.
func (s series) standing() State {
	if s.State == Unknown {
		return s.Former
	}
	return s.State
}

// next is the series after one more reading. The time that counts is the sum
// of the steps forward, so that a clock that is set back neither clears nor
// fires anything.
func (s series) next(r Rule, got verdict, now time.Time) series {
	step := min(max(now.Sub(s.Last), 0), maxGap)
	if s.Since.After(now) {
		s.Since = now
	}
	s.Last = now
	s = s.overlays(r, now).recent(now)
	if got == unclear && r.OnUnknown == Fire {
		got = over
	}
	if got == unclear {
		if s.State != Unknown {
			s.Former, s.State = s.State, Unknown
		}
		return s
	}
	if s.State == Unknown {
		s.State, s.Former, step = s.Former, "", 0
	}
	return s.move(r, got, step, now).worse(r)
}

// begun is the series where its trouble begins.
func (s series) begun(now time.Time) series {
	s.State, s.Since, s.Held, s.Alerted, s.Worst = Pending, now, 0, time.Time{}, nil
	return s
}

// worse is the series with its reading, where that is the worst so far.
func (s series) worse(r Rule) series {
	if s.State == OK || !s.Reading.Known {
		return s
	}
	if v := s.Reading.Value; s.Worst == nil || r.Fire.worse(v, *s.Worst) {
		s.Worst = &v
	}
	return s
}

// move goes from state to state; got is known.
func (s series) move(r Rule, got verdict, step time.Duration, now time.Time) series {
	switch {
	case s.State == OK && got == over:
		s = s.begun(now)
	case s.State == Pending && got == over, s.State == Clearing && got == under:
		s.Held += step
	case s.State == Pending:
		s = s.cleared(now)
	case s.State == Firing && got == under:
		s.State, s.Held = Clearing, 0
	case s.State == Clearing:
		s.State = Firing
		if got == over && !s.flapping() {
			s = s.acked(nil, now)
		}
	}
	if s.State == Pending && s.Held >= r.For {
		s.State, s.Held = Firing, 0
		s = s.fired(now)
	}
	if s.State == Clearing && s.Held >= s.clearFor(r) {
		s = s.cleared(now)
	}
	return s
}

// overlays ends what has run out: a silence at its end, an acknowledgement
// when the severity has risen.
func (s series) overlays(r Rule, now time.Time) series {
	if s.Mute != nil && !now.Before(s.Mute.Until) {
		s.Mute = nil
	}
	if r.Severity < s.Severity {
		s = s.acked(nil, now)
	}
	s.Severity = r.Severity
	return s
}

// cleared is the series in order again. A silence lasts to its own end. One
// that flapped has been in order for long, and is counted anew.
func (s series) cleared(now time.Time) series {
	if s.flapping() {
		s.Fired = nil
	}
	s.State, s.Former, s.Held, s.Since = OK, "", 0, time.Time{}
	return s.acked(nil, now)
}

// acked is the series taken on, or given back with nil.
func (s series) acked(ack *Ack, at time.Time) series {
	if s.Ack != nil || ack != nil {
		s.Ack, s.AckSaid = ack, at
	}
	return s
}

// muted is the series silenced, or no longer with nil.
func (s series) muted(m *Mute, at time.Time) series {
	s.Mute, s.MuteSaid = m, at
	return s
}

// told is the series with what others have said of it since.
func (s series) told(other series) series {
	if other.AckSaid.After(s.AckSaid) && s.standing() != OK {
		s = s.acked(other.Ack, other.AckSaid)
	}
	if other.MuteSaid.After(s.MuteSaid) {
		s = s.muted(other.Mute, other.MuteSaid)
	}
	return s
}

// idle tells whether there is nothing to remember of the series.
func (s series) idle() bool { return s.standing() == OK && s.Mute == nil }

// kept tells whether the series belongs on disk: also that it is no longer
// silenced, until any silence that others still know of has run out.
func (s series) kept() bool {
	return !s.idle() || s.Last.Sub(s.MuteSaid) < maxMute || len(s.Fired) > 0
}

// alert is the series as others see it at an instant.
func (s series) alert(r Rule, now time.Time) Alert {
	a := Alert{
		Reading: s.Reading, Rule: s.Rule, Metric: r.Metric, Labels: s.Labels, Source: s.Source,
		State: s.State, Former: s.Former, Severity: s.Severity, Since: s.Since,
		Threshold: r.Fire, MinCount: r.MinCount, Group: r.Group, Runbook: r.Runbook, Acked: s.Ack,
		Flapping: s.flapping(), Alerted: s.Alerted, Worst: s.Worst,
	}
	if s.Mute != nil && now.Before(s.Mute.Until) {
		a.Muted = s.Mute
	}
	return a
}
