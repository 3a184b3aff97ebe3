package term

import "errors"

// ClipboardLimit is the longest text in bytes that [Terminal.Copy] sends; longer
// ones pass the 100,000 bytes at which terminals drop the whole sequence.
const ClipboardLimit = 74_994

// Errors of this package, to be told apart with errors.Is.
var (
	// ErrNotTerminal means that there is no terminal to draw on.
	ErrNotTerminal = errors.New("not a terminal (over ssh, use: ssh -t)")
	// ErrClipboardSize means that a text is longer than [ClipboardLimit].
	ErrClipboardSize = errors.New("text is too long for the terminal's clipboard")
	// ErrNoClipboard means that this type of terminal takes no clipboard text.
	ErrNoClipboard = errors.New("this terminal has no clipboard")
)
