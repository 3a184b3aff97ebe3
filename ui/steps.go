package ui

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/runbook"
)

// narrowSteps is the width below which the title of a step is cut short, so that
// the value that its check sees, its limit and what is left fit beside it.
const narrowSteps = 100

// stepsFrame is the runbook that is followed: how each step stands.
func stepsFrame(in In) Frame {
	d, title := in.Duty, 30
	if in.Width < narrowSteps {
		title = 20
	}
	t := &Table{
		Columns: []Column{
			{Name: "next", Title: "", Width: 1},
			{Name: "course", Title: "is", Width: 10},
			{Name: "step", Title: "step", Width: title},
			{Name: "target", Title: "target", Width: 11, Drop: 1},
			{Name: "phase", Title: "phase", Width: 22, Drop: 2},
			{Name: "says", Title: "", Least: 30},
		},
		Empty: "no runbook is followed",
	}
	if d.Book == nil {
		return Frame{Head: []Line{{gap(1), span(Muted, "no runbook is followed: choose one under Runbooks, "), span(Strong, in.Keys["step"]), span(Muted, " follows it")}}, Table: t}
	}
	for _, s := range d.Steps {
		t.Rows = append(t.Rows, stepRow(in, s))
		if s.Next {
			t.Begin = s.Step.Name()
		}
	}
	head := Line{gap(1), span(Strong, d.Book.Title), gap(2), span(Muted, d.Book.ID+", "+progressText(d.Steps))}
	lines := []Line{head}
	if slices.ContainsFunc(in.Books, func(b runbook.Book) bool { return b.ID == d.Book.ID && b.Sum != d.Book.Sum }) {
		lines = append(lines, Line{gap(1), span(Warn, "the book has been changed since; what is followed is as it was then")})
	}
	return Frame{Head: lines, Table: t}
}

func stepRow(in In, s runbook.Standing) Row {
	mark, role := "", courseRole(s)
	if s.Next {
		mark = in.glyphs().Live
	}
	target := Cell{Text: lateBy(in.View.Now(), s), Role: Muted}
	if s.Late {
		target.Role = Warn
	}
	title := Plain
	if s.Course.Over() || s.Course == runbook.CourseOff {
		title = Muted
	}
	says := Cell{Text: oneLine(s.Says(compared(in, *in.Duty.Book, s))), Role: Muted}
	if s.Undone() {
		says.Role = Warn
	}
	return Row{Key: s.Step.Name(), Args: s.Args, Cells: []Cell{
		{Text: mark, Role: Strong}, {Text: string(s.Course), Role: role}, {Text: s.Step.Title, Role: title}, target, {Text: s.Phase, Role: Muted}, says,
	}}
}

// lastTime is what was answered to a step or measured by it in the newest closed
// incident that followed the book, such as the review of the month before, with
// its day; "" where none did.
func lastTime(in In, b runbook.Book, s runbook.Standing) string {
	ask := s.Step.Block.Ask
	if ask == nil && s.Step.Block.Check.Absent() {
		return ""
	}
	for _, past := range in.Duty.Past {
		word, told := past.Step(b.ID, s.Step.Name())
		was := s.Now.Since(word.Is.Reading)
		if ask != nil {
			was = past.Facts[ask.Fact]
		}
		if told && was != "" {
			return in.when(word.At) + ": " + was
		}
	}
	return ""
}

// beside puts what there is in brackets.
func beside(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// compared is lastTime of a book to which no alert leads: that is gone through
// again and again, to compare. Elsewhere it says little in a list.
func compared(in In, b runbook.Book, s runbook.Standing) string {
	if len(b.Triggers) > 0 {
		return ""
	}
	return lastTime(in, b, s)
}

func courseRole(s runbook.Standing) Role {
	switch s.Course {
	case runbook.CourseDone:
		return Good
	case runbook.CourseFailed:
		return Bad
	case runbook.CourseStarted, runbook.CourseOverridden:
		return Warn
	case runbook.CourseReady:
		return Strong
	case runbook.CourseWatching:
		return Plain
	}
	return Muted
}

// stepDetail is what a step tells people, and what it does by itself.
func stepDetail(in In, key string) []Line {
	i := slices.IndexFunc(in.Duty.Steps, func(s runbook.Standing) bool { return s.Step.Name() == key })
	if i < 0 {
		return nil
	}
	s := in.Duty.Steps[i]
	b := s.Step.Block
	lines := []Line{{span(Title, s.Step.Title)}, labelled("phase", s.Phase), labelled("is", standsText(in.View.Now(), s))}
	for _, part := range [][2]string{
		{"now", s.Says("")}, {"last time", lastTime(in, *in.Duty.Book, s)}, {"when", b.When.Text}, {"check", b.Check.Text}, {"action", strings.TrimSpace(b.Action)}, {"verified by", b.Verify.Text}, {"if it fails", onFail(b)},
	} {
		if part[1] != "" {
			lines = append(lines, wrapped(part[0], part[1], in.Width)...)
		}
	}
	lines = append(lines, Line{})
	return append(lines, proseLines(s.Step.Prose, in.Width)...)
}

// standsText is how a step is, and when it is due or how late it is.
func standsText(now time.Time, s runbook.Standing) string {
	is, by := string(s.Course), lateBy(now, s)
	switch {
	case by == "":
		return is
	case s.Late:
		return is + ", " + by
	}
	return is + ", due " + by
}

func onFail(b runbook.Block) string {
	switch {
	case b.Action == "":
		return ""
	case b.OnFail == "stop":
		return "stop and think"
	case b.OnFail == "continue":
		return "go on"
	}
	return "go to " + b.OnFail
}

// booksFrame is the runbooks, that of the suspect first, then those that an
// alert leads to now.
func booksFrame(in In) Frame {
	t := &Table{
		Columns: []Column{
			{Name: "book", Title: "runbook", Width: 24},
			{Name: "severity", Title: "sev", Width: 4},
			{Name: "now", Title: "fires now", Width: 26, Drop: 1},
			{Name: "steps", Title: "live steps", Width: 10, Right: true, Drop: 2},
			{Name: "title", Title: "title"},
		},
		Empty: "reading the runbooks",
	}
	type placed struct {
		row  Row
		rank int
	}
	var all []placed
	for _, b := range in.Books {
		row, rank := bookRow(in, b)
		all = append(all, placed{row, rank})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return a.rank - b.rank })
	for _, p := range all {
		t.Rows = append(t.Rows, p.row)
	}
	return Frame{Table: t}
}

