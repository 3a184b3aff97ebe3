package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"

	"tocsin/internal/audit"
	"tocsin/internal/runbook"
	"tocsin/internal/statedir"
	"tocsin/internal/term"
	"tocsin/ui"
)

// dashboard is the screen; without a terminal it is the status, once.
func (c *command) dashboard() error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.close()
	return c.screen(p, nil)
}

// screen runs the dashboard of a program until it is left. It may begin
// with a runbook.
func (c *command) screen(p *program, begin *ui.Begin) error {
	t, err := c.terminal()
	if err != nil && c.hungUp() {
		return &exit{term.Ending{Cause: term.CauseHangUp}.ExitCode(), nil}
	}
	if errors.Is(err, term.ErrNotTerminal) {
		c.warn(errors.New("no terminal here, so this is the status, once (over SSH: ssh -t)"))
		return c.statusOf(p, statusFlags{format: "table", timeout: defaultStatusTimeout})
	}
	if err != nil {
		return &exit{exitFailed, err}
	}
	defer t.Close()
	closeLog, lost := p.state.log()
	defer closeLog()
	for _, note := range t.Notes() {
		slog.Warn("the terminal is not as asked", "note", note)
	}
	ending, err := c.runScreen(p, t, begin)
	t.Close()
	if lost != nil {
		c.warn(fmt.Errorf("this session was not logged: %w", lost))
	}
	if err != nil {
		return &exit{exitUsage, err}
	}
	return c.endingOf(ending)
}

// terminal opens the terminal. Output that goes elsewhere is no place for a
// screen, even where there is one to draw on.
func (c *command) terminal() (*term.Terminal, error) {
	if !isTerminal(c.out) {
		return nil, term.ErrNotTerminal
	}
	debug.SetGCPercent(collectStart)
	return term.Open(term.Options{ASCII: c.ascii, NoColor: os.Getenv("NO_COLOR") != ""})
}

// hungUp tells whether output goes to a terminal that is gone.
func (c *command) hungUp() bool {
	file, ok := c.out.(*os.File)
	return ok && term.HungUp(file)
}

// By how many per cent the heap may grow between two collections: up to the
// first frame, for which next to nothing is made that is garbage, and after it.
const (
	collectStart = 400
	collectAt    = 33
)

// thrifty is how the dashboard runs on a machine that is not its own: on one
// processor, which leaves the others alone and spares most of what it costs to
// hand a few milliseconds of work a second from one to another; and with a
// heap of a few megabytes.
func thrifty() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(collectAt)
}

// runScreen builds the screen on the terminal and runs it.
func (c *command) runScreen(p *program, t *term.Terminal, begin *ui.Begin) (term.Ending, error) {
	bindings, err := loadKeys(p.keys, ui.Commands(p.runner.List()))
	if err != nil {
		return term.Ending{}, err
	}
	theme, err := ui.ThemeNamed(c.theme, t.Color())
	if err != nil {
		return term.Ending{}, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var session *term.Session
	beyond := &herald{target: p.target.Name, setTitle: t.SetTitle, bell: t.Bell, notify: t.Notify}
	w := newWatch(p, func() { session.Loop.Changed() }, func() {
		session.Loop.Now()
		beyond.tell(p.engine.Current())
	})
	app, err := ui.New(ui.Options{
		Server: p.target.Name, ReadOnly: c.readOnly,
		View: p.store.View, Alerts: p.engine.Current, Suspect: w.Suspect,
		Runner: p.runner, Refresh: p.wake,
		Bindings: bindings, Theme: theme, CopyFile: filepath.Join(p.state.dir, "copied.txt"),
		Orphans: p.orphans, Past: w.past.events, Timed: w.timed.list, Logs: p.logs,
		Duty: w.events.duty, Recorder: recorder{w}, Contacts: p.contacts(), Books: func() []runbook.Book { return p.shelf.books(w.urgent) },
		Begin: begin,
	})
	if err != nil {
		return term.Ending{}, err
	}
	watched := make(chan struct{})
	session = app.Session(t, func() {
		thrifty()
		w.run(ctx)
		close(watched)
	})
	ending := app.Run(ctx, session)
	// A shell may tell of a hang-up again; it must not cut short what follows.
	signal.Ignore(syscall.SIGHUP)
	if err := p.runner.Abandon(); err != nil {
		slog.Error("what still runs could not be recorded", "error", err)
	}
	cancel()
	if ending.Cause == term.CauseQuit {
		<-watched
	}
	return ending, nil
}

// endingOf turns the end of the screen into the end of the command.
func (c *command) endingOf(e term.Ending) error {
	if code := e.ExitCode(); code != exitOK {
		var err error
		if e.Cause == term.CausePanic {
			slog.Error("panic", "error", e.Err, "stack", string(e.Stack))
			err = fmt.Errorf("a fault in tocsin ended it; the terminal was restored: %w", e.Err)
		}
		return &exit{code, err}
	}
	return nil
}

// orphans are the actions that earlier sessions left without a result.
func (p *program) orphans() ([]audit.Call, error) { return audit.Orphans(p.state.root) }

// log sends the log to a file while the screen is up; where that is not
// possible it goes nowhere, because the screen is no place for it.
func (f folder) log() (done func(), err error) {
	file, err := (*os.File)(nil), f.begin()
	if err == nil {
		file, err = statedir.Open(filepath.Join(f.root, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	}
	if err != nil {
		slog.SetDefault(slog.New(slog.DiscardHandler))
		return func() {}, err
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(file, nil)))
	return func() { _ = file.Close() }, nil
}
