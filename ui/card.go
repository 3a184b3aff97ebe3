package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gdamore/tcell/v2"

	"tocsin/actions"
)

// phase is how far a card has come.
type phase int

const (
	planning phase = iota
	arming         // the server's name is asked for
	asking
	running
	finished
)

// holdOff is how long a disruptive card takes no key that confirms, so that
// what was typed ahead cannot.
const holdOff = time.Second

// card is one call of an action from its plan to its effect. It opens on
// Cancel; Enter never confirms.
type card struct {
	fired  func() // called once it is confirmed; nil for nothing
	action actions.Action
	phase  phase
	opened time.Time
	stop   context.CancelFunc

	asks     actions.Card
	answer   chan<- actions.Answer
	askedAt  time.Time
	armed    entry // the server's name
	typed    entry // the phrase of a destructive action
	reason   entry
	focus    int // 0 none: y counts; 1 the reason; 2 the phrase
	wrong    string
	progress actions.Progress
	out      actions.Outcome
	err      error
	top      int
	unread   int  // lines below the fold
	read     bool // the end of the text was in sight
}

// asked takes what the runner wants confirmed.
func (c *card) asked(asks actions.Card, answer chan<- actions.Answer) {
	c.asks, c.answer, c.askedAt = asks, answer, time.Now()
	c.phase, c.read, c.focus = asking, false, c.home()
	if asks.Arm {
		c.phase = arming
	}
}

func (c *card) stepped(p actions.Progress) {
	if c.phase != finished {
		c.phase, c.progress = running, p
	}
}

// ended shows the outcome in place, and leaves it as the last word. Who left the
// card before anything ran was told so then.
func (c *card) ended(a *App, out actions.Outcome, err error) {
	left := c.phase < running && !slices.Contains(a.over, overlay(c))
	c.phase, c.out, c.err = finished, out, err
	if left {
		return
	}
	text, role := outcomeText(out, err)
	word := c.action.Title
	if err == nil && out.Verdict != "" && out.Verdict != actions.Unclear {
		word += ", " + string(out.Verdict) // first, for a line may be cut
	}
	a.say(word+": "+text, role)
	a.look()
}

// outcomeText is the outcome in one line, and what it means.
func outcomeText(out actions.Outcome, err error) (string, Role) {
	switch {
	case out.ID == "" && (out.Ending == actions.Cancelled || errors.Is(err, context.Canceled)):
		return "cancelled, nothing was changed", Muted
	case err != nil && out.Text != "":
		return out.Text, Bad // it says why
	case err != nil:
		return err.Error(), Bad
	case out.Verdict == actions.Helped:
		return out.Text, Good
	case out.Verdict == actions.Worse || out.Verdict == actions.NoEffect:
		return out.Text, Warn
	default:
		return out.Text, Plain
	}
}

// reply answers the runner.
func (c *card) reply(yes bool) {
	if c.answer == nil {
		return
	}
	c.answer <- actions.Answer{Yes: yes, Armed: c.armed.String(), Typed: c.typed.String(), Reason: c.reason.String()}
	c.answer = nil
}

func (c *card) key(a *App, ev *tcell.EventKey) {
	if by, ok := scrollBy(ev); ok {
		c.top = max(c.top+by, 0)
		return
	}
	switch c.phase {
	case planning:
		if isLeave(ev) {
			c.leave(a)
		}
	case arming:
		c.armKey(a, ev)
	case asking:
		c.askKey(a, ev)
	case running:
		c.runKey(a, ev)
	case finished:
		if isLeave(ev) || ev.Key() == tcell.KeyEnter {
			a.drop(c)
		}
	}
}

// scrollBy is how many lines a key scrolls a card; no field takes these keys.
func scrollBy(ev *tcell.EventKey) (by int, ok bool) {
	switch keyName(ev) {
	case "Down":
		return 1, true
	case "Up":
		return -1, true
	case "PgDn":
		return leastCardRows, true
	case "PgUp":
		return -leastCardRows, true
	}
	return 0, false
}

func isLeave(ev *tcell.EventKey) bool {
	switch keyName(ev) {
	case "Esc", "n", "q", "Ctrl-C":
		return true
	}
	return false
}

