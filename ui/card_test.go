package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/actions"
	"tocsin/internal/testkit"
)

// onCard plays the lock pile-up and opens the card of the action that the
// verdict offers.
func onCard(t *testing.T, d *deed, f func(s *stage)) {
	t.Helper()
	play(t, sceneNamed(t, "lock-pileup"), func(t *testing.T, in In) {
		s := onStage(t, in, 120, 36, d.action())
		s.press("K")
		synctest.Wait()
		s.text()
		f(s)
		synctest.Wait()
	})
}

// armNow types the server's name into the card.
func armNow(s *stage) {
	s.write("prod")
	s.press("Enter")
}

func TestACardAsksForTheServersNameThenGoesOn(t *testing.T) {
	d := &deed{danger: actions.Disruptive}
	onCard(t, d, func(s *stage) {
		testkit.Golden(t, "card-arming", s.text())
		s.write("prd")
		s.press("Enter")
		if got := s.text(); !strings.Contains(got, "that is not prod") {
			t.Errorf("a wrong name was taken:\n%s", got)
		}
		s.press("Ctrl-U")
		armNow(s)
		testkit.Golden(t, "card-asking", s.text())
		settle(holdOff)
		s.press("y")
		synctest.Wait()
		testkit.Golden(t, "card-done", s.text())
		if d.runs != 1 || d.args["pid"] != "4711" {
			t.Errorf("%d runs with %v, want one on the pid of the verdict", d.runs, d.args)
		}
		if _, armed := s.o.Runner.Armed(); !armed {
			t.Error("the session is not armed after the card")
		}
	})
}

func TestWhatDoesNotConfirm(t *testing.T) {
	tests := []struct {
		name   string
		danger actions.Danger
		keys   func(s *stage)
	}{
		{"Enter", actions.Disruptive, func(s *stage) { armNow(s); settle(holdOff); s.press("Enter") }},
		{"Esc", actions.Disruptive, func(s *stage) { armNow(s); settle(holdOff); s.press("Esc") }},
		{"n", actions.Disruptive, func(s *stage) { armNow(s); settle(holdOff); s.press("n") }},
		{"another letter", actions.Disruptive, func(s *stage) { armNow(s); settle(holdOff); s.press("Y", "K", " ", "Esc") }},
		{"y typed ahead", actions.Disruptive, func(s *stage) { armNow(s); s.press("y", "y", "y", "Esc") }},
		{"y in the reason", actions.Disruptive, func(s *stage) { armNow(s); settle(holdOff); s.press("Tab", "y", "Esc") }},
		{"y before the name", actions.Disruptive, func(s *stage) { settle(holdOff); s.press("y", "Enter", "Esc") }},
		{"a pasted y", actions.Disruptive, func(s *stage) { armNow(s); settle(holdOff); s.paste("y"); s.press("Esc") }},
		{"y on a destructive card", actions.Destructive, func(s *stage) { armNow(s); settle(holdOff); s.press("y", "Esc") }},
		{"letters that leave another card", actions.Destructive, func(s *stage) { armNow(s); settle(holdOff); s.press("q", "n", "Enter", "Esc") }},
		{"the phrase as a reason", actions.Destructive, func(s *stage) { armNow(s); s.press("Tab"); s.write("4711"); s.press("Enter", "Enter", "Esc") }},
		{"a wrong phrase", actions.Destructive, func(s *stage) { armNow(s); s.write("4712"); s.press("Enter", "Esc") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &deed{danger: tt.danger}
			onCard(t, d, func(s *stage) {
				tt.keys(s)
				synctest.Wait()
				if d.runs != 0 {
					t.Error("it ran")
				}
				if len(s.over) != 0 {
					t.Error("the card is still there")
				}
			})
		})
	}
}

func TestADestructiveCardWantsTheTarget(t *testing.T) {
	d := &deed{danger: actions.Destructive}
	onCard(t, d, func(s *stage) {
		armNow(s)
		s.press("Tab")
		s.write("the pool is full")
		s.press("Tab")
		s.write("4711")
		testkit.Golden(t, "card-destructive", s.text())
		s.press("Enter")
		synctest.Wait()
		if d.runs != 1 {
			t.Errorf("%d runs, want one:\n%s", d.runs, s.text())
		}
	})
}

func TestARefusalStandsOnTheCard(t *testing.T) {
	d := &deed{danger: actions.Disruptive, refuse: "the session is gone"}
	onCard(t, d, func(s *stage) {
		if got := s.text(); !strings.Contains(got, "the session is gone") || d.runs != 0 {
			t.Errorf("%d runs; the card says:\n%s", d.runs, got)
		}
		s.press("Esc")
	})
}

