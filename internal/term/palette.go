package term

import "github.com/gdamore/tcell/v2"

// look is the number of a style in a [palette]. 0 is the default style.
type look uint32

// palette numbers the styles that were drawn. There are a few dozen of them and
// thousands of cells; a style is five times as large as all else in a cell.
type palette struct {
	styles []tcell.Style
	looks  map[tcell.Style]look
}

func newPalette() palette {
	return palette{styles: []tcell.Style{tcell.StyleDefault}, looks: map[tcell.Style]look{tcell.StyleDefault: 0}}
}

// look returns the number of a style.
func (p *palette) look(style tcell.Style) look {
	n, known := p.looks[style]
	if !known {
		n = look(len(p.styles))
		p.styles = append(p.styles, style)
		p.looks[style] = n
	}
	return n
}
