package cli

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/store"
	"tocsin/ui"
)

const (
	// pastKept bounds what is remembered of each kind.
	pastKept = 40
	// actsSince is how far back actions are worth knowing about.
	actsSince = 24 * time.Hour
)

// past remembers what is over: troubles that ended while we watched, and what
// anybody on this machine did to the target. It is written by the watch alone.
type past struct {
	p     *program
	ended []ui.Event
	lost  map[string]time.Time // since when a group or a lone source cannot be read
	fails bool                 // the state folder takes nothing
	// ending has the ends of silences that were announced, by their alerts.
	ending map[string]time.Time
	acts   []ui.Event
	deeds  []alert.Deed             // that helped of late
	size   int64                    // of the audit when it was last read
	alive  []audit.Call             // were under way when it was
	acted  func([]audit.Call) error // hears of what the audit has gained, again after an error
	all    atomic.Pointer[[]ui.Event]
}

func newPast(p *program, acted func([]audit.Call) error) *past {
	out := &past{p: p, acted: acted, lost: map[string]time.Time{}, ending: map[string]time.Time{}}
	out.all.Store(&[]ui.Event{})
	return out
}

// events are all of them, in no order.
func (p *past) events() []ui.Event { return *p.all.Load() }

// see takes in one step of the rules.
func (p *past) see(v store.View, before, after []alert.Alert) {
	n := len(p.ended)
	p.alerts(v.Now(), before, after)
	p.sources(v)
	if len(p.ended) != n {
		p.ended = p.ended[max(len(p.ended)-pastKept, 0):]
		p.publish()
	}
}

// alerts remembers those that had fired and are in order again, and what ended
// of that which people said of them.
func (p *past) alerts(now time.Time, before, after []alert.Alert) {
	for _, a := range before {
		if !a.Trouble() && a.Muted == nil {
			continue // most are in order, and nobody said anything of them
		}
		i := slices.IndexFunc(after, func(b alert.Alert) bool { return b.Key() == a.Key() })
		if i < 0 {
			continue
		}
		b := after[i]
		if fired := a.Standing() == alert.Firing || a.Standing() == alert.Clearing; fired && b.State == alert.OK {
			p.add(now, fmt.Sprintf("%s in order again after %s", nameOf(a), now.Sub(a.Since).Round(time.Second)), ui.Good)
		}
		p.said(now, a, b)
	}
}

// said remembers that a silence ends soon or has ended, and that an alert got
// worse after somebody took it on. What people take back is in the audit.
func (p *past) said(now time.Time, a, b alert.Alert) {
	switch {
	case a.Muted != nil && b.Muted == nil:
		p.add(now, fmt.Sprintf("%s is heard again: the mute by %s is over", nameOf(a), a.Muted.Who), ui.Warn)
	case b.Muted != nil && b.Muted.Ending(now) && !p.ending[b.Key()].Equal(b.Muted.Until):
		p.ending[b.Key()] = b.Muted.Until
		p.add(now, fmt.Sprintf("%s: the mute by %s ends in %s", nameOf(b), b.Muted.Who, b.Muted.Until.Sub(now).Round(time.Second)), ui.Warn)
	}
	if a.Acked != nil && b.Acked == nil && b.Trouble() {
		p.add(now, fmt.Sprintf("%s is worse: %s took it on before", nameOf(b), a.Acked.Who), ui.Warn)
	}
}

// sources remembers servers that could not be read and can be read again.
func (p *past) sources(v store.View) {
	spoken := map[string]bool{}
	for _, s := range v.Sources() {
		name := s.Group
		if name == "" {
			name = s.Name
		}
		if spoken[name] {
			continue // the lead speaks for its server: another source may lack no more than a right
		}
		spoken[name] = true
		since, was := p.lost[name]
		switch {
		case s.State == store.Error && !was:
			p.lost[name] = s.Fail.Since
		case s.State == store.OK && was && s.At.After(since):
			delete(p.lost, name)
			p.add(s.At, fmt.Sprintf("%s is back after %s", name, s.At.Sub(since).Round(time.Second)), ui.Good)
		}
	}
}

