package ui

import (
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
	"tocsin/internal/term"
)

// reading is the newest sample of one source, and how that source is.
type reading[T store.Snapshot] struct {
	store.Sample[T]
	status store.Status
}

// read looks a source up. One that the view does not have is not configured.
func read[T store.Snapshot](v store.View, k store.Key[T]) reading[T] {
	s, ok := store.Get(v, k)
	if !ok {
		return reading[T]{status: store.Status{Name: k.Name, State: store.Unconfigured}}
	}
	return reading[T]{Sample: s, status: statusOf(v, k.Name)}
}

func statusOf(v store.View, name string) store.Status {
	for _, s := range v.Sources() {
		if s.Name == name {
			return s
		}
	}
	return store.Status{Name: name, State: store.Unconfigured}
}

// has tells whether a value was ever read.
func (r reading[T]) has() bool { return !r.At.IsZero() }

// trouble says what keeps a source from being known, in place of its values or
// above the last ones; nil when it is current. It is cut to so many cells in a
// way that keeps the cause.
func trouble(in In, s store.Status, width int) Line {
	switch s.State {
	case store.OK:
		return nil
	case store.Pending:
		return Line{span(Muted, in.glyphs().Ellipsis)}
	case store.Unconfigured:
		return Line{span(Muted, "not configured: "+howTo(s))}
	}
	lead, role := in.glyphs().Unknown+" "+oldness(s, in.View.Now()), Unknown
	if isDown(in, s) {
		lead, role = in.glyphs().Critical+" down, "+oldness(s, in.View.Now()), Bad
	}
	text := nameOr(s.Note, "no answer in time")
	if s.Fail != nil {
		text = fitting(s.Fail, width-cells(span(role, lead)))
	}
	return Line{span(role, lead+text)}
}

// isDown tells whether an alert says that the server of a source is down.
func isDown(in In, s store.Status) bool {
	for _, a := range in.Alerts {
		if strings.HasSuffix(a.Metric, ".down") && a.State == alert.Firing && a.Source != "" {
			from := statusOf(in.View, a.Source)
			if from.Name == s.Name || from.Group == s.Group && s.Group != "" {
				return s.State == store.Error
			}
		}
	}
	return false
}

// oldness is how old the last value is, or that there is none.
func oldness(s store.Status, now time.Time) string {
	if d, ok := s.Age(now); ok {
		return age(d) + " old: "
	}
	return "unknown: "
}

// fitting is the failure in full where there is room, else its cause.
func fitting(f *model.Fail, width int) string {
	if full := f.Error(); cells(span(Plain, full)) <= width {
		return full
	}
	return cause(f)
}

// cause is the innermost part of a failure, and what to do about it.
func cause(f *model.Fail) string {
	text := f.Text
	if i := strings.LastIndex(text, ": "); i >= 0 && i+2 < len(text) {
		text = text[i+2:]
	}
	if f.Hint != "" {
		text += ": " + f.Hint
	}
	return text
}

// howTo says how a source is configured.
func howTo(s store.Status) string {
	if s.Fail != nil && s.Fail.Hint != "" {
		return s.Fail.Hint
	}
	switch kind, _, _ := strings.Cut(s.Name, "."); kind {
	case "pg":
		return "add postgres: {dsn}"
	case "redis":
		return "add redis: {url}"
	case "vercel":
		return "add vercel: {}"
	case "fleet":
		return "add prometheus: {url, hosts: {}}"
	case "sentry":
		return "add sentry: {org, token}"
	case "stripe":
		return "add stripe: {key}"
	default:
		return "add " + kind + ":"
	}
}

// unknownLevel is what the state of a source alone says about urgency.
func unknownLevel(s store.Status) int {
	if s.State == store.Error || s.State == store.Stale {
		return 1
	}
	return 0
}

