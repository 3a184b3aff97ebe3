package ui

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Mark is a reading of the statements from which they are counted.
type Mark struct {
	At     time.Time              // by our clock, as all times that are shown
	Counts *model.StatementCounts // nil for none
}

// Counted is the work of the statements since a mark.
type Counted struct {
	Mark
	Set   bool               // by the user; else it is the first reading, or the first after its counters ended
	Since model.Statements   // without rows while there is no newer reading, or Void
	Worse []model.Regression // among these
	Void  string             // why it cannot be told; "" when it can
	made  *madeRows          // of the view of statements; nil: to be made for each frame
}

// counting keeps the marks, and what was counted since: with thousands of
// statements that takes milliseconds, which a new reading is worth and each
// frame is not.
type counting struct {
	began   Mark
	set     Mark // without Counts while the user has set none
	counted Counted
	newest  *model.StatementCounts // of counted
}

// look counts the statements of a view.
func (t *counting) look(v store.View) Counted {
	s, ok := store.Get(v, store.StatementsKey())
	if !ok || s.Value.Counts == nil {
		return Counted{}
	}
	if s.Value.Counts.Breaks(t.began.Counts) != "" {
		t.began = Mark{At: s.At, Counts: s.Value.Counts}
	}
	now := Counted{Mark: t.began}
	if t.set.Counts != nil {
		now = Counted{Mark: t.set, Set: true}
	}
	if t.newest == s.Value.Counts && t.counted.Mark == now.Mark && t.counted.Set == now.Set {
		return t.counted
	}
	now.Since, now.Void = s.Value.Since(now.Counts)
	now.Worse = now.Since.Worse(now.Counts)
	now.made = &madeRows{}
	t.newest, t.counted = s.Value.Counts, now
	return now
}

// madeRows are the rows of one reading, once a frame has asked for them.
type madeRows struct{ rows []Row }

func (m *madeRows) of(v model.Statements) []Row {
	if m == nil {
		return statementRows(v)
	}
	if m.rows == nil {
		m.rows = statementRows(v)
	}
	return m.rows
}

// shown is the work that the view of statements shows: since the mark, else
// between the last two readings, which v has.
func (c Counted) shown(v model.Statements) model.Statements {
	if c.Set && c.Void == "" {
		return c.Since
	}
	return v
}

// mark counts the statements from the newest reading on.
func (a *App) mark() {
	s, ok := store.Get(a.in.View, store.StatementsKey())
	switch {
	case a.frozen != nil:
		a.say("frozen: z lets go, then a mark can be set", Muted)
		return
	case !ok || s.Value.Counts == nil:
		a.say("no mark: the statements have not been read yet", Warn)
		return
	}
	a.counting.set = Mark{At: s.At, Counts: s.Value.Counts}
	a.in.Counted = a.counting.look(a.in.View)
	a.say("marked: statements are counted from the reading of "+a.in.clock(s.At)+" on"+keyHint(a.in, "; ", "mark.off", "takes the mark off"), Muted)
}

// unmark takes the mark off: the last two readings are compared again.
func (a *App) unmark() {
	if a.counting.set.Counts == nil {
		a.say("no mark is set"+keyHint(a.in, ": ", "mark", "sets one"), Muted)
		return
	}
	a.counting.set = Mark{}
	a.in.Counted = a.counting.look(a.in.View)
	a.say("the mark is off: the last two readings are compared", Muted)
}

// keyHint says what the key of a command does, behind a lead; "" where it has
// no key.
func keyHint(in In, lead, command, does string) string {
	if in.Keys[command] == "" {
		return ""
	}
	return lead + in.Keys[command] + " " + does
}

// span says since when, and for how long, statements are counted.
func (c Counted) span(in In) string {
	since := "the mark at "
	if !c.Set {
		since = "the first reading at "
	}
	return since + in.clock(c.At) + ", " + age(c.Since.Elapsed)
}

// voidLine says that nothing can be counted from the mark any more; nil when it
// can.
func (c Counted) voidLine(in In) []Line {
	if !c.Set || c.Void == "" {
		return nil
	}
	text := in.mark(2) + " the mark at " + in.clock(c.At) + " is void: " + c.Void + keyHint(in, "; ", "mark", "marks anew")
	return []Line{{gap(1), span(Warn, text)}}
}
