package ui

import (
	"slices"
	"strings"
	"unicode"

	"tocsin/internal/term"
)

// span is text with a meaning.
func span(r Role, text string) Span { return Span{Text: text, Role: r} }

// field is text in a column of its own.
func field(width int, r Role, text string) Span { return Span{Text: text, Role: r, Width: width} }

// figure is text at the right of a column of its own.
func figure(width int, r Role, text string) Span {
	return Span{Text: text, Role: r, Width: width, Right: true}
}

// gap is room between two spans.
func gap(width int) Span { return Span{Text: strings.Repeat(" ", max(width, 0))} }

// cells is the room that spans take on the screen.
func cells(spans ...Span) int {
	sum := 0
	for _, s := range spans {
		if s.Width > 0 {
			sum += s.Width
			continue
		}
		sum += term.Width(term.Show(s.Text, -1))
	}
	return sum
}

// spread puts the last span at the right end of a line of so many cells. What
// does not fit in front of it is cut.
func spread(width int, left Line, right Span) Line {
	room := width - cells(right) - 1
	if room <= 0 {
		return Line{right}
	}
	out, used := Line{}, 0
	for _, s := range left {
		n := min(cells(s), room-used)
		if n <= 0 {
			break
		}
		if n < cells(s) {
			s.Width = n
		}
		out, used = append(out, s), used+n
	}
	return append(out, gap(width-used-cells(right)), right)
}

// faded is a line of values that may no longer be true: none of them is news.
func faded(l Line) Line {
	out := make(Line, len(l))
	for i, s := range l {
		s.Role = fadedRole(s.Role)
		out[i] = s
	}
	return out
}

func fadedRole(r Role) Role {
	if r == Unknown || r == Title {
		return r
	}
	return Muted
}

func fadedAll(lines []Line) []Line {
	out := make([]Line, len(lines))
	for i, l := range lines {
		out[i] = faded(l)
	}
	return out
}

// joined gives the parts that are not empty with a mark between.
func joined(g term.Glyphs, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " "+g.Fine+" ")
}

// labelled is one line of a detail: what it is, and its value.
func labelled(label, value string) Line {
	return Line{field(16, Muted, label), span(Plain, value)}
}

// wrapped is a label with a value that may take several lines of so many cells.
func wrapped(label, value string, width int) []Line {
	var out []Line
	for _, part := range wrap(oneLine(value), max(width-16, 10)) {
		out = append(out, labelled(label, part))
		label = ""
	}
	return out
}

// folded is a line on as many as its last span needs: what follows stands under
// that, or under what comes after the first field where there is no room.
func folded(l Line, width int) []Line {
	if len(l) == 0 || cells(l...) <= width {
		return []Line{l}
	}
	last := l[len(l)-1]
	text := strings.TrimLeft(last.Text, " ")
	before := append(slices.Clone(l[:len(l)-1]), gap(len(last.Text)-len(text)))
	at, out := cells(before...), []Line(nil)
	if at > width*2/3 {
		out, at = folded(l[:len(l)-1], width), l[0].Width
		before = Line{gap(at)}
	}
	for _, part := range wrap(text, width-at) {
		out = append(out, append(slices.Clone(before), span(last.Role, part)))
		before = Line{gap(at)}
	}
	return out
}

// wrap breaks text into lines of at most so many cells: at line breaks, at
// blanks where there are any, else anywhere.
func wrap(text string, width int) []string {
	var out []string
	for part := range strings.SplitSeq(text, "\n") {
		out = append(out, wrapLine([]rune(strings.TrimRight(part, "\r \t")), max(width, 1))...)
	}
	return out
}

func wrapLine(text []rune, width int) []string {
	var out []string
	for {
		cut, next := breakAt(text, width)
		out = append(out, string(text[:cut]))
		if next >= len(text) {
			return out
		}
		text = text[next:]
	}
}

// breakAt finds where a line ends and where the next one begins.
func breakAt(text []rune, width int) (cut, next int) {
	used, blank := 0, -1
	for i, r := range text {
		used += term.Width(term.Show(string(r), -1))
		switch {
		case used <= width:
		case unicode.IsSpace(r):
			return i, i + 1
		case blank > 0:
			return blank, blank + 1
		default:
			return max(i, 1), max(i, 1)
		}
		if unicode.IsSpace(r) {
			blank = i
		}
	}
	return len(text), len(text)
}
