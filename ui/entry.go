package ui

import (
	"strings"
	"unicode"

	"github.com/gdamore/tcell/v2"

	"tocsin/internal/term"
)

// entryLimit bounds what can be typed or pasted into one field.
const entryLimit = 500

// entry is one line of text that is being typed.
type entry struct {
	text []rune
	at   int // cursor
}

// key edits the text; false when the key is not for it.
func (f *entry) key(ev *tcell.EventKey) bool {
	switch ev.Key() {
	case tcell.KeyRune:
		if ev.Modifiers()&tcell.ModAlt != 0 {
			return false
		}
		f.paste(string(ev.Rune()))
	case tcell.KeyBackspace, tcell.KeyBackspace2:
		f.cut(f.at-1, f.at)
	case tcell.KeyDelete:
		f.cut(f.at, f.at+1)
	case tcell.KeyLeft:
		f.at = max(f.at-1, 0)
	case tcell.KeyRight:
		f.at = min(f.at+1, len(f.text))
	case tcell.KeyHome:
		f.at = 0
	case tcell.KeyEnd:
		f.at = len(f.text)
	case tcell.KeyCtrlU:
		f.cut(0, f.at)
	case tcell.KeyCtrlW:
		f.cut(f.wordStart(), f.at)
	default:
		return false
	}
	return true
}

// paste puts text in at the cursor, on one line.
func (f *entry) paste(text string) {
	var clean []rune
	for _, r := range text {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			clean = append(clean, ' ')
		case unicode.IsPrint(r):
			clean = append(clean, r)
		}
	}
	clean = clean[:max(min(len(clean), entryLimit-len(f.text)), 0)]
	f.text = append(f.text[:f.at:f.at], append(clean, f.text[f.at:]...)...)
	f.at += len(clean)
}

func (f *entry) cut(from, to int) {
	if from < 0 || to > len(f.text) {
		return
	}
	f.text = append(f.text[:from:from], f.text[to:]...)
	f.at = from
}

func (f *entry) wordStart() int {
	i := f.at
	for i > 0 && f.text[i-1] == ' ' {
		i--
	}
	for i > 0 && f.text[i-1] != ' ' {
		i--
	}
	return i
}

func (f *entry) String() string { return strings.TrimSpace(string(f.text)) }

// set replaces the text.
func (f *entry) set(text string) { f.text, f.at = []rune(text), len([]rune(text)) }

// draw shows the text and, when it is active, the cursor, always in sight.
func (f *entry) draw(c canvas, active bool) {
	if c.w <= 0 {
		return
	}
	from := min(max(f.at-c.w+2, 0), f.at)
	shown := term.Show(string(f.text[from:]), max(c.w-1, 0))
	c.text(0, 0, shown, c.theme.of(Strong))
	if active {
		x := term.Width(term.Show(string(f.text[from:f.at]), -1))
		c.part(x, 0, 1, 1).fill(c.theme.selected)
	}
}
