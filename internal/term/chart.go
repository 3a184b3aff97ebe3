package term

// A braille character has two by four dots.
const (
	dotsAcross = 2
	dotsDown   = 4
)

// ChartSize is the size of a chart in cells, and its scale.
type ChartSize struct {
	Width, Height int
	Lo, Hi        float64 // Hi ≤ Lo means: from the values, as in Sparkline
}

// Chart draws values, oldest first, as a line of braille dots (two by four in a
// cell; one mark a cell in ASCII) on the scale of c, the newest at the right. It
// returns c.Height rows of c.Width cells, the top row first. NaN is unknown and
// leaves a gap; values beyond the scale stay on its edge.
func (g Glyphs) Chart(values []float64, c ChartSize) []string {
	if c.Width <= 0 || c.Height <= 0 {
		return nil
	}
	if c.Hi <= c.Lo {
		c.Lo, c.Hi = extent(values)
	}
	plot := plot{across: dotsAcross, down: dotsDown}
	if g.ASCII {
		plot.across, plot.down = 1, 1
	}
	plot.draw(values, c)
	return plot.rows(g.ASCII)
}

// plot is a chart in dots.
type plot struct {
	across, down int // dots in a cell
	w, h         int // size in dots
	dots         []bool
}

// draw sets the dots for values. Neighbouring values are joined, so that a jump
// is seen as a line.
func (p *plot) draw(values []float64, c ChartSize) {
	p.w, p.h = c.Width*p.across, c.Height*p.down
	p.dots = make([]bool, p.w*p.h)
	before, known := 0, false
	for x, v := range fit(values, p.w) {
		y, ok := level(v, c.Lo, c.Hi, p.h)
		if ok {
			from := y
			if known {
				from = towards(before, y)
			}
			p.column(x, from, y)
		}
		before, known = y, ok
	}
}

// towards returns the level next to before on the way to y.
func towards(before, y int) int {
	switch {
	case before < y:
		return before + 1
	case before > y:
		return before - 1
	}
	return y
}

// column sets the dots of column x from level a to level b.
func (p *plot) column(x, a, b int) {
	for y := min(a, b); y <= max(a, b); y++ {
		p.dots[y*p.w+x] = true
	}
}

// rows returns the cells as text, top row first.
func (p *plot) rows(ascii bool) []string {
	rows := make([]string, 0, p.h/p.down)
	for top := p.h - p.down; top >= 0; top -= p.down {
		row := make([]rune, 0, p.w/p.across)
		for x := 0; x < p.w; x += p.across {
			row = append(row, p.cell(x, top, ascii))
		}
		rows = append(rows, string(row))
	}
	return rows
}

// cell returns the character whose lowest left dot is at x, y.
func (p *plot) cell(x, y int, ascii bool) rune {
	bits := rune(0)
	for dx := range p.across {
		for dy := range p.down {
			if p.dots[(y+dy)*p.w+x+dx] {
				bits |= brailleBit(dx, dy)
			}
		}
	}
	switch {
	case bits == 0:
		return ' '
	case ascii:
		return '*'
	}
	return 0x2800 + bits
}

// brailleBit returns the bit of a dot in a braille character, dy counted from
// the bottom.
func brailleBit(dx, dy int) rune {
	return [dotsAcross][dotsDown]rune{{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}}[dx][dy]
}
