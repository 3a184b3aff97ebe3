package term

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// fakeTty is a terminal that keeps what is written to it and is typed on by
// tests.
type fakeTty struct {
	mu      sync.Mutex
	out     bytes.Buffer
	w, h    int
	resized func()
	keys    chan []byte
	drained chan struct{}
}

func newFakeTty(w, h int) *fakeTty {
	return &fakeTty{w: w, h: h, keys: make(chan []byte, 16)}
}

func (f *fakeTty) Start() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drained = make(chan struct{})
	return nil
}

func (f *fakeTty) Stop() error { return nil }

func (f *fakeTty) Drain() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.drained)
	return nil
}

func (f *fakeTty) NotifyResize(cb func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resized = cb
}

func (f *fakeTty) WindowSize() (tcell.WindowSize, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return tcell.WindowSize{Width: f.w, Height: f.h}, nil
}

func (f *fakeTty) Read(b []byte) (int, error) {
	f.mu.Lock()
	drained := f.drained
	f.mu.Unlock()
	select {
	case <-drained:
		return 0, nil
	case k, ok := <-f.keys:
		if !ok {
			return 0, io.EOF
		}
		return copy(b, k), nil
	}
}

func (f *fakeTty) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out.Write(b)
}

func (f *fakeTty) Close() error { return nil }

// resize changes the size, as a window does.
func (f *fakeTty) resize(w, h int) {
	f.mu.Lock()
	f.w, f.h = w, h
	cb := f.resized
	f.mu.Unlock()
	if cb != nil {
		cb()
	}
}

// take returns what has been written since the last time.
func (f *fakeTty) take() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.out.String()
	f.out.Reset()
	return s
}

// openFake opens a terminal of the given type on a fake tty, in a UTF-8 locale.
func openFake(t testing.TB, name string, w, h int) (*Terminal, *fakeTty) {
	t.Helper()
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("NO_COLOR", "")
	t.Setenv("LINES", "")
	t.Setenv("COLUMNS", "")
	return openFakeWith(t, newFakeTty(w, h), name, Options{})
}

func openFakeWith(t testing.TB, tty *fakeTty, name string, o Options) (*Terminal, *fakeTty) {
	t.Helper()
	terminal, err := openTty(tty, name, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(terminal.Close)
	settle(terminal)
	return terminal, tty
}

// settle waits until the line has written everything.
func settle(t *Terminal) {
	t.line.mu.Lock()
	p := t.line.pump
	t.line.mu.Unlock()
	if p != nil {
		p.drain(5 * time.Second)
	}
}

// draw draws one frame of root, as tview does, and returns the bytes it took.
func draw(t *Terminal, tty *fakeTty, root tview.Primitive) string {
	drawOn(t.screen, root)
	settle(t)
	return tty.take()
}

// drawOn draws root on the whole of screen, as tview's loop does.
func drawOn(screen tcell.Screen, root tview.Primitive) {
	w, h := screen.Size()
	screen.Clear()
	root.SetRect(0, 0, w, h)
	root.Draw(screen)
	screen.Show()
}

// board is a small dashboard: a clock, two panels with a table, a line of text.
type board struct {
	*tview.Flex
	clock  *tview.TextView
	tables [2]*tview.Table
}

func newBoard() *board {
	b := &board{Flex: tview.NewFlex().SetDirection(tview.FlexRow), clock: tview.NewTextView()}
	b.AddItem(b.clock, 1, 0, false)
	panels := tview.NewFlex()
	for i := range b.tables {
		b.tables[i] = tview.NewTable()
		b.tables[i].SetBorder(true).SetTitle(fmt.Sprintf(" Panel %d ", i))
		panels.AddItem(b.tables[i], 0, 1, i == 0)
		for row := range 40 {
			for col := range 6 {
				b.tables[i].SetCellSimple(row, col, fmt.Sprintf("item %d.%d", row, col))
			}
		}
	}
	b.AddItem(panels, 0, 1, true)
	return b
}

// second sets the clock and twenty numbers to what they are at second n.
func (b *board) second(n int) {
	b.clock.SetText(fmt.Sprintf("tocsin  03:%02d:%02dZ", n/60%60, n%60))
	for i := range 20 {
		b.tables[i%2].GetCell(i*2%40, 2).SetText(fmt.Sprintf("%9.4f", 1000+float64((n*7919+i*104729)%99991)/1000))
	}
}
