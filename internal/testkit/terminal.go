package testkit

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hinshun/vt10x"
)

// Terminal is a program under test in a terminal of its own, as a person would
// run it. Its methods end the test when what they wait for does not come;
// they are for the goroutine of the test alone.
type Terminal struct {
	t    testing.TB
	cmd  *exec.Cmd
	pty  *os.File
	view vt10x.Terminal
	done chan struct{} // closed when the program has ended
	read chan struct{} // closed when all that it wrote was read

	started family // what the program started, as far as it was met

	mu      sync.Mutex
	output  []byte        // everything received
	arrived time.Time     // when the newest of it came
	changed chan struct{} // closed and replaced with each piece of output
	flows   chan struct{} // closed while the terminal reads; open while it is stalled
}

// Start runs cmd in a terminal of the given size. When the test ends, so does
// the program, by its pid: it gets SIGTERM, and the test fails when that does
// not end it, or when a process that it started outlives it. Give a cmd made
// by [exec.Command]: the context of a test is cancelled too early.
func Start(t testing.TB, cmd *exec.Cmd, columns, rows int) *Terminal {
	t.Helper()
	if cmd.Env == nil {
		cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "LC_ALL=C.UTF-8")
	}
	master, err := startIn(cmd, columns, rows)
	if err != nil {
		t.Fatal(err)
	}
	term := &Terminal{
		t: t, cmd: cmd, pty: master,
		view:    vt10x.New(vt10x.WithSize(columns, rows), vt10x.WithWriter(master)),
		done:    make(chan struct{}),
		read:    make(chan struct{}),
		started: family{},
		changed: make(chan struct{}),
		flows:   make(chan struct{}),
	}
	close(term.flows)
	go term.readAll()
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(term.done)
	}()
	t.Cleanup(term.end)
	return term
}

// readAll feeds what the program writes to the view until the terminal closes.
func (term *Terminal) readAll() {
	defer close(term.read)
	buf := make([]byte, 32<<10)
	var rest []byte // the first bytes of a character whose last are not here yet
	for {
		n, err := term.pty.Read(buf)
		at := time.Now()
		whole := append(rest, buf[:n]...)
		cut := lastRune(whole)
		_, _ = term.view.Write(whole[:cut]) // an emulator in memory does not fail
		rest = append([]byte(nil), whole[cut:]...)
		flows := term.received(buf[:n], at)
		if err != nil {
			return
		}
		<-flows
	}
}

func (term *Terminal) received(piece []byte, at time.Time) (flows chan struct{}) {
	term.mu.Lock()
	defer term.mu.Unlock()
	term.output, term.arrived = append(term.output, piece...), at
	close(term.changed)
	term.changed = make(chan struct{})
	return term.flows
}

// lastRune returns where an unfinished character at the end of b begins.
func lastRune(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				return len(b)
			}
			return i
		}
	}
	return len(b)
}

// Keys types text. Escape sequences are typed as the terminal would send
// them: "\r" is Enter, "\x1b" Esc, "\x03" Ctrl-C, "\x1b[A" the up arrow.
// It returns the instant at which they were typed.
func (term *Terminal) Keys(text string) (typed time.Time) {
	term.t.Helper()
	term.started.meet(term.t, term.PID())
	typed = time.Now()
	if _, err := term.pty.WriteString(text); err != nil {
		term.t.Fatalf("type %q: %v", text, err)
	}
	return typed
}

// Screen returns what the screen shows: rows without the blanks at their ends.
func (term *Terminal) Screen() string {
	rows := strings.Split(term.view.String(), "\n")
	for i, row := range rows {
		rows[i] = strings.TrimRight(row, " \x00")
	}
	return strings.Join(rows, "\n")
}

// Output returns every byte that the program has written so far.
func (term *Terminal) Output() []byte {
	term.mu.Lock()
	defer term.mu.Unlock()
	return append([]byte(nil), term.output...)
}

// Arrived is when the program's newest output came; zero before the first.
func (term *Terminal) Arrived() time.Time {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.arrived
}

// WaitFor waits until the screen shows text.
func (term *Terminal) WaitFor(text string, limit time.Duration) {
	term.t.Helper()
	term.WaitUntil(text, limit, func(screen string) bool { return strings.Contains(screen, text) })
}

// WaitUntil waits until shows holds for the screen; what names it in the
// message of the test that waited in vain.
func (term *Terminal) WaitUntil(what string, limit time.Duration, shows func(screen string) bool) {
	term.t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		changed, ended := term.next(), isClosed(term.read)
		if shows(term.Screen()) {
			return
		}
		if ended {
			term.t.Fatalf("the program ended (%v) before the screen showed %s:\n%s", term.cmd.ProcessState, what, term.Screen())
		}
		select {
		case <-changed:
		case <-term.read:
		case <-timer.C:
			term.t.Fatalf("after %v the screen does not show %s:\n%s", limit, what, term.Screen())
		}
	}
}

func (term *Terminal) next() <-chan struct{} {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.changed
}

// Wait waits for the program to end and returns how it did.
func (term *Terminal) Wait(limit time.Duration) *os.ProcessState {
	term.t.Helper()
	if !closesWithin(term.done, limit) {
		term.t.Fatalf("the program has not ended after %v:\n%s", limit, term.Screen())
	}
	// Its last bytes come right after; a child of its own may keep the terminal open.
	closesWithin(term.read, time.Second)
	return term.cmd.ProcessState
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func closesWithin(c <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c:
		return true
	case <-timer.C:
		return false
	}
}

// PID is the program's process id.
func (term *Terminal) PID() int { return term.cmd.Process.Pid }

// Signal sends a signal to the program.
func (term *Terminal) Signal(signal syscall.Signal) {
	term.t.Helper()
	term.started.meet(term.t, term.PID())
	if err := term.cmd.Process.Signal(signal); err != nil {
		term.t.Fatalf("signal %v: %v", signal, err)
	}
}

// Resize gives the terminal another size; the program is told by SIGWINCH.
func (term *Terminal) Resize(columns, rows int) {
	term.t.Helper()
	term.view.Resize(columns, rows)
	if err := resize(term.pty, columns, rows); err != nil {
		term.t.Fatal(err)
	}
}

// Hangup closes the terminal, as a lost SSH connection does. The view stays.
func (term *Terminal) Hangup() {
	term.t.Helper()
	term.started.meet(term.t, term.PID())
	if err := term.pty.Close(); err != nil {
		term.t.Fatal(err)
	}
}

// Stall stops reading what the program writes, at the latest with its next
// piece, as a link that hangs does; [Terminal.Flow] goes on.
func (term *Terminal) Stall() {
	term.mu.Lock()
	defer term.mu.Unlock()
	if isClosed(term.flows) {
		term.flows = make(chan struct{})
	}
}

// Flow reads again after [Terminal.Stall].
func (term *Terminal) Flow() {
	term.mu.Lock()
	defer term.mu.Unlock()
	if !isClosed(term.flows) {
		close(term.flows)
	}
}

// end ends the program and whatever it started.
func (term *Terminal) end() {
	term.Flow()
	if !isClosed(term.done) {
		term.started.meet(term.t, term.PID())
		_ = term.cmd.Process.Signal(syscall.SIGTERM) // it may have ended meanwhile
	}
	if !closesWithin(term.done, endWithin) {
		term.t.Errorf("the program does not end on SIGTERM; its screen:\n%s", term.Screen())
		_ = term.cmd.Process.Kill()
		<-term.done
	}
	term.started.mustEnd(term.t)
	if err := term.pty.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		term.t.Error(err)
	}
}
