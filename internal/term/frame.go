package term

import "github.com/gdamore/tcell/v2"

// ShowCursor wants the cursor at x, y from the next frame on.
func (s *Screen) ShowCursor(x, y int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursor.x, s.cursor.y = x, y
}

// HideCursor hides the cursor from the next frame on.
func (s *Screen) HideCursor() { s.ShowCursor(-1, -1) }

// SetCursorStyle sets the look of the cursor from the next frame on.
func (s *Screen) SetCursorStyle(style tcell.CursorStyle, color ...tcell.Color) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursor.style = style
	if len(color) > 0 {
		s.cursor.color = color[0]
	}
}

// Show sends what has changed since the last frame that was sent, and nothing
// when nothing has. While the terminal is still taking an earlier frame this
// one is dropped, and a later one is asked for: the difference is always against
// what was sent.
func (s *Screen) Show() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy() {
		s.missed = true
		return
	}
	s.missed = false
	if w, h := s.Screen.Size(); w != s.w || h != s.h {
		return // drawn for a size that is gone; the resize event draws again
	}
	changed := s.pass()
	switch {
	case s.stale:
		s.stale = false
		s.Screen.Sync()
	case changed:
		s.Screen.Show()
	}
}

// busy tells whether bytes of an earlier frame are still on their way.
func (s *Screen) busy() bool { return s.line != nil && !s.line.idle() }

// pass hands the changed cells and the cursor to the screen below and tells
// whether there were any.
func (s *Screen) pass() (changed bool) {
	for i := range s.cur {
		if s.cur[i] != s.shown[i] {
			s.shown[i] = s.cur[i]
			s.Screen.Put(i%s.w, i/s.w, s.cur[i].text(), s.palette.styles[s.cur[i].look])
			changed = true
		}
	}
	if s.cursor != s.sent {
		s.sent = s.cursor
		s.Screen.ShowCursor(s.cursor.x, s.cursor.y)
		s.Screen.SetCursorStyle(s.cursor.style, s.cursor.color)
		changed = true
	}
	return changed
}

// Sync sends the whole screen again, for when the terminal shows something else.
func (s *Screen) Sync() {
	s.mu.Lock()
	s.stale = true
	s.mu.Unlock()
	s.Show()
}

// Resume takes the terminal back after Suspend.
func (s *Screen) Resume() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.Screen.Resume()
	s.cleared()
	return err
}

// cleared notes that the terminal has just been cleared by the screen below:
// what is blank need not be sent.
func (s *Screen) cleared() {
	for i := range s.shown {
		s.shown[i] = dot{r: ' '}
	}
	s.sent = cursor{x: -1, y: -1, color: tcell.ColorDefault}
}
