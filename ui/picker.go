package ui

import (
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"

	"tocsin/internal/runbook"
)

// item is one line of a picker.
type item struct {
	key  string // what calls it without the picker, and finds it here; "" for none
	text string
	note string // why it is blocked, what it does
	do   func(*App)
}

// picker is a list to choose from by typing or by moving.
type picker struct {
	title string
	items []item
	more  func() []item // that are still being read when it opens; nil for none
	typed entry
	line  int
}

// matches are the items whose letters fit what was typed: first those that have
// it as their key. A key alone runs nothing here, for it may begin a name.
func (p *picker) matches() []item {
	typed := p.typed.String()
	want := strings.ToLower(typed)
	var keyed, named, near []item
	items := p.items
	if p.more != nil {
		items = slices.Concat(items, p.more())
	}
	for _, it := range items {
		switch text := strings.ToLower(it.text); {
		case typed != "" && it.key == typed:
			keyed = append(keyed, it)
		case strings.Contains(text, want):
			named = append(named, it)
		case fuzzy(text, want):
			near = append(near, it)
		}
	}
	return slices.Concat(keyed, named, near)
}

func (p *picker) draw(_ *App, c canvas) {
	w, h := min(c.w, 96), min(c.h-1, len(p.items)+4)
	box := c.part((c.w-w)/2, max((c.h-h)/3, 1), w, h) // the target stays in sight
	box.clear()
	inner := box.frame(Line{{Text: p.title, Role: Title}}, c.theme.dialog)
	inner.part(1, 0, 2, 1).line(0, 0, Line{{Text: ":", Role: Muted}})
	p.typed.draw(inner.part(3, 0, inner.w-4, 1), true)
	list := p.matches()
	p.line = min(max(p.line, 0), max(len(list)-1, 0))
	room := inner.h - 1
	top := max(p.line-room+1, 0)
	for i := 0; i < room && top+i < len(list); i++ {
		p.drawItem(inner.part(1, 1+i, inner.w-2, 1), list[top+i], top+i == p.line)
	}
	if len(list) == 0 {
		inner.line(1, 1, Line{{Text: "nothing by that name", Role: Muted}})
	}
}

func (p *picker) drawItem(c canvas, it item, here bool) {
	role := Plain
	if it.do == nil {
		role = Muted
	}
	c.line(0, 0, Line{{Text: it.key, Role: Strong, Width: 8}, {Text: it.text, Role: role, Width: 24}, gap(1), {Text: it.note, Role: Muted}})
	if here {
		c.fill(c.theme.selected)
	}
}

func (p *picker) key(a *App, ev *tcell.EventKey) {
	switch keyName(ev) {
	case "Esc", "Ctrl-C":
		a.drop(p)
		return
	case "Down", "Ctrl-N", "Tab":
		p.line++
		return
	case "Up", "Ctrl-P", "Shift-Tab":
		p.line = max(p.line-1, 0)
		return
	case "Enter":
		if list := p.matches(); p.line < len(list) {
			p.choose(a, list[p.line])
		}
		return
	}
	if p.typed.key(ev) {
		p.line = 0
	}
}

func (p *picker) paste(_ *App, text string) { p.typed.paste(text) }

// choose runs an item; a blocked one stays and says why.
func (p *picker) choose(a *App, it item) {
	if it.do == nil {
		a.say(it.text+": "+it.note, Warn)
		return
	}
	a.drop(p)
	it.do(a)
}

// byGroup lists the commands, those that people look for by name first.
func byGroup(commands []Command) []Command {
	out := slices.Clone(commands)
	slices.SortStableFunc(out, func(a, b Command) int {
		return slices.Index(Groups(), a.Group) - slices.Index(Groups(), b.Group)
	})
	return out
}

// newPalette offers every command by name.
func newPalette(a *App) *picker {
	p := &picker{title: "palette"}
	for _, c := range byGroup(a.commands) {
		it := item{key: a.keyOf(c.ID), text: c.ID, note: c.Title, do: c.Do}
		if why := a.blocked(c.ID); why != "" {
			it.note, it.do = "blocked: "+why, nil
		}
		p.items = append(p.items, it)
	}
	p.items = append(p.items, tabItems(a.pages)...)
	p.more = func() []item { return bookItems(called(a.o.Books)) }
	return p
}

