package term

// Cause is why a session ended.
type Cause int

// The causes of an end.
const (
	CauseQuit       Cause = iota // the user: Quit or Ctrl-C
	CauseContext                 // the context given to Run ended
	CauseHangUp                  // SIGHUP, or end of file on the terminal
	CauseInterrupt               // SIGINT from outside
	CauseQuitSignal              // SIGQUIT
	CauseTerminate               // SIGTERM
	CausePanic                   // a panic; Err and Stack tell where
)

// Ending tells why and how a session ended.
type Ending struct {
	Cause Cause
	// Err is the panic or the read error behind the end, else nil.
	Err error
	// Stack is the stack of a panic, else nil. It belongs in a log.
	Stack []byte
	// Forced is true when the program did not end by itself within its time and
	// the terminal was restored without it.
	Forced bool
}

// ExitCode returns the exit code of the dashboard for this end: 0 for the
// user's wish, 1 for a panic, 128 and the signal's number for a signal; a
// hang-up without a signal counts as SIGHUP.
func (e Ending) ExitCode() int {
	switch e.Cause {
	case CauseHangUp:
		return 129
	case CauseInterrupt:
		return 130
	case CauseQuitSignal:
		return 131
	case CauseTerminate:
		return 143
	case CausePanic:
		return 1
	}
	return 0
}
