package term

import (
	"math"
	"strings"
)

// Bar draws fraction (0 to 1) of width cells. It looks full only from 1 on, and
// empty only at 0. NaN is unknown and draws question marks.
func (g Glyphs) Bar(fraction float64, width int) string {
	if width <= 0 {
		return ""
	}
	if math.IsNaN(fraction) {
		return strings.Repeat(g.Unknown, width)
	}
	n := int(math.Round(min(max(fraction, 0), 1) * float64(width)))
	switch {
	case fraction > 0 && n == 0:
		n = 1
	case fraction < 1 && n == width && width > 1:
		n = width - 1
	}
	return strings.Repeat(g.Full, n) + strings.Repeat(g.Light, width-n)
}

// Stack draws parts, each a fraction of the whole, one after the other in the
// four shades, the rest blank. A part above 0 has at least one cell while there
// is room. Unknown parts (NaN) take none.
func (g Glyphs) Stack(parts []float64, width int) string {
	shades := []string{g.Full, g.Dark, g.Medium, g.Light}
	var b strings.Builder
	left := max(width, 0)
	for i, part := range parts {
		n := 0
		if part > 0 { // not NaN
			n = min(max(int(math.Round(min(part, 1)*float64(width))), 1), left)
		}
		left -= n
		b.WriteString(strings.Repeat(shades[i%len(shades)], n))
	}
	return b.String() + strings.Repeat(" ", left)
}