// bookItems open a runbook, to read it or to follow it.
func bookItems(books []runbook.Book) []item {
	var out []item
	for _, b := range books {
		out = append(out, item{key: "9", text: "runbook " + b.ID, note: b.Title, do: func(a *App) { a.readBook(b.ID) }})
	}
	return out
}

// tabItems go to a tab of a view by its name.
func tabItems(pages []Page) []item {
	var out []item
	for i, page := range pages {
		for j, tab := range page.Tabs {
			out = append(out, item{
				key: string(page.Key), text: page.Name + ", " + strings.ToLower(tab.Name), note: "go to " + tab.Name,
				do: func(a *App) { a.goTo(place{page: i, tab: j}) },
			})
		}
	}
	return out
}

// sortMenu offers the columns of the table.
func (a *App) sortMenu() {
	if a.rowless() {
		return
	}
	p, t := &picker{title: "sort by"}, a.table()
	p.items = append(p.items, item{text: "own order", do: func(a *App) { a.grid().sort = "" }})
	for _, col := range t.Columns {
		p.items = append(p.items, item{text: col.Name, note: col.Title, do: func(a *App) {
			if t := a.table(); t != nil {
				a.grid().sortBy(t, col.Name)
			}
		}})
	}
	a.push(p)
}

// newMenu offers the actions, those that fit the selection first and then those
// of what is looked at, and says why the others do not.
func newMenu(a *App) *picker {
	p := &picker{title: "actions: type a key or a name, then Enter"}
	var near, others, blocked []item
	for _, act := range a.o.Runner.List() {
		it := item{key: a.keyOf(act.ID), text: act.Title, note: act.Danger.String(), do: func(a *App) { a.order(act.ID, a.args(act)) }}
		target := targetText(act, a.args(act))
		switch why := a.o.Runner.Blocked(act.ID); {
		case why != "":
			it.note, it.do = "blocked: "+why, nil
			blocked = append(blocked, it)
		case target == "":
			if ask := missingParams(act, a.args(act)); len(ask) > 0 {
				it.note += " · asks for " + ask[0].Name
			}
			if a.near(act.ID) {
				near = append(near, it)
				continue
			}
			others = append(others, it)
		default:
			it.note += " · " + target
			if a.at.page == 0 { // it is the one that the verdict offers
				it.key = a.in.Keys[act.ID]
			}
			p.items = append(p.items, it)
		}
	}
	p.items = slices.Concat(p.items, near, others, blocked)
	return p
}

// near tells whether the family of an action has the name of the view or of the
// tab that is looked at: supabase.unban on Supabase, deploy.cancel on deploys.
func (a *App) near(id string) bool {
	family, _, _ := strings.Cut(id, ".")
	tab, _ := a.tab()
	return family == strings.TrimSuffix(a.page().Name, "s") || strings.EqualFold(family, tab.Name)
}

// filterLine is a filter while it is typed; what it narrows follows.
type filterLine struct {
	typed  entry
	before filter
	take   func(a *App, f filter)
	move   func(a *App, by int) // nil where there is no line to move to
}

// filterLine opens the filter of the table.
func (a *App) filterLine() {
	if a.rowless() {
		return
	}
	f := &filterLine{
		before: a.grid().filter,
		take:   func(a *App, f filter) { a.grid().filter = f },
		move:   func(a *App, by int) { a.grid().move(by) },
	}
	f.typed.set(f.before.text)
	a.push(f)
}

func (f *filterLine) draw(_ *App, c canvas) {
	line := c.part(0, c.h-1, c.w, 1)
	line.clear()
	line.line(1, 0, Line{{Text: "/", Role: Strong}})
	f.typed.draw(line.part(2, 0, line.w-3, 1), true)
}

func (f *filterLine) key(a *App, ev *tcell.EventKey) {
	switch keyName(ev) {
	case "Esc", "Ctrl-C":
		f.take(a, f.before)
		a.drop(f)
		return
	case "Enter":
		a.drop(f)
		return
	case "Up", "Down":
		if f.move != nil {
			f.move(a, map[string]int{"Up": -1, "Down": 1}[keyName(ev)])
		}
	}
	if f.typed.key(ev) {
		f.take(a, parseFilter(f.typed.String()))
	}
}

func (f *filterLine) paste(a *App, text string) {
	f.typed.paste(text)
	f.take(a, parseFilter(f.typed.String()))
}
