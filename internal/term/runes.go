package term

import "unicode"

// replacement stands for a character that terminals do not agree about.
const replacement = '\uFFFD'

// maxMarks is how many combining marks a cell keeps; more only serve to draw
// over the neighbouring lines.
const maxMarks = 2

// disputed holds ranges of characters for which terminals count different
// widths, or which no width table has heard of.
func disputed(r rune) bool {
	switch {
	case r == 0x2E3A, r == 0x2E3B: // dashes of two and three em
	case 0x1100 <= r && r <= 0x11FF, 0xA960 <= r && r <= 0xA97F, 0xD7B0 <= r && r <= 0xD7FF: // Hangul in parts
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r), prefixed(r):
	case 0x1F1E6 <= r && r <= 0x1F1FF: // half a flag
	case 0x1F3FB <= r && r <= 0x1F3FF: // skin tones
	case r >= 0x1F000 && r < 0x20000 && !oldPictograph(r):
	default:
		return false
	}
	return true
}

// oldPictograph tells whether r is a pictograph, or beside one, in a block that
// every terminal's width table has had since Unicode 10.
func oldPictograph(r rune) bool {
	switch {
	case 0x1F100 <= r && r <= 0x1F1E5,
		0x1F300 <= r && r <= 0x1F64F,
		0x1F680 <= r && r <= 0x1F6C5,
		0x1F910 <= r && r <= 0x1F93E,
		0x1F980 <= r && r <= 0x1F991:
		return true
	}
	return false
}

// printable tells whether r is a character that takes cells of its own and that
// terminals agree about. Marks are not.
func printable(r rune) bool {
	switch {
	case r < 0x7F:
		return r >= ' '
	case 0x2500 <= r && r <= 0x25FF: // lines, blocks and shapes: most of what we draw
		return true
	}
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.M, unicode.Zs) && !disputed(r)
}

// prefixed tells whether r is a letter that is drawn together with the next one.
func prefixed(r rune) bool {
	switch {
	case r == 0x0D4E, r == 0x111C2, r == 0x111C3, r == 0x1193F, r == 0x11941,
		r == 0x11A3A, 0x11A84 <= r && r <= 0x11A89, r == 0x11D46, r == 0x11F02:
		return true
	}
	return false
}

// mark tells whether r may be drawn over, or joined to, the character before it.
func mark(r rune) bool {
	return unicode.In(r, unicode.M) && !variation(r)
}

// variation tells whether r selects a glyph variant. Such selectors change the
// width in some terminals and not in others.
func variation(r rune) bool {
	return 0xFE00 <= r && r <= 0xFE0F || 0xE0100 <= r && r <= 0xE01EF
}

// regional tells whether r is half of a flag; two of them make one.
func regional(r rune) bool { return 0x1F1E6 <= r && r <= 0x1F1FF }

// trailing tells whether r is a vowel of Thai or Lao that takes a cell and yet
// belongs to the character before it.
func trailing(r rune) bool { return r == 0x0E33 || r == 0x0EB3 }