func TestARunningActionCanBeLeftOrStopped(t *testing.T) {
	for _, tt := range []struct {
		name, key, want string
	}{{"left", "Esc", "ended in 40 ms"}, {"stopped", "c", "stopped half way"}} {
		t.Run(tt.name, func(t *testing.T) {
			d := &deed{danger: actions.Reversible}
			onCard(t, d, func(s *stage) {
				d.gate = make(chan struct{})
				armNow(s)
				s.press("y")
				synctest.Wait()
				testkit.Golden(t, "card-running", s.text())
				s.press(tt.key)
				synctest.Wait()
				if tt.key == "Esc" {
					close(d.gate)
				}
				settle(time.Second)
				if got := s.text(); !strings.Contains(got, tt.want) {
					t.Errorf("the last word is not %q:\n%s", tt.want, got)
				}
			})
		})
	}
}

func TestAReadOnlySessionSaysSo(t *testing.T) {
	play(t, sceneNamed(t, "lock-pileup"), func(t *testing.T, in In) {
		d := &deed{danger: actions.Disruptive}
		runner, err := actions.NewRunner(actions.Options{Server: "prod", ReadOnly: true, Audit: &record{}}, d.action())
		if err != nil {
			t.Fatal(err)
		}
		s := onStage(t, in, 120, 36, d.action())
		s.o.Runner, s.o.ReadOnly = runner, true
		s.press("K")
		if got := s.text(); !strings.Contains(got, "read-only") || len(s.over) != 0 {
			t.Errorf("want a refusal without a card:\n%s", got)
		}
		s.press("W")
		if len(s.over) != 0 {
			t.Error("a read-only session offers to arm")
		}
	})
}

// What does not fit is said, and must have been in sight before y counts.
func TestACardIsReadToItsEnd(t *testing.T) {
	d := &deed{danger: actions.Disruptive, warns: 9}
	play(t, sceneNamed(t, "lock-pileup"), func(t *testing.T, in In) {
		s := onStage(t, in, 80, 14, d.action())
		s.press("K")
		synctest.Wait()
		s.text()
		armNow(s)
		settle(holdOff)
		if got := s.text(); !strings.Contains(got, "more line") {
			t.Errorf("nothing says that lines are hidden:\n%s", got)
		}
		s.press("y")
		if got := s.text(); d.runs != 0 || !strings.Contains(got, "not read to its end") {
			t.Errorf("%d runs of a card that was not read:\n%s", d.runs, got)
		}
		s.press("PgDn", "y")
		synctest.Wait()
		if got := s.text(); d.runs != 1 || !strings.Contains(got, "outcome") {
			t.Errorf("%d runs, want one with its outcome in sight:\n%s", d.runs, got)
		}
	})
}

// A card that asks for a reason says so, and does not run without one.
func TestACardAsksForAReason(t *testing.T) {
	for name, tt := range map[string]struct {
		danger actions.Danger
		yes    func(s *stage)
	}{
		"y":      {actions.Disruptive, func(s *stage) { s.press("y") }},
		"phrase": {actions.Destructive, func(s *stage) { s.press("Ctrl-U"); s.write("4711"); s.press("Enter") }},
	} {
		t.Run(name, func(t *testing.T) {
			d := &deed{danger: tt.danger, reason: "what is newer is lost"}
			onCard(t, d, func(s *stage) {
				armNow(s)
				settle(holdOff)
				s.sees("a reason is asked for (Tab): what is newer is lost")
				tt.yes(s)
				synctest.Wait()
				s.sees("the reason comes first")
				s.write("we agreed")
				s.press("Enter")
				s.sees("we agreed", "not:a reason is asked for")
				if d.runs != 0 {
					t.Fatal("it ran without a reason")
				}
				tt.yes(s)
				synctest.Wait()
				if d.runs != 1 {
					t.Errorf("%d runs, want one:\n%s", d.runs, s.text())
				}
			})
		})
	}
}

// The last word is about the card that is open, or there is none: what was left
// comes to its end behind a later one without a word.
func TestACardOpensWithoutTheLastWord(t *testing.T) {
	onCard(t, &deed{danger: actions.Disruptive}, func(s *stage) {
		const word = "cancelled, nothing was changed"
		s.press("Esc")
		s.sees(word)
		s.press("K")
		synctest.Wait()
		s.sees("type prod", "not:"+word)
		armNow(s)
		settle(holdOff)
		s.press("y")
		synctest.Wait()
		s.sees("not:" + word)
	})
}
