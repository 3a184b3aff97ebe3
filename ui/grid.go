package ui

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/internal/term"
)

// grid is how the user looks at one table: what is selected, in which order,
// through which filter. It outlives the table's refreshes.
type grid struct {
	selected string // Row.Key; "" until the user or the first drawing picks one
	begin    string // Table.Begin, as last shown
	away     bool   // the user moved the cursor off begin
	line     int    // where the selected row was last seen: its place is kept when it goes
	top      int    // first visible row
	sort     string // column the user sorts by; "" keeps the table's own order
	desc     bool
	filter   filter
	rows     []Row // as last shown: filtered and sorted
	page     int   // rows that fit, as last drawn
}

// show filters and sorts the table's rows, and finds the selected one again.
func (g *grid) show(t *Table) {
	g.rows = g.rows[:0]
	for _, row := range t.Rows {
		if g.filter.match(t.Columns, row) {
			g.rows = append(g.rows, row)
		}
	}
	if g.sort != "" {
		sortRows(g.rows, columnIndex(t.Columns, g.sort), g.desc)
	}
	g.begin = t.Begin
	g.follow()
}

// follow moves the cursor to where the selected row is now. Until the user moves
// it, and again when that row is gone, it goes along with the row where it
// begins; without one, the row in the place of the one that is gone is selected.
func (g *grid) follow() {
	if len(g.rows) == 0 {
		g.line = 0
		return
	}
	i, begin := g.find(g.selected), g.find(g.begin)
	if begin >= 0 && (i < 0 || !g.away) {
		i, g.away = begin, false
	}
	if i < 0 {
		i = min(max(g.line, 0), len(g.rows)-1)
	}
	g.line, g.selected = i, g.rows[i].Key
}

// find is where a row is shown; -1 when it is not.
func (g *grid) find(key string) int {
	return slices.IndexFunc(g.rows, func(r Row) bool { return r.Key == key && key != "" })
}

// move moves the cursor by so many rows.
func (g *grid) move(by int) {
	if len(g.rows) == 0 {
		return
	}
	g.line = min(max(g.line+by, 0), len(g.rows)-1)
	g.selected = g.rows[g.line].Key
	g.away = g.selected != g.begin
}

// row is the selected row; not ok when there is none.
func (g *grid) row() (Row, bool) {
	if g.line < 0 || g.line >= len(g.rows) {
		return Row{}, false
	}
	return g.rows[g.line], true
}

// sortBy sorts by a column: again turns the order round.
func (g *grid) sortBy(t *Table, name string) {
	if g.sort == name {
		g.desc = !g.desc
		return
	}
	g.sort, g.desc = name, numeric(t, columnIndex(t.Columns, name))
}

// shiftSort moves the sort to the column on the left or on the right.
func (g *grid) shiftSort(t *Table, by int) {
	now := g.sort
	if now == "" {
		now = t.Sort
	}
	i := columnIndex(t.Columns, now) + by
	if now == "" {
		i = 0
	}
	if i >= 0 && i < len(t.Columns) {
		name := t.Columns[i].Name
		g.sort, g.desc = name, numeric(t, i)
	}
}

// numeric tells whether the column holds numbers: those are sorted from the
// largest down at first.
func numeric(t *Table, column int) bool {
	return column >= 0 && slices.ContainsFunc(t.Rows, func(r Row) bool {
		return column < len(r.Cells) && r.Cells[column].HasNum
	})
}

// columnIndex finds a column by name; -1 when there is none.
func columnIndex(columns []Column, name string) int {
	return slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })
}

// sortRows sorts by the values of a column, not by what is drawn of them. What
// is not known comes last either way.
func sortRows(rows []Row, column int, desc bool) {
	if column < 0 {
		return
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		x, y := cellAt(a, column), cellAt(b, column)
		if x.HasNum != y.HasNum {
			if x.HasNum {
				return -1
			}
			return 1
		}
		order := cmp.Compare(x.Num, y.Num)
		if !x.HasNum {
			order = cmp.Compare(strings.ToLower(x.Text), strings.ToLower(y.Text))
		}
		if desc {
			return -order
		}
		return order
	})
}

