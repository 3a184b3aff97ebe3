package ui

import (
	"slices"

	"tocsin/internal/runbook"
)

// readBook opens the text of a runbook, over the list with it selected.
func (a *App) readBook(id string) {
	a.goTo(a.tabNamed("Runbooks"))
	a.look()
	a.grid().selected = id
	p := &pager{title: "runbook " + id, lines: func(in In) []Line { return bookDetail(in, id) }}
	p.own = own{id: "step", foot: "follow it", do: func(a *App) {
		p.close(a)
		a.followBook(id)
	}}
	a.push(p)
}

// followBook follows a book in the open incident, or in one that is opened for it.
func (a *App) followBook(id string) {
	i := slices.IndexFunc(a.in.Books, func(b runbook.Book) bool { return b.ID == id })
	switch {
	case i < 0:
		a.say("choose a runbook first", Muted)
	case a.in.Duty.Incident == nil:
		a.startAt(Begin{Book: a.in.Books[i], Opens: true})
	default:
		a.follow(id)
	}
}

// follow pins a book to the incident. Where another one is followed, it asks.
func (a *App) follow(book string) {
	do := func(a *App) {
		a.goTo(a.tabNamed("Runbook"))
		a.record(func(r Recorder) (string, error) { return "followed: " + book, r.Follow(book) })
	}
	now := a.in.Duty.Book
	if now == nil || now.ID == book {
		do(a)
		return
	}
	a.push(&picker{title: now.ID + " is followed", items: []item{
		{text: "stay with " + now.ID, do: func(*App) {}},
		{text: "follow " + book, note: "what was done stays in the timeline, and stands again when you come back", do: do},
	}})
}
