package term

import (
	"testing"

	"github.com/rivo/tview"
)

// BenchmarkWire draws a clock and twenty numbers, new each second, and reports
// the bytes of a second: behind the back buffer, and tview on tcell alone.
func BenchmarkWire(b *testing.B) {
	b.Run("buffered", func(b *testing.B) {
		terminal, tty := openFake(b, "xterm-256color", 160, 48)
		measure(b, func(root tview.Primitive) int { return len(draw(terminal, tty, root)) })
	})
	b.Run("stock", func(b *testing.B) {
		tty := newFakeTty(160, 48)
		screen := stockScreen(b, tty)
		measure(b, func(root tview.Primitive) int {
			drawOn(screen, root)
			return len(tty.take())
		})
	})
}

// measure draws a second after the other and reports the mean bytes of one. The
// first frame is not counted.
func measure(b *testing.B, draw func(tview.Primitive) int) {
	board := newBoard()
	board.second(0)
	draw(board)
	b.ReportAllocs()
	bytes, seconds := 0, 0
	for b.Loop() {
		seconds++
		board.second(seconds)
		bytes += draw(board)
	}
	b.ReportMetric(float64(bytes)/float64(seconds), "B/s")
}

// BenchmarkFirstFrame opens a terminal and draws its first frame.
func BenchmarkFirstFrame(b *testing.B) {
	bytes := 0
	for b.Loop() {
		terminal, tty := openFake(b, "xterm-256color", 160, 48)
		board := newBoard()
		board.second(0)
		bytes = len(draw(terminal, tty, board))
		terminal.Close()
	}
	b.ReportMetric(float64(bytes), "B")
}
