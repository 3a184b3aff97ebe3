package ui

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/runbook"
	"tocsin/internal/store"
	"tocsin/internal/term"
)

// Options is what the screen shows and what it may ask for. The functions are
// called on the screen's loop and must not wait.
type Options struct {
	Server   string // name of the configured target
	ReadOnly bool   // nothing may be changed, arming is refused
	View     func() store.View
	Alerts   func() []alert.Alert
	Suspect  func() alert.Suspect
	Past     func() []Event        // what is over: troubles that ended, actions; nil where nobody remembers
	Timed    func() []Timed        // changes that are taken back by themselves; nil where there are none
	Duty     func() Duty           // the open incident and its runbook; nil where none can be kept
	Recorder Recorder              // nil where none can be kept
	Contacts []Contact             // whom to call
	Books    func() []runbook.Book // nil until they are read; asked for only where they are shown
	Begin    *Begin                // nil to begin with the overview
	// Logs gives the logs of a build, by its id; none where there is nothing to
	// follow. nil is none at all.
	Logs     func(build string) []LogSource
	Runner   *actions.Runner
	Refresh  func() // reads every source now
	Bindings []Binding
	Theme    Theme
	CopyFile string // where copied text is written too; "" for nowhere
	// Orphans lists the actions that earlier sessions left without a result;
	// nil where there is no record. It may wait.
	Orphans func() ([]audit.Call, error)
}

// desk is what the screen needs of the terminal it runs on.
type desk interface {
	Go(name string, f func())
	Now() // draw soon
	Copy(text string) error
	Quit()
	Background()
	Redraw()
}

// App is the screen: one place that is looked at, and what lies over it. All of
// it lives on the event loop; other goroutines reach it through post alone.
type App struct {
	o        Options
	desk     desk
	glyphs   term.Glyphs
	pages    []Page
	commands []Command
	keys     map[chord]int // index into commands
	ctx      context.Context

	at       place
	before   place // the view left last
	grids    map[place]*grid
	over     []overlay
	in       In
	frozen   *In // the held view; nil when live
	counting counting
	said     string // last outcome or hint, until dismissed
	saidRole Role
	looked   string // the verdict whose evidence was looked at last, with its incident
	warned   bool   // that quitting leaves an action running

	mu   sync.Mutex
	mail []func()
}

// place is a tab of a page.
type place struct{ page, tab int }

// overlay is what lies over the page and gets the keys.
type overlay interface {
	draw(a *App, c canvas)
	key(a *App, ev *tcell.EventKey)
}

// typist is an overlay that takes pasted text.
type typist interface{ paste(a *App, text string) }

// New makes the screen. It fails on bindings that name no command or no key,
// or that give one key to two commands.
func New(o Options) (*App, error) {
	a := &App{o: o, pages: Pages(), grids: map[place]*grid{}, ctx: context.Background()}
	a.commands = commandList(a.pages, o.Runner.List())
	keys, err := bind(a.commands, o.Bindings)
	if err != nil {
		return nil, err
	}
	a.keys = keys
	a.in.Verbs, a.in.Keys = map[string]string{}, map[string]string{}
	for _, act := range o.Runner.List() {
		a.in.Verbs[act.ID] = act.Verb
	}
	for _, c := range a.commands {
		a.in.Keys[c.ID] = a.keyOf(c.ID)
	}
	for _, act := range o.Runner.List() {
		a.in.Keys[act.ID] = nameOr(a.keyOf(act.ID), a.keyOf(act.With))
	}
	if o.Begin != nil {
		a.startAt(*o.Begin)
	}
	return a, nil
}

// keyOf is the key that a command has here; "" for none.
func (a *App) keyOf(id string) string {
	for _, c := range a.commands {
		if c.ID == id && len(c.Keys) > 0 {
			return c.Keys[0]
		}
	}
	return ""
}

// post hands work to the event loop; it is done before the next frame, which
// comes soon. It never blocks.
func (a *App) post(f func()) {
	a.mu.Lock()
	a.mail = append(a.mail, f)
	a.mu.Unlock()
	a.desk.Now()
}

// update does what was posted and takes the newest view.
func (a *App) update(bool) {
	a.mu.Lock()
	mail := a.mail
	a.mail = nil
	a.mu.Unlock()
	for _, f := range mail {
		f()
	}
	a.look()
}

// look takes one view of everything for the frames until the next one.
func (a *App) look() {
	a.in = In{
		View: a.o.View(), Alerts: a.o.Alerts(), Suspect: a.o.Suspect(),
		Local: a.in.Local, ASCII: a.glyphs.ASCII, Since: a.in.Since, Verbs: a.in.Verbs, Keys: a.in.Keys,
	}
	if a.frozen != nil {
		a.in.View, a.in.Alerts, a.in.Suspect = a.frozen.View, a.frozen.Alerts, a.frozen.Suspect
	}
	if a.frozen != nil {
		a.in.Past, a.in.Timed, a.in.Duty = a.frozen.Past, a.frozen.Timed, a.frozen.Duty
	} else {
		if a.o.Duty != nil {
			a.in.Duty = a.o.Duty()
		}
		a.in.Past, a.in.Timed = called(a.o.Past), called(a.o.Timed)
	}
	a.in.Books, a.in.Contacts = nil, a.o.Contacts
	if a.page().Name == "incident" {
		a.in.Books = called(a.o.Books)
	}
	a.in.Counted = a.counting.look(a.in.View)
	a.in.Mode = a.mode()
}

