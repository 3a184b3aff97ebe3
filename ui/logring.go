package ui

import (
	"strings"
	"sync"
	"unicode/utf8"

	"tocsin/internal/model"
)

// The bounds of what is kept of a log. What is older falls out and is counted.
const (
	ringLines = 5000
	ringBytes = 2 << 20
	lineBytes = 4 << 10 // of one line; the rest is cut off
)

// ring keeps the newest lines of a log. One goroutine writes while the event
// loop reads.
type ring struct {
	mu      sync.Mutex
	lines   []model.LogLine // oldest first
	first   int64           // number of the oldest, from 0
	bytes   int
	dropped int64 // lines that fell out
	cut     int64 // lines of which a part is missing
}

// put adds an entry, which may have several lines.
func (r *ring) put(entry model.LogLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for text := range strings.SplitSeq(strings.TrimRight(entry.Text, "\r\n"), "\n") {
		line := entry
		line.Text = strings.TrimRight(text, "\r")
		if len(line.Text) > lineBytes {
			n := lineBytes
			for n > 0 && !utf8.RuneStart(line.Text[n]) {
				n--
			}
			line.Text, line.Cut = strings.Clone(line.Text[:n]), true
		}
		if line.Cut {
			r.cut++
		}
		r.lines = append(r.lines, line)
		r.bytes += len(line.Text)
	}
	r.trim()
}

// trim lets the oldest lines fall out, many at a time: each costs a move of
// all others.
func (r *ring) trim() {
	if len(r.lines) <= ringLines+ringLines/4 && r.bytes <= ringBytes+ringBytes/4 {
		return
	}
	n := 0
	for len(r.lines)-n > ringLines || r.bytes > ringBytes {
		r.bytes -= len(r.lines[n].Text)
		n++
	}
	r.lines = append(make([]model.LogLine, 0, ringLines+ringLines/4), r.lines[n:]...)
	r.first += int64(n)
	r.dropped += int64(n)
}

// end is the number that the next line will have.
func (r *ring) end() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first + int64(len(r.lines))
}

// excerpt is what a pane shows of a ring.
type excerpt struct {
	lines        []model.LogLine // that pass the filter, oldest first
	all          int             // of how many
	dropped, cut int64
}

// before gives the lines with a number below end that pass the filter.
func (r *ring) before(end int64, f filter) excerpt {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := int(min(max(end-r.first, 0), int64(len(r.lines))))
	out := excerpt{all: n, dropped: r.dropped, cut: r.cut}
	if len(f.words) == 0 {
		out.lines = append(out.lines, r.lines[:n]...)
		return out
	}
	columns := logColumns()
	for _, l := range r.lines[:n] {
		if f.match(columns, logRow(l)) {
			out.lines = append(out.lines, l)
		}
	}
	return out
}

// logColumns are what a filter can name: level:error, status>499.
func logColumns() []Column { return []Column{{Name: "level"}, {Name: "status"}, {Name: "text"}} }

func logRow(l model.LogLine) Row {
	return Row{Cells: []Cell{{Text: l.Level}, {Num: float64(l.Status), HasNum: l.Status > 0}, {Text: l.Text}}}
}
