package term

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"

	"github.com/gdamore/tcell/v2"
)

// Options say how to open the terminal.
type Options struct {
	// ASCII draws with ASCII only, whatever the locale says.
	ASCII bool
	// NoColor draws without colour, as the variable NO_COLOR does.
	NoColor bool
	// Device is the terminal to open; empty means /dev/tty.
	Device string
}

// Terminal is an opened terminal in raw mode. It is ready to run one [Session];
// a terminal that runs none is given back by Close.
type Terminal struct {
	color   bool
	xterm   bool // knows the further sequences of xterm
	urxvt   bool // shows notices by a sequence of its own
	notes   []string
	glyphs  Glyphs
	keeper  *keeper // nil in tests without a device
	line    *line
	screen  *Screen
	closing sync.Once
	signals chan os.Signal // caught from before raw mode on, for the session

	mu     sync.Mutex
	onIdle func()
}

// Open takes the terminal over: raw mode, alternate screen, no mouse. It returns
// [ErrNotTerminal] when there is none, and an error in plain words when its type
// cannot be used. From here on the signals that end a session are caught: one
// that comes before its Run waits for it, and does not leave the terminal raw.
func Open(o Options) (*Terminal, error) {
	device := o.Device
	if device == "" {
		device = "/dev/tty"
	}
	k, err := keep(device)
	if err != nil {
		return nil, err
	}
	signals := newSignals()
	signal.Notify(signals, caught()...)
	t, err := openDevice(k, device, o)
	if err != nil {
		signal.Stop(signals)
		k.restore(false)
		k.close()
		return nil, err
	}
	t.keeper, t.signals = k, signals
	return t, nil
}

func newSignals() chan os.Signal { return make(chan os.Signal, 8) }

func openDevice(k *keeper, device string, o Options) (*Terminal, error) {
	tty, err := tcell.NewDevTtyFromDev(device)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device, err)
	}
	t, err := openTty(keptTty{tty, k}, os.Getenv("TERM"), o)
	if err != nil {
		_ = tty.Close()
		return nil, err
	}
	return t, nil
}

// openTty takes over tty, a terminal of type name.
func openTty(tty tcell.Tty, name string, o Options) (*Terminal, error) {
	ti, note, err := lookup(name)
	if err != nil {
		return nil, err
	}
	ascii := o.ASCII || asciiLocale(locale())
	t := &Terminal{glyphs: NewGlyphs(ascii), xterm: xtermLike(ti), urxvt: strings.HasPrefix(ti.Name, "rxvt"), signals: newSignals()}
	t.note(note)
	t.line = newLine(tty, t.idled)
	under, err := tcell.NewTerminfoScreenFromTtyTerminfo(t.line, ti)
	if err != nil {
		return nil, fmt.Errorf("open a %s terminal: %w", ti.Name, err)
	}
	if err := t.init(under); err != nil {
		return nil, fmt.Errorf("open a %s terminal: %w", ti.Name, err)
	}
	setBorders(ascii)
	t.color = !o.NoColor && under.Colors() > 0
	t.screen = NewScreen(under, ascii, t.color)
	t.screen.line = t.line
	t.screen.cleared()
	t.whenIdle(func() { t.screen.idled() })
	return t, nil
}

// init starts the screen. A locale whose character set tcell does not have (ssh
// may have brought it along) is taken for UTF-8.
func (t *Terminal) init(under tcell.Screen) error {
	err := under.Init()
	if !errors.Is(err, tcell.ErrNoCharset) {
		return err
	}
	t.note(fmt.Sprintf("Character set of locale %s is not supported; taken for UTF-8.", Show(locale(), 40)))
	old, was := os.LookupEnv("LC_ALL")
	if err := os.Setenv("LC_ALL", "C.UTF-8"); err != nil {
		return err
	}
	defer func() { // what we start keeps the user's locale
		if was {
			_ = os.Setenv("LC_ALL", old)
		} else {
			_ = os.Unsetenv("LC_ALL")
		}
	}()
	return under.Init()
}

func (t *Terminal) note(s string) {
	if s != "" {
		t.notes = append(t.notes, s)
	}
}

// whenIdle sets what is called, on the line's writer, when it has become free.
func (t *Terminal) whenIdle(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onIdle = f
}

func (t *Terminal) idled() {
	t.mu.Lock()
	f := t.onIdle
	t.mu.Unlock()
	if f != nil {
		f()
	}
}

// ASCII tells whether only ASCII may be drawn, by option or by locale.
func (t *Terminal) ASCII() bool { return t.glyphs.ASCII }

// Color tells whether colour may be used. Without it every style is drawn in
// the default colours; bold, underline and reverse remain.
func (t *Terminal) Color() bool { return t.color }

// Glyphs returns the marks and charts that this terminal can show.
func (t *Terminal) Glyphs() Glyphs { return t.glyphs }

// Notes returns what had to be substituted while opening, one sentence each,
// for the log. It is empty when all was as asked.
func (t *Terminal) Notes() []string { return t.notes }

// Bell sounds the terminal's bell. It never blocks.
func (t *Terminal) Bell() { _ = t.screen.Beep() }

// Notify shows the printable part of text, 80 cells at most, as a notice of the
// desktop (OSC 9; OSC 777 in urxvt), where the type of terminal is one that
// takes such sequences or leaves them out. It never blocks.
func (t *Terminal) Notify(text string) {
	if t.xterm || t.urxvt {
		t.screen.Notify(text, t.urxvt)
	}
}

// SetTitle sets the window title to the printable part of text, 80 cells at
// most. It never blocks; terminals without titles ignore it.
func (t *Terminal) SetTitle(text string) { t.screen.SetTitle(text) }

// Copy offers text to the terminal's clipboard (OSC 52). Whether it arrived
// cannot be known. It returns [ErrClipboardSize] above [ClipboardLimit] bytes
// and [ErrNoClipboard] when this type of terminal has no clipboard.
func (t *Terminal) Copy(text string) error {
	switch {
	case !t.xterm:
		return ErrNoClipboard
	case len(text) > ClipboardLimit:
		return ErrClipboardSize
	}
	t.screen.SetClipboard([]byte(text))
	return nil
}

// Redraw sends the whole screen again, now or with the next frame, for when
// something else has written over it. It never blocks.
func (t *Terminal) Redraw() { t.screen.Sync() }

// Close gives the terminal back. It may be called more than once, and after a
// session has ended.
func (t *Terminal) Close() {
	t.closing.Do(func() {
		t.screen.Fini()
		t.release(false)
	})
}

// seize gives the terminal back without tcell, which may be stuck: nothing more
// of it gets through, and the sequences that it could not write are written.
func (t *Terminal) seize() {
	t.closing.Do(func() { t.release(true) })
}

// release puts the terminal back to what it was.
func (t *Terminal) release(sequences bool) {
	lost := t.line.kill()
	t.keeper.restore(sequences || lost)
	t.keeper.close()
	signal.Stop(t.signals)
}
