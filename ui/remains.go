package ui

import (
	"cmp"
	"time"

	"tocsin/internal/incident"
)

// openMenu offers the severities, and to open an incident under a title of
// one's own, for all or for few.
func (a *App) openMenu() *picker {
	p := a.severities("open an incident, as: (in doubt the higher)", "", a.openByTrouble)
	for _, one := range []struct {
		text, note, label string
		restricted        bool
	}{
		{"own title", "for what no alert saw", "title", false},
		{"restricted", "only for those who open it, and root; under a code name", "code name, which says nothing of what happened", true},
	} {
		p.items = append(p.items, item{text: one.text, note: one.note, do: func(a *App) {
			a.askText("open an incident: "+one.text, one.label, func(title string) {
				a.push(a.severities(title+", as: (in doubt the higher)", "", func(severity, criterion string) {
					a.goTo(a.tabNamed("Incident"))
					a.openIncident(incident.Opened{Title: title, Severity: severity, Criterion: criterion, Restricted: one.restricted}, "")
				}))
			})
		}})
	}
	return p
}

// rename gives the open incident another title.
func (a *App) rename() {
	p := &prompt{title: "incident", label: "title; of a restricted one a code name"}
	if s := a.in.Duty.Incident; s != nil {
		p.typed.set(s.Title())
	}
	p.done = func(a *App, text string) string {
		if text == "" {
			return "some words are needed"
		}
		a.write(incident.Titled{Title: text})
		return ""
	}
	a.push(p)
}

// askFollowUp asks for a new follow-up of the open incident.
func (a *App) askFollowUp() {
	a.askText("follow-up", "what is to be done?", func(text string) {
		a.askOwner(incident.FollowUp{Text: text}, func(f incident.FollowUp) { a.write(f) })
	})
}

// askOwner asks who does it and by when; both may be left empty.
func (a *App) askOwner(f incident.FollowUp, take func(incident.FollowUp)) {
	day := &prompt{title: "follow-up: " + f.Text, label: "by which day? 2026-12-01; may be empty"}
	day.typed.set(f.Due)
	day.done = func(_ *App, text string) string {
		if _, err := time.Parse(time.DateOnly, text); text != "" && err != nil {
			return "a day is written 2026-12-01"
		}
		f.Due = text
		take(f)
		return ""
	}
	owner := &prompt{title: day.title, label: "who does it? may be empty"}
	owner.typed.set(f.Owner)
	owner.done = func(a *App, text string) string {
		f.Owner = text
		a.push(day)
		return ""
	}
	a.push(owner)
}

// followUps lists what is left to do of the open incident and of those that are
// closed.
func (a *App) followUps() {
	p := &picker{title: "work that remains"}
	all := a.in.Duty.Past
	if s := a.in.Duty.Incident; s != nil {
		all = append([]incident.State{*s}, all...)
	}
	for _, s := range all {
		for _, f := range s.OpenFollowUps() {
			p.items = append(p.items, item{text: f.Text, note: cmp.Or(f.Owner, "nobody") + ", " + cmp.Or(f.Due, "no day") + "; of " + s.Title(), do: func(a *App) { a.settle(s.ID, f) }})
		}
	}
	if len(p.items) == 0 {
		a.say("no work remains of the incidents kept here", Muted)
		return
	}
	a.said = "" // it may have said so before there was any
	a.push(p)
}

// settle says how far one follow-up is.
func (a *App) settle(id string, f incident.FollowUp) {
	write := func(f incident.FollowUp) {
		a.record(func(r Recorder) (string, error) { return "written: " + f.Says(), r.Settle(id, f) })
	}
	done := f
	done.Done = true
	a.push(&picker{title: f.Says(), items: []item{
		{text: "leave it", note: "nothing is written", do: func(*App) {}},
		{text: "done", do: func(*App) { write(done) }},
		{text: "owner and day", note: "who does it, by when", do: func(a *App) { a.askOwner(f, write) }},
	}})
}

// keepView keeps what was looked at, and why the verdict says what it says.
func (a *App) keepView(seen string) {
	in := a.in
	in.Width = copyWidth
	text := seen + "\n" + a.copyHead("verdict") + linesText(Evidence(in))
	a.keep(func(r Recorder, id, what string) (string, error) { return r.Evidence(id, "view.md", what, text) })
}

// keepFile keeps a copy of a file.
func (a *App) keepFile() {
	a.askText("evidence", "path of the file", func(path string) {
		a.keep(func(r Recorder, id, what string) (string, error) { return r.EvidenceFile(id, path, what) })
	})
}

// keep asks what a piece of evidence is, and keeps it.
func (a *App) keep(write func(r Recorder, id, what string) (string, error)) {
	if a.idle() {
		return
	}
	id := a.in.Duty.Incident.ID
	a.askText("evidence", "what is it?", func(what string) {
		a.record(func(r Recorder) (string, error) { return write(r, id, what) })
	})
}
