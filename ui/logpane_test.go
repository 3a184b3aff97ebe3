package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

func TestRing(t *testing.T) {
	r := &ring{}
	for i := range 20_000 {
		r.put(model.LogLine{Text: fmt.Sprintf("%d", i)})
	}
	got := r.before(r.end(), filter{})
	if n := len(got.lines); n > ringLines+ringLines/4 || n < ringLines || got.dropped+int64(n) != 20_000 {
		t.Errorf("%d lines and %d dropped", n, got.dropped)
	}
	if last := got.lines[len(got.lines)-1].Text; last != "19999" {
		t.Errorf("the last line is %s", last)
	}
	if old := r.before(19_990, filter{}); old.lines[len(old.lines)-1].Text != "19989" {
		t.Errorf("before 19,990 the last line is %s", old.lines[len(old.lines)-1].Text)
	}
	if gone := r.before(100, filter{}); len(gone.lines) != 0 {
		t.Errorf("%d lines of what fell out", len(gone.lines))
	}
}

func TestRingIsBoundedInBytes(t *testing.T) {
	r := &ring{}
	long := strings.Repeat("ä", lineBytes) // twice as many bytes
	for range 2000 {
		r.put(model.LogLine{Text: long + "\nsecond\r\n"})
	}
	got := r.before(r.end(), filter{})
	if r.bytes > ringBytes+ringBytes/4 || got.dropped == 0 || got.cut != 2000 {
		t.Errorf("%d bytes, %d dropped, %d cut", r.bytes, got.dropped, got.cut)
	}
	first, second := got.lines[len(got.lines)-2], got.lines[len(got.lines)-1]
	if len(first.Text) > lineBytes || !first.Cut || strings.ContainsRune(first.Text, '\ufffd') || second.Text != "second" {
		t.Errorf("an entry of two lines: %d bytes and %q", len(first.Text), second.Text)
	}
}

