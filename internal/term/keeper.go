package term

import (
	"fmt"
	"time"

	"github.com/gdamore/tcell/v2"
	"golang.org/x/sys/unix"
	xterm "golang.org/x/term"
)

// leave undoes every mode that tcell may have set, for when tcell cannot.
const leave = "\x1b[?2026l\x1b[?9001l\x1b[<u\x1b[>4;0m\x1b[?1000;1002;1003;1006;2004;1004l" +
	"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"

// keeper remembers how the terminal was before anyone touched it. It has a file
// description of its own, which never blocks.
type keeper struct {
	fd    int
	state *xterm.State
}

// keep opens device and remembers its state.
func keep(device string) (*keeper, error) {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w: %w", device, err, ErrNotTerminal)
	}
	state, err := xterm.GetState(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("open %s: %w: %w", device, err, ErrNotTerminal)
	}
	return &keeper{fd: fd, state: state}, nil
}

// restore puts the terminal back to what it was. The leave sequences are
// written as far as the terminal takes them at once. Errors mean that the
// terminal is gone, so that there is nothing to restore.
func (k *keeper) restore(sequences bool) {
	if k == nil {
		return
	}
	_ = xterm.Restore(k.fd, k.state)
	if sequences {
		_, _ = unix.Write(k.fd, []byte(leave))
	}
}

// follows tells whether further input comes within d. In doubt it says yes, and
// tcell waits as long as it does by itself.
func (k *keeper) follows(d time.Duration) bool {
	end := time.Now().Add(d)
	for {
		left := max(time.Until(end), 0)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}}, int(left.Milliseconds()))
		if err != unix.EINTR { // the runtime interrupts it for its own ends
			return err != nil || n > 0
		}
	}
}

// keptTty is a tty that can be asked whether input waits.
type keptTty struct {
	tcell.Tty
	*keeper
}

// close forgets the terminal.
func (k *keeper) close() {
	if k != nil {
		_ = unix.Close(k.fd)
	}
}
