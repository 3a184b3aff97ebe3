package term

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/hinshun/vt10x"
	"github.com/rivo/tview"
)

// TestMatchesStock sends random frames through tcell alone and through the back
// buffer, into two emulated terminals, which must show the same.
func TestMatchesStock(t *testing.T) {
	narrow := []string{"lock", "wait", "é", "▲", "▁▅█", "shop.orders", "Ä", "⣿⡇"}
	wide := append([]string{"世界", "👍", "e\u0301", "ภาษา", "กำ", "漢a字", "🇨🇭", "한글"}, narrow...)
	t.Run("vt10x", func(t *testing.T) { // it knows no wide and no combining characters
		got, want := vt10x.New(vt10x.WithSize(50, 12)), vt10x.New(vt10x.WithSize(50, 12))
		compareStock(t, narrow, comparison{
			stock: func(s string) { feed(t, want, s) }, buffered: func(s string) { feed(t, got, s) },
			diff: func() string { return cmp.Diff(cells(want, 50, 12), cells(got, 50, 12)) },
		})
	})
	t.Run("wide", func(t *testing.T) {
		got, want := newEmulator(50, 12), newEmulator(50, 12)
		compareStock(t, wide, comparison{
			stock: want.write, buffered: got.write,
			diff: func() string { return cmp.Diff(want.rows(), got.rows()) },
		})
	})
}

// comparison is two emulated terminals.
type comparison struct {
	stock, buffered func(string)
	diff            func() string
}

func compareStock(t *testing.T, words []string, c comparison) {
	t.Helper()
	terminal, tty := openFake(t, "xterm-256color", 50, 12)
	stockTty := newFakeTty(50, 12)
	stock := stockScreen(t, stockTty)
	c.buffered(tty.take())
	for n := range uint64(40) {
		drawOn(stock, randomFrame(n, words)) // a widget's second drawing may differ from its first
		c.stock(stockTty.take())
		if n%6 == 3 { // the terminal takes nothing for a while
			setBusy(terminal, true)
			drawOn(terminal.screen, randomFrame(n+1000, words))
			setBusy(terminal, false)
		}
		c.buffered(draw(terminal, tty, randomFrame(n, words)))
		if diff := c.diff(); diff != "" {
			t.Fatalf("frame %d (-stock +buffered):\n%s", n, diff)
		}
	}
}

// setBusy makes the line look as if a write were under way.
func setBusy(t *Terminal, busy bool) {
	p := t.line.pump
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flight = 0
	if busy {
		p.flight = 10 * slack
	}
}

func stockScreen(t testing.TB, tty tcell.Tty) tcell.Screen {
	t.Helper()
	ti, err := tcell.LookupTerminfo("xterm-256color")
	if err != nil {
		t.Fatal(err)
	}
	s, err := tcell.NewTerminfoScreenFromTtyTerminfo(tty, unpadded(ti))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Fini)
	return s
}

func feed(t *testing.T, vt vt10x.Terminal, s string) {
	t.Helper()
	if _, err := vt.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
}

// cells returns one line of text and colours for each row. The colour of a
// blank is left out: it cannot be seen.
func cells(vt vt10x.Terminal, w, h int) []string {
	rows := make([]string, h)
	for y := range h {
		for x := range w {
			c := vt.Cell(x, y)
			if c.Char == ' ' {
				c.FG = vt10x.DefaultFG
			}
			rows[y] += fmt.Sprintf("%c%x/%x/%x ", c.Char, c.FG, c.BG, c.Mode)
		}
	}
	return rows
}

// randomFrame returns a table somewhere on the screen, and text beside it.
func randomFrame(seed uint64, words []string) tview.Primitive {
	r := rand.New(rand.NewPCG(seed, 1))
	colors := []tcell.Color{tcell.ColorDefault, tcell.ColorRed, tcell.ColorGreen, tcell.ColorYellow}
	table := tview.NewTable().SetSelectable(true, false)
	table.SetBorder(r.IntN(2) == 0).SetTitle(words[r.IntN(len(words))])
	for row := range r.IntN(25) {
		for col := range 1 + r.IntN(6) {
			cell := tview.NewTableCell(words[r.IntN(len(words))]).SetTextColor(colors[r.IntN(len(colors))])
			table.SetCell(row, col, cell)
		}
	}
	text := tview.NewTextView()
	for range r.IntN(20) {
		_, _ = fmt.Fprintf(text, "%s %d ", words[r.IntN(len(words))], r.IntN(1000))
	}
	return tview.NewFlex().
		AddItem(text, r.IntN(30), 0, false).
		AddItem(tview.NewFlex().SetDirection(tview.FlexRow).AddItem(nil, r.IntN(6), 0, false).AddItem(table, 0, 1, true), 0, 1, true)
}

func TestStockTerminfoIsShared(t *testing.T) {
	ti, err := tcell.LookupTerminfo("vt100")
	if err != nil {
		t.Fatal(err)
	}
	before := *ti
	own, _, err := lookup("vt100")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, *ti); diff != "" {
		t.Errorf("the shared description was changed:\n%s", diff)
	}
	if own.PadChar != "" || own.Clear == ti.Clear || len(own.Clear) == 0 {
		t.Errorf("padding: got pad %q, clear %q", own.PadChar, own.Clear)
	}
}

func TestLookup(t *testing.T) {
	t.Setenv("PATH", os.DevNull)
	tests := []struct {
		name, term string
		want       string // name found
		note, fail bool
	}{
		{name: "known", term: "tmux-256color", want: "tmux-256color"},
		{name: "console", term: "linux", want: "linux"},
		{name: "unknown", term: "wezterm", want: "xterm-256color", note: true},
		{name: "hostile", term: "x\x1b]0;y\x07", want: "xterm-256color", note: true},
		{name: "dumb", term: "dumb", fail: true},
		{name: "empty", term: "", fail: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ti, note, err := lookup(tt.term)
			if tt.fail {
				if err == nil {
					t.Fatal("got no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if ti.Name != tt.want || (note != "") != tt.note {
				t.Errorf("got %q, note %q; want %q, note %v", ti.Name, note, tt.want, tt.note)
			}
		})
	}
}
