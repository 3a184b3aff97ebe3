package term

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
	xterm "golang.org/x/term"
)

// HungUp tells whether file is a terminal whose other end is gone. That shows
// a moment before the signal of it arrives.
func HungUp(file *os.File) bool {
	_, err := xterm.GetState(int(file.Fd()))
	return errors.Is(err, unix.EIO)
}
