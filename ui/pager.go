package ui

import (
	"strings"

	"github.com/gdamore/tcell/v2"
)

// pager shows lines over the whole screen and scrolls them.
type pager struct {
	title string
	lines func(In) []Line
	again string     // the key that opened it, which closes it too; "" where that does more
	own   own        // what is done with what it shows
	leave func()     // called when it is closed; nil for nothing
	copy  func(*App) // what the keys of copying do; nil copies the lines
	top   int
	page  int
	count int
}

// own is what the key of a command does in one pager.
type own struct {
	id   string // of the command; "" for nothing
	foot string // word in the footer
	do   func(*App)
}

func (p *pager) draw(a *App, full canvas) {
	c := full
	if full.h >= tinyRows { // the header stays, and the keys take the footer
		c = full.part(0, 1, full.w, full.h-2)
		foot := full.part(0, full.h-1, full.w, 1)
		foot.clear()
		foot.line(1, 0, p.footer(a))
	}
	c.clear()
	inner := c.frame(Line{{Text: p.title, Role: Title}, {Text: "   Esc back", Role: Muted}}, c.theme.border)
	in := a.in
	in.Width, in.Height = inner.w-2, inner.h
	var lines []Line
	for _, l := range p.lines(in) {
		lines = append(lines, folded(l, in.Width)...)
	}
	p.page, p.count = inner.h, len(lines)
	p.top = max(min(p.top, p.count-p.page), 0)
	drawLines(inner.part(1, 0, inner.w-2, inner.h), 0, lines[p.top:])
	if left := p.count - p.top - p.page; left > 0 {
		c.part(c.w-12, c.h-1, 10, 1).line(0, 0, Line{{Text: " j more ", Role: Muted}})
	}
}

// footer lists the keys that work here.
func (p *pager) footer(a *App) Line {
	line := Line{{Text: "Esc", Role: Strong}, {Text: " back  ", Role: Muted}, {Text: "j k", Role: Strong}, {Text: " scroll  ", Role: Muted}}
	if key := a.keyOf(p.own.id); key != "" {
		line = append(line, span(Strong, key), span(Muted, " "+p.own.foot+"  "))
	}
	return append(line, span(Strong, "y"), span(Muted, " copy  "), span(Strong, "a"), span(Muted, " act"))
}

func (p *pager) key(a *App, ev *tcell.EventKey) {
	switch name := keyName(ev); name {
	case "Esc", "q", "Enter", p.again:
		p.close(a)
	case "Ctrl-C":
		a.quit()
	case "j", "Down":
		p.top++
	case "k", "Up":
		p.top = max(p.top-1, 0)
	case "PgDn", "Ctrl-F", " ":
		p.top += p.page
	case "PgUp":
		p.top = max(p.top-p.page, 0)
	case "Ctrl-D":
		p.top += p.page / 2
	case "Ctrl-U":
		p.top = max(p.top-p.page/2, 0)
	case "g", "Home":
		p.top = 0
	case "G", "End":
		p.top = p.count
	case "y", "Y":
		if p.copy != nil {
			p.copy(a)
			return
		}
		in := a.in
		in.Width = copyWidth
		a.copyText(a.copyHead(p.title) + linesText(p.lines(in)))
	default:
		if c, ok := a.command(name); ok && c.ID == p.own.id {
			p.own.do(a)
			return
		}
		a.fromPager(ev)
	}
}

func (p *pager) close(a *App) {
	a.drop(p)
	if p.leave != nil {
		p.leave()
	}
}

// fromPager lets the keys of actions, and those of the view, work from a detail
// as in the table under it: the thing that is looked at stays the target.
func (a *App) fromPager(ev *tcell.EventKey) {
	c, ok := a.command(keyName(ev))
	if ok && (c.Group == "act" || c.On != "" || c.ID == "help") {
		c.Do(a)
	}
}

// newHelp lists every key that works, by what it is for.
func newHelp(a *App) *pager {
	return &pager{title: "help", lines: func(In) []Line {
		out := []Line{{{Text: "Lower case looks, upper case acts: every action opens a card first. Nothing changes on one key.", Role: Muted}}}
		for _, group := range Groups() {
			out = append(out, Line{}, Line{{Text: group, Role: Title}})
			for _, c := range a.commands {
				if c.Group == group {
					out = append(out, a.helpLine(c))
				}
			}
		}
		return out
	}}
}

func (a *App) helpLine(c Command) Line {
	keys := ":" // from the palette
	if len(c.Keys) > 0 {
		keys = strings.Join(c.Keys, " ")
	}
	line := Line{{Text: keys, Role: Strong, Width: 18}, {Text: c.About()}}
	if why := a.blocked(c.ID); why != "" {
		line = append(line, Span{Text: "   blocked: " + why, Role: Muted})
	}
	return line
}
