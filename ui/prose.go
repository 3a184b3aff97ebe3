package ui

import (
	"slices"
	"strings"
	"unicode"
)

// proseLines are paragraphs and fences of Markdown: a paragraph is as wide as
// there is room, whatever its lines in the file; fences are shown as they were
// written, and never run.
func proseLines(text string, width int) []Line {
	var lines []Line
	var paragraph string
	flush := func() {
		if paragraph != "" {
			lines = append(lines, plainLines(paragraph, width)...)
		}
		paragraph = ""
	}
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "```"):
			flush()
			fenced = !fenced
		case fenced:
			lines = append(lines, Line{gap(2), span(Muted, line)})
		case line == "":
			flush()
			lines = append(lines, Line{})
		case paragraph == "" || begins(line) || ended(paragraph):
			flush()
			paragraph = line
		default:
			paragraph += " " + strings.TrimLeft(line, " ")
		}
	}
	flush()
	return lines
}

// ended tells whether a line goes no further: a row of a table, a heading, or one
// that asks for a break by two blanks.
func ended(line string) bool {
	return strings.HasPrefix(line, "|") || strings.HasPrefix(line, "#") || strings.HasSuffix(line, "  ")
}

// begins tells whether a line of Markdown is the first of something of its own: an
// item of a list, a row of a table, a heading, a quotation.
func begins(line string) bool {
	line = strings.TrimLeft(line, " ")
	number := strings.TrimLeftFunc(line, unicode.IsDigit)
	return slices.ContainsFunc([]string{"- ", "* ", "+ ", "|", "#", ">"}, func(mark string) bool { return strings.HasPrefix(line, mark) }) ||
		number != line && strings.HasPrefix(number, ". ")
}

// plainLines are the lines of a text, each on as many as it takes.
func plainLines(text string, width int) []Line {
	var lines []Line
	for _, part := range wrap(text, width) {
		lines = append(lines, Line{span(Plain, part)})
	}
	return lines
}
