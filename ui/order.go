package ui

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
)

// order begins an action on a target that is fixed now. What it still needs to
// be told is asked first; nothing is changed before its card was confirmed.
func (a *App) order(id string, args actions.Args) {
	if why := a.o.Runner.Blocked(id); why != "" {
		a.say(id+" is blocked: "+why, Warn)
		return
	}
	act, ok := a.o.Runner.Find(id)
	if !ok {
		return
	}
	if a.frozen != nil && act.Danger > actions.Read {
		a.say("frozen: what is shown may be over; z lets go, then "+id, Warn)
		return
	}
	switch missing := missingParams(act, args); {
	case len(args) == 0 && slices.ContainsFunc(act.Params, ofSessions):
		a.say(id+": filter the sessions first (1, then /); a then offers to end all that are shown", Warn)
	case len(missing) > 0 && missing[0].Type == actions.TypeAlert:
		a.chooseAlert(act, args, missing[0].Name)
	default:
		a.complete(act, args, append(missing, askedParams(act, args)...))
	}
}

// complete asks for what an action is still to be told, one after the other,
// and then goes on to it.
func (a *App) complete(act actions.Action, args actions.Args, ask []actions.Param) {
	switch {
	case len(ask) > 0 && !ask[0].Applies(args):
		a.complete(act, args, ask[1:])
	case len(ask) > 0:
		a.push(newForm(act, args, ask))
	case act.Danger == actions.Read:
		a.findOut(act, args)
	default:
		a.begin(act, args)
	}
}

// carryOut opens the card of what is overdue to be taken back.
func (a *App) carryOut() {
	t := overdue(a.in)
	if t == nil {
		a.say("nothing is overdue", Muted)
		return
	}
	a.order(t.Action, t.Args)
}

// blocked says why a command cannot run here; "" when it can, as all that only
// look do.
func (a *App) blocked(id string) string {
	if _, ok := a.o.Runner.Find(id); !ok {
		return ""
	}
	return a.o.Runner.Blocked(id)
}

// begin opens the card of an action and lets the runner plan behind it.
func (a *App) begin(act actions.Action, args actions.Args) {
	ctx, cancel := context.WithCancel(a.ctx)
	c := &card{action: act, stop: cancel, opened: time.Now()}
	a.said = "" // the last word is of another action
	a.push(c)
	o := actions.Order{
		Action: act.ID, Args: args,
		Confirm: func(ctx context.Context, asked actions.Card) (actions.Answer, error) {
			return a.ask(ctx, c, asked)
		},
		Step: func(p actions.Progress) { a.post(func() { c.stepped(p) }) },
	}
	a.desk.Go("action "+act.ID, func() {
		out, err := a.o.Runner.Do(ctx, o)
		cancel()
		a.post(func() { c.ended(a, out, err) })
	})
}

// ask shows what the runner wants confirmed and waits for the answer.
func (a *App) ask(ctx context.Context, c *card, asked actions.Card) (actions.Answer, error) {
	answer := make(chan actions.Answer, 1)
	a.post(func() { c.asked(asked, answer) })
	select {
	case got := <-answer:
		return got, nil
	case <-ctx.Done():
		return actions.Answer{}, ctx.Err()
	}
}

// missingParams are the parameters that must be given and are not.
func missingParams(act actions.Action, args actions.Args) []actions.Param {
	var out []actions.Param
	for _, p := range act.Params {
		if args[p.Name] == "" && !p.Optional {
			out = append(out, p)
		}
	}
	return out
}

// askedParams are the optional parameters that a form asks for and that are not
// given.
func askedParams(act actions.Action, args actions.Args) []actions.Param {
	var out []actions.Param
	for _, p := range act.Params {
		if args[p.Name] == "" && p.Ask {
			out = append(out, p)
		}
	}
	return out
}

// targetText is what an action would be aimed at with these arguments; "" when
// something is missing.
func targetText(act actions.Action, args actions.Args) string {
	var parts []string
	for _, p := range act.Params {
		switch {
		case args[p.Name] == "" && !p.Optional:
			return ""
		case args[p.Name] != "" && ofSessions(p):
			parts = append(parts, plural(1+strings.Count(args[p.Name], ","), "session", "sessions")+" shown")
		case args[p.Name] != "" && p.Type != actions.TypeTime && p.Type != actions.TypeOID:
			parts = append(parts, p.Name+" "+args[p.Name])
		}
	}
	return strings.Join(parts, ", ")
}

// ofSessions tells a parameter that lists sessions.
func ofSessions(p actions.Param) bool { return p.Type == actions.TypeSessions }

// arm asks for the server's name, or disarms.
func (a *App) arm() {
	if _, armed := a.o.Runner.Armed(); armed {
		a.o.Runner.Disarm()
		a.say("disarmed: read-only again", Muted)
		return
	}
	if a.o.ReadOnly {
		a.say("this session is read-only (--readonly): start without it to arm", Warn)
		return
	}
	a.push(&prompt{
		title: "arm " + a.o.Server, label: "type " + a.o.Server + " to allow changes for ten minutes",
		done: func(a *App, typed string) string {
			if err := a.o.Runner.Arm(typed); err != nil {
				return err.Error()
			}
			a.say("armed for ten minutes; every change still opens a card", Warn)
			return ""
		},
	})
}

// undo orders what takes the last action back.
func (a *App) undo() {
	last, ok := a.o.Runner.Last()
	if !ok {
		a.say("nothing to take back in this session", Muted)
		return
	}
	act, _ := a.o.Runner.Find(last.Action)
	if act.Undo == "" {
		a.say(act.Title+" cannot be taken back", Warn)
		return
	}
	a.order(act.Undo, last.UndoArgs)
}

// chooseAlert offers the alerts that an action can be about, and then orders it.
func (a *App) chooseAlert(act actions.Action, args actions.Args, param string) {
	p := &picker{title: act.Title}
	for _, al := range a.in.Alerts {
		if !al.Trouble() && al.Muted == nil {
			continue
		}
		full := actions.Args{param: al.Key()}
		maps.Copy(full, args)
		p.items = append(p.items, item{text: al.Rule, note: alertNote(al), do: func(a *App) { a.order(act.ID, full) }})
	}
	if len(p.items) == 0 {
		a.say(act.Title+": there is no alert", Muted)
		return
	}
	a.push(p)
}

// alertNote is how an alert stands, and of what it is one.
func alertNote(al alert.Alert) string {
	note := string(al.State)
	if s := al.Subject(); s != "" {
		note += " " + s
	}
	if al.Acked != nil {
		note += ", acknowledged by " + al.Acked.Who
	}
	if al.Muted != nil {
		note += ", muted by " + al.Muted.Who
	}
	return note
}
