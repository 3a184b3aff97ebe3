package term

import (
	"fmt"
	"strings"
	"unicode"
)

// Shown is text that is safe and honest in any tview widget: no tag in it
// parses, and what would be invisible is visible. It is for the screen only;
// copy and export take the original.
type Shown string

// guard follows each opening bracket, so that no tag of tview parses. It takes
// no cell and is never sent.
const guard = "\u200b"

// Show makes text from outside safe and cuts it to width cells, marking a cut
// with an ellipsis. A negative width does not cut. Line breaks and tabs become
// spaces, controls appear as \x1b, bidirectional and other invisible characters
// as ‹202E›, and characters whose width terminals disagree about as U+FFFD.
func Show(s string, width int) Shown {
	if width >= 0 && len(s) > width || !plain(s) {
		return Cut(clean(s, width), width)
	}
	return Shown(s)
}

// plain tells whether s is ASCII that needs no change.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F || c == '[' {
			return false
		}
	}
	return true
}

// cleaner builds a Shown, character by character.
type cleaner struct {
	b     strings.Builder
	cells int  // cells written, or fewer
	marks int  // marks on the last character
	base  bool // the last character can carry marks
	half  rune // first half of a flag, not yet written; 0 for none
}

// clean makes s safe. It stops when more than width cells have been written.
func clean(s string, width int) Shown {
	var c cleaner
	for _, r := range s { // what is not UTF-8 comes as U+FFFD
		if width >= 0 && c.cells > width {
			break
		}
		c.add(r)
	}
	c.endFlag()
	return Shown(c.b.String())
}

func (c *cleaner) add(r rune) {
	if regional(r) {
		c.addFlag(r)
		return
	}
	c.endFlag()
	switch {
	case r == '[':
		c.write("["+guard, false)
	case r == '\n', r == '\r', r == '\t', unicode.Is(unicode.Zs, r):
		c.write(" ", false)
	case printable(r):
		c.write(string(r), unicode.In(r, unicode.L, unicode.N, unicode.P))
	case r == 0xFE0E, r == 0xFE0F: // text or emoji form: changes widths and means nothing
	case mark(r):
		c.addMark(r)
	case unicode.Is(unicode.Cc, r):
		c.write(fmt.Sprintf("\\x%02x", r), false)
	case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.M):
		c.write(fmt.Sprintf("‹%04X›", r), false)
	default:
		c.write(string(replacement), false)
	}
}

// write appends a character, or several that take its place.
func (c *cleaner) write(s string, base bool) {
	c.b.WriteString(s)
	c.cells++
	c.base, c.marks = base, 0
}

// addMark appends a combining mark: two at most, and not without a character.
func (c *cleaner) addMark(r rune) {
	switch {
	case !c.base:
		c.write(fmt.Sprintf("‹%04X›", r), false)
	case c.marks < maxMarks:
		c.b.WriteRune(r)
		c.marks++
	}
}

// addFlag holds half of a flag back, or writes a whole one.
func (c *cleaner) addFlag(r rune) {
	if c.half == 0 {
		c.half = r
		return
	}
	c.write(string(c.half)+string(r), false)
	c.half = 0
}

// endFlag writes what is left when the other half did not come.
func (c *cleaner) endFlag() {
	if c.half != 0 {
		c.half = 0
		c.write(string(replacement), false)
	}
}