// cellAt is a cell of a row; empty where the row is shorter.
func cellAt(r Row, column int) Cell {
	if column < 0 || column >= len(r.Cells) {
		return Cell{}
	}
	return r.Cells[column]
}

// draw shows the head and the visible rows of the table. active marks the
// cursor.
func (g *grid) draw(c canvas, t *Table, active bool) {
	g.show(t)
	widths := fit(t.Columns, c.w)
	g.head(c, t, widths)
	g.page = max(c.h-1, 0)
	if len(g.rows) == 0 {
		c.part(1, 1, c.w-1, 1).line(0, 0, Line{{Text: g.emptyText(t), Role: Muted}})
		return
	}
	g.top = min(max(g.top, g.line-g.page+1, 0), g.line)
	g.top = max(min(g.top, len(g.rows)-g.page), 0)
	for i := 0; i < g.page && g.top+i < len(g.rows); i++ {
		line := c.part(0, 1+i, c.w, 1)
		drawRow(line, t.Columns, widths, g.rows[g.top+i])
		if active && g.top+i == g.line {
			line.fill(c.theme.selected)
		}
	}
}

func (g *grid) emptyText(t *Table) string {
	if g.filter.text != "" && len(t.Rows) > 0 {
		return g.filter.emptyText(t.Columns) + "   Esc clears the filter"
	}
	return t.Empty
}

func (g *grid) head(c canvas, t *Table, widths []int) {
	by, desc := t.Sort, t.Desc
	if g.sort != "" {
		by, desc = g.sort, g.desc
	}
	x := 1
	for i, col := range t.Columns {
		if widths[i] == 0 {
			continue
		}
		title := cmp.Or(col.Over, col.Title)
		if col.Name == by && by != "" {
			title += c.order(desc)
		}
		c.part(x, 0, widths[i], 1).text(0, 0, align(title, widths[i], col.Right), c.theme.of(Title))
		x += widths[i] + 1
	}
}

// order is the mark of the column a table is sorted by.
func (c canvas) order(desc bool) string {
	if desc {
		return c.glyphs.Down
	}
	return c.glyphs.Up
}

func drawRow(c canvas, columns []Column, widths []int, r Row) {
	x := 1
	for i, col := range columns {
		if widths[i] == 0 {
			continue
		}
		cell := cellAt(r, i)
		c.part(x, 0, widths[i], 1).text(0, 0, align(cell.Text, widths[i], col.Right), c.theme.of(cell.Role))
		x += widths[i] + 1
	}
}

func align(text string, width int, right bool) term.Shown {
	if right {
		return term.PadLeft(term.Show(text, width), width)
	}
	return term.Pad(term.Show(text, width), width)
}

// leastFlexible is the least width of a column that takes what is left.
const leastFlexible = 12

// fit gives each column its width in a line of so many cells; 0 drops it. The
// columns with the highest Drop go first; what is left over is shared by those
// without a width of their own.
func fit(columns []Column, width int) []int {
	gone := make([]bool, len(columns))
	for need(columns, gone) > width {
		worst := -1
		for i, col := range columns {
			if !gone[i] && col.Drop > 0 && (worst < 0 || col.Drop >= columns[worst].Drop) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		gone[worst] = true
	}
	return share(columns, gone, width)
}

// need is the least width of the columns that are left.
func need(columns []Column, gone []bool) int {
	total := 1
	for i, col := range columns {
		if !gone[i] {
			total += max(col.Width, leastFor(col)) + 1
		}
	}
	return total
}

func leastFor(col Column) int {
	if col.Width == 0 {
		return max(col.Least, leastFlexible)
	}
	return col.Width
}

func share(columns []Column, gone []bool, width int) []int {
	widths := make([]int, len(columns))
	left, flexible := width-1, 0
	for i, col := range columns {
		switch {
		case gone[i]:
		case col.Width == 0:
			flexible++
			left--
		default:
			widths[i] = min(col.Width, max(left, 0))
			left -= widths[i] + 1
		}
	}
	for i, col := range columns {
		if !gone[i] && col.Width == 0 {
			widths[i] = max(left/flexible, 0)
			left -= widths[i]
			flexible--
		}
	}
	return widths
}
