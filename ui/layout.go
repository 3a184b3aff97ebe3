package ui

import "fmt"

// Sizes at which the overview changes its shape.
const (
	wide      = 120 // three columns of panels
	half      = 100 // two
	wideRows  = 30  // fewer rows: the small shape, however wide
	tiny      = 60  // below: verdict and alerts only
	tinyRows  = 15
	leastBody = 3
	saidLines = 3 // of the last word, which may be a long outcome
)

// draw draws the whole screen.
func (a *App) draw(c canvas) {
	if c.w <= 0 || c.h <= 0 || a.in.View == nil {
		return
	}
	c.screen.Clear()
	body := a.frameAround(c)
	switch {
	case c.w < tiny || c.h < tinyRows:
		a.drawTiny(body)
	case a.at.page == 0:
		a.drawOverview(body)
	default:
		a.drawPage(body)
	}
	for _, o := range a.over {
		o.draw(a, c)
	}
}

// frameAround draws header, verdict, last word and footer, and returns the
// room between them.
func (a *App) frameAround(c canvas) canvas {
	in := a.in
	in.Width, in.Height = c.w, c.h
	in.Mode.Aim = a.aim()
	top := 0
	c.part(0, top, c.w, 1).line(0, 0, HeaderLine(in))
	if a.frozen != nil {
		c.part(0, top, c.w, 1).fill(c.theme.past)
	}
	top++
	for _, line := range VerdictLines(in) {
		if c.h-top <= leastBody {
			break
		}
		c.part(0, top, c.w, 1).line(0, 0, line)
		top++
	}
	if line := overdueLine(in, a.keyOf("overdue")); line != nil && c.h-top > leastBody {
		c.part(0, top, c.w, 1).line(0, 0, line)
		top++
	}
	bottom := c.h
	if bottom-top > leastBody {
		bottom--
		c.part(0, bottom, c.w, 1).line(1, 0, a.footer(c.w-1))
	}
	if a.said != "" && bottom > top {
		said := wrap(a.said, max(c.w-8, 10))
		said = said[:min(len(said), saidLines, bottom-top)]
		bottom -= len(said)
		for i, line := range said {
			c.part(0, bottom+i, c.w, 1).line(1, 0, Line{{Text: line, Role: a.saidRole}})
		}
		c.part(c.w-5, bottom+len(said)-1, 5, 1).line(0, 0, Line{{Text: " Esc", Role: Muted}})
	}
	return c.part(0, top, c.w, bottom-top)
}

// drawTiny shows the alerts under the verdict.
func (a *App) drawTiny(c canvas) {
	if a.at.page != 0 {
		a.drawPage(c)
		return
	}
	in := a.in
	in.Width, in.Height = c.w, c.h
	drawLines(c, 0, AlertLines(in))
}

// drawOverview shows the panels: side by side where there is room, else one
// line for each.
func (a *App) drawOverview(c canvas) {
	columns := 1
	switch {
	case c.w >= wide && c.h >= wideRows-6:
		columns = 3
	case c.w >= half && c.h >= wideRows-6:
		columns = 2
	}
	if columns == 1 {
		a.drawSmall(c)
		return
	}
	in := a.in
	in.Width = c.w/columns - 2
	in.Height = max(c.h/((9+columns-1)/columns)-2, 3)
	a.drawPanels(c, Overview(in), columns)
}

// drawPanels lays the panels out row by row; a row is as high as its highest
// panel, and what is left over goes to the rows that were cut.
func (a *App) drawPanels(c canvas, panels []Panel, columns int) {
	heights := rowHeights(panels, columns, c.h)
	y := 0
	for i := 0; i < len(panels); i += columns {
		row := panels[i:min(i+columns, len(panels))]
		x := 0
		for j, p := range row {
			w := (c.w - x) / (columns - j)
			drawPanel(c.part(x, y, w, heights[i/columns]), p)
			x += w
		}
		y += heights[i/columns]
	}
}

// rowHeights gives each row of panels what it needs, or its share of the room
// when that is not enough for all.
func rowHeights(panels []Panel, columns, room int) []int {
	var heights []int
	for i := 0; i < len(panels); i += columns {
		most := 1
		for _, p := range panels[i:min(i+columns, len(panels))] {
			most = max(most, len(p.Lines))
		}
		heights = append(heights, most+2)
	}
	for total(heights) > room {
		highest := 0
		for i, h := range heights {
			if h >= heights[highest] {
				highest = i
			}
		}
		if heights[highest] <= 3 {
			break
		}
		heights[highest]--
	}
	return heights
}

func total(heights []int) int {
	sum := 0
	for _, h := range heights {
		sum += h
	}
	return sum
}

func drawPanel(c canvas, p Panel) {
	inner := c.frame(Line{{Text: p.Title, Role: levelRole(p.Level, Title)}}, c.theme.border)
	for i, line := range p.Lines {
		inner.line(0, i, line)
	}
}

// levelRole is the role of a panel's title by its urgency.
func levelRole(level int, calm Role) Role {
	return [...]Role{calm, Unknown, Warn, Bad}[min(max(level, 0), 3)]
}

// drawSmall shows one line for each system, then the alerts.
func (a *App) drawSmall(c canvas) {
	in := a.in
	in.Width, in.Height = c.w, c.h
	drawLines(c, 0, SmallLines(in))
}

// drawPage shows the tab of a page in a frame whose title lists the tabs.
func (a *App) drawPage(c canvas) {
	tab, ok := a.tab()
	if !ok {
		return
	}
	inner := c.frame(a.tabTitle(), c.theme.border)
	in := a.in
	in.Width, in.Height = inner.w, inner.h
	f := tab.Frame(in)
	y := drawLines(inner, 0, f.Head)
	foot := min(len(f.Foot), max(inner.h-y-4, 0))
	if f.Table != nil {
		a.grid().draw(inner.part(0, y, inner.w, inner.h-y-foot), f.Table, true)
		y = inner.h - foot
	}
	drawLines(inner, y, f.Foot)
}

func drawLines(c canvas, y int, lines []Line) int {
	for _, line := range lines {
		c.line(0, y, line)
		y++
	}
	return y
}

// tabTitle names the page and its tabs, the open one strong, and the filter.
func (a *App) tabTitle() Line {
	tabs := a.page().Tabs
	var title Line
	for i, t := range tabs {
		role := Muted
		if i == a.at.tab {
			role = Strong
		}
		if i > 0 {
			title = append(title, Span{Text: "  "})
		}
		title = append(title, Span{Text: t.Name, Role: role})
	}
	if len(tabs) > 1 {
		title = append(title, Span{Text: "  [ ]", Role: Muted})
	}
	if g := a.grid(); g.filter.text != "" {
		title = append(title, Span{Text: fmt.Sprintf("  /%s", g.filter.text), Role: Warn})
	}
	return title
}
