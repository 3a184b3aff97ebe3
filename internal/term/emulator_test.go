package term

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/rivo/uniseg"
)

// sequence matches one escape sequence as terminals parse them: control
// sequences, control strings, character sets, and other two-byte escapes.
var sequence = regexp.MustCompile(`^\x1b(\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)|[ -/]+[0-~]|[0-~])`)

// tokens splits what is sent to a terminal into sequences, controls and runs of
// text.
func tokens(s string) []string {
	var out []string
	for s != "" {
		n := len(sequence.FindString(s))
		switch {
		case n > 0:
		case s[0] < ' ' || s[0] == 0x7F:
			n = 1
		default:
			n = strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F })
			if n < 0 {
				n = len(s)
			}
		}
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

// emulator shows what a terminal would show that counts widths as tcell does:
// wide characters, and what becomes of one when half of it is overwritten. It
// knows the sequences that tcell sends.
type emulator struct {
	w, h, x, y int
	cells      []string // text and style; "" is the right half of a wide character
	style      string
}

func newEmulator(w, h int) *emulator {
	e := &emulator{w: w, h: h}
	e.clear()
	return e
}

func (e *emulator) clear() {
	e.cells = make([]string, e.w*e.h)
	for i := range e.cells {
		e.cells[i] = " "
	}
}

func (e *emulator) write(s string) {
	for _, t := range tokens(s) {
		switch {
		case t == "\b":
			e.x--
		case strings.HasPrefix(t, "\x1b[") && strings.HasSuffix(t, "H"):
			e.x, e.y = 0, 0
			_, _ = fmt.Sscanf(t, "\x1b[%d;%dH", &e.y, &e.x)
			e.x, e.y = max(e.x-1, 0), max(e.y-1, 0)
		case strings.HasPrefix(t, "\x1b[") && strings.HasSuffix(t, "J"):
			e.clear()
		case t == "\x1b[m", t == "\x1b[0m":
			e.style = ""
		case strings.HasPrefix(t, "\x1b[") && strings.HasSuffix(t, "m"):
			e.style += t
		case t[0] >= ' ':
			e.text(t)
		}
	}
}

func (e *emulator) text(s string) {
	for s != "" {
		var cluster string
		var width int
		cluster, s, width, _ = uniseg.FirstGraphemeClusterInString(s, -1)
		if e.x+width > e.w {
			return
		}
		for i := range width {
			e.erase(e.x + i)
			e.cells[e.y*e.w+e.x+i] = ""
		}
		e.cells[e.y*e.w+e.x] = cluster + e.visible(cluster)
		e.x += width
	}
}

// visible returns the part of the style that can be seen on a cluster.
func (e *emulator) visible(cluster string) string {
	if cluster == " " {
		return ""
	}
	return e.style
}

// erase blanks both halves of a wide character at x.
func (e *emulator) erase(x int) {
	row := e.cells[e.y*e.w : (e.y+1)*e.w]
	if row[x] == "" && x > 0 {
		row[x-1] = " "
	}
	if x+1 < e.w && row[x+1] == "" {
		row[x+1] = " "
	}
	row[x] = " "
}

// rows returns the cells, a line each, for comparison.
func (e *emulator) rows() []string {
	rows := make([]string, e.h)
	for y := range rows {
		rows[y] = strings.Join(e.cells[y*e.w:(y+1)*e.w], "\x00")
	}
	return rows
}
