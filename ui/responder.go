package ui

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/incident"
	"tocsin/internal/runbook"
)

// Recorder writes the record of incidents. Its methods may wait for the disk,
// and are called away from the screen's loop.
type Recorder interface {
	// Open begins an incident and follows a book in it, by its id; "" for none. It
	// is named by the book where it has no title.
	Open(o incident.Opened, book string) error
	// Follow pins a book to the open incident.
	Follow(book string) error
	// Write adds to the timeline of an incident; note is worth saying, or "". One
	// that was closed meanwhile is refused.
	Write(id string, data ...incident.Data) (note string, err error)
	// Evidence keeps a text as a file beside the timeline of an incident; said
	// tells where.
	Evidence(id, name, what, text string) (said string, err error)
	// EvidenceFile keeps a copy of a file of this machine.
	EvidenceFile(id, path, what string) (said string, err error)
	// Settle writes how far a follow-up is, also of an incident that is closed.
	Settle(id string, f incident.FollowUp) error
	// Postmortem writes the postmortem of the open incident and tells its path.
	Postmortem() (path string, err error)
}

// incidentCommands are those of incidents and of the runbook that is followed.
func incidentCommands() []Command {
	on := func(id, key, title, foot string, do func(*App)) Command {
		return Command{ID: id, Keys: []string{key}, On: "incident", Title: title, Group: "incident", Foot: foot, Do: do}
	}
	return []Command{
		{ID: "incident", Keys: []string{"I"}, Title: "open an incident; while one is open, all that can be written into it", Group: "incident", Do: (*App).respond},
		on("note", "n", "write a note into the timeline", "note", (*App).writeNote),
		on("followups", "w", "list the work that remains, and mark what is done", "", (*App).followUps),
		on("step", "o", "do the selected step, or follow the selected runbook", "do", (*App).doStep),
		on("step.override", "D", "call the selected step done, with a reason", "", func(a *App) { a.endStep(incident.KindStepOverridden, "Why does it count as done?") }),
		on("step.skip", "X", "skip the selected step, with a reason", "skip", func(a *App) { a.endStep(incident.KindStepSkipped, "Why is it skipped?") }),
	}
}

// record writes away from the loop and says how it went: with what it returns,
// where that is not "".
func (a *App) record(write func(Recorder) (string, error)) {
	if a.o.Recorder == nil {
		a.say("incidents cannot be kept here", Warn)
		return
	}
	a.desk.Go("incident", func() {
		done, err := write(a.o.Recorder)
		a.post(func() {
			switch {
			case err != nil:
				a.say(err.Error(), Bad)
			case done != "":
				a.say(done, Plain)
			}
		})
	})
}

// write adds to the timeline of the open incident, which shows it.
func (a *App) write(data ...incident.Data) {
	if a.idle() {
		return // closed meanwhile, by somebody else
	}
	id := a.in.Duty.Incident.ID
	a.record(func(r Recorder) (string, error) { return r.Write(id, data...) })
}

// respond opens an incident, or offers what can be said in the open one.
func (a *App) respond() {
	if a.in.Duty.Incident == nil {
		a.push(a.openMenu())
		return
	}
	seen := a.viewText()
	a.goTo(a.tabNamed("Incident"))
	a.push(a.incidentMenu(seen))
}

// Begin is a runbook that a session is started for.
type Begin struct {
	Book  runbook.Book
	Opens bool // no incident is open: one is opened, and the runbook followed in it
}

func (a *App) startAt(b Begin) {
	a.goTo(a.tabNamed("Runbook"))
	if b.Opens {
		a.push(a.severities("open an incident that follows "+b.Book.ID+", as: (in doubt the higher)", string(b.Book.Severity), func(severity, criterion string) {
			a.openIncident(incident.Opened{Title: b.Book.Title, Severity: severity, Criterion: criterion, Suspect: a.in.Suspect.Summary}, b.Book.ID)
		}))
	}
}