// panelOf completes a panel that shows one source: the trouble of the source
// comes first, and the last values stay under it.
func panelOf(in In, p Panel, s store.Status) Panel {
	p.Level = max(p.Level, unknownLevel(s))
	p.Void = s.At.IsZero()
	note := trouble(in, s, in.Width-1)
	if note == nil {
		p.Lines = append(p.Lines, paceLine(s)...)
		return p
	}
	lines := inFull(in, note)
	if !s.At.IsZero() {
		lines = append(lines, fadedAll(p.Lines)...)
		p.Short = faded(p.Short)
	} else {
		p.Short = nil
	}
	p.Lines, p.Short = lines, append(unmarked(in, note), spaced(p.Short)...)
	return p
}

// paceLine says why a source is read less often than it should be; nil while it
// is not.
func paceLine(s store.Status) []Line {
	if s.Note == "" {
		return nil
	}
	return []Line{{gap(1), span(Muted, s.Note)}}
}

// noteLines is how many lines a note may take.
const noteLines = 3

// inFull is a note with its end, which may be a statement to be run.
func inFull(in In, note Line) []Line {
	parts := wrap(oneLine(note[0].Text), max(in.Width-1, 1))
	if len(parts) > noteLines {
		parts = append(parts[:noteLines-1], strings.Join(parts[noteLines-1:], " "))
	}
	var lines []Line
	for _, part := range parts {
		lines = append(lines, Line{gap(1), span(note[0].Role, part)})
	}
	return lines
}

// unmarked is a note without its mark, for a line that has one.
func unmarked(in In, note Line) Line {
	first, g := note[0], in.glyphs()
	for _, mark := range []string{g.Unknown, g.Critical} {
		first.Text = strings.TrimPrefix(first.Text, mark+" ")
	}
	return append(Line{first}, note[1:]...)
}

func spaced(l Line) Line {
	if len(l) == 0 {
		return nil
	}
	return append(Line{gap(2)}, l...)
}

// seldom is how rarely a source is read whose news may come between two reads:
// that there is nothing to list is then said with the time.
const seldom = 30 * time.Second

// frameOf completes the frame of a view that shows one source in the same way.
func frameOf(in In, f Frame, s store.Status) Frame {
	note := trouble(in, s, in.Width-1)
	if note == nil {
		f.Head = append(paceLine(s), f.Head...)
		if old, ok := s.Age(in.View.Now()); ok && s.Every >= seldom && f.Table != nil {
			f.Table.Empty += ", " + age(old) + " ago"
		}
		return f
	}
	head := inFull(in, note)
	if s.At.IsZero() {
		return Frame{Head: head, Table: &Table{Columns: f.columns()}}
	}
	f.Head = append(head, fadedAll(f.Head)...)
	f.Foot = fadedAll(f.Foot)
	if f.Table != nil {
		f.Table.Rows = fadedRows(f.Table.Rows)
		f.Table.Empty = "when it was last read: " + f.Table.Empty
	}
	return f
}

func (f Frame) columns() []Column {
	if f.Table == nil {
		return nil
	}
	return f.Table.Columns
}

func fadedRows(rows []Row) []Row {
	out := make([]Row, len(rows))
	for i, r := range rows {
		cells := make([]Cell, len(r.Cells))
		for j, c := range r.Cells {
			c.Role = fadedRole(c.Role)
			cells[j] = c
		}
		r.Cells = cells
		out[i] = r
	}
	return out
}

// hidden says what the role may not see and how it would, in full: a statement
// that is cut off helps nobody. nil when it sees all.
func hidden(in In, what string) []Line {
	if what == "" {
		return nil
	}
	var lines []Line
	for _, part := range wrap(in.glyphs().Unknown+" partly hidden: "+what, max(in.Width-1, 1)) {
		lines = append(lines, Line{gap(1), span(Unknown, part)})
	}
	return lines
}

// hiddenShort is hidden for a panel: of a long sentence, the statement that
// opens what is hidden.
func hiddenShort(in In, what string) []Line {
	if _, grant, ok := strings.Cut(what, ": GRANT "); ok {
		what = "GRANT " + grant
	}
	return hidden(in, what)
}

// glyphs are the marks that the terminal can show.
func (in In) glyphs() term.Glyphs { return term.NewGlyphs(in.ASCII) }
