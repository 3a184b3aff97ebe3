package ui

import (
	"strconv"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// saysItself adds to the row of a standby what it says of itself, where it has
// an address; its replay can then be paused and resumed from there.
func saysItself(in In, name string, r *Row) {
	own := read(in.View, store.StandbyKey(name))
	if own.status.State == store.Unconfigured {
		return
	}
	r.Args = map[string]string{"standby": name}
	state, note := &r.Cells[2], &r.Cells[len(r.Cells)-1]
	switch {
	case own.status.State != store.OK:
		note.Text = joinNotes(note.Text, "does not tell itself: "+causeOf(own.status))
	case !own.Value.Follows:
		note.Text = joinNotes(note.Text, "the server at its address was promoted")
	case own.Value.Receiver.Paused:
		*state = Cell{Text: "! replay paused", Role: Warn}
		note.Text = joinNotes(note.Text, sizeText(own.Value.Receiver.Unreplayed)+" received and not replayed")
	case own.Value.Conflict != nil:
		*state = Cell{Text: "! replay waits", Role: Warn}
		note.Text = joinNotes(note.Text, "for "+conflictText(*own.Value.Conflict))
	}
}

func causeOf(s store.Status) string {
	if s.Fail == nil {
		return "no answer in time"
	}
	return cause(s.Fail)
}

func joinNotes(before, note string) string {
	if before == "" {
		return note
	}
	return note + ", " + before
}

func sizeText(n *int64) string { return orUnknown(n, bytes[int64]) }

// conflictText names the session on the standby that its replay waits for.
func conflictText(c model.Conflict) string {
	if c.PID == 0 {
		return "a session that is not seen"
	}
	text := "pid " + strconv.Itoa(c.PID) + " on it"
	if c.App != "" {
		text += ", " + c.App
	}
	return text + ", " + c.State + lastingText(c.For)
}

// itselfLines is what a standby says of itself, for its detail.
func itselfLines(in In, name string) []Line {
	own := read(in.View, store.StandbyKey(name))
	switch {
	case own.status.State == store.Unconfigured:
		return wrapped("by itself", "not asked: its address is not in the configuration (postgres.standbys)", in.Width)
	case own.status.State != store.OK:
		return sourceLines(in, own.status)
	case !own.Value.Follows:
		return []Line{labelled("by itself", "it was promoted and follows nobody")}
	}
	replay := "goes on"
	if own.Value.Receiver.Paused {
		replay = "paused (pg_wal_replay_pause)"
	} else if own.Value.Conflict != nil {
		replay = "waits for " + conflictText(*own.Value.Conflict) + " (" + own.Value.Conflict.Waits + ")"
	}
	lines := []Line{
		labelled("receives", nameOr(own.Value.Receiver.Status, "nothing, or it is not seen")+" from "+nameOr(own.Value.Receiver.From, "?")),
		labelled("not replayed", sizeText(own.Value.Receiver.Unreplayed)),
	}
	lines = append(lines, wrapped("replay", replay, in.Width)...)
	return append(lines, hidden(in, own.Value.Hidden)...)
}