// severities offers the severities; the worst of what the alerts propose and
// what is proposed here, "" for nothing, is chosen by Enter.
func (a *App) severities(title, proposed string, take func(severity, criterion string)) *picker {
	p := &picker{title: title}
	proposed = cmp.Or(proposed, string(alert.P3))
	for _, one := range a.in.Alerts {
		if one.Trouble() && !dimmed(one) {
			proposed = min(proposed, string(one.Severity))
		}
	}
	for i, c := range incident.Criteria() {
		if c.Severity == proposed {
			p.line = i
		}
		p.items = append(p.items, item{text: c.Severity, note: c.Means, do: func(*App) { take(c.Severity, c.Means) }})
	}
	return p
}

// openByTrouble opens an incident that follows the runbook which the verdict
// names, else that of what it explains, or of the worst alert. It is named by
// that: a verdict has numbers in it, which are of this moment.
func (a *App) openByTrouble(severity, criterion string) {
	o := incident.Opened{Title: "opened by hand", Severity: severity, Criterion: criterion}
	book := ""
	for _, one := range troubles(a.in) {
		if !dimmed(one) && (o.Cause == "" || one.Rule == a.in.Suspect.Rule) {
			o.Title, o.Cause, book = alertName(one), one.Rule, one.Runbook
		}
	}
	book = cmp.Or(a.in.Suspect.Book, book)
	if a.in.Suspect.Found() {
		o.Suspect = a.in.Suspect.Summary
	}
	if book != "" {
		o.Title = "" // that of the runbook
	}
	a.goTo(a.tabNamed("Incident"))
	a.openIncident(o, book)
}

// openIncident opens an incident on what is looked at, and follows a book; "" for none.
func (a *App) openIncident(o incident.Opened, book string) {
	o.Target = a.o.Server
	said := "the incident is open; " + a.keyOf("incident") + " writes into it"
	a.record(func(r Recorder) (string, error) { return said, r.Open(o, book) })
}

// incidentMenu is all that can be said in the open incident. Seen is what was
// looked at when it was called.
func (a *App) incidentMenu(seen string) *picker {
	p := &picker{title: "incident"}
	add := func(text, note string, do func(*App)) {
		p.items = append(p.items, item{text: text, note: note, do: do})
	}
	add("note", "what you see or do", (*App).writeNote)
	for _, status := range incident.Statuses() {
		add(string(status), statusMeans(status), func(a *App) { a.reach(status) })
	}
	add("title", "another one", (*App).rename)
	add("severity", "another one, and why", func(a *App) { a.push(a.severities("severity", "", a.setSeverity)) })
	for _, role := range incident.Roles() {
		add(role, "who has this role", func(a *App) {
			a.askText("incident", role+": who?", func(text string) { a.write(incident.RoleTaken{Role: role, Who: text}) })
		})
	}
	add("hand off", "give the lead to somebody", (*App).handOff)
	for _, audience := range incident.Audiences() {
		add("tell "+audience, "a text filled with what is known; shown before it is copied", func(a *App) { a.message(audience) })
	}
	add("follow-up", "work that remains: what, who, by when", (*App).askFollowUp)
	add("evidence", "keep the view you came from, with the verdict and what speaks for it", func(a *App) { a.keepView(seen) })
	add("evidence file", "keep a copy of a file of this machine", (*App).keepFile)
	add("postmortem", "write it; kept parts survive", func(a *App) {
		a.record(func(r Recorder) (string, error) {
			path, err := r.Postmortem()
			return "written: " + path, err
		})
	})
	return p
}

func statusMeans(s incident.Status) string {
	return map[incident.Status]string{
		incident.StatusOpen: "it is not over", incident.StatusMitigated: "users are no longer affected",
		incident.StatusResolved: "the cause is gone", incident.StatusClosed: "the postmortem is written",
	}[s]
}

