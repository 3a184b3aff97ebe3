package ui

import (
	"maps"
	"slices"
	"strings"

	"tocsin/internal/alert"
)

// Evidence shows why the verdict says what it says: what ends it, what speaks
// for it, what does not, what could not be looked at, and the alerts.
func Evidence(in In) []Line {
	mark, role, text := verdictOf(in)
	lines := bulleted(span(role, mark+" "), role, text, in.Width)
	s := in.Suspect
	if !s.Since.IsZero() {
		lines = append(lines, Line{}, labelled("since", in.clock(s.Since)+", "+age(in.View.Now().Sub(s.Since))+" ago"))
	}
	lines = append(lines, remedyLines(in)...)
	lines = append(lines, provenLines(in)...)
	against := "ruled out"
	if s.Found() {
		lines = append(lines, listed(in, "speaks for it", s.Evidence)...)
		against = "ruled out, or does not fit"
	}
	lines = append(lines, listed(in, against, s.Against)...)
	lines = append(lines, listed(in, "not known", unknowns(in))...)
	lines = append(lines, Line{}, Line{span(Title, "alerts")})
	lines = append(lines, AlertLines(in)...)
	return append(lines, listed(in, "said of them", markNotes(in))...)
}

// bulleted is text behind a mark of two cells, in as many lines as it takes.
func bulleted(mark Span, r Role, text string, width int) []Line {
	var lines []Line
	for _, part := range wrap(oneLine(text), max(width-3, 8)) {
		lines = append(lines, Line{mark, span(r, part)})
		mark = gap(2)
	}
	return lines
}

// listed is a titled list; nothing when it is empty.
func listed(in In, title string, items []string) []Line {
	if len(items) == 0 {
		return nil
	}
	lines := []Line{{}, {span(Title, title)}}
	for _, it := range items {
		lines = append(lines, bulleted(span(Muted, in.glyphs().Fine+" "), Plain, it, in.Width)...)
	}
	return lines
}

// unknowns lists what the verdict could not look at.
func unknowns(in In) []string {
	var out []string
	for _, s := range in.View.Sources() {
		if unknownLevel(s) == 0 {
			continue
		}
		text := s.Name + ": " + oldness(s, in.View.Now()) + nameOr(s.Note, "no answer in time")
		if s.Fail != nil {
			text = s.Name + ": " + oldness(s, in.View.Now()) + s.Fail.Error()
		}
		out = append(out, text)
	}
	for _, a := range in.Alerts {
		if a.State == alert.Unknown && a.Why != "" && unknownLevel(statusOf(in.View, a.Source)) == 0 {
			out = append(out, alertName(a)+": "+a.Why)
		}
	}
	return out
}

// remedyLines say which action ends the suspect, on what, and the book to read.
func remedyLines(in In) []Line {
	s := in.Suspect
	var lines []Line
	if s.Action != "" {
		var args []string
		for _, name := range slices.Sorted(maps.Keys(s.Args)) {
			args = append(args, name+"="+s.Args[name])
		}
		lines = append(lines, labelled("press "+nameOr(in.Keys[s.Action], "a"), nameOr(in.Verbs[s.Action], s.Action)))
		lines = append(lines, wrapped("which runs", s.Action+" "+strings.Join(args, " "), in.Width)...)
	}
	i := slices.IndexFunc(in.Alerts, func(a alert.Alert) bool { return a.Rule == s.Rule && s.Rule != "" })
	book := s.Book
	if book == "" && i >= 0 {
		book = in.Alerts[i].Runbook
	}
	if book != "" {
		lines = append(lines, labelled("runbook", book))
	}
	return lines
}
