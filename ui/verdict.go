package ui

import (
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/store"
)

// VerdictLines name the first suspect with its numbers and the key that ends
// it; below, since when and what was ruled out. Where the first line does not
// hold the suspect, it goes on in the next.
func VerdictLines(in In) []Line {
	mark, role, text := verdictOf(in)
	key := keySpan(in)
	room := max(in.Width-3-cells(key)-btoi(key.Text != ""), 8)
	parts := wrap(text, room)
	if most := verdictRows(in); len(parts) > most {
		rest := strings.Join(parts[most-1:], " ")
		parts = append(parts[:most-1], rest)
	}
	var lines []Line
	for i, part := range parts {
		lead := span(role, " "+mark+" ")
		if i > 0 {
			lead = gap(3)
		}
		line := Line{lead, field(room, role, part)}
		if i == 0 && key.Text != "" {
			line = append(line, gap(1), key)
		}
		lines = append(lines, line)
	}
	if more := groundsLine(in); more != nil && (in.Width >= 100 || len(lines) == 1) && in.Height >= 20 {
		lines = append(lines, more)
	}
	return lines
}

// verdictRows is how many lines the suspect itself may take.
func verdictRows(in In) int {
	switch {
	case in.Height < 8:
		return max(in.Height-3, 1)
	case in.Width < 40:
		return 4
	default:
		return 2
	}
}

// verdictOf is the sentence of the verdict with its mark. It never says that
// all is well of what was not read.
func verdictOf(in In) (mark string, role Role, text string) {
	s := in.Suspect
	g := in.glyphs()
	if s.Found() {
		level := int(max(s.Level, alert.Warning))
		return in.mark(level), levelRole(level, Plain), s.Summary
	}
	waiting, known, lost := sourceTally(in)
	switch {
	case known == 0 && lost == 0 && waiting > 0:
		return g.Ellipsis, Muted, "reading " + plural(waiting, "source", "sources")
	case known == 0 && lost == 0:
		return g.Unknown, Unknown, "nothing is configured for this target: tocsin init writes a configuration, tocsin demo needs none"
	case waiting > 0:
		return g.Ellipsis, Muted, "reading " + plural(waiting, "source", "sources") + "; no suspect so far"
	case known == 0:
		return g.Unknown, Unknown, "nothing can be read: " + firstLoss(in)
	case lost > 0 && s.Level < alert.Unclear:
		return g.Unknown, Unknown, nameOr(s.Summary, "no suspect") + "; unknown: " + firstLoss(in)
	default:
		level := int(s.Level)
		return in.mark(level), levelRole(level, Plain), nameOr(s.Summary, "no suspect")
	}
}

// sourceTally counts the sources that are still to be read, that are known and
// that are lost.
func sourceTally(in In) (waiting, known, lost int) {
	for _, s := range in.View.Sources() {
		switch s.State {
		case store.Pending:
			waiting++
		case store.OK:
			known++
		case store.Error, store.Stale:
			lost++
		}
	}
	return waiting, known, lost
}

// firstLoss names the first source that cannot be read, and why.
func firstLoss(in In) string {
	for _, s := range in.View.Sources() {
		if unknownLevel(s) == 0 {
			continue
		}
		if s.Fail == nil {
			return s.Name + ": " + nameOr(s.Note, "no answer in time")
		}
		return serverOf(s) + ": " + cause(s.Fail)
	}
	return ""
}

// keySpan is the key that ends the suspect, with what it does; empty where
// there is none or where it is too narrow.
func keySpan(in In) Span {
	s := in.Suspect
	if s.Action == "" {
		return Span{}
	}
	key := nameOr(in.Keys[s.Action], "a") // without a key of its own, by the menu
	if in.Mode.Aim.Elsewhere {
		key = nameOr(in.Keys["view.overview"], "0") + " " + key // the selected row is another
	}
	if in.Width < 40 {
		return span(Strong, key)
	}
	return span(Strong, key+" "+nameOr(in.Verbs[s.Action], s.Action))
}

// groundsLine says since when and what was ruled out; nil when nothing is known.
func groundsLine(in In) Line {
	s := in.Suspect
	if _, known, _ := sourceTally(in); !s.Found() && known == 0 {
		return nil
	}
	var parts []string
	if !s.Since.IsZero() {
		parts = append(parts, "since "+in.clock(s.Since))
	}
	// The line ends somewhere: what was ruled out must not be behind all of it.
	parts = append(parts, s.Evidence[:min(2, len(s.Evidence))]...)
	parts = append(parts, s.Against...)
	if len(parts) == 0 {
		return nil
	}
	text := joined(in.glyphs(), parts...)
	if in.Width < 60 || !s.Found() || in.Mode.Aim.Evidence == "" {
		return Line{gap(3), span(Muted, text)}
	}
	return spread(in.Width-1, Line{gap(3), span(Muted, text)}, span(Muted, in.Mode.Aim.Evidence+" evidence"))
}
