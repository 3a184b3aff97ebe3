package term

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// TestSessionEnds ends sessions in ways that need no real terminal, also before
// they have begun.
func TestSessionEnds(t *testing.T) {
	tests := []struct {
		name    string
		program Program
		act     func(s *Session, tty *fakeTty, cancel func())
		want    Cause
	}{
		{name: "quit before run", act: func(s *Session, _ *fakeTty, _ func()) { s.Quit() }, want: CauseQuit},
		{name: "context has ended", act: func(_ *Session, _ *fakeTty, cancel func()) { cancel() }, want: CauseContext},
		{name: "end of file", act: func(_ *Session, tty *fakeTty, _ func()) { close(tty.keys) }, want: CauseHangUp},
		{name: "ctrl-c", act: func(_ *Session, tty *fakeTty, _ func()) { tty.keys <- []byte("\x03") }, want: CauseQuit},
		{name: "first update panics", program: Program{Update: func(bool) { fail("update") }}, want: CausePanic},
		{name: "start panics", program: Program{Started: func() { fail("start") }}, want: CausePanic},
		{name: "first draw panics", program: Program{Root: tview.NewBox().SetDrawFunc(
			func(tcell.Screen, int, int, int, int) (int, int, int, int) { fail("draw"); return 0, 0, 0, 0 },
		)}, want: CausePanic},
		{name: "first cause counts", act: func(s *Session, _ *fakeTty, cancel func()) {
			s.Quit()
			cancel()
		}, want: CauseQuit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			terminal, tty := openFake(t, "xterm-256color", 40, 10)
			if tt.program.Root == nil {
				tt.program.Root = tview.NewTextView().SetText("here")
			}
			s := terminal.NewSession(tt.program)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.act != nil {
				tt.act(s, tty, cancel)
			}
			got := s.Run(ctx)
			if got.Cause != tt.want || got.Forced {
				t.Errorf("got %+v, want cause %d, unforced", got, tt.want)
			}
			if tt.want == CausePanic && (got.Stack == nil || !strings.Contains(got.Err.Error(), "index out of range")) {
				t.Errorf("panic: got error %v and %d bytes of stack", got.Err, len(got.Stack))
			}
			if sent := tty.take(); !strings.Contains(sent, "\x1b[?1049l") {
				t.Errorf("the alternate screen was not left: %q", sent)
			}
		})
	}
}

// TestSessionBegins looks at what a session does before it waits: paste mode on,
// mouse off, widgets up to date, Started after the first frame.
func TestSessionBegins(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 40, 10)
	view := tview.NewTextView()
	var s *Session
	s = terminal.NewSession(Program{
		Root:    view,
		Update:  func(changed bool) { view.SetText(fmt.Sprintf("news:%v", changed)) },
		Started: func() { s.Quit() },
	})
	if got := s.Run(t.Context()); got.Cause != CauseQuit {
		t.Errorf("got %+v, want quit", got)
	}
	sent := tty.take()
	for _, want := range []string{"\x1b[?1049h", "\x1b[?2004h", "news:true", "\x1b[?1049l"} {
		if !strings.Contains(sent, want) {
			t.Errorf("sent %q, want it to hold %q", sent, want)
		}
	}
	for _, not := range []string{"\x1b[?1000h", "\x1b[?1002h", "\x1b[?1003h"} {
		if strings.Contains(sent, not) {
			t.Errorf("sent %q, want no mouse (%q)", sent, not)
		}
	}
}

func TestCopy(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 40, 10)
	tty.take()
	if err := terminal.Copy("SELECT 1"); err != nil {
		t.Errorf("Copy: %v", err)
	}
	settle(terminal)
	if got, want := tty.take(), "\x1b]52;c;U0VMRUNUIDE=\x1b\\"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if err := terminal.Copy(strings.Repeat("x", ClipboardLimit+1)); !errors.Is(err, ErrClipboardSize) {
		t.Errorf("too long: got %v, want %v", err, ErrClipboardSize)
	}
	console, _ := openFake(t, "linux", 40, 10)
	if err := console.Copy("x"); !errors.Is(err, ErrNoClipboard) {
		t.Errorf("console: got %v, want %v", err, ErrNoClipboard)
	}
}

// TestAsidesWait sends bells, titles and notices while a frame is under way: they wait,
// and only the newest of each kind is sent.
func TestAsidesWait(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 40, 10)
	tty.take()
	setBusy(terminal, true)
	for range 100 {
		terminal.Bell()
		terminal.SetTitle("old")
		terminal.Notify("old")
	}
	terminal.Notify("P1 full")
	terminal.SetTitle("new")
	if got := tty.take(); got != "" {
		t.Errorf("while busy: sent %q, want nothing", got)
	}
	setBusy(terminal, false)
	terminal.screen.idled()
	settle(terminal)
	if got, want := tty.take(), "\x1b[>2t\x1b]2;new\x1b\\\x1b]9;P1 full\a\a"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestOpenCharset(t *testing.T) {
	tests := []struct {
		locale string
		ascii  bool
		note   bool
	}{
		{locale: "C.UTF-8"}, {locale: "en_US"}, {locale: "de_DE.utf8@euro"},
		{locale: "C", ascii: true}, {locale: "POSIX", ascii: true}, {locale: "en_US.US-ASCII", ascii: true},
		{locale: "de_DE.ISO-8859-1", note: true}, {locale: "ja_JP.eucJP", note: true},
	}
	defer setBorders(false)
	for _, tt := range tests {
		t.Run(tt.locale, func(t *testing.T) {
			t.Setenv("LC_ALL", tt.locale)
			terminal, _ := openFakeWith(t, newFakeTty(40, 10), "xterm-256color", Options{})
			if terminal.ASCII() != tt.ascii || (len(terminal.Notes()) > 0) != tt.note {
				t.Errorf("got ASCII %v, notes %q; want ASCII %v, note %v", terminal.ASCII(), terminal.Notes(), tt.ascii, tt.note)
			}
			if locale() != tt.locale {
				t.Errorf("the locale was left as %q", locale())
			}
		})
	}
}

func TestOpenWithoutTerminal(t *testing.T) {
	for _, device := range []string{"/dev/null", "/nonexistent"} {
		if _, err := Open(Options{Device: device}); err == nil || !strings.Contains(err.Error(), "ssh -t") {
			t.Errorf("%s: got %v, want a hint", device, err)
		}
	}
}

// TestExitTime bounds the longest end: the limits must leave a second.
func TestExitTime(t *testing.T) {
	if loopLimit+stopLimit >= time.Second || flushLimit >= stopLimit {
		t.Errorf("limits: loop %v, stop %v, flush %v", loopLimit, stopLimit, flushLimit)
	}
}
