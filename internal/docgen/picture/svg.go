package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// The size of a cell and of the margin, in the units of the picture.
const (
	cellWidth  = 8.4
	cellHeight = 16.4 // of most fonts, so that lines of boxes meet
	baseline   = 12.8 // from the top of a cell
	margin     = 12.0
)

// The colours of the terminal in the picture.
const (
	background = "#15181e"
	foreground = "#d4d7dd"
)

// color is one of the sixteen colours; own stands for the terminal's own.
func color(n int, own string) string {
	return [...]string{
		own,
		"#2a2e36", "#e0555f", "#7fb069", "#d9a441", "#5b9bd5", "#b381c9", "#4fb3bf", "#c3c7cf",
		"#7d8490", "#ff6b75", "#98c97e", "#f2c14e", "#79b8f3", "#cf9fe0", "#6fd0da", "#ffffff",
	}[n]
}

// svg draws the lines on a terminal that is as wide as the widest.
func svg(lines [][]run) string {
	columns := 0
	for _, line := range lines {
		for _, r := range line {
			columns = max(columns, r.column+r.width)
		}
	}
	width, height := float64(columns)*cellWidth+2*margin, float64(len(lines))*cellHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" `, width, height, width, height)
	b.WriteString(`font-family="ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">` + "\n")
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", background)
	for i, line := range lines {
		for _, r := range line {
			b.WriteString(r.svg(i))
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// svg draws a run in its line; blanks at its ends are left out, because few
// programs agree on what to do with them.
func (r run) svg(line int) string {
	fg, bg := color(r.style.fg, foreground), color(r.style.bg, "")
	if r.style.reverse {
		fg, bg = color(r.style.bg, background), color(r.style.fg, foreground)
	}
	x, y := margin+float64(r.column)*cellWidth, margin+float64(line)*cellHeight
	width := float64(r.width) * cellWidth
	out := ""
	if bg != "" {
		out = fmt.Sprintf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, width, cellHeight, bg)
	}
	text := strings.TrimLeft(r.text, " ")
	if text == "" {
		return out
	}
	x += float64(len(r.text)-len(text)) * cellWidth
	blanks := len(r.text) - len(strings.Trim(r.text, " "))
	width -= float64(blanks) * cellWidth
	return out + fmt.Sprintf(`<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"%s>%s</text>`+"\n",
		x, y+baseline, width, fg, r.style.attributes(), escaped(strings.TrimRight(text, " ")))
}

func (s style) attributes() string {
	out := ""
	if s.bold {
		out += ` font-weight="bold"`
	}
	if s.dim {
		out += ` opacity="0.6"`
	}
	if s.underline {
		out += ` text-decoration="underline"`
	}
	return out
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes everything
	return b.String()
}
