package ui

import (
	"context"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"tocsin/internal/term"
)

// seat is the desk of an App on a real terminal.
type seat struct {
	*term.Session
	terminal *term.Terminal
}

func (s seat) Now()                   { s.Loop.Now() }
func (s seat) Copy(text string) error { return s.terminal.Copy(text) }
func (s seat) Redraw()                { s.terminal.Redraw() }

// Session prepares a run of the screen on a terminal. Tell its Loop what has
// changed; started is called once the first frame stands.
func (a *App) Session(t *term.Terminal, started func()) *term.Session {
	a.glyphs = t.Glyphs()
	a.in.Since = time.Now()
	s := t.NewSession(term.Program{
		Root:    &board{Box: tview.NewBox(), app: a},
		Update:  a.update,
		Started: func() { a.started(started) },
	})
	a.desk = seat{Session: s, terminal: t}
	return s
}

// started begins the reading, which does not wait for the record: another may
// hold that.
func (a *App) started(read func()) {
	a.desk.Go("orphans", a.tellOrphans)
	read()
}

// Run runs a session of this screen until it ends; what the user orders lives
// under ctx, not under the session.
func (a *App) Run(ctx context.Context, s *term.Session) term.Ending {
	a.ctx = ctx
	return s.Run(ctx)
}

// board is the one widget tview sees: it draws the whole screen and takes all
// keys.
type board struct {
	*tview.Box
	app *App
}

// Draw implements tview.Primitive.
func (b *board) Draw(screen tcell.Screen) {
	x, y, w, h := b.GetRect()
	b.app.draw(canvas{screen: screen, theme: b.app.o.Theme, glyphs: b.app.glyphs, x: x, y: y, w: w, h: h})
}

// InputHandler implements tview.Primitive.
func (b *board) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, _ func(tview.Primitive)) { b.app.key(ev) }
}

// PasteHandler implements tview.Primitive.
func (b *board) PasteHandler() func(string, func(tview.Primitive)) {
	return func(text string, _ func(tview.Primitive)) { b.app.paste(text) }
}