// kept remembers that the state folder takes nothing any more, or does again.
func (p *past) kept(at time.Time, err error) {
	if p.fails == (err != nil) {
		return
	}
	if p.fails = err != nil; p.fails {
		p.add(at, "the state is not kept: "+err.Error(), ui.Bad)
	} else {
		p.add(at, "the state is kept again", ui.Good)
	}
	p.publish()
}

func (p *past) add(at time.Time, text string, r ui.Role) {
	p.ended = append(p.ended, ui.Event{At: at, Text: text, Role: r})
}

// read takes in what the audit has gained, from this session and others. It is
// read again where somebody asks, or a process ended without a word of what it did.
func (p *past) read(again bool) {
	info, err := os.Stat(filepath.Join(p.p.state.root, "audit.jsonl"))
	died := slices.ContainsFunc(p.alive, func(c audit.Call) bool { return !c.Alive() })
	if err != nil || info.Size() == p.size && !again && !died {
		return
	}
	entries, err := audit.List(p.p.state.root)
	if err != nil {
		slog.Warn("the audit cannot be read", "error", err)
		return
	}
	calls := audit.Calls(entries)
	p.alive = slices.DeleteFunc(slices.Clone(calls), func(c audit.Call) bool { return !c.Alive() })
	if p.acted(calls) == nil {
		p.size = info.Size()
	}
	p.acts, p.deeds = p.actsOf(calls), p.p.deedsOf(calls)
	p.publish()
}

// actsOf gives one event for each action of the last day on this target that
// came to an end.
func (p *past) actsOf(calls []audit.Call) []ui.Event {
	var out []ui.Event
	for _, c := range calls {
		if r := c.Result; r != nil && r.Target == p.p.target.Name && time.Since(r.At.Time) <= actsSince && sent(*r) {
			out = append(out, p.act(c))
		}
	}
	return out[max(len(out)-pastKept, 0):]
}

// sent tells whether something was sent to be done.
func sent(result audit.Entry) bool {
	return result.Outcome != string(actions.Refused) && result.Outcome != string(actions.Cancelled)
}

// act is what an action did, and at what it was aimed.
func (p *past) act(c audit.Call) ui.Event {
	e := *c.Result
	text, role := e.Action, ui.Strong
	if a, ok := p.p.runner.Find(e.Action); ok {
		text = a.Title + aimOf(a, c.Intent)
	}
	if e.Who != nil && e.Who.User != "" {
		text += " by " + e.Who.User
	}
	if e.Outcome != string(actions.Done) {
		text, role = text+": "+e.Outcome, ui.Warn
	}
	if c.Effect != nil && c.Effect.Verdict != "" {
		text += ": " + c.Effect.Verdict
	}
	_, mark, _ := strings.Cut(e.Action, ".") // pg.vacuum: the family says nothing under a chart
	if e.Outcome == string(actions.Failed) && len(e.Steps) == 0 {
		mark = "" // nothing was done
	}
	return ui.Event{At: e.At.Time, Text: text, Role: role, Mark: mark}
}

// aimOf is what an action changed into what, else the first thing that it was
// told; "" where neither is known.
func aimOf(a actions.Action, intent audit.Entry) string {
	from, _ := intent.Preflight["from"].(string)
	to, _ := intent.Preflight["to"].(string)
	if from != "" && to != "" {
		return " " + from + " → " + to
	}
	for _, param := range a.Params {
		if v, ok := intent.Params[param.Name]; ok && param.Type != actions.TypeTime && param.Type != actions.TypeSessions {
			return fmt.Sprintf(" %v", v)
		}
	}
	return ""
}

func (p *past) publish() {
	all := slices.Concat(p.ended, p.acts)
	p.all.Store(&all)
}
