package ui

import (
	"context"
	"strings"
	"time"

	"tocsin/actions"
)

// finding is what an action that only reads finds out: there is nothing to
// confirm, so it opens no card but the answer.
type finding struct {
	action actions.Action
	opened time.Time
	over   bool
	out    actions.Outcome
	err    error
}

// findOut runs an action that only reads and shows what it finds. Esc leaves
// it, and asks it to stop where it is not done.
func (a *App) findOut(act actions.Action, args actions.Args) {
	f := &finding{action: act, opened: time.Now()}
	p := &pager{title: act.Title, lines: f.lines, again: a.keyOf(act.ID), leave: func() { f.stop(a) }}
	a.push(p)
	ctx, cancel := context.WithCancel(a.ctx)
	a.desk.Go("action "+act.ID, func() {
		out, err := a.o.Runner.Do(ctx, actions.Order{Action: act.ID, Args: args})
		cancel()
		a.post(func() { f.over, f.out, f.err = true, out, err })
	})
}

// stop asks what still looks to stop: what it would find is wanted no more.
func (f *finding) stop(a *App) {
	if f.over {
		return
	}
	for _, call := range a.o.Runner.Running() {
		if call.Action == f.action.ID {
			_ = a.o.Runner.Cancel(call.ID) // it may have ended by now
		}
	}
}

// lines shows what was found, the most telling marked, each level of depth a
// bit further in.
func (f *finding) lines(in In) []Line {
	if !f.over {
		return []Line{{span(Muted, "looking "+in.glyphs().Ellipsis+" "+age(time.Since(f.opened)))}}
	}
	role := Strong
	if f.err != nil {
		role = Bad
	}
	var lines []Line
	for _, part := range wrap(oneLine(f.out.Text), in.Width) {
		lines = append(lines, Line{span(role, part)})
	}
	for _, l := range f.out.Result.Found {
		lines = append(lines, foundLines(in, l)...)
	}
	return lines
}

// deepest is the part of a line that may be left blank for depth.
const deepest = 3

// foundLines is one line of a finding, wrapped under itself.
func foundLines(in In, l actions.Found) []Line {
	role, mark := Plain, "  "
	switch {
	case l.Head:
		role, mark = Title, ""
	case l.Heed:
		role, mark = Warn, in.mark(2)+" "
	}
	room := max(in.Width-2, 1)
	indent := min(2*l.Depth, room/deepest)
	var lines []Line
	for _, part := range wrap(l.Text, room-indent) {
		lines = append(lines, Line{span(role, mark+strings.Repeat(" ", indent)+part)})
		mark = strings.Repeat(" ", len(mark))
	}
	return lines
}
