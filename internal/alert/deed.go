package alert

import (
	"time"
)

// deedFor is how long what helped is remembered beside the verdict: what it
// brings down takes that long at most to show in a window of a minute.
const deedFor = 2 * time.Minute

// Deed is an action that was carried out on the target and that helped.
type Deed struct {
	Action string            // its id
	Args   map[string]string // what it was told
	Text   string            // what was done to what: "Purge cache page:"
	At     time.Time         // when it ended
	// Effects are the numbers that were measured before and after it.
	Effects []Effect
}

// Effect is one number before and after a deed.
type Effect struct {
	Metric        string
	Before, After float64
}

// Recent tells whether the deed is new enough to be named.
func (d Deed) Recent(now time.Time) bool { return now.Sub(d.At) < deedFor }

// is tells whether the deed is that action with these arguments; it may have
// been told more.
func (d Deed) is(action string, args map[string]string) bool {
	for name, value := range args {
		if d.Args[name] != value {
			return false
		}
	}
	return d.Action == action
}

// wait takes the action from a suspect that was dealt with a moment ago, for as
// long as its reading does not get worse again.
func (s *scene) wait(c *candidate) {
	for _, d := range s.deeds {
		if d.is(c.Action, c.Args) && !s.worseSince(c.reading, d.At) {
			c.Summary += ", done " + ago(s.now.Sub(d.At)) + " ago: wait"
			c.Action, c.Args = "", nil
			return
		}
	}
}

// worseSince tells whether a reading is further over its threshold than it was
// at the first look after an instant.
func (s *scene) worseSince(h hot, at time.Time) bool {
	points := s.v.Series(h.Metric, h.Labels, at)
	if len(points) == 0 {
		return false
	}
	if h.Threshold.Falls() {
		return h.value < 0.9*points[0].Value
	}
	return h.value > 1.1*points[0].Value
}

// helped names the newest deed; "" where there is none.
func (s *scene) helped() string {
	var last Deed
	for _, d := range s.deeds {
		if d.At.After(last.At) {
			last = d
		}
	}
	if last.At.IsZero() {
		return ""
	}
	return "; " + last.Text + " helped " + ago(s.now.Sub(last.At)) + " ago"
}
