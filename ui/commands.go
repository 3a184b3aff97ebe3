package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"

	"tocsin/actions"
)

// Command is one thing a key does. Keys, footer, help, palette and the table in
// docs/ derive from the list of commands.
type Command struct {
	ID    string   // what a binding names: view.sessions, filter, pg.terminate
	Keys  []string // key names; the first is the one shown
	Title string
	Group string // heading in the help, one of [Groups]
	Foot  string // word in the footer; "" keeps it out
	On    string // the view on which its keys work, before those of every view; "" on all
	Do    func(*App)
}

// Groups are the headings of commands, in the order in which people look for them.
func Groups() []string { return []string{"act", "incident", "views", "look", "table"} }

// About says what the command does, and where its keys work.
func (c Command) About() string {
	if c.On == "" || len(c.Keys) == 0 {
		return c.Title
	}
	return c.Title + " (on " + c.On + ")"
}

// Binding gives a command another key, or none.
type Binding struct {
	Command string
	Key     string // "" takes its keys away
	Where   string // file and line, for errors
}

// Commands lists every command there is with these actions, for the table of
// keys in docs/ and for the file of bindings. They are not to be run.
func Commands(list []actions.Action) []Command { return commandList(Pages(), list) }

// commandList is every command: views, looking, and one for each action.
func commandList(pages []Page, list []actions.Action) []Command {
	var out []Command
	for i, p := range pages {
		out = append(out, Command{
			ID: "view." + p.Name, Keys: []string{string(p.Key)}, Title: "go to " + p.Name, Group: "views",
			Foot: p.Name, Do: func(a *App) { a.goTo(place{page: i}) },
		})
	}
	out = append(out, lookCommands()...)
	out = append(out, tableCommands()...)
	out = append(out, markCommands()...)
	out = append(out, changeCommands()...)
	out = append(out, incidentCommands()...)
	for _, act := range list {
		out = append(out, actionCommand(act, list))
	}
	return out
}

// actionCommand orders an action on what is selected. One that only reads looks,
// and stands with its word in the footer of its view.
func actionCommand(act actions.Action, list []actions.Action) Command {
	c := Command{ID: act.ID, Title: act.Title + sharedKey(act, list), Group: "act", On: act.On, Do: func(a *App) { a.order(act.ID, a.args(act)) }}
	if act.Danger == actions.Read {
		c.Group = "look"
	}
	if act.On != "" {
		c.Foot = act.Verb
	}
	if act.Key != 0 {
		c.Keys = []string{string(act.Key)}
	}
	return c
}

// sharedKey says by the key of which other an action is called; "" for none.
func sharedKey(act actions.Action, list []actions.Action) string {
	i := slices.IndexFunc(list, func(other actions.Action) bool { return other.ID == act.With })
	if i < 0 {
		return ""
	}
	return " (by the key of " + list[i].ID + ", where the verdict offers it)"
}

// markCommands are those of the view of statements.
func markCommands() []Command {
	return []Command{
		{ID: "mark", Keys: []string{"m"}, On: "statements", Title: "mark: count statements from here on; again marks anew", Group: "look", Foot: "mark", Do: (*App).mark},
		{ID: "mark.off", Keys: []string{"Backspace"}, On: "statements", Title: "take the mark off", Group: "look", Do: (*App).unmark},
	}
}

func lookCommands() []Command {
	return []Command{
		{ID: "help", Keys: []string{"?", "F1"}, Title: "help: every key that works", Group: "look", Foot: "help", Do: func(a *App) { a.push(newHelp(a)) }},
		{ID: "palette", Keys: []string{":"}, Title: "palette: go to a view or call an action by name", Group: "look", Foot: "palette", Do: func(a *App) { a.push(newPalette(a)) }},
		{ID: "evidence", Keys: []string{"e"}, Title: "why the verdict says so", Group: "look", Do: (*App).evidence},
		{ID: "logs", Keys: []string{"f"}, On: "deploys", Title: "follow the log of the selected build", Group: "look", Foot: "log", Do: (*App).followLog},
		{ID: "refresh", Keys: []string{"r", "F5"}, Title: "read every source now", Group: "look", Do: (*App).refresh},
		{ID: "freeze", Keys: []string{"z"}, Title: "hold what is shown, or let go", Group: "look", Do: (*App).freeze},
		{ID: "times", Keys: []string{"l"}, Title: "times in UTC or local", Group: "look", Do: func(a *App) { a.in.Local = !a.in.Local }},
		{ID: "copy", Keys: []string{"y"}, Title: "copy the selected value", Group: "look", Do: (*App).copyValue},
		{ID: "copy.view", Keys: []string{"Y"}, Title: "copy the view as Markdown, with time and source", Group: "look", Do: (*App).copyView},
		{ID: "redraw", Keys: []string{"Ctrl-L"}, Title: "draw the whole screen again", Group: "look", Do: func(a *App) { a.desk.Redraw() }},
		{ID: "last", Keys: []string{"`"}, Title: "the view before", Group: "views", Do: func(a *App) { a.goTo(a.before) }},
		{ID: "back", Keys: []string{"Esc"}, Title: "back: message, filter, detail; never quits", Group: "look", Do: (*App).back},
		{ID: "suspend", Keys: []string{"Ctrl-Z"}, Title: "suspend to the shell", Group: "look", Do: func(a *App) { a.desk.Background() }},
		{ID: "quit", Keys: []string{"q", "Ctrl-C", "F10"}, Title: "quit", Group: "look", Foot: "quit", Do: (*App).quit},
	}
}