// leave takes the card away; nothing was changed.
func (c *card) leave(a *App) {
	c.reply(false)
	c.stop()
	a.drop(c)
	a.say(c.action.Title+": cancelled, nothing was changed", Muted)
}

// armKey takes the server's name; when it is right the card goes on.
func (c *card) armKey(a *App, ev *tcell.EventKey) {
	switch keyName(ev) {
	case "Esc", "Ctrl-C":
		c.leave(a)
	case "Enter":
		if c.armed.String() != c.asks.Server {
			c.wrong = "that is not " + c.asks.Server
			return
		}
		c.wrong, c.phase, c.askedAt = "", asking, time.Now()
	default:
		c.armed.key(ev)
	}
}

func (c *card) askKey(a *App, ev *tcell.EventKey) {
	switch name := keyName(ev); {
	case name == "Esc" || name == "Ctrl-C":
		c.leave(a)
	case name == "Tab" || name == "Shift-Tab":
		c.nextFocus()
	case c.focus == 1:
		c.reasonKey(ev)
	case c.focus == 2 && name == "Enter":
		c.confirmTyped()
	case c.focus == 2:
		c.typed.key(ev)
	case name == "Enter" || name == "n" || name == "q":
		c.leave(a)
	case name == "y":
		c.confirm()
	}
}

// home is where the keys go that are not for the reason: to the phrase, where
// there is one to type.
func (c *card) home() int {
	if c.asks.Phrase != "" {
		return 2
	}
	return 0
}

// nextFocus goes to the reason and back.
func (c *card) nextFocus() {
	if c.focus == 1 {
		c.focus = c.home()
		return
	}
	c.focus = 1
}

func (c *card) reasonKey(ev *tcell.EventKey) {
	if ev.Key() == tcell.KeyEnter {
		c.focus = c.home()
		return
	}
	c.reason.key(ev)
}

// confirm takes y, once the hold-off is over.
func (c *card) confirm() {
	if c.held() > 0 {
		c.askedAt = time.Now()
		c.wrong = "typed too early: y counts one second after the last key"
		return
	}
	c.fire()
}

// fire lets the action run, once all that the card says was in sight, and a
// reason is given where one is asked for.
func (c *card) fire() {
	switch {
	case !c.read:
		c.wrong = "not read to its end: Down shows " + plural(c.unread, "more line", "more lines")
		return
	case c.wantsReason():
		c.wrong, c.focus = "the reason comes first", 1
		return
	}
	c.wrong, c.phase = "", running
	c.reply(true)
	if c.fired != nil {
		c.fired()
	}
}

// wantsReason tells whether the runner would refuse for want of a reason.
func (c *card) wantsReason() bool { return c.asks.Plan.Reason != "" && c.reason.String() == "" }

// held is how long the card still swallows y.
func (c *card) held() time.Duration {
	if c.asks.Plan.Danger < actions.Disruptive {
		return 0
	}
	return max(holdOff-time.Since(c.askedAt), 0)
}

// confirmTyped takes the phrase of a destructive action.
func (c *card) confirmTyped() {
	if c.typed.String() != c.asks.Phrase {
		c.wrong = "that is not " + c.asks.Phrase
		return
	}
	c.fire()
}

// runKey lets the operator ask a running action to stop; Esc puts the card
// away and leaves it running.
func (c *card) runKey(a *App, ev *tcell.EventKey) {
	switch keyName(ev) {
	case "c", "C", "Ctrl-C":
		c.askToStop(a)
	case "Esc":
		a.drop(c)
		a.say(c.action.Title+" goes on; its outcome will stand here", Muted)
	}
}

// askToStop asks the running action to stop; its outcome says what was done.
func (c *card) askToStop(a *App) {
	for _, call := range a.o.Runner.Running() {
		if call.Action != c.action.ID || call.Target != c.asks.Plan.Target {
			continue
		}
		c.progress.Text = "asked to stop"
		if err := a.o.Runner.Cancel(call.ID); err != nil {
			c.progress.Text = err.Error()
		}
	}
}

func (c *card) paste(_ *App, text string) {
	switch {
	case c.phase == arming:
		c.armed.paste(text)
	case c.phase == asking && c.focus == 1:
		c.reason.paste(text)
	case c.phase == asking && c.focus == 2:
		c.typed.paste(text)
	}
}
