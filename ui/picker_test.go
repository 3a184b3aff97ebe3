package ui

import (
	"strings"
	"testing"

	"tocsin/actions"
	"tocsin/internal/runbook"
)

// What is typed finds; no letter runs anything, not even one that is a key.
func TestAPickerRunsNothingWhileItIsTypedInto(t *testing.T) {
	play(t, sceneNamed(t, "calm"), func(t *testing.T, in In) {
		s := onStage(t, in, 120, 36, (&deed{danger: actions.Disruptive}).action())
		for _, tt := range []struct{ typed, want string }{
			{"compute", "Change compute"}, {"Restore", "Restore backup"}, {"R", "Roll back"}, {"e", "Explain statement"},
		} {
			var ran []string
			p := &picker{}
			for _, it := range []item{{key: "e", text: "Explain statement"}, {text: "Change compute"}, {text: "Restore backup"}, {key: "R", text: "Roll back"}} {
				it.do = func(*App) { ran = append(ran, it.text) }
				p.items = append(p.items, it)
			}
			s.push(p)
			s.write(tt.typed)
			if len(ran) > 0 {
				t.Errorf("%q ran %q before Enter", tt.typed, ran)
			}
			s.press("Enter")
			if len(ran) != 1 || ran[0] != tt.want {
				t.Errorf("%q and Enter ran %q, want %s", tt.typed, ran, tt.want)
			}
		}
	})
}

// Whoever chooses sees on what: the target is in sight above the longest list.
func TestAPickerLeavesTheTargetInSight(t *testing.T) {
	play(t, sceneNamed(t, "calm"), func(t *testing.T, in In) {
		for _, size := range [][2]int{{80, 24}, {160, 48}} {
			s := onStage(t, in, size[0], size[1])
			s.press(":")
			if head, _, _ := strings.Cut(s.text(), "\n"); !strings.Contains(head, in.Mode.Server) {
				t.Errorf("%v: the first row is %q", size, head)
			}
		}
	})
}

// The palette finds a runbook by its name also where they are read only while it
// is open.
func TestThePaletteWaitsForTheRunbooks(t *testing.T) {
	play(t, sceneNamed(t, "calm"), func(t *testing.T, in In) {
		s := onStage(t, in, 120, 36)
		var read []runbook.Book
		s.o.Books = func() []runbook.Book { return read }
		s.press(":")
		s.write("scaling")
		if got := s.text(); !strings.Contains(got, "nothing by that name") {
			t.Errorf("before they are read:\n%s", got)
		}
		_, read = shippedBook(t, "scaling")
		if got := s.text(); !strings.Contains(got, "runbook scaling") {
			t.Errorf("once they are read:\n%s", got)
		}
		s.press("Enter")
		if got := s.text(); !strings.Contains(got, "Five limits say so") {
			t.Errorf("it does not open:\n%s", got)
		}
	})
}