// askText asks for a line of text that may not be empty.
func (a *App) askText(title, label string, take func(text string)) {
	a.push(&prompt{title: title, label: label, done: func(_ *App, text string) string {
		if text == "" {
			return "some words are needed"
		}
		take(text)
		return ""
	}})
}

func (a *App) writeNote() {
	if a.idle() {
		return
	}
	a.askText("note", "what you see or do", func(text string) { a.write(incident.Noted{Text: text}) })
}

// lookedAt writes that the evidence of the verdict was looked at, once for each
// verdict and incident.
func (a *App) lookedAt() {
	s := a.in.Duty.Incident
	if s == nil || a.frozen != nil || !a.in.Suspect.Found() {
		return
	}
	if what := s.ID + a.in.Suspect.Rule + a.in.Suspect.Action; what != a.looked {
		a.looked = what
		a.write(incident.LookedAt{What: a.in.Suspect.Summary})
	}
}

// idle says that no incident is open.
func (a *App) idle() bool {
	if a.in.Duty.Incident != nil {
		return false
	}
	a.say("no incident is open: "+a.keyOf("incident")+" opens one", Muted)
	return true
}

// reach sets another status. Nothing is better while what belongs to the
// incident fires, unless somebody says why it is.
func (a *App) reach(status incident.Status) {
	s := a.in.Duty.Incident
	if s == nil {
		return
	}
	firing := alert.StillFiring(a.in.Alerts, s.Firing())
	if status != incident.StatusOpen && len(firing) > 0 {
		a.askText(string(status)+" although "+strings.Join(firing, ", ")+" still fires", "why?", func(text string) {
			a.write(incident.StatusSet{Status: status, Why: text})
		})
		return
	}
	a.write(incident.StatusSet{Status: status})
}

func (a *App) setSeverity(severity, criterion string) {
	if s := a.in.Duty.Incident; s == nil || s.Severity == severity {
		a.say("it is "+severity+" already", Muted)
		return
	}
	a.askText("severity "+severity+": "+criterion, "why?", func(text string) {
		a.write(incident.SeveritySet{Severity: severity, Why: text})
	})
}

func (a *App) handOff() {
	a.askText("hand off", "to whom?", func(to string) {
		a.askText("hand off to "+to, "what do they have to know?", func(text string) { a.write(incident.HandedOff{To: to, Text: text}) })
	})
}

// message shows the text for an audience before it is copied, and asks then
// whether it was sent: that starts the clock of the next update.
func (a *App) message(audience string) {
	s := a.in.Duty.Incident
	if s == nil {
		return
	}
	text, next := s.Message(audience, a.in.View.Now()), s.Interval()
	sent := &picker{title: "sent to " + audience + "?", items: []item{
		{text: "not yet", note: "nothing is written", do: func(*App) {}},
		{text: "sent", note: "write it into the timeline; the next update is due in " + age(next), do: func(a *App) {
			a.write(incident.CommsSent{Audience: audience, Text: text, Next: next})
		}},
	}}
	a.push(&pager{
		title: "for " + audience, lines: func(in In) []Line { return plainLines(text, in.Width) },
		copy: func(a *App) {
			a.copyText(text)
			a.push(sent)
		},
	})
}

// selectedStep is the step on which the cursor is.
func (a *App) selectedStep() (runbook.Standing, bool) {
	if tab, _ := a.tab(); tab.Name != "Runbook" {
		return runbook.Standing{}, false
	}
	row, _ := a.grid().row()
	i := slices.IndexFunc(a.in.Duty.Steps, func(s runbook.Standing) bool { return s.Step.Name() == row.Key })
	if i < 0 {
		return runbook.Standing{}, false
	}
	return a.in.Duty.Steps[i], true
}