func TestLogFilter(t *testing.T) {
	r := &ring{}
	for i, level := range []string{"info", "error", "info", "warning"} {
		r.put(model.LogLine{Level: level, Status: 200 + 100*i, Text: fmt.Sprintf("GET http://shop/%d", i)})
	}
	for text, want := range map[string]string{
		"level:error": "1", "status>399": "2 3", "status<300": "0", "shop !/2": "0 1 3", "http://shop/3": "3", "nothing": "", "~ght2": "2",
	} {
		var got []string
		for _, l := range r.before(r.end(), parseFilter(text)).lines {
			got = append(got, l.Text[len(l.Text)-1:])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

// feed is a log that a test writes.
type feed struct {
	lines chan model.LogLine
	end   chan error
	gone  bool // its reader has gone
}

func newFeed() *feed { return &feed{lines: make(chan model.LogLine), end: make(chan error)} }

func (f *feed) source(name string) LogSource {
	return LogSource{Name: name, Note: "what happens from here on", Follow: func(ctx context.Context, put func(model.LogLine)) error {
		f.gone = false
		for {
			select {
			case l := <-f.lines:
				put(l)
			case err := <-f.end:
				return err
			case <-ctx.Done():
				f.gone = true
				return nil
			}
		}
	}}
}

func (f *feed) say(n int, text string) {
	for i := range n {
		f.lines <- model.LogLine{At: time.Now(), Level: []string{"info", "error"}[i%2], Status: 200 + 300*(i%2), Text: fmt.Sprintf("%s %d", text, i)}
	}
	synctest.Wait()
}

// onLog opens the log of a build on a stage.
func onLog(t *testing.T, do func(s *stage, runtime, build *feed)) {
	t.Helper()
	onScreen(t, "calm", 80, 24, func(s *stage) {
		runtime, build := newFeed(), newFeed()
		s.o.Logs = func(id string) []LogSource {
			return []LogSource{runtime.source("runtime log of " + id), build.source("build log")}
		}
		s.press("5", "f")
		synctest.Wait()
		do(s, runtime, build)
		s.press("Esc", "Esc", "Esc")
		synctest.Wait()
		if !runtime.gone || !build.gone || len(s.over) > 0 {
			t.Errorf("after it was closed: %v, %v, %d", runtime.gone, build.gone, len(s.over))
		}
	})
}

func TestLogPane(t *testing.T) {
	onLog(t, func(s *stage, runtime, build *feed) {
		build.gone = true // until it is opened
		s.sees("runtime log of dpl_31  following  0 lines", "what happens from here on", "nothing yet")
		runtime.say(40, "GET /product")
		s.sees("following  40 lines", "GET /product 39", "GET /product 21", "not:GET /product 20 ", "▲ GET /product 39")
		testkit.Golden(t, "logpane", s.text())
		s.press("k")
		runtime.say(10, "POST /checkout")
		s.sees("PAUSED  10 new below", "GET /product 38", "not:GET /product 39", "not:POST")
		s.press("G")
		s.sees("following  50 lines", "POST /checkout 9")
		s.press(" ")
		runtime.say(2, "later")
		s.sees("PAUSED  2 new below", "not:later 1")
		s.press(" ")
		s.sees("following", "later 1")
		s.press("/")
		s.write("level:error")
		s.press("Enter")
		s.sees("/level:error 26 of 52", "later 1", "not:later 0")
		s.press("y")
		if n := strings.Count(s.copied, "\n"); n != 28 || !strings.Contains(s.copied, "GET /product 1") {
			t.Errorf("copied %d lines", n)
		}
		s.press("Esc") // the filter first
		s.sees("52 lines", "later 0")
		build.gone = false
		s.press("Tab")
		synctest.Wait()
		if !runtime.gone {
			t.Error("the log that was left is still read")
		}
		s.sees("build log  following", "Tab runtime log")
		build.end <- errors.New("403: Not authorized: the token needs more")
		synctest.Wait()
		s.sees("lost: 403: Not authorized", "r again")
		s.press("r")
		synctest.Wait()
		build.end <- nil
		synctest.Wait()
		s.sees("build log  it ends here", "nothing")
		s.press("r")
		synctest.Wait()
	})
}

// sees checks what is on the screen; with not: in front, what is not.
func (s *stage) sees(texts ...string) {
	s.t.Helper()
	shown := s.text()
	for _, text := range texts {
		if bare, not := strings.CutPrefix(text, "not:"); strings.Contains(shown, bare) == not {
			s.t.Errorf("%q on the screen:\n%s", text, shown)
		}
	}
}

func TestLongLinesOfALog(t *testing.T) {
	onLog(t, func(s *stage, runtime, build *feed) {
		build.gone = true
		runtime.lines <- model.LogLine{Text: "first"}
		runtime.lines <- model.LogLine{Text: "Error: " + strings.Repeat("division by zero ", 12) + "the end"}
		synctest.Wait()
		s.sees("first", "not:the end")
		s.press("w")
		s.sees("first", "the end")
		runtime.lines <- model.LogLine{Text: "\x1b]52;c;ZXZpbA==\x07\x1b[2Jevil", Own: true}
		synctest.Wait()
		s.sees(`\x1b]52;c;ZXZpbA==\x07\x1b[2Jevil`)
		for _, size := range [][2]int{{1, 1}, {5, 3}, {20, 5}, {60, 15}, {200, 60}} {
			s.screen.SetSize(size[0], size[1])
			s.text()
		}
		s.screen.SetSize(80, 24)
	})
}

func TestNoLogToFollow(t *testing.T) {
	onScreen(t, "calm", 80, 24, func(s *stage) {
		s.press("5", "f")
		s.sees("nothing here has a log")
		s.o.Logs = func(string) []LogSource { return nil }
		s.press("Esc", "f")
		s.sees("no log to follow here")
	})
}

func TestOverdueIsOffered(t *testing.T) {
	onScreen(t, "calm", 100, 30, func(s *stage) {
		s.press("O")
		s.sees("nothing is overdue")
		s.o.Timed = func() []Timed {
			return []Timed{
				{ID: "1", Action: "pg.terminate", Args: map[string]string{"pid": "4711"}, Target: "4711", Due: s.in.View.Now().Add(-5 * time.Minute), Late: true, By: "ana"},
				{ID: "2", Action: "pg.terminate", Args: map[string]string{"pid": "1"}, Target: "1", Due: s.in.View.Now().Add(time.Hour)},
			}
		}
		s.press("Esc")
		s.sees("! overdue for 5m00s: pg.terminate 4711, made by ana", "O end it")
		s.press("O")
		settle(time.Second)
		s.sees("End session 4711", "type prod")
	})
	if diff := cmp.Diff([]Timed(nil), called[Timed](nil)); diff != "" {
		t.Error(diff)
	}
}
