package ui

import (
	"fmt"

	"github.com/gdamore/tcell/v2"
)

// Theme turns what a text means into how it looks. It uses the terminal's own
// sixteen colours on its own background, so that it fits every terminal.
type Theme struct {
	Name     string
	styles   [Unknown + 1]tcell.Style
	selected tcell.Style // laid under the selected row
	border   tcell.Style
	dialog   tcell.Style // border of a card
	past     tcell.Style // header of a view that is not live
}

// themes lists the themes by name; the first is the default.
func themes() []Theme {
	plain := tcell.StyleDefault
	color := func(c tcell.Color) tcell.Style { return plain.Foreground(c) }
	return []Theme{
		{
			Name: "dark",
			styles: [...]tcell.Style{
				Plain: plain, Muted: color(tcell.ColorGray), Strong: plain.Bold(true),
				Title: color(tcell.ColorTeal), Good: color(tcell.ColorGreen), Warn: color(tcell.ColorYellow).Bold(true),
				Bad: color(tcell.ColorRed).Bold(true), Unknown: color(tcell.ColorPurple),
			},
			selected: plain.Reverse(true), border: color(tcell.ColorGray),
			dialog: plain.Bold(true), past: plain.Reverse(true),
		},
		{
			Name: "light",
			styles: [...]tcell.Style{
				Plain: plain, Muted: color(tcell.ColorGray), Strong: plain.Bold(true),
				Title: color(tcell.ColorNavy), Good: color(tcell.ColorGreen), Warn: color(tcell.ColorOlive).Bold(true),
				Bad: color(tcell.ColorMaroon).Bold(true), Unknown: color(tcell.ColorPurple),
			},
			selected: plain.Reverse(true), border: color(tcell.ColorGray),
			dialog: plain.Bold(true), past: plain.Reverse(true),
		},
		{
			Name: "contrast",
			styles: [...]tcell.Style{
				Plain: plain, Muted: plain, Strong: plain.Bold(true), Title: plain.Bold(true).Underline(true),
				Good: color(tcell.ColorLime), Warn: color(tcell.ColorYellow).Bold(true).Underline(true),
				Bad: color(tcell.ColorRed).Bold(true).Reverse(true), Unknown: color(tcell.ColorFuchsia).Bold(true),
			},
			selected: plain.Reverse(true), border: plain, dialog: plain.Bold(true), past: plain.Reverse(true),
		},
		monochrome(),
	}
}

// monochrome is the theme for NO_COLOR: weight, underline and reverse only.
func monochrome() Theme {
	plain := tcell.StyleDefault
	return Theme{
		Name: "none",
		styles: [...]tcell.Style{
			Plain: plain, Muted: plain.Dim(true), Strong: plain.Bold(true), Title: plain.Underline(true),
			Good: plain, Warn: plain.Bold(true), Bad: plain.Bold(true).Reverse(true), Unknown: plain.Underline(true),
		},
		selected: plain.Reverse(true), border: plain, dialog: plain.Bold(true), past: plain.Reverse(true),
	}
}

// ThemeNamed finds a theme; "" is the default. Without colour it is always the
// one that uses none.
func ThemeNamed(name string, color bool) (Theme, error) {
	if !color {
		return monochrome(), nil
	}
	all := themes()
	if name == "" {
		return all[0], nil
	}
	for _, t := range all {
		if t.Name == name {
			return t, nil
		}
	}
	return Theme{}, fmt.Errorf("theme %q: there are dark, light, contrast and none", name)
}

// of is the style of a role.
func (t Theme) of(r Role) tcell.Style {
	if int(r) >= len(t.styles) {
		return tcell.StyleDefault
	}
	return t.styles[r]
}
