package testkit

import (
	"strings"

	"github.com/gdamore/tcell/v2"
)

// ScreenText is what a person reads on a screen: its rows, without colours
// and without the blanks at their ends.
func ScreenText(screen tcell.Screen) string {
	columns, rows := screen.Size()
	var text strings.Builder
	for y := range rows {
		var row strings.Builder
		for x := 0; x < columns; {
			cell, _, width := screen.Get(x, y)
			if cell == "" {
				cell = " "
			}
			row.WriteString(cell)
			x += max(width, 1)
		}
		text.WriteString(strings.TrimRight(row.String(), " "))
		text.WriteByte('\n')
	}
	return text.String()
}
