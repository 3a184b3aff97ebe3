package term

import "github.com/rivo/tview"

// setBorders makes tview draw its borders with the characters that this
// terminal has. The double lines of the focus are in no ASCII terminal; focus
// shows by colour and title instead. tview keeps borders for the whole process.
func setBorders(ascii bool) {
	b := &tview.Borders
	if ascii {
		b.Horizontal, b.Vertical = '-', '|'
		for _, r := range []*rune{
			&b.TopLeft, &b.TopRight, &b.BottomLeft, &b.BottomRight,
			&b.LeftT, &b.RightT, &b.TopT, &b.BottomT, &b.Cross,
		} {
			*r = '+'
		}
	}
	b.HorizontalFocus, b.VerticalFocus = b.Horizontal, b.Vertical
	b.TopLeftFocus, b.TopRightFocus = b.TopLeft, b.TopRight
	b.BottomLeftFocus, b.BottomRightFocus = b.BottomLeft, b.BottomRight
}
