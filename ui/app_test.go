package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gdamore/tcell/v2"

	"tocsin/actions"
	"tocsin/internal/audit"
	"tocsin/internal/store"
	"tocsin/internal/testkit"
)

// onScreen plays a scene on a stage of a size.
func onScreen(t *testing.T, name string, w, h int, f func(s *stage)) {
	t.Helper()
	play(t, sceneNamed(t, name), func(t *testing.T, in In) {
		d := &deed{danger: actions.Disruptive}
		f(onStage(t, in, w, h, d.action(), actions.AlertAcknowledge(noMarks{}), actions.AlertUnacknowledge(noMarks{})))
	})
}

// noMarks takes no mark.
type noMarks struct{}

func (noMarks) Alert(string) (actions.AlertState, bool) {
	return actions.AlertState{Trouble: true}, true
}
func (noMarks) Mark(actions.Mark) error { return nil }

// An alert is acknowledged by way of a card, and only one that is trouble.
func TestAcknowledge(t *testing.T) {
	onScreen(t, "lock-pileup", 100, 30, func(s *stage) {
		s.press("A")
		for _, it := range s.over[0].(*picker).items {
			if strings.HasPrefix(it.note, "ok") {
				t.Errorf("%s is offered: %s", it.text, it.note)
			}
		}
		s.press("Enter")
		settle(time.Second)
		if got := s.text(); !strings.Contains(got, "Acknowledge alert db.") || !strings.Contains(got, "type prod") {
			t.Errorf("no card:\n%s", got)
		}
	})
}

func TestOverlays(t *testing.T) {
	onScreen(t, "lock-pileup", 100, 30, func(s *stage) {
		for _, o := range []struct{ name, key string }{{"help", "?"}, {"palette", ":"}, {"menu", "a"}, {"evidence", "e"}, {"arm", "W"}, {"acknowledge", "A"}} {
			s.press(o.key)
			testkit.Golden(t, "over-"+o.name, s.text())
			s.press("Esc")
			if len(s.over) != 0 {
				t.Fatalf("%s is still there after Esc", o.name)
			}
		}
	})
}

func TestEscGoesBackAndNeverQuits(t *testing.T) {
	onScreen(t, "lock-pileup", 120, 36, func(s *stage) {
		s.press("1", "j", "Enter")
		if len(s.over) != 1 {
			t.Fatal("Enter opened no detail")
		}
		chosen := s.grid().selected
		s.press("Esc")
		if s.page().Name != "sessions" || s.grid().selected != chosen {
			t.Errorf("back on %s at %q, want sessions at %q", s.page().Name, s.grid().selected, chosen)
		}
		for range 5 {
			s.press("Esc")
		}
		if s.at != (place{}) || s.quit {
			t.Errorf("after Esc again and again: at %v, quit %v", s.at, s.quit)
		}
		s.press("q")
		if !s.quit {
			t.Error("q does not quit")
		}
	})
}

func TestFilterLineFollowsTheTyping(t *testing.T) {
	onScreen(t, "lock-pileup", 120, 36, func(s *stage) {
		s.press("1", "]", "/")
		s.write("worker")
		if got := s.text(); !strings.Contains(got, "4711") || strings.Contains(got, "4605") {
			t.Errorf("filtered to worker:\n%s", got)
		}
		s.press("Esc")
		if s.grid().filter.text != "" {
			t.Error("Esc kept the filter that was being typed")
		}
		s.press("/")
		s.paste("app:worker\n")
		s.press("Enter")
		if s.grid().filter.text != "app:worker" {
			t.Errorf("filter = %q", s.grid().filter.text)
		}
		s.press("Esc")
		if s.grid().filter.text != "" {
			t.Error("Esc did not clear the filter")
		}
	})
}

