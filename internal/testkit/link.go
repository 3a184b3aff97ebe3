package testkit

import (
	"os"
	"reflect"

	"golang.org/x/sys/unix"
	xterm "golang.org/x/term"
)

// Settings are the modes of a terminal: what stty shows.
type Settings struct{ state *xterm.State }

// Equal tells whether two terminals have the same modes.
func (s Settings) Equal(other Settings) bool { return reflect.DeepEqual(s.state, other.state) }

// Settings returns the modes that the terminal has at this moment.
func (term *Terminal) Settings() Settings {
	term.t.Helper()
	var state *xterm.State
	err := onTerminal(term.pty, func(fd int) (err error) {
		state, err = xterm.GetState(fd)
		return err
	})
	if err != nil {
		term.t.Fatal(err)
	}
	return Settings{state}
}

// Unread is how many bytes wait in the terminal for a reader: after
// [Terminal.Stall] it rises until the program's writes block.
func (term *Terminal) Unread() int {
	term.t.Helper()
	var waiting int
	err := onTerminal(term.pty, func(fd int) (err error) {
		waiting, err = unix.IoctlGetInt(fd, unreadRequest)
		return err
	})
	if err != nil {
		term.t.Fatal(err)
	}
	return waiting
}

// onTerminal does not ask the file for its descriptor, which would make it
// block.
func onTerminal(terminal *os.File, do func(fd int) error) error {
	raw, err := terminal.SyscallConn()
	if err != nil {
		return err
	}
	var done error
	if err := raw.Control(func(fd uintptr) { done = do(int(fd)) }); err != nil {
		return err
	}
	return done
}
