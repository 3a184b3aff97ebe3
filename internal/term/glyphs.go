package term

// Glyphs are the marks of the screen in one of two sets: Unicode characters
// that all terminals show in one cell, or ASCII. Its methods are pure.
type Glyphs struct {
	ASCII bool // the ASCII set

	Critical string // ▲ X
	Warning  string // !
	Unknown  string // ?
	Fine     string // · .
	Live     string // ● *
	Arrow    string // → >
	Back     string // ← <
	Up       string // ↑ ^
	Down     string // ↓ v
	Marker   string // ▴ ^, under a chart
	Caret    string // ▏ |, before an input
	Ellipsis string // … ~
	Delta    string // Δ d

	Horizontal string // ─ -
	Vertical   string // │ |
	Branch     string // ├ +
	Last       string // └ `
	Cross      string // ┼ +

	Full, Dark, Medium, Light string // █▓▒░ #=-. : shades of a stacked bar
}

// NewGlyphs returns the ASCII set or the Unicode set.
func NewGlyphs(ascii bool) Glyphs {
	if ascii {
		return Glyphs{
			ASCII: true, Critical: "X", Warning: "!", Unknown: "?", Fine: ".", Live: "*",
			Arrow: ">", Back: "<", Up: "^", Down: "v", Marker: "^", Caret: "|", Ellipsis: "~", Delta: "d",
			Horizontal: "-", Vertical: "|", Branch: "+", Last: "`", Cross: "+",
			Full: "#", Dark: "=", Medium: "-", Light: ".",
		}
	}
	return Glyphs{
		Critical: "▲", Warning: "!", Unknown: "?", Fine: "·", Live: "●",
		Arrow: "→", Back: "←", Up: "↑", Down: "↓", Marker: "▴", Caret: "▏", Ellipsis: "…", Delta: "Δ",
		Horizontal: "─", Vertical: "│", Branch: "├", Last: "└", Cross: "┼",
		Full: "█", Dark: "▓", Medium: "▒", Light: "░",
	}
}
