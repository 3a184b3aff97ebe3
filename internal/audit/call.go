package audit

import "os"

// Call is what was recorded of one call of an action.
type Call struct {
	Intent Entry  // empty where the record begins after it
	Result *Entry // the newest; nil when there is none
	Effect *Entry // nil when none was measured
}

// Calls puts the entries of each call together, in the order in which the calls
// were first recorded.
func Calls(entries []Entry) []Call {
	at := map[string]int{}
	var calls []Call
	for i, e := range entries {
		if e.Phase != Intent && e.Phase != Result && e.Phase != Effect {
			continue
		}
		if _, known := at[e.ID]; !known {
			at[e.ID] = len(calls)
			calls = append(calls, Call{})
		}
		c := &calls[at[e.ID]]
		switch e.Phase {
		case Intent:
			c.Intent = e
		case Result:
			c.Result = &entries[i]
		case Effect:
			c.Effect = &entries[i]
		}
	}
	return calls
}

// First is the earliest entry there is of the call: it has its name, action and
// target.
func (c Call) First() Entry {
	switch {
	case c.Intent.Phase == Intent:
		return c.Intent
	case c.Result != nil:
		return *c.Result
	default:
		return *c.Effect
	}
}

// Ended tells whether it is known how the call ended.
func (c Call) Ended() bool { return c.Result != nil && c.Result.Outcome != "unknown" }

// Alive tells whether the call has no result, and the process that began it
// still runs on this machine: it may well be under way.
func (c Call) Alive() bool {
	host, _ := os.Hostname()
	return c.Result == nil && c.Intent.Host == host && alive(c.Intent.PID)
}
