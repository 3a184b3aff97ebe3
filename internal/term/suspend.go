package term

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stopDelay is how long a stop signal to ourselves may take to arrive.
const stopDelay = 500 * time.Millisecond

// watchSignals ends or suspends the session on a signal. The function that it
// returns stops the watching.
func (s *Session) watchSignals() (stop func()) {
	signal.Notify(s.signals, caught()...)
	done := make(chan struct{})
	s.Go("signals", func() {
		for {
			select {
			case <-done:
				return
			case sig := <-s.signals:
				s.signalled(sig)
			}
		}
	})
	return func() {
		signal.Stop(s.signals)
		close(done)
	}
}

// caught are the signals that a session acts on.
func caught() []os.Signal {
	signals := []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTSTP}
	if !signal.Ignored(syscall.SIGHUP) { // under nohup it stays ignored
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// signalled acts on a signal. What the keyboard sends while another program has
// the terminal is meant for that one.
func (s *Session) signalled(sig os.Signal) {
	switch {
	case sig == syscall.SIGHUP:
		s.end(Ending{Cause: CauseHangUp})
	case sig == syscall.SIGTERM:
		s.end(Ending{Cause: CauseTerminate})
	case s.away.Load():
	case sig == syscall.SIGINT:
		s.end(Ending{Cause: CauseInterrupt})
	case sig == syscall.SIGQUIT:
		s.end(Ending{Cause: CauseQuitSignal})
	case sig == syscall.SIGTSTP:
		s.Loop.call(func() { s.pause(false) })
	}
}

// Suspend gives the terminal to f, such as a pager or an editor, and takes it
// back when f returns. It must be called on the event loop. Interrupts from the
// keyboard are f's while it runs. It reports whether f was called.
func (s *Session) Suspend(f func()) bool {
	s.away.Store(true)
	defer s.away.Store(false)
	return s.App.Suspend(f)
}

// Background stops the program's process group, as Ctrl-Z does in a shell, and
// returns when it is continued. It must be called on the event loop. It does
// nothing where no shell could continue the program.
func (s *Session) Background() { s.pause(true) }

// pause gives the terminal back, stops this process, or all of its group, and
// takes the terminal again when continued.
func (s *Session) pause(group bool) {
	if !resumable() {
		return
	}
	s.Suspend(func() {
		continued := make(chan os.Signal, 1)
		signal.Notify(continued, syscall.SIGCONT)
		defer signal.Stop(continued)
		if group { // the others as the keyboard would; not ourselves
			signal.Ignore(syscall.SIGTSTP)
			_ = syscall.Kill(0, syscall.SIGTSTP)
			signal.Notify(s.signals, syscall.SIGTSTP)
		}
		// Once SIGTSTP has been caught the runtime never stops for it again.
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
		select {
		case <-continued:
		case <-time.After(stopDelay):
		}
	})
}

// resumable tells whether a shell with job control is there to continue us.
// Without one we are in the group of the session's leader.
func resumable() bool {
	sid, err := unix.Getsid(0)
	return err == nil && sid != syscall.Getpgrp()
}
