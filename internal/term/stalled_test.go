package term

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// stalled is a session on a terminal that takes nothing any more.
type stalled struct {
	*Session
	ptmx    *os.File
	pressed chan time.Time // when a key was handled
	ended   chan Ending
	frame   int    // bytes of a frame, about
	text    string // what the newest frame is made of
}

// newStalled runs a session whose every frame is all new, on a terminal that
// nobody reads, until a write has blocked.
func newStalled(t *testing.T) *stalled {
	t.Helper()
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("LC_ALL", "C.UTF-8")
	ptmx, tty := openPty(t, 160, 40)
	t.Cleanup(func() { _, _ = ptmx.Close(), tty.Close() })
	terminal, err := Open(Options{Device: tty.Name()})
	if err != nil {
		t.Fatal(err)
	}
	s := &stalled{ptmx: ptmx, pressed: make(chan time.Time, 100), ended: make(chan Ending, 1), frame: 160 * 40}
	s.Session = terminal.NewSession(s.program())
	go func() { s.ended <- s.Run(context.Background()) }()
	s.block(t)
	return s
}

// program fills the screen with one letter; each key takes the next one.
func (s *stalled) program() Program {
	view := tview.NewTextView()
	n := 0
	return Program{
		Root: view,
		Keys: func(*tcell.EventKey) *tcell.EventKey {
			n++
			s.text = strings.Repeat(string(rune('a'+n%26)), s.frame)
			view.SetText(s.text)
			s.pressed <- time.Now()
			return nil
		},
	}
}

// press types a key and returns the time until it was handled.
func (s *stalled) press(t *testing.T) time.Duration {
	t.Helper()
	begin := time.Now()
	if _, err := s.ptmx.WriteString("k"); err != nil {
		t.Fatal(err)
	}
	select {
	case at := <-s.pressed:
		return at.Sub(begin)
	case <-time.After(patience):
		t.Fatal("a key was not handled")
		return 0
	}
}

// block draws until the terminal takes no more: the same write is under way
// for a while, although nothing else holds it up.
func (s *stalled) block(t *testing.T) {
	t.Helper()
	deadline := time.After(patience)
	for blocked := 0; blocked < 8; {
		s.press(t)
		select {
		case <-deadline:
			t.Fatal("the terminal never blocked")
		case <-time.After(5 * time.Millisecond):
		}
		if s.term.line.idle() {
			blocked = 0
		} else {
			blocked++
		}
	}
}

// buffered returns the bytes that wait behind the blocked write.
func (s *stalled) buffered() int {
	p := s.term.line.pump
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.buf)
}

func TestStalledTerminal(t *testing.T) {
	s := newStalled(t)
	before := settings(t, s.ptmx)
	goroutines := runtime.NumGoroutine()
	var took []time.Duration
	for range 20 {
		for range 100 {
			s.Loop.Changed()
			s.Loop.Now()
			s.term.Bell()
			s.term.SetTitle("CRIT")
		}
		took = append(took, s.press(t))
	}
	slices.Sort(took)
	if median := took[len(took)/2]; median > 100*time.Millisecond {
		t.Errorf("keys were handled after %v, want 100ms", median)
	}
	if got := s.buffered(); got > 2*s.frame {
		t.Errorf("buffered: got %d bytes, want less than a frame (%d)", got, 2*s.frame)
	}
	if got := runtime.NumGoroutine(); got > goroutines+2 {
		t.Errorf("goroutines: got %d, before %d", got, goroutines)
	}
	if s.term.line.idle() {
		t.Error("the terminal was not blocked")
	}

	begin := time.Now()
	s.signalled(syscall.SIGTERM)
	ending := <-s.ended
	if took := time.Since(begin); took > time.Second {
		t.Errorf("the end took %v, want a second at most", took)
	}
	if ending.Cause != CauseTerminate || ending.Forced {
		t.Errorf("ending: got %+v, want terminate, unforced", ending)
	}
	if after := settings(t, s.ptmx); *after == *before {
		t.Error("the terminal is still raw")
	}
}

// TestStalledTerminalRecovers reads on after a while: the newest frame arrives
// by itself.
func TestStalledTerminalRecovers(t *testing.T) {
	s := newStalled(t)
	c := newConsole(t, s.ptmx)
	c.await(s.text[:100])
	s.Quit()
	if got := <-s.ended; got.Cause != CauseQuit || got.Forced {
		t.Errorf("ending: got %+v, want quit, unforced", got)
	}
}
