package ui

import (
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// quantity is one line of a view that lists single numbers.
type quantity struct {
	key    string
	name   string
	text   string
	num    float64
	known  bool
	metric string       // of the course and of the alert; "" where there is none
	labels model.Labels // of that metric
	share  bool         // the course is on the scale from 0 to 100
	means  string
	args   map[string]string
}

// quantities lists single numbers with their course and what they mean; above
// the courses stands what happened meanwhile.
func quantities(in In, items []quantity) *Table {
	t := &Table{Columns: []Column{
		{Name: "what", Title: "", Width: 22},
		{Name: "value", Title: "value", Width: 12, Right: true},
		{Name: "course", Title: "course", Over: courseHead(in), Width: courseWidth(in), Drop: 2},
		{Name: "means", Title: "", Drop: 1},
	}}
	t.Rows = quantityRows(in, items)
	return t
}

// courseHead is the title of the courses with what happened while they ran; ""
// when nothing did. The title goes first for want of room.
func courseHead(in In) string {
	const title = "course "
	marks := chartMarks(in, timelineOf(in, courseWidth(in)), 1)
	if rest, ok := strings.CutPrefix(marks, strings.Repeat(" ", len(title))); ok {
		return title + rest
	}
	return marks
}

func quantityRows(in In, items []quantity) []Row {
	var rows []Row
	for _, it := range items {
		rows = append(rows, quantityRow(in, it))
	}
	return rows
}

// courseWidth is the room for the course of a number in a line.
func courseWidth(in In) int { return min(max(in.Width-80, 16), 40) }

func quantityRow(in In, it quantity) Row {
	value := Cell{Text: it.text, Num: it.num, HasNum: it.known, Role: Strong}
	if !it.known {
		value.Role = Unknown
	}
	course, means := Cell{}, Cell{Text: it.means, Role: Muted}
	if it.metric != "" {
		draw := sparkline
		if it.share {
			draw = shareLine
		}
		course.Text = draw(in, courseWidth(in), it.metric, it.labels).Text
		if a, ok := alertOn(in, it.metric, it.labels); ok {
			value.Role = alertRole(a, value.Role)
			means.Text = limitText(in, a) + means.Text
		}
	}
	return Row{Key: it.key, Args: it.args, Cells: []Cell{{Text: it.name}, value, course, means}}
}

// alertOn is the alert that looks at a number; not ok when none does.
func alertOn(in In, metric string, labels model.Labels) (alert.Alert, bool) {
	for _, a := range in.Alerts {
		if a.Metric == metric && a.Labels.String() == labels.String() {
			return a, true
		}
	}
	return alert.Alert{}, false
}

// alertRole is the role of a number that an alert looks at.
func alertRole(a alert.Alert, calm Role) Role {
	if !a.Trouble() || calm == Unknown {
		return calm
	}
	return levelRole(int(a.Level()), calm)
}

// limitText says at what a number is trouble, marked while it is.
func limitText(in In, a alert.Alert) string {
	text := "alert " + limitOf(a) + "  "
	if a.Trouble() {
		return in.mark(int(a.Level())) + " " + text
	}
	return text
}

// is gives a quantity with a number that was measured.
func (it quantity) is(v float64, text string) quantity {
	it.num, it.text, it.known = v, text, true
	return it
}

// perhaps gives a quantity with a number that may be absent.
func (it quantity) perhaps(v *float64, format func(float64) string) quantity {
	if v == nil {
		it.text = "?"
		return it
	}
	return it.is(*v, format(*v))
}

// perhapsCount gives a quantity with a count that may be absent.
func (it quantity) perhapsCount(n *int64) quantity {
	if n == nil {
		return it.perhaps(nil, nil)
	}
	return it.is(float64(*n), count(*n))
}

// says gives a quantity with a word in place of a number.
func (it quantity) says(text string) quantity {
	it.text, it.known = text, true
	return it
}