func tableCommands() []Command {
	move := func(by int) func(*App) {
		return func(a *App) {
			if !a.rowless() {
				a.grid().move(by)
			}
		}
	}
	pageBy := func(part float64) func(*App) {
		return func(a *App) {
			if g := a.grid(); !a.rowless() {
				g.move(int(part * float64(max(g.page, 1))))
			}
		}
	}
	return []Command{
		{ID: "filter", Keys: []string{"/"}, Title: "filter: text  !text  ~fuzzy  column:text  column>5", Group: "table", Foot: "filter", Do: (*App).filterLine},
		{ID: "open", Keys: []string{"Enter"}, Title: "detail of the selected row; on the overview the evidence", Group: "table", Do: (*App).open},
		{ID: "down", Keys: []string{"j", "Down"}, Title: "down", Group: "table", Do: move(1)},
		{ID: "up", Keys: []string{"k", "Up"}, Title: "up", Group: "table", Do: move(-1)},
		{ID: "top", Keys: []string{"g", "Home"}, Title: "first row", Group: "table", Do: move(-1 << 30)},
		{ID: "bottom", Keys: []string{"G", "End"}, Title: "last row", Group: "table", Do: move(1 << 30)},
		{ID: "page.down", Keys: []string{"PgDn", "Ctrl-F"}, Title: "a page down", Group: "table", Do: pageBy(1)},
		{ID: "page.up", Keys: []string{"PgUp"}, Title: "a page up", Group: "table", Do: pageBy(-1)},
		{ID: "half.down", Keys: []string{"Ctrl-D"}, Title: "half a page down", Group: "table", Do: pageBy(0.5)},
		{ID: "half.up", Keys: []string{"Ctrl-U"}, Title: "half a page up", Group: "table", Do: pageBy(-0.5)},
		{ID: "tab.next", Keys: []string{"]", "Tab"}, Title: "next tab", Group: "table", Do: func(a *App) { a.shiftTab(1) }},
		{ID: "tab.back", Keys: []string{"[", "Shift-Tab"}, Title: "previous tab", Group: "table", Do: func(a *App) { a.shiftTab(-1) }},
		{ID: "sort.left", Keys: []string{"<"}, Title: "sort by the column on the left", Group: "table", Do: func(a *App) { a.shiftSort(-1) }},
		{ID: "sort.right", Keys: []string{">"}, Title: "sort by the column on the right", Group: "table", Do: func(a *App) { a.shiftSort(1) }},
		{ID: "sort", Keys: []string{"s"}, Title: "choose the column to sort by; again turns it round", Group: "table", Do: (*App).sortMenu},
	}
}

func changeCommands() []Command {
	return []Command{
		{ID: "act", Keys: []string{"a"}, Title: "actions for the selection, and why some are blocked", Group: "act", Foot: "act", Do: func(a *App) { a.push(newMenu(a)) }},
		{ID: "arm", Keys: []string{"W"}, Title: "arm for ten minutes (the server's name is typed), or disarm", Group: "act", Do: (*App).arm},
		{ID: "overdue", Keys: []string{"O"}, Title: "carry out what should have been taken back by itself", Group: "act", Do: (*App).carryOut},
		{ID: "undo", Keys: []string{"u"}, Title: "take the last action back, where that is possible", Group: "act", Do: (*App).undo},
	}
}

