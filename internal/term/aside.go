package term

import "strings"

// titleCells is the longest window title.
const titleCells = 80

// asides are what is sent besides frames, and never in the middle of one. While
// the line is busy only the newest of each kind is kept.
type asides struct {
	bell   bool
	notice string // for the desktop; "" for none
	title  string
	retell bool // title is to be sent
	clip   []byte
}

// Beep sounds the bell, after the frame under way.
func (s *Screen) Beep() error {
	s.say(func(a *asides) { a.bell = true })
	return nil
}

// SetTitle sets the window title to the printable part of title, after the
// frame under way.
func (s *Screen) SetTitle(title string) {
	s.say(func(a *asides) { a.title, a.retell = s.oneLine(title), true })
}

// Notify shows the printable part of text as a notice of the desktop, after the
// frame under way. urxvt has a sequence of its own.
func (s *Screen) Notify(text string, urxvt bool) {
	sequence := "\x1b]9;" + s.oneLine(text) + "\a"
	if urxvt {
		sequence = "\x1b]777;notify;tocsin;" + strings.ReplaceAll(s.oneLine(text), ";", ",") + "\a"
	}
	s.say(func(a *asides) { a.notice = sequence })
}

// SetClipboard offers data to the terminal's clipboard, after the frame under way.
func (s *Screen) SetClipboard(data []byte) {
	s.say(func(a *asides) { a.clip = data })
}

// say notes something to be sent, and sends it if the line is free.
func (s *Screen) say(note func(*asides)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note(&s.asides)
	if !s.busy() {
		s.flushAsides()
	}
}

// flushAsides sends what has been noted. The lock is held.
func (s *Screen) flushAsides() {
	a := s.asides
	s.asides = asides{}
	if a.retell {
		s.Screen.SetTitle(a.title)
	}
	if a.clip != nil {
		s.Screen.SetClipboard(a.clip)
	}
	if a.notice != "" && s.line != nil {
		_, _ = s.line.Write([]byte(a.notice))
	}
	if a.bell && s.line != nil {
		_, _ = s.line.Write([]byte{bel})
	}
}

// idled is called when the line has become free: it sends what has been noted
// and tells whether a frame was dropped meanwhile.
func (s *Screen) idled() (missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushAsides()
	return s.missed
}

// oneLine returns the printable part of text, cut to the length of a title.
func (s *Screen) oneLine(text string) string {
	shown := strings.ReplaceAll(string(Show(text, titleCells)), guard, "")
	shown = strings.ReplaceAll(shown, "$<", "$ <") // tcell takes it for a pause
	if !s.ascii {
		return shown
	}
	return strings.Map(asciiRune, shown)
}
