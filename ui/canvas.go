package ui

import (
	"strings"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"

	"tocsin/internal/term"
)

// canvas is a rectangle of the screen that cannot be written outside of.
type canvas struct {
	screen tcell.Screen
	theme  Theme
	glyphs term.Glyphs
	x, y   int
	w, h   int
}

// part is a rectangle inside the canvas, cut to it.
func (c canvas) part(x, y, w, h int) canvas {
	x, y = max(x, 0), max(y, 0)
	out := c
	out.x, out.y = c.x+x, c.y+y
	out.w, out.h = max(min(w, c.w-x), 0), max(min(h, c.h-y), 0)
	return out
}

// clear fills the canvas with blanks.
func (c canvas) clear() {
	for y := range c.h {
		for x := range c.w {
			c.screen.SetContent(c.x+x, c.y+y, ' ', nil, tcell.StyleDefault)
		}
	}
}

// text writes text that was made safe, and returns the cells it took.
func (c canvas) text(x, y int, s term.Shown, style tcell.Style) int {
	if y < 0 || y >= c.h {
		return 0
	}
	at := x
	for rest := strings.ReplaceAll(string(s), "\u200b", ""); rest != "" && at < c.w; {
		first, more, width, tail := cut(rest)
		rest = tail
		if at+width > c.w {
			break
		}
		if at >= 0 && width > 0 {
			c.screen.SetContent(c.x+at, c.y+y, first, more, style)
		}
		at += width
	}
	return at - x
}

// cut takes the first character off a text, with what is drawn over it. Of most
// text that is a byte of ASCII before another one.
func cut(s string) (first rune, more []rune, width int, rest string) {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return rune(s[0]), nil, 1, s[1:]
	}
	cluster, rest, width, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	runes := []rune(cluster)
	return runes[0], runes[1:], width, rest
}

// line writes the spans one after the other and returns the cells they took.
// What does not fit is cut with a mark.
func (c canvas) line(x, y int, l Line) int {
	at := x
	for i, span := range l {
		left := c.w - at
		if left <= 0 {
			break
		}
		shown := spanText(span)
		if width := term.Width(shown); width > left || width == left && more(l[i+1:]) {
			shown = term.Cut(shown+"  ", left)
		}
		at += c.text(at, y, shown, c.theme.of(span.Role))
	}
	return at - x
}

// spanText makes the text of a span harmless and as wide as it wants to be.
func spanText(s Span) term.Shown {
	if s.Width <= 0 {
		return term.Show(s.Text, -1)
	}
	return align(s.Text, s.Width, s.Right)
}

// more tells whether any of the spans has text.
func more(l Line) bool {
	for _, span := range l {
		if span.Text != "" {
			return true
		}
	}
	return false
}

// fill lays a style under the first row, keeping its text.
func (c canvas) fill(style tcell.Style) {
	if c.h == 0 {
		return
	}
	for x := 0; x < c.w; {
		text, _, width := c.screen.Get(c.x+x, c.y)
		c.screen.Put(c.x+x, c.y, text, style)
		x += max(width, 1)
	}
}

// frame draws a border with a title and returns what is inside of it.
func (c canvas) frame(title Line, style tcell.Style) canvas {
	if c.w < 2 || c.h < 2 {
		return c.part(0, 0, 0, 0)
	}
	corner := [4]rune{'┌', '┐', '└', '┘'}
	across, down := '─', '│'
	if c.glyphs.ASCII {
		corner, across, down = [4]rune{'+', '+', '+', '+'}, '-', '|'
	}
	put := func(x, y int, r rune) { c.screen.SetContent(c.x+x, c.y+y, r, nil, style) }
	for x := 1; x < c.w-1; x++ {
		put(x, 0, across)
		put(x, c.h-1, across)
	}
	for y := 1; y < c.h-1; y++ {
		put(0, y, down)
		put(c.w-1, y, down)
	}
	put(0, 0, corner[0])
	put(c.w-1, 0, corner[1])
	put(0, c.h-1, corner[2])
	put(c.w-1, c.h-1, corner[3])
	if len(title) > 0 && c.w > 6 {
		c.part(2, 0, c.w-4, 1).line(0, 0, append(append(Line{{Text: " "}}, title...), Span{Text: " "}))
	}
	return c.part(1, 1, c.w-2, c.h-2)
}
