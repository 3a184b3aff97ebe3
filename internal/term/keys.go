package term

import (
	"bytes"
	"strings"
	"time"
)

// keyGap is the longest pause inside one escape sequence. What comes later is a
// key, even if a sequence was never ended.
const keyGap = 200 * time.Millisecond

const (
	// escapeGap is how long what follows ESC in a sequence may take to come; a
	// terminal sends a sequence in one piece. tcell alone waits for 60 ms.
	escapeGap = 10 * time.Millisecond
	// escapeKey is the key Esc in a form that tcell takes at once.
	escapeKey = "\x1b[27u"
	// escapes is how many of them at the end of one read are keys.
	escapes = 3
	// keyRoom is what a read may become longer by: an escape that was held back
	// comes first, and those at the end are written in full.
	keyRoom = 1 + escapes*len(escapeKey)
)

// keyFilter takes out of the input what tcell's parser mistakes. Alt with ] X ^
// or _ begins a control string there, which swallows every further key, Ctrl-C
// too, until it is ended. A device control string is not known to it at all, so
// that its body arrives as keys. Control strings are dropped whole; other
// control characters always end one and come through.
type keyFilter struct {
	state keyState
	last  time.Time // when input was last seen
}

type keyState int

const (
	keyPlain     keyState = iota
	keyEscape             // after ESC
	keyString             // in a control string
	keyStringEsc          // after ESC in a control string
)

const (
	bel = 0x07
	esc = 0x1b
)

// filter filters the first n bytes of b in place and returns the number of
// bytes kept, which may be n+1: an escape that was held back may come first.
func (k *keyFilter) filter(b []byte, n int, now time.Time) int {
	if n == 0 {
		return 0
	}
	if now.Sub(k.last) > keyGap {
		k.state = keyPlain
	}
	k.last = now
	out := b[:0]
	for i, c := range bytes.Clone(b[:n]) {
		out = k.step(out, c, i == n-1)
	}
	return len(out)
}

// endEscape turns the escapes at the end of the first n bytes of b, which
// nothing follows, into keys, and returns the number of bytes then.
func (k *keyFilter) endEscape(b []byte, n int) int {
	k.state = keyPlain
	keys := 0
	for n > 0 && b[n-1] == esc && keys < escapes {
		n--
		keys++
	}
	return n + copy(b[n:], strings.Repeat(escapeKey, keys))
}

// step appends to out what is kept for c. last means that nothing follows yet.
func (k *keyFilter) step(out []byte, c byte, last bool) []byte {
	switch k.state {
	case keyEscape:
		return k.afterEscape(out, c, last)
	case keyString:
		return k.inString(out, c)
	case keyStringEsc:
		return k.afterStringEscape(out, c)
	}
	if c == esc {
		k.state = keyEscape
	}
	return append(out, c)
}

// afterEscape handles the byte after ESC, which out ends with unless it came
// with an earlier read.
func (k *keyFilter) afterEscape(out []byte, c byte, last bool) []byte {
	k.state = keyPlain
	switch {
	case c == esc:
		k.state = keyEscape
	case c == 'P' && last: // Alt-P, which the parser knows
	case c == ']', c == 'X', c == '^', c == '_', c == 'P':
		if !last { // else a key with Alt: dropped, and nothing follows
			k.state = keyString
		}
		return withoutEscape(out)
	}
	return append(out, c)
}

// inString drops the body of a control string.
func (k *keyFilter) inString(out []byte, c byte) []byte {
	switch {
	case c == bel:
		k.state = keyPlain
	case c == esc:
		k.state = keyStringEsc
	case c < ' ':
		k.state = keyPlain
		return append(out, c)
	}
	return out
}

// afterStringEscape handles the byte after ESC in a control string: it ends the
// string, or it begins a sequence, such as the end of a paste, which must not be
// lost with a string that has no end.
func (k *keyFilter) afterStringEscape(out []byte, c byte) []byte {
	switch c {
	case '\\':
		k.state = keyPlain
		return out
	case '[', 'O':
		k.state = keyPlain
		return append(out, esc, c)
	}
	k.state = keyString
	return k.inString(out, c)
}

// withoutEscape drops the ESC at the end of out. One that an earlier read has
// delivered stays, and is the key Esc.
func withoutEscape(out []byte) []byte {
	if n := len(out); n > 0 && out[n-1] == esc {
		return out[:n-1]
	}
	return out
}
