package incident

import "time"

// trouble is what the timeline tells of one alert: from its first beginning to
// its last end.
type trouble struct {
	name     string
	severity string // the worst
	since    time.Time
	ended    time.Time // zero while it lasts, as far as is known
	times    int       // it fired
	worst    *Worst    // nil while no reading is known
	reading  string    // at which it fired first
}

// worstText is its worst reading; of one that lasts it is known up to its newest turn.
func (t trouble) worstText() string {
	switch {
	case t.worst == nil:
		return ""
	case t.ended.IsZero():
		return "at least " + t.worst.Text
	}
	return t.worst.Text
}

// troubles are the alerts that fired, in the order in which they began to.
func (s State) troubles() []trouble {
	place := map[string]int{}
	var out []trouble
	for _, a := range s.Alerts {
		name := a.Is.Rule + labelled(a.Is.Labels.String())
		at, known := place[name]
		switch {
		case !known && a.Is.State == alertOK:
			continue
		case !known:
			at, place[name] = len(out), len(out)
			out = append(out, trouble{name: name, severity: a.Is.Severity, since: a.At, reading: a.Is.Reading})
			if !a.Is.Since.IsZero() {
				out[at].since = a.Is.Since
			}
		}
		out[at] = out[at].turned(a)
	}
	return out
}

// turned is the trouble after one more turn of its alert.
func (t trouble) turned(a Dated[AlertSeen]) trouble {
	t.worst = t.worst.beyond(a.Is.Worst)
	if a.Is.State == alertOK {
		t.ended = a.At
		return t
	}
	t.ended, t.severity = time.Time{}, min(t.severity, a.Is.Severity)
	if a.Is.Was == "" || a.Is.Was == alertOK {
		t.times++
	}
	return t
}

// The states of an alert in order, and of one that fires.
const alertOK, alertFiring = "ok", "firing"

// Detected is when it was noticed, and by what: by the first of its alerts that
// fired, or where none had by then, by who opened it.
func (s State) Detected() (at time.Time, by string) {
	at, by = s.At, s.By
	for _, a := range s.Alerts {
		if fired := a.Is.Fired; !fired.IsZero() && s.hasPart(a.Is) && fired.Before(at) {
			at, by = fired, a.Is.Rule+labelled(a.Is.Labels.String())
		}
	}
	return at, by
}

// hasPart tells whether an alert that fired before it was opened is part of it.
func (s State) hasPart(a AlertSeen) bool {
	return a.Rule == s.Opening.Cause || s.At.Sub(a.Since) <= beganWithin
}