// called is what a function gives, where there is one.
func called[T any](f func() []T) []T {
	if f == nil {
		return nil
	}
	return f()
}

func (a *App) mode() Mode {
	m := Mode{Server: a.o.Server, ReadOnly: a.o.ReadOnly, Frozen: a.frozen != nil}
	if until, ok := a.o.Runner.Armed(); ok {
		m.Armed = max(time.Until(until), 0)
	}
	if calls := a.o.Runner.Running(); len(calls) > 0 {
		m.Running = calls[0].Title
	}
	return m
}

// page is the page that is looked at.
func (a *App) page() Page { return a.pages[a.at.page] }

// tab is the tab that is looked at; not ok on the overview.
func (a *App) tab() (Tab, bool) {
	tabs := a.page().Tabs
	if a.at.tab >= len(tabs) {
		return Tab{}, false
	}
	return tabs[a.at.tab], true
}

// grid is how the user looks at the table of this place.
func (a *App) grid() *grid {
	g, ok := a.grids[a.at]
	if !ok {
		g = &grid{}
		a.grids[a.at] = g
	}
	return g
}

// goTo looks at another page or tab.
func (a *App) goTo(p place) {
	if p == a.at || p.page < 0 || p.page >= len(a.pages) {
		return
	}
	a.before, a.at = a.at, p
}

// push lays something over the screen.
func (a *App) push(o overlay) { a.over = append(a.over, o) }

// drop takes one overlay away, wherever it lies.
func (a *App) drop(gone overlay) {
	var left []overlay
	for _, o := range a.over {
		if o != gone {
			left = append(left, o)
		}
	}
	a.over = left
}

// say shows one line above the footer until it is dismissed.
func (a *App) say(text string, r Role) { a.said, a.saidRole = text, r }

// key handles every key: the topmost overlay first, then the commands.
func (a *App) key(ev *tcell.EventKey) {
	if n := len(a.over); n > 0 {
		a.over[n-1].key(a, ev)
		return
	}
	name := keyName(ev)
	if c, ok := a.command(name); ok {
		a.meant(c).Do(a)
	}
}

// pageKeys are the keys of the views: 0-9.
func (a *App) pageKeys() string {
	return string(a.pages[0].Key) + "-" + string(a.pages[len(a.pages)-1].Key)
}

// meant is the command that a key stands for here: the one that the verdict
// offers, where it shares the key and nothing is selected for its own.
func (a *App) meant(c Command) Command {
	offered, ok := a.o.Runner.Find(a.in.Suspect.Action)
	if !ok || offered.With != c.ID {
		return c
	}
	if own, ok := a.o.Runner.Find(c.ID); ok && len(a.selected(own)) > 0 {
		return c
	}
	i := slices.IndexFunc(a.commands, func(c Command) bool { return c.ID == offered.ID })
	return a.commands[i]
}

// paste gives pasted text to what can take it; it never reaches the keys.
func (a *App) paste(text string) {
	if n := len(a.over); n > 0 {
		if t, ok := a.over[n-1].(typist); ok {
			t.paste(a, text)
		}
	}
}

// args are what an action can take from what is looked at: in a table from the
// selection, else from the verdict where that names the action.
func (a *App) args(act actions.Action) actions.Args {
	out := a.selected(act)
	if len(out) == 0 && a.in.Suspect.Action == act.ID {
		return taken(act, a.in.Suspect.Args)
	}
	return out
}

// selected are what an action can take from a table: from the selected row, or
// from all that a filter shows.
func (a *App) selected(act actions.Action) actions.Args {
	if a.at.page == 0 {
		return actions.Args{}
	}
	row, _ := a.grid().row()
	out := taken(act, row.Args)
	for _, p := range act.Params {
		if v := a.filtered(); p.Type == actions.TypeSessions && v != "" {
			out[p.Name] = v
		}
	}
	return out
}

// taken is the part of some arguments that an action has parameters for. What
// the action has none for stays behind.
func taken(act actions.Action, from map[string]string) actions.Args {
	out := actions.Args{}
	for _, p := range act.Params {
		if v := from[p.Name]; v != "" {
			out[p.Name] = v
		}
	}
	return out
}

// aim says what the keys that the verdict shows do on the page that is looked at.
func (a *App) aim() Aim {
	aim := Aim{}
	if key := a.keyOf("evidence"); a.at.page == 0 {
		aim.Evidence = "Enter"
	} else if c, ok := a.command(key); ok && c.ID == "evidence" {
		aim.Evidence = key
	}
	if act, ok := a.o.Runner.Find(a.in.Suspect.Action); ok {
		shared := act.With != "" && a.meant(Command{ID: act.With}).ID != act.ID
		aim.Elsewhere = shared || !maps.Equal(a.args(act), taken(act, a.in.Suspect.Args))
	}
	return aim
}

// filtered lists the sessions that a filter shows, as actions.TypeSessions has
// them; "" without a filter, which would be all there are.
func (a *App) filtered() string {
	g := a.grid()
	if g.filter.text == "" {
		return ""
	}
	var out []string
	for _, row := range g.rows {
		if pid, start := row.Args["pid"], row.Args["backend_start"]; pid != "" && start != "" {
			out = append(out, pid+"@"+start)
		}
	}
	return strings.Join(out, ",")
}