// unbound are keys that must stay free: the prefixes of screen and tmux, and a
// key that kills in other tools.
func unbound() []string { return []string{"Ctrl-A", "Ctrl-B", "Ctrl-K"} }

// chord is a key on a view; page is "" for one that works on all.
type chord struct{ page, key string }

// bind makes the map from keys to commands, with the user's bindings.
func bind(commands []Command, own []Binding) (map[chord]int, error) {
	rebound := map[string]bool{}
	for _, b := range own {
		i := slices.IndexFunc(commands, func(c Command) bool { return c.ID == b.Command })
		if i < 0 {
			return nil, fmt.Errorf("%s: no command %q", b.Where, b.Command)
		}
		if b.Key != "" && !validKey(b.Key) {
			return nil, fmt.Errorf("%s: no key %q: one character, or Ctrl-X, Enter, Tab, F1 and the like", b.Where, b.Key)
		}
		commands[i].Keys = nil
		rebound[b.Command] = true
		if b.Key != "" {
			commands[i].Keys = []string{b.Key}
		}
	}
	keys := map[chord]int{}
	for i, c := range commands {
		for _, k := range c.Keys {
			if slices.Contains(unbound(), k) {
				return nil, fmt.Errorf("%s: %s stays free", c.ID, k)
			}
			for _, before := range commands[:i] {
				if slices.Contains(before.Keys, k) && clash(before, c, rebound) {
					return nil, fmt.Errorf("key %s: both %s and %s", k, before.ID, c.ID)
				}
			}
			keys[chord{c.On, k}] = i
		}
	}
	return keys, nil
}

// clash tells whether two commands cannot have the same key. That a view has a
// command of its own in place of one of all views is decided here, not by whoever
// binds a key.
func clash(a, b Command, rebound map[string]bool) bool {
	if a.On == b.On {
		return true
	}
	return (a.On == "" || b.On == "") && (rebound[a.ID] || rebound[b.ID])
}

// command is what a key does on the page that is looked at.
func (a *App) command(key string) (Command, bool) {
	i, ok := a.keys[chord{a.page().Name, key}]
	if !ok {
		i, ok = a.keys[chord{"", key}]
	}
	if !ok {
		return Command{}, false
	}
	return a.commands[i], true
}

// keyName is how a key is called in bindings, help and footer.
func keyName(ev *tcell.EventKey) string {
	switch {
	case ev.Key() == tcell.KeyRune && ev.Modifiers()&tcell.ModAlt != 0:
		return "Alt-" + string(ev.Rune())
	case ev.Key() == tcell.KeyRune:
		return string(ev.Rune())
	}
	for name, key := range namedKeys() {
		if key == ev.Key() {
			return name
		}
	}
	if ev.Key() >= tcell.KeyCtrlA && ev.Key() <= tcell.KeyCtrlZ {
		return "Ctrl-" + string(rune('A'+ev.Key()-tcell.KeyCtrlA))
	}
	return tcell.KeyNames[ev.Key()]
}

// namedKeys are the keys that are no character.
func namedKeys() map[string]tcell.Key {
	return map[string]tcell.Key{
		"Enter": tcell.KeyEnter, "Esc": tcell.KeyEscape, "Tab": tcell.KeyTab, "Shift-Tab": tcell.KeyBacktab,
		"Up": tcell.KeyUp, "Down": tcell.KeyDown, "Left": tcell.KeyLeft, "Right": tcell.KeyRight,
		"PgUp": tcell.KeyPgUp, "PgDn": tcell.KeyPgDn, "Home": tcell.KeyHome, "End": tcell.KeyEnd,
		"Backspace": tcell.KeyBackspace2, "Delete": tcell.KeyDelete, "Insert": tcell.KeyInsert,
		"F1": tcell.KeyF1, "F2": tcell.KeyF2, "F3": tcell.KeyF3, "F4": tcell.KeyF4, "F5": tcell.KeyF5, "F6": tcell.KeyF6,
		"F7": tcell.KeyF7, "F8": tcell.KeyF8, "F9": tcell.KeyF9, "F10": tcell.KeyF10, "F11": tcell.KeyF11, "F12": tcell.KeyF12,
	}
}

// validKey tells whether a key of that name can be pressed.
func validKey(name string) bool {
	if _, ok := namedKeys()[name]; ok || len([]rune(name)) == 1 {
		return true
	}
	rest, ok := strings.CutPrefix(name, "Ctrl-")
	return ok && len(rest) == 1 && rest[0] >= 'A' && rest[0] <= 'Z'
}
