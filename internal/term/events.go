package term

import "github.com/gdamore/tcell/v2"

// events is what PollEvent remembers between two events. Only the goroutine
// that polls touches it.
type events struct {
	pasting bool
	next    tcell.Event // to be delivered before anything else is polled
}

// PollEvent returns the next event, and nil when the screen has been closed.
// Errors of the terminal are not events for tview, which would stop by itself,
// but the end of the session.
func (s *Screen) PollEvent() tcell.Event {
	if ev := s.events.next; ev != nil {
		s.events.next = nil
		return ev
	}
	for {
		switch ev := s.Screen.PollEvent().(type) {
		case *tcell.EventError:
			if s.onError != nil {
				s.onError(ev)
			}
		case *tcell.EventPaste:
			s.events.pasting = ev.Start()
			return ev
		case *tcell.EventKey:
			return s.events.key(ev)
		default:
			return ev
		}
	}
}

// key returns ev, or the end of a paste before it: when the link has lost that
// end, tview takes every key for pasted text, Ctrl-C too.
func (e *events) key(ev *tcell.EventKey) tcell.Event {
	if !e.pasting || ev.Key() != tcell.KeyCtrlC {
		return ev
	}
	e.pasting, e.next = false, ev
	return tcell.NewEventPaste(false)
}
