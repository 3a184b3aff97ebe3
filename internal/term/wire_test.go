package term

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

func TestUnchangedFrameSendsNothing(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 160, 48)
	b := newBoard()
	b.second(0)
	if first := draw(terminal, tty, b); len(first) < 1000 {
		t.Errorf("first frame: got %d bytes, want a whole screen", len(first))
	}
	if again := draw(terminal, tty, b); again != "" {
		t.Errorf("unchanged frame: got %q, want nothing", again)
	}
}

func TestClockAndNumbersBudget(t *testing.T) {
	for _, name := range []string{"xterm-256color", "tmux-256color", "screen-256color", "linux"} {
		t.Run(name, func(t *testing.T) {
			terminal, tty := openFake(t, name, 160, 48)
			b := newBoard()
			b.second(0)
			draw(terminal, tty, b)
			total, seconds := 0, 4
			for n := range seconds {
				b.second(n + 1)
				total += len(draw(terminal, tty, b))
			}
			if got := total / seconds; got > 550 {
				t.Errorf("clock and 20 numbers: got %d bytes a second, want 550 at most", got)
			}
		})
	}
}

func TestClockAloneBudget(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 160, 48)
	b := newBoard()
	draw(terminal, tty, b)
	b.clock.SetText("03:12:44Z")
	draw(terminal, tty, b)
	b.clock.SetText("03:12:45Z")
	if got := draw(terminal, tty, b); len(got) > 60 {
		t.Errorf("clock alone: got %d bytes, want 60 at most: %q", len(got), got)
	}
}

func TestFrameIsDroppedWhileBusy(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 40, 10)
	view := tview.NewTextView().SetText("one")
	draw(terminal, tty, view)

	setBusy(terminal, true)
	view.SetText("two")
	drawOn(terminal.screen, view)
	if got := tty.take(); got != "" {
		t.Errorf("busy line: got %q, want nothing", got)
	}
	setBusy(terminal, false)
	if !terminal.screen.idled() {
		t.Error("dropped frame left no mark")
	}
	if got := draw(terminal, tty, view); !strings.Contains(got, "two") {
		t.Errorf("frame after a dropped one: got %q, want the newest text", got)
	}
	if terminal.screen.idled() {
		t.Error("mark of the dropped frame was not cleared")
	}
}

func TestCursorAloneIsSent(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 40, 10)
	view := tview.NewTextView().SetText("one")
	draw(terminal, tty, view)
	terminal.screen.ShowCursor(3, 4)
	if got := draw(terminal, tty, view); !strings.Contains(got, "\x1b[5;4H") {
		t.Errorf("moved cursor: got %q, want a move to row 5, column 4", got)
	}
}

func TestNoColorSendsNoColor(t *testing.T) {
	terminal, tty := openFakeWith(t, newFakeTty(40, 10), "xterm-256color", Options{NoColor: true})
	tty.take()
	style := tcell.StyleDefault.Foreground(tcell.ColorGreen).Background(tcell.ColorRed).Bold(true)
	terminal.screen.PutStrStyled(0, 0, "fine", style)
	terminal.screen.Show()
	settle(terminal)
	got := tty.take()
	if regexp.MustCompile(`\x1b\[[349]\d`).MatchString(got) || !strings.Contains(got, "\x1b[1m") {
		t.Errorf("without colour: got %q, want bold only", got)
	}
	if terminal.Color() {
		t.Error("Color: got true, want false")
	}
}

func TestASCIISendsASCII(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	terminal, tty := openFakeWith(t, newFakeTty(60, 10), "xterm-256color", Options{})
	defer setBorders(false)
	tty.take()
	if !terminal.ASCII() {
		t.Fatal("ASCII in locale C: got false, want true")
	}
	terminal.screen.PutStr(0, 0, "▲crit·fine…┌─┐│é▁▅█⣿世")
	terminal.screen.Show()
	settle(terminal)
	got := tty.take()
	if want := "Xcrit.fine~+-+|?_=#??"; !strings.Contains(got, want) {
		t.Errorf("ASCII: got %q, want it to hold %q", got, want)
	}
}

// The terminal has just been cleared: a first frame is what stands in it.
func TestBlankCellsOfTheFirstFrameAreNotSent(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 160, 48)
	view := tview.NewTextView().SetText("one\n\n  two")
	view.SetBackgroundColor(tcell.ColorDefault)
	got := draw(terminal, tty, view)
	if !strings.Contains(got, "one") || !strings.Contains(got, "two") || len(got) > 400 {
		t.Errorf("%d bytes for six letters: %q", len(got), got[:min(len(got), 400)])
	}
}

func TestResizeStormIsOneFrame(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 80, 24)
	view := tview.NewTextView().SetText("here")
	draw(terminal, tty, view)
	for i := range 50 {
		tty.resize(80+i, 24)
	}
	deadline := time.After(5 * time.Second)
	for {
		settle(terminal)
		if w, _ := terminal.screen.Size(); w == 129 {
			break
		}
		select {
		case <-deadline:
			t.Fatal("the last size was never seen")
		default:
		}
	}
	if got := strings.Count(tty.take(), "here"); got > 3 {
		t.Errorf("50 resizes: got %d frames, want 3 at most", got)
	}
}