func TestThePaletteFindsByName(t *testing.T) {
	onScreen(t, "calm", 120, 36, func(s *stage) {
		s.press(":")
		s.write("statem")
		s.press("Enter")
		if s.page().Name != "statements" {
			t.Errorf("on %s, want statements", s.page().Name)
		}
		s.press("`")
		if s.page().Name != "overview" {
			t.Errorf("on %s, want the view before", s.page().Name)
		}
	})
}

func TestFreezeHoldsTheView(t *testing.T) {
	onScreen(t, "calm", 120, 36, func(s *stage) {
		now := s.in.View
		s.o.View = func() store.View { return later{now} }
		s.press("z")
		if s.text(); !s.in.View.Now().Equal(now.Now()) || !s.in.Mode.Frozen {
			t.Error("the view was not held")
		}
		s.press("z")
		if s.text(); s.in.Mode.Frozen || s.in.View.Now().Equal(now.Now()) {
			t.Error("the view was not let go")
		}
	})
}

// later is the same view a minute on.
type later struct{ store.View }

func (l later) Now() time.Time { return l.View.Now().Add(time.Minute) }

func TestPasteReachesNoKey(t *testing.T) {
	onScreen(t, "lock-pileup", 120, 36, func(s *stage) {
		s.paste("Kq1Wy")
		if len(s.over) != 0 || s.quit || s.at.page != 0 {
			t.Error("pasted text worked as keys")
		}
	})
}

func TestCopy(t *testing.T) {
	onScreen(t, "lock-pileup", 120, 36, func(s *stage) {
		s.press("y")
		if !strings.Contains(s.copied, "4711") {
			t.Errorf("copied %q, want the verdict", s.copied)
		}
		s.press("1", "Y")
		if !strings.Contains(s.copied, "| --- ") || !strings.Contains(s.copied, "sessions of prod at ") {
			t.Errorf("copied %q, want Markdown with time and source", s.copied)
		}
	})
}

func TestNoSizeBreaksIt(t *testing.T) {
	onScreen(t, "hostile", 1, 1, func(s *stage) {
		for _, keys := range [][]string{{"0"}, {"1"}, {"1", "Enter"}, {":"}, {"?"}, {"a"}, {"K"}, {"W"}, {"/"}} {
			s.press(keys...)
			for _, size := range [][2]int{{1, 1}, {2, 2}, {5, 3}, {20, 5}, {59, 14}, {60, 15}, {99, 23}, {100, 24}, {119, 30}, {300, 90}} {
				s.screen.SetSize(size[0], size[1])
				s.text()
			}
			s.press("Esc", "Esc", "Esc")
		}
	})
}

func TestBind(t *testing.T) {
	tests := []struct {
		name string
		own  []Binding
		want string // in the error; "" wants none
	}{
		{"nothing", nil, ""},
		{"another key", []Binding{{Command: "pg.terminate", Key: "Q"}}, ""},
		{"no key", []Binding{{Command: "pg.terminate"}}, ""},
		{"a key that is taken", []Binding{{Command: "pg.terminate", Key: "W", Where: "keys.yaml:2"}}, "both"},
		{"a key that stays free", []Binding{{Command: "quit", Key: "Ctrl-A"}}, "stays free"},
		{"no such key", []Binding{{Command: "quit", Key: "Hyper-Q", Where: "keys.yaml:3"}}, "keys.yaml:3"},
		{"no such command", []Binding{{Command: "qiut", Key: "Q", Where: "keys.yaml:4"}}, "keys.yaml:4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &deed{}
			_, err := bind(Commands([]actions.Action{d.action()}), tt.own)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("bind: %v, want %q", err, tt.want)
			}
		})
	}
}

func TestEveryKeyHasItsNameAndItsCommand(t *testing.T) {
	d := &deed{danger: actions.Disruptive}
	for _, c := range Commands([]actions.Action{d.action()}) {
		if c.Title == "" || c.Group == "" || c.Do == nil {
			t.Errorf("%s: no title, group or deed", c.ID)
		}
		for _, k := range c.Keys {
			if got := keyName(eventOf(k)); got != k {
				t.Errorf("%s: key %s arrives as %s", c.ID, k, got)
			}
			upper := len(k) == 1 && k >= "A" && k <= "Z"
			if upper && (c.Group == "look" || c.Group == "table") && k != "G" && k != "Y" {
				t.Errorf("%s: upper case %s only looks", c.ID, k)
			}
		}
	}
}

