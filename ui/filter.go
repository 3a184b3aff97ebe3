package ui

import (
	"strconv"
	"strings"
)

// filter is what a table is narrowed to. Its words must all match: `text`
// anywhere in the row, `!text` nowhere in it, `~txt` its letters in this order,
// `column:text` in one column, and `column>5`, `column<5` by value.
type filter struct {
	text  string
	words []word
}

// word is one condition of a filter.
type word struct {
	not    bool
	fuzzy  bool
	column string // "" means any
	op     byte   // ':', '<', '>'; 0 for any column
	text   string // lower case
	whole  string // all of the word, lower case
	num    float64
}

// parseFilter reads a filter. Every text is one: what looks like no condition
// is looked for as it stands.
func parseFilter(text string) filter {
	f := filter{text: strings.TrimSpace(text)}
	for _, part := range splitWords(text) {
		f.words = append(f.words, parseWord(part))
	}
	return f
}

// splitWords splits at spaces outside of double quotes.
func splitWords(text string) []string {
	var out []string
	var b strings.Builder
	quoted := false
	flush := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			flush()
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return out
}

func parseWord(part string) word {
	w := word{}
	if rest, ok := strings.CutPrefix(part, "!"); ok && rest != "" {
		w.not, part = true, rest
	}
	if rest, ok := strings.CutPrefix(part, "~"); ok && rest != "" {
		w.fuzzy, part = true, rest
	}
	w.text = strings.ToLower(part)
	w.whole = w.text
	i := strings.IndexAny(part, ":<>")
	if i <= 0 || i == len(part)-1 || w.fuzzy {
		return w
	}
	column, value := strings.ToLower(part[:i]), part[i+1:]
	if part[i] == ':' {
		w.column, w.op, w.text = column, ':', strings.ToLower(value)
		return w
	}
	if num, err := strconv.ParseFloat(value, 64); err == nil {
		w.column, w.op, w.num = column, part[i], num
	}
	return w
}

// emptyText says that no row passes, and why none can where that is so.
func (f filter) emptyText(columns []Column) string {
	for _, w := range f.words {
		column, value, compares := strings.Cut(strings.Replace(w.text, ">", "<", 1), "<")
		switch {
		case w.op != 0 && columnIndex(columns, w.column) < 0:
			return "there is no column " + w.column
		case w.op == 0 && compares && columnIndex(columns, column) >= 0:
			return strconv.Quote(value) + " is no number"
		}
	}
	return "nothing matches " + f.text
}

// match tells whether the row passes.
func (f filter) match(columns []Column, r Row) bool {
	for _, w := range f.words {
		if w.match(columns, r) == w.not {
			return false
		}
	}
	return true
}

func (w word) match(columns []Column, r Row) bool {
	if w.op == 0 {
		return w.anywhere(r)
	}
	i := columnIndex(columns, w.column)
	if i < 0 { // there is no such column: it is a text with a mark in it
		return word{text: w.whole}.anywhere(r)
	}
	cell := cellAt(r, i)
	switch w.op {
	case '<':
		return cell.HasNum && cell.Num < w.num
	case '>':
		return cell.HasNum && cell.Num > w.num
	default:
		return strings.Contains(strings.ToLower(cell.Text), w.text)
	}
}

func (w word) anywhere(r Row) bool {
	for _, cell := range r.Cells {
		text := strings.ToLower(cell.Text)
		if w.fuzzy && fuzzy(text, w.text) || !w.fuzzy && strings.Contains(text, w.text) {
			return true
		}
	}
	return false
}

// fuzzy tells whether the letters of want stand in text in that order.
func fuzzy(text, want string) bool {
	left := []rune(want)
	for _, r := range text {
		if len(left) > 0 && r == left[0] {
			left = left[1:]
		}
	}
	return len(left) == 0
}
