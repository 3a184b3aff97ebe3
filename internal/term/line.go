package term

import (
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
)

// flushLimit is how long Stop waits for the terminal to take what is buffered.
// A dead link takes nothing; the leave sequences are lost then.
const flushLimit = 300 * time.Millisecond

// line is a tty whose writes never block: a goroutine writes what has been
// buffered. tcell writes while it holds the lock of the screen, so that a link
// that has stopped would otherwise stop the keys, the clock and the way out.
// Frames are dropped while it is busy, which bounds the buffer.
type line struct {
	tcell.Tty
	keys   keyFilter
	onIdle func() // called, by the writer, each time the buffer has run empty

	mu      sync.Mutex
	pump    *pump // nil while stopped
	dead    bool  // nothing is written any more
	lost    bool  // something that was buffered has been thrown away
	resizes resizes
}

// newLine wraps tty. onIdle may be nil; it must not block.
func newLine(tty tcell.Tty, onIdle func()) *line {
	return &line{Tty: tty, onIdle: onIdle}
}

// Start puts the tty into raw mode and starts the writer.
func (l *line) Start() error {
	if err := l.Tty.Start(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pump, l.lost = newPump(l.Tty, l.idled), false
	return nil
}

// Write buffers b and returns at once. Before Start and after Stop the terminal
// is someone else's, and b is dropped.
func (l *line) Write(b []byte) (int, error) {
	l.mu.Lock()
	p, dead := l.pump, l.dead
	l.mu.Unlock()
	if p != nil && !dead {
		p.add(b)
	}
	return len(b), nil
}

// Read reads keys and drops what would lock the parser up. An Esc that nothing
// follows is told from the beginning of a sequence here.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Tty.Read(b[:len(b)-keyRoom])
	n = l.keys.filter(b, n, time.Now())
	if next, ok := l.Tty.(interface{ follows(time.Duration) bool }); ok && l.keys.state == keyEscape && !next.follows(escapeGap) {
		n = l.keys.endEscape(b, n)
	}
	return n, err
}

// Stop gives the terminal a moment to take what is buffered, and then returns
// it to what it was. It takes no longer than the flush limit.
func (l *line) Stop() error {
	l.mu.Lock()
	p := l.pump
	l.pump = nil
	l.mu.Unlock()
	if p == nil {
		return l.Tty.Stop()
	}
	if !p.drain(flushLimit) {
		l.mu.Lock()
		l.lost = true
		l.mu.Unlock()
	}
	err := l.Tty.Stop() // closes the device, which ends a write under way
	p.close()
	return err
}

// idle tells whether the terminal has taken what was written, but for a trifle.
func (l *line) idle() bool {
	l.mu.Lock()
	p := l.pump
	l.mu.Unlock()
	return p == nil || p.idle()
}

// idled is called by the writer each time the buffer has run empty.
func (l *line) idled() {
	l.tellResize()
	if l.onIdle != nil {
		l.onIdle()
	}
}

// kill throws away everything from here on and tells whether something had been
// lost already.
func (l *line) kill() (lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	return l.lost
}
