package actions

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"tocsin/internal/audit"
)

const (
	// effectPoll is the pause between two looks at the facts after an action.
	effectPoll = 250 * time.Millisecond
	// A number has moved when it changed by a tenth; when it moved by four
	// fifths in the right direction there is no need to wait for more.
	moved, settled = 0.1, 0.8
)

// effectRun is what the measuring of an effect needs beside the call.
type effectRun struct {
	before []*Reading // of the plan's measures
	ended  time.Time  // when the action did
	step   func(Progress)
}

// readings gives the newest reading of each measure; nil where there is none
// that began at that instant or later.
func (r *Runner) readings(measures []Measure, since time.Time) []*Reading {
	out := make([]*Reading, len(measures))
	if r.opts.Facts == nil {
		return out
	}
	for i, m := range measures {
		if got, ok := r.opts.Facts.Fact(m.Metric, m.Labels); ok && !got.Began.Before(since) {
			out[i] = &got
		}
	}
	return out
}

// effect measures what an action that has ended did, and adds it to the outcome.
func (r *Runner) effect(ctx context.Context, c *call, out *Outcome, run effectRun) {
	if r.opts.Refresh != nil && c.plan.Danger != Read {
		r.opts.Refresh() // what the action measured by itself shows at once as well
	}
	watch := newWatch(c.plan.Measures, run.before, out.Result.Effects)
	if !watch.decided(0) && watch.limit > 0 {
		if run.step != nil {
			run.step(Progress{Text: out.Text + " · measuring the effect", Part: -1})
		}
		r.observe(ctx, watch, run.ended)
	}
	out.Effects = watch.effects
	out.Verdict = verdictOf(out.Effects)
	out.Text = tell(out.Text, out.Effects, out.Verdict)
	if len(out.Effects) == 0 || c.plan.Danger == Read {
		return
	}
	// The change and its result are recorded: a lost effect is no reason to
	// call the action anything else than what it was.
	_, _ = r.opts.Audit.Append(audit.Entry{
		Phase: audit.Effect, ID: c.id, Action: c.action.ID,
		Verdict: string(out.Verdict), Detail: out.Text, Effects: changes(out.Effects),
	})
}

// observe looks at the facts until the watch has seen enough. A reading that
// began before the action ended may not show what it did: it is no news.
func (r *Runner) observe(ctx context.Context, w *watch, ended time.Time) {
	tick := time.NewTicker(effectPoll)
	defer tick.Stop()
	for {
		elapsed := r.opts.Now().Sub(ended)
		w.see(r.readings(w.measures, ended), elapsed)
		if w.decided(elapsed) || elapsed >= w.limit {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.cut()
			return
		}
	}
}

// watch follows the measures of one action.
type watch struct {
	measures []Measure
	at       []int    // place of each measure in effects
	effects  []Effect // those of the action first
	limit    time.Duration
}

func newWatch(measures []Measure, before []*Reading, own []Effect) *watch {
	w := &watch{effects: append([]Effect(nil), own...)}
	for i, m := range measures {
		if measured(own, m) {
			continue
		}
		e := Effect{Name: m.Name, Metric: m.Metric, Better: m.Better, Labels: m.Labels}
		if before[i] != nil {
			e.Before, e.Unit = &before[i].Value, before[i].Unit
			w.limit = max(w.limit, m.Within)
		}
		w.measures = append(w.measures, m)
		w.at = append(w.at, len(w.effects))
		w.effects = append(w.effects, e)
	}
	return w
}

func measured(own []Effect, m Measure) bool {
	for _, e := range own {
		if e.Metric == m.Metric && e.Labels.String() == m.Labels.String() {
			return true
		}
	}
	return false
}

// see takes in how the measures stand at this time after the action.
func (w *watch) see(now []*Reading, elapsed time.Duration) {
	for i, reading := range now {
		e := &w.effects[w.at[i]]
		switch {
		case reading == nil:
			e.After = nil
		case e.After == nil || *e.After != reading.Value:
			e.After, e.Took, e.Unit = &reading.Value, elapsed, reading.Unit
		}
	}
}

// cut ends the watch before its time: what has not helped by then may still do.
func (w *watch) cut() {
	if verdictOf(w.effects) == Helped {
		return
	}
	for _, i := range w.at {
		w.effects[i].After = nil
	}
}

// decided tells whether the number that decides has clearly moved to the good.
// One that was known before the action and is not read again yet is waited for,
// as long as its effect may take to show.
func (w *watch) decided(elapsed time.Duration) bool {
	for i, e := range w.effects {
		if gain, ok := e.gain(); ok {
			return gain >= settled
		}
		if at := slices.Index(w.at, i); at >= 0 && e.Before != nil && e.After == nil && elapsed < w.measures[at].Within {
			return false
		}
	}
	return false
}

// gain is the change in the better direction relative to the value before; not
// ok while a value is unknown or where it could not get better. What reads the
// same has not moved.
func (e Effect) gain() (part float64, ok bool) {
	if e.Before == nil || e.After == nil {
		return 0, false
	}
	diff := *e.Before - *e.After
	if amount(*e.Before, e.Unit) == amount(*e.After, e.Unit) {
		diff = 0
	}
	if e.Better == Higher {
		diff = -diff
	}
	if *e.Before == 0 {
		return float64(sign(diff)), diff != 0
	}
	return diff / math.Abs(*e.Before), true
}

func sign(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// verdictOf judges by the first effect that says anything.
func verdictOf(effects []Effect) Verdict {
	for _, e := range effects {
		gain, ok := e.gain()
		switch {
		case !ok:
			continue
		case gain >= moved:
			return Helped
		case gain <= -moved:
			return Worse
		}
		return NoEffect
	}
	return Unclear
}

func changes(effects []Effect) []audit.Change {
	out := make([]audit.Change, len(effects))
	for i, e := range effects {
		out[i] = audit.Change{
			Metric: e.Metric, Labels: e.Labels, Unit: e.Unit,
			Before: e.Before, After: e.After, TookMS: e.Took.Milliseconds(),
		}
	}
	return out
}

// tell is the line for the operator: what was done, the numbers, the verdict.
func tell(text string, effects []Effect, verdict Verdict) string {
	unknown := false
	for _, e := range effects {
		if e.Before == nil || e.After == nil {
			unknown = true
			continue
		}
		name := e.Name
		if name == "" {
			name = e.Metric
		}
		before, after := amount(*e.Before, e.Unit), amount(*e.After, e.Unit)
		switch {
		case before == after && *e.Before == 0:
		case before == after:
			text += fmt.Sprintf(" · %s still %s", name, after)
		default:
			text += fmt.Sprintf(" · %s %s → %s%s", name, before, after, in(e.Took))
		}
	}
	switch {
	case verdict != Unclear:
		text += " · " + string(verdict)
	case unknown:
		text += " · effect unknown"
	}
	return text
}
