package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"
)

// style is how text looks. Colours are 1 to 16 in the terminal's order; 0 is
// the terminal's own.
type style struct {
	fg, bg                        int
	bold, dim, underline, reverse bool
}

// run is text of one style in one line.
type run struct {
	text   string
	column int // where it begins, in cells
	width  int // in cells
	style  style
}

// parse reads lines with escape sequences into runs. A style lasts until it is
// changed, over the ends of lines too.
func parse(captured string) ([][]run, error) {
	var lines [][]run
	var now style
	for _, text := range strings.Split(strings.TrimRight(captured, "\n"), "\n") {
		var line []run
		column := 0
		for text != "" {
			if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
				codes, after, found := strings.Cut(rest, "m")
				if !found {
					return nil, fmt.Errorf("line %d: an escape sequence without an end", len(lines)+1)
				}
				var err error
				if now, err = now.with(codes); err != nil {
					return nil, fmt.Errorf("line %d: %w", len(lines)+1, err)
				}
				text = after
				continue
			}
			end := strings.IndexByte(text, '\x1b')
			switch end {
			case 0:
				return nil, fmt.Errorf("line %d: an escape sequence that sets no style", len(lines)+1)
			case -1:
				end = len(text)
			}
			for _, part := range split(text[:end]) {
				part.column, part.style = column, now
				column += part.width
				line = append(line, part)
			}
			text = text[end:]
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// split parts text at gaps, and where ASCII meets other characters, which may
// come from a font of another width: each part is then fitted into its cells.
func split(text string) []run {
	var out []run
	graphemes := uniseg.NewGraphemes(text)
	for graphemes.Next() {
		char, width := graphemes.Str(), graphemes.Width()
		if n := len(out); n > 0 && together(out[n-1].text, char) {
			out[n-1].text += char
			out[n-1].width += width
			continue
		}
		out = append(out, run{text: char, width: width})
	}
	return out
}

// together tells whether a character goes on where text ends.
func together(text, char string) bool {
	gap := strings.HasSuffix(text, "  ") && char != " "
	return !gap && (text[0] < 0x80) == (char[0] < 0x80)
}

// with gives the style after a sequence of codes (SGR).
func (s style) with(codes string) (style, error) {
	for _, code := range strings.Split(codes, ";") {
		n, err := strconv.Atoi("0" + code) // no code is 0
		if err != nil {
			return s, fmt.Errorf("style %q: %w", codes, err)
		}
		switch {
		case n == 0:
			s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.dim = true
		case n == 4:
			s.underline = true
		case n == 7:
			s.reverse = true
		case n == 22:
			s.bold, s.dim = false, false
		case n == 24:
			s.underline = false
		case n == 27:
			s.reverse = false
		case n >= 30 && n <= 37:
			s.fg = n - 29
		case n == 39:
			s.fg = 0
		case n >= 40 && n <= 47:
			s.bg = n - 39
		case n == 49:
			s.bg = 0
		case n >= 90 && n <= 97:
			s.fg = n - 81
		case n >= 100 && n <= 107:
			s.bg = n - 91
		default:
			return s, fmt.Errorf("style %q is not known here", codes)
		}
	}
	return s, nil
}
