package term

import (
	"unicode"

	"github.com/rivo/uniseg"
)

// dot is one cell as drawn: a character, what is drawn over it, and its look.
// The zero dot is a cell whose content is not known.
type dot struct {
	r    rune
	more [maxMarks]rune // 0 where there is none
	look look
}

// text returns the dot's characters as a string.
func (d dot) text() string {
	if d.more[0] == 0 {
		return string(d.r)
	}
	rs := append(make([]rune, 0, 1+maxMarks), d.r)
	for _, m := range d.more {
		if m != 0 {
			rs = append(rs, m)
		}
	}
	return string(rs)
}

// width returns the cells that the dot takes, as tcell counts them.
func (d dot) width() int {
	if d.r < 0x7F && d.more[0] == 0 {
		return 1
	}
	return max(1, uniseg.StringWidth(d.text()))
}

// safeCell is the net behind [Show]: whatever a widget draws, only a printable
// character of agreed width, and at most two marks, come out.
func safeCell(r rune, more []rune) dot {
	if r >= ' ' && r < 0x7F && len(more) == 0 {
		return dot{r: r}
	}
	if regional(r) && len(more) == 1 && regional(more[0]) {
		return dot{r: r, more: [maxMarks]rune{more[0]}}
	}
	d := dot{r: safeRune(r)}
	n := 0
	for _, m := range more {
		if n < maxMarks && (mark(m) || trailing(m)) {
			d.more[n] = m
			n++
		}
	}
	return d
}

// safeRune returns r where it is safe, a blank for what has no glyph of its own,
// and the replacement character for the rest.
func safeRune(r rune) rune {
	switch {
	case printable(r):
		return r
	case r < ' ', unicode.In(r, unicode.Zs, unicode.Cf, unicode.M): // negative: not a rune
		return ' '
	}
	return replacement
}

// asciiCell is the form of d for terminals that show ASCII only.
func asciiCell(d dot) dot {
	return dot{r: asciiRune(d.r), look: d.look}
}

// The ASCII characters that stand for our marks, one for one.
const (
	asciiFrom = "▲·∙…→›▸▶←‹◂◀↑▴↓▾▼●•×✔–—−▏▎▍▌▋▊▉▓▒░≤≥Δ"
	asciiTo   = "X..~>>>><<<<^^vvv****---||||####=.<>d"
)

// asciiRune returns the ASCII character that stands for r.
func asciiRune(r rune) rune {
	switch {
	case r < 0x7F:
		return r
	case 0x2500 <= r && r <= 0x257F:
		return asciiLine(r)
	case '▁' <= r && r <= '█':
		return rune("_.:-=+*#"[r-'▁']) // as in a sparkline
	}
	i := 0
	for _, c := range asciiFrom {
		if c == r {
			return rune(asciiTo[i])
		}
		i++
	}
	return '?'
}

// asciiLine returns the ASCII character for a box-drawing character.
func asciiLine(r rune) rune {
	switch r {
	case '─', '━', '┄', '┅', '┈', '┉', '═', '╌', '╍', '╴', '╶':
		return '-'
	case '│', '┃', '┆', '┇', '┊', '┋', '║', '╎', '╏', '╵', '╷':
		return '|'
	}
	return '+'
}
