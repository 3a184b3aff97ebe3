package term

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// The time that an end may take: the loop's last frame, tcell's way out (its
// flush is limited too), and in all well under a second.
const (
	loopLimit = 200 * time.Millisecond
	stopLimit = 600 * time.Millisecond
)

// Program is what a [Session] runs. Its functions are called on tview's event
// loop, except Started: they may change widgets directly, and must neither wait
// nor draw.
type Program struct {
	// Root fills the screen and has the focus at first.
	Root tview.Primitive
	// Update brings the widgets up to date before the loop draws. changed is
	// false on a tick of the clock without news, when only times have moved. It
	// is called once, with true, before the first frame and the event loop. Nil does nothing.
	Update func(changed bool)
	// Keys sees every key first and returns nil for a key it has used. Ctrl-C
	// and Ctrl-Z that it lets through quit and suspend. Nil uses no key.
	Keys func(*tcell.EventKey) *tcell.EventKey
	// Started is called once, on a goroutine of its own, after the first frame
	// has been drawn: the place to start what need not precede it. May be nil.
	Started func()
}

// Session is one run of a program on a terminal.
type Session struct {
	// App is tview's application. Change focus and root through it, on the event
	// loop; never call its Stop, Suspend, Draw or QueueUpdate methods.
	App *tview.Application
	// Loop draws: tell it what has changed. It may be used before Run.
	Loop *Loop

	term    *Terminal
	program Program
	signals chan os.Signal
	away    atomic.Bool // another program has the terminal
	once    sync.Once
	ending  Ending        // written before ended is closed
	running chan struct{} // closed when the first frame has been drawn
	ended   chan struct{} // closed when the session is to end
}

// NewSession prepares a run of p. Goroutines that report changes may be given
// the session's Loop before Run is called.
func (t *Terminal) NewSession(p Program) *Session {
	if p.Update == nil {
		p.Update = func(bool) {}
	}
	s := &Session{
		App: tview.NewApplication(), term: t, program: p,
		signals: t.signals,
		running: make(chan struct{}), ended: make(chan struct{}),
	}
	s.Loop = NewLoop(func(update func()) { s.App.QueueUpdateDraw(update) }, p.Update)
	t.screen.onError = func(err error) { s.end(Ending{Cause: CauseHangUp, Err: err}) }
	t.whenIdle(func() {
		if t.screen.idled() {
			s.Loop.again()
		}
	})
	return s
}

// Run runs the program until Quit, a key, a signal, a hang-up, a panic or the
// end of ctx, and tells which it was. When it returns, at most a second after
// that, the terminal has been given back, even if the link is dead.
func (s *Session) Run(ctx context.Context) Ending {
	defer s.watchSignals()()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer s.catch("screen")
		s.prepare()
		_ = s.App.Run() // it ends by our Stop alone; errors of the terminal go to onError
	}()
	s.Loop.Start()
	select {
	case <-s.ended:
	case <-gone:
	case <-ctx.Done():
	}
	s.end(Ending{Cause: CauseContext, Err: context.Cause(ctx)}) // unless it has another cause
	return s.finish(gone)
}

// prepare hands the program to tview. The screen comes first: tview turns the
// paste mode on only for a screen that it has.
func (s *Session) prepare() {
	s.App.SetScreen(s.term.screen).EnablePaste(true)
	s.App.SetInputCapture(s.key)
	s.App.SetRoot(s.program.Root, true)
	var first sync.Once
	s.App.SetAfterDrawFunc(func(tcell.Screen) { first.Do(s.start) })
	s.program.Update(true)
}

// start is called when the first frame has been drawn.
func (s *Session) start() {
	close(s.running)
	if s.program.Started != nil {
		s.Go("start", s.program.Started)
	}
}

// finish ends tview, within its time or without it.
func (s *Session) finish(gone <-chan struct{}) Ending {
	ending := s.ending
	s.Loop.Stop(loopLimit)
	late, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	select { // stopped before it runs, tview would open a terminal of its own
	case <-s.running:
		go s.App.Stop() // blocks while a draw does
	case <-gone:
	case <-late.Done():
	}
	select {
	case <-gone:
		s.term.Close()
	case <-late.Done():
		ending.Forced = true
		s.term.seize()
	}
	return ending
}

// end begins the end of the session. The first cause counts.
func (s *Session) end(e Ending) {
	s.once.Do(func() {
		s.ending = e
		close(s.ended)
	})
}

// Quit ends the session as the user's wish. It returns at once and may be
// called from anywhere, more than once.
func (s *Session) Quit() { s.end(Ending{Cause: CauseQuit}) }

// Go runs f in a goroutine. A panic in f ends the session with
// [CausePanic], after the terminal has been given back.
func (s *Session) Go(name string, f func()) {
	go func() {
		defer s.catch(name)
		f()
	}()
}

// catch turns a panic of the goroutine called name into the end of the session.
// It must be deferred.
func (s *Session) catch(name string) {
	if r := recover(); r != nil {
		s.end(Ending{Cause: CausePanic, Err: fmt.Errorf("panic in %s: %v", name, r), Stack: debug.Stack()})
	}
}

// key passes a key to the program, and then to Ctrl-C and Ctrl-Z.
func (s *Session) key(ev *tcell.EventKey) *tcell.EventKey {
	if s.program.Keys != nil {
		ev = s.program.Keys(ev)
	}
	if ev == nil {
		return nil
	}
	switch ev.Key() {
	case tcell.KeyCtrlC:
		s.Quit()
	case tcell.KeyCtrlZ:
		s.Background()
	default:
		return ev
	}
	return nil
}