func TestEntry(t *testing.T) {
	e := &entry{}
	for _, k := range []string{"a", "b", " ", "c", "Left", "Left", "x", "End", "Backspace", "Home", "Delete"} {
		e.key(eventOf(k))
	}
	if got := string(e.text); got != "bx " {
		t.Errorf("typed %q, want %q", got, "bx ")
	}
	e.paste(strings.Repeat("y\x1b\n", 10_000))
	if n := len(e.text); n != entryLimit {
		t.Errorf("%d characters after a paste, want the limit %d", n, entryLimit)
	}
	if strings.ContainsAny(string(e.text), "\x1b\n") {
		t.Error("controls were pasted")
	}
	e.key(eventOf("End"))
	e.key(tcell.NewEventKey(tcell.KeyCtrlU, 0, tcell.ModCtrl))
	if len(e.text) != 0 {
		t.Errorf("%d characters are left after Ctrl-U", len(e.text))
	}
}

func TestAnActionOffItsOwnPageAsksForWhatItNeeds(t *testing.T) {
	onScreen(t, "bloat", 120, 36, func(s *stage) {
		s.press("3", "K")
		if got := s.text(); !strings.Contains(got, "pid: process id") {
			t.Errorf("K on the tables does not ask for the session:\n%s", got)
		}
		s.write("abc")
		s.press("Enter")
		if got := s.text(); !strings.Contains(got, "it is not a process number") {
			t.Errorf("the form takes what is no pid:\n%s", got)
		}
		s.press("Esc")
	})
}

// The key beside the verdict does what the verdict says, on every view; where a
// selected row would take it, the verdict says so.
func TestTheKeyOfTheVerdictEverywhere(t *testing.T) {
	onScreen(t, "lock-pileup", 120, 36, func(s *stage) {
		s.press("3", "K")
		synctest.Wait()
		if got := s.text(); !strings.Contains(got, "End session 4711") {
			t.Errorf("K on the tables does not open the card of the verdict:\n%s", got)
		}
		s.press("Esc", "1")
		if got := s.text(); !strings.Contains(got, " K end it") || strings.Contains(got, "0 K end it") || !strings.Contains(got, "e evidence") {
			t.Errorf("the root of the queue is selected:\n%s", got)
		}
		s.press("Down")
		if got := s.text(); !strings.Contains(got, "0 K end it") {
			t.Errorf("K would take another session than the verdict names:\n%s", got)
		}
	})
}

func TestTheVerdictNamesTheKeyAsItIsBound(t *testing.T) {
	onScreen(t, "lock-pileup", 120, 36, func(s *stage) {
		s.o.Bindings = []Binding{{Command: "pg.terminate", Key: "Q"}}
		again, err := New(s.o)
		if err != nil {
			t.Fatal(err)
		}
		again.desk, again.glyphs = s, s.glyphs
		s.App = again
		if got := s.text(); !strings.Contains(got, "Q end it") {
			t.Errorf("the verdict does not name Q:\n%s", got)
		}
	})
}

// The record may be held by another: the reading does not wait for it.
func TestReadingDoesNotWaitForTheRecord(t *testing.T) {
	onScreen(t, "lock-pileup", 100, 30, func(s *stage) {
		held := make(chan struct{})
		defer close(held)
		s.o.Orphans = func() ([]audit.Call, error) { <-held; return nil, nil }
		reading := make(chan struct{})
		go s.started(func() { close(reading) })
		select {
		case <-reading:
		case <-time.After(time.Second):
			t.Error("nothing is read while the record is held")
		}
	})
}
