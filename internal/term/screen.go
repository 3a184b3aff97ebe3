package term

import (
	"sync"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"
)

// Screen is the only screen that tview sees: a back buffer that passes on what
// has changed since the last frame, and nothing unsafe. tview clears and draws
// everything for each frame; without the buffer each frame would be sent whole.
type Screen struct {
	tcell.Screen // below; its methods that touch cells are all overridden

	ascii, color bool
	line         *line       // nil when frames are never dropped
	onError      func(error) // end of file or an error on the terminal
	events       events

	mu      sync.Mutex
	w, h    int
	cur     []dot // what was drawn
	shown   []dot // what the screen below was given
	palette palette
	asked   tcell.Style // by the newest cell
	look    look        // of it
	cursor  cursor
	sent    cursor
	missed  bool // a frame was dropped
	stale   bool // the screen below must be sent whole
	asides  asides
}

// cursor is where the cursor is wanted, and how it looks.
type cursor struct {
	x, y  int
	style tcell.CursorStyle
	color tcell.Color
}

// NewScreen returns a back buffer in front of under, which has been initialized.
// Without colour all cells have the default colours. Terminals make their own;
// tests put one in front of a simulation screen.
func NewScreen(under tcell.Screen, ascii, color bool) *Screen {
	s := &Screen{Screen: under, ascii: ascii, color: color, palette: newPalette()}
	s.cursor = cursor{x: -1, y: -1, color: tcell.ColorDefault}
	s.sent = s.cursor
	s.fit()
	return s
}

// Init does nothing: the screen below is initialized where its error is seen,
// and tview would initialize it again.
func (s *Screen) Init() error { return nil }

// Size returns the size of the screen and fits the buffer to it.
func (s *Screen) Size() (width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fit()
	return s.w, s.h
}

// fit makes new buffers when the size has changed. Nothing is known then about
// what the terminal shows. The lock is held.
func (s *Screen) fit() {
	w, h := s.Screen.Size()
	if w == s.w && h == s.h && s.cur != nil {
		return
	}
	s.w, s.h = w, h
	s.cur = make([]dot, w*h)
	s.shown = make([]dot, w*h)
	s.fill(dot{r: ' '})
}

// Clear blanks the buffer; nothing is sent.
func (s *Screen) Clear() { s.Fill(' ', tcell.StyleDefault) }

// Fill fills the buffer with one character; nothing is sent.
func (s *Screen) Fill(r rune, style tcell.Style) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fill(s.dot(r, nil, style))
}

func (s *Screen) fill(d dot) {
	for i := range s.cur {
		s.cur[i] = d
	}
}

// dot makes the cell that is kept for what a widget draws.
func (s *Screen) dot(r rune, more []rune, style tcell.Style) dot {
	d := safeCell(r, more)
	if style != s.asked { // the next cell mostly has the same
		s.asked, s.look = style, s.palette.look(s.allowed(style))
	}
	d.look = s.look
	if s.ascii {
		d = asciiCell(d)
	}
	return d
}

// allowed is what may be passed on of a style.
func (s *Screen) allowed(style tcell.Style) tcell.Style {
	if bare := style.Url(""); bare != style { // UrlId("") leaves a mark, so that no cell would be blank
		style = bare.UrlId("") // links are not ours to pass on: any scheme, any text
	}
	if !s.color {
		style = style.Foreground(tcell.ColorDefault).Background(tcell.ColorDefault)
	}
	return style
}

// SetContent draws one character at x, y of the buffer.
func (s *Screen) SetContent(x, y int, r rune, more []rune, style tcell.Style) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(x, y, r, more, style)
}

func (s *Screen) set(x, y int, r rune, more []rune, style tcell.Style) {
	if x < 0 || y < 0 || x >= s.w || y >= s.h {
		return
	}
	at := &s.cur[y*s.w+x]
	if inherits(style) {
		style = inherit(style, s.palette.styles[at.look])
	}
	*at = s.dot(r, more, style)
}

// inherits tells whether a style has the colour "none", which means: as it was.
func inherits(style tcell.Style) bool {
	fg, bg, _ := style.Decompose()
	return fg == tcell.ColorNone || bg == tcell.ColorNone
}

// inherit replaces the colour "none" of style.
func inherit(style, was tcell.Style) tcell.Style {
	fg, bg, _ := style.Decompose()
	wasFg, wasBg, _ := was.Decompose()
	if fg == tcell.ColorNone {
		style = style.Foreground(wasFg)
	}
	if bg == tcell.ColorNone {
		style = style.Background(wasBg)
	}
	return style
}

// SetCell is the older form of SetContent.
func (s *Screen) SetCell(x, y int, style tcell.Style, ch ...rune) {
	if len(ch) > 0 {
		s.SetContent(x, y, ch[0], ch[1:], style)
		return
	}
	s.SetContent(x, y, ' ', nil, style)
}

// Put draws the first character of str, with its marks, at x, y of the buffer,
// and returns the rest of str and the cells taken.
func (s *Screen) Put(x, y int, str string, style tcell.Style) (rest string, width int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(x, y, str, style)
}

func (s *Screen) put(x, y int, str string, style tcell.Style) (string, int) {
	for str != "" {
		cluster, rest, width, _ := uniseg.FirstGraphemeClusterInString(str, -1)
		str = rest
		if width > 0 {
			rs := []rune(cluster)
			s.set(x, y, rs[0], rs[1:], style)
			return rest, width
		}
	}
	return "", 0
}

// PutStr draws str from x, y on in the default style.
func (s *Screen) PutStr(x, y int, str string) { s.PutStrStyled(x, y, str, tcell.StyleDefault) }

// PutStrStyled draws str from x, y on, as far as the line goes.
func (s *Screen) PutStrStyled(x, y int, str string, style tcell.Style) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for str != "" && x < s.w {
		width := 0
		str, width = s.put(x, y, str, style)
		for i := 1; i < width; i++ {
			s.set(x+i, y, ' ', nil, style)
		}
		x += width
	}
}

// Get returns what was drawn at x, y, and its width in cells.
func (s *Screen) Get(x, y int) (text string, style tcell.Style, width int) {
	d, style, ok := s.at(x, y)
	if !ok {
		return "", tcell.StyleDefault, 0
	}
	return d.text(), style, d.width()
}

// GetContent is the older form of Get.
func (s *Screen) GetContent(x, y int) (r rune, more []rune, style tcell.Style, width int) {
	d, style, ok := s.at(x, y)
	if !ok {
		return 0, nil, tcell.StyleDefault, 0
	}
	if d.more[0] != 0 {
		more = []rune(d.text())[1:]
	}
	return d.r, more, style, d.width()
}

// at returns the cell at x, y and its style, if there is one.
func (s *Screen) at(x, y int) (dot, tcell.Style, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x < 0 || y < 0 || x >= s.w || y >= s.h {
		return dot{}, tcell.StyleDefault, false
	}
	d := s.cur[y*s.w+x]
	return d, s.palette.styles[d.look], true
}