// bookRow is a book; rank is the place of the alert that leads to it, or behind
// all of them, and -1 for the book that the suspect names.
func bookRow(in In, b runbook.Book) (row Row, rank int) {
	now, leading := Cell{Role: Muted}, troubles(in)
	rank = slices.IndexFunc(leading, func(a alert.Alert) bool { return a.State == alert.Firing && leads(b, a) })
	if rank >= 0 {
		now = Cell{Text: leading[rank].Rule, Role: levelRole(int(leading[rank].Level()), Warn)}
	} else {
		rank = len(leading)
	}
	if b.ID == in.Suspect.Book {
		rank = -1
		if now.Text == "" {
			now = Cell{Text: "the suspect", Role: Warn}
		}
	}
	live := 0
	for _, s := range b.Steps() {
		live += btoi(!s.Manual())
	}
	return Row{Key: b.ID, Cells: []Cell{
		{Text: b.ID, Role: Strong}, {Text: string(b.Severity)}, now, {Text: count(int64(live)) + " of " + count(int64(len(b.Steps())))}, {Text: b.Title, Role: Muted},
	}}, rank
}

// leads tells whether an alert leads to a book: as the one of its rule, or as
// one of the book's triggers.
func leads(b runbook.Book, a alert.Alert) bool {
	return a.Runbook == b.ID || slices.Contains(b.Triggers, a.Rule) || slices.Contains(b.Triggers, a.Metric)
}

// bookDetail is the text of a book, and the last times that it was followed.
// Beside each check stands what it sees now.
func bookDetail(in In, key string) []Line {
	i := slices.IndexFunc(in.Books, func(b runbook.Book) bool { return b.ID == key })
	if i < 0 {
		return nil
	}
	b := in.Books[i]
	lines := []Line{{span(Title, b.Title)}, labelled("triggers", nameOr(strings.Join(b.Triggers, " "), "none")), labelled("owner", b.Owner+", reviewed "+b.Reviewed.Format("2006-01-02"))}
	if b.Stale(in.View.Now()) {
		lines = append(lines, Line{span(Warn, "nobody has reviewed it for half a year")})
	}
	for _, s := range lastTimes(in, b.ID) {
		lines = append(lines, labelled("followed", in.when(s.At)+" "+s.Title()))
	}
	lines = append(lines, Line{})
	lines = append(lines, proseLines(b.Intro, in.Width)...)
	all := b.Play(runbook.Situation{View: in.View, Suspect: in.Suspect, Began: in.View.Now()})
	for _, p := range b.Phases {
		lines = append(lines, Line{}, Line{span(Title, p.Title)})
		lines = append(lines, proseLines(p.Prose, in.Width)...)
		apart := true // from what stands above
		for _, s := range all[:len(p.Steps)] {
			prose := proseLines(s.Step.Prose, in.Width)
			if apart || len(prose) > 0 {
				lines = append(lines, Line{})
			}
			lines = append(append(lines, stepLine(in, b, s)), prose...)
			apart = len(prose) > 0
		}
		all = all[len(p.Steps):]
	}
	return lines
}

// stepLine is the title of a step, and what its check sees or was answered the
// last time.
func stepLine(in In, b runbook.Book, s runbook.Standing) Line {
	role, says := Muted, compared(in, b, s)
	if !s.Step.Block.Check.Absent() {
		says = s.Now.Brief(says)
	}
	if s.Holds == runbook.Fail {
		role = Warn
	}
	line := Line{span(Strong, s.Step.Title)}
	if says != "" {
		line = append(line, gap(2), span(role, oneLine(says)))
	}
	return line
}