// doStep does what the selected step is about, or follows the selected book.
func (a *App) doStep() {
	if tab, _ := a.tab(); tab.Name == "Runbooks" {
		row, _ := a.grid().row()
		a.followBook(row.Key)
		return
	}
	if a.idle() {
		return
	}
	s, ok := a.openStep()
	b := s.Step.Block
	switch {
	case !ok:
	case len(s.Missing) > 0:
		a.say(s.Step.Title+" needs "+strings.Join(s.Missing, ", ")+": no reading or answer gives that yet", Warn)
	case b.Action != "" && len(s.Gates) > 0:
		a.askText(s.Step.Title, "it needs "+string(s.Gates[0])+" first; why go on without?", func(text string) {
			a.write(incident.Noted{Text: "step " + s.Step.Name() + " without " + string(s.Gates[0]) + ": " + text})
			a.startStep(s)
		})
	case b.Action != "":
		a.startStep(s)
	case b.Ask != nil:
		a.askFact(s)
	case !b.Check.Absent():
		a.endStep(incident.KindStepOverridden, "The check does not pass. Why does it count as done?")
	default:
		a.write(a.stepEvent(s, incident.KindStepDone, "", ""))
	}
}

// tabNamed is the place of a tab of the view of incidents.
func (a *App) tabNamed(name string) place {
	at := place{page: slices.IndexFunc(a.pages, func(p Page) bool { return p.Name == "incident" })}
	at.tab = slices.IndexFunc(a.pages[at.page].Tabs, func(t Tab) bool { return t.Name == name })
	return at
}

// openStep is the selected step, while something can still be said of it.
func (a *App) openStep() (runbook.Standing, bool) {
	s, ok := a.selectedStep()
	switch {
	case !ok:
		a.say("choose a step under Runbook, or a book under Runbooks", Muted)
	case s.Course.Over():
		a.say(s.Step.Title+" is over: "+string(s.Course), Muted)
		return s, false
	}
	return s, ok
}

// askFact asks what a step wants to know. What the verdict knows is proposed.
func (a *App) askFact(s runbook.Standing) {
	ask := s.Step.Block.Ask
	p := &prompt{title: s.Step.Title + beside(lastTime(a.in, *a.in.Duty.Book, s)), label: ask.Prompt}
	p.typed.set(s.Proposed)
	p.done = func(_ *App, text string) string {
		if text == "" {
			return "some words are needed"
		}
		if why := (actions.Param{Type: actions.Type(ask.Type)}).Fault(text); why != "" {
			return why
		}
		a.write(incident.FactFound{Name: ask.Fact, Value: text}, a.stepEvent(s, incident.KindStepDone, ask.Fact+" = "+text, ""))
		return ""
	}
	a.push(p)
}

// startStep opens the card of the action of a step. The step has begun once
// that is confirmed.
func (a *App) startStep(s runbook.Standing) {
	a.order(s.Step.Block.Action, s.Args)
	if n := len(a.over); n > 0 {
		if c, ok := a.over[n-1].(*card); ok {
			c.fired = func() { a.write(a.stepEvent(s, incident.KindStepStarted, "", "")) }
		}
	}
}

// endStep writes that a step is over by a person's judgement.
func (a *App) endStep(kind incident.Kind, why string) {
	if a.idle() {
		return
	}
	if s, ok := a.openStep(); ok {
		a.askText(s.Step.Title, why, func(text string) { a.write(a.stepEvent(s, kind, s.Reading, text)) })
	}
}

// stepEvent is what became of a step. It is called while an incident is open;
// a.write looks again.
func (a *App) stepEvent(s runbook.Standing, kind incident.Kind, reading, reason string) incident.StepEvent {
	e := incident.StepEvent{Ended: kind, Step: s.Step.Name(), Late: s.Late, Reading: oneLine(reading), Reason: reason}
	if d := a.in.Duty; d.Incident != nil && d.Book != nil {
		e.Runbook, e.TookS = d.Book.ID, d.Incident.Seconds(a.in.View.Now())
	}
	return e
}
