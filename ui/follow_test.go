package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/runbook"
)

// The key of steps does the next one, also when that changes while nobody moves
// the cursor. Once it was moved it stays where it is.
func TestTheCursorStandsOnTheNextStep(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		next := func(name string) {
			d := s.o.Duty()
			for i := range d.Steps {
				d.Steps[i].Next = d.Steps[i].Step.Name() == name
			}
			s.update(true)
			s.text()
		}
		on := func() string {
			row, _ := s.grid().row()
			return row.Key
		}
		next("who-is-at-the-root")
		s.press("9", "]", "o")
		if got := n.last(t); !strings.Contains(got, "Ended:step.done") || !strings.Contains(got, "Step:who-is-at-the-root") {
			t.Errorf("the next step wrote %q", got)
		}
		next("end-root")
		if got := on(); got != "end-root" {
			t.Errorf("after the step before it, the cursor is on %q", got)
		}
		s.press("k")
		before := on()
		next("deadlocks")
		if got := on(); got != before || before == "end-root" {
			t.Errorf("moved to %q, it went to %q", before, got)
		}
		d := s.o.Duty()
		book, _ := shippedBook(t, "scaling")
		d.Book, d.Steps = &book, book.Play(runbook.Situation{View: s.in.View, Began: s.in.View.Now()})
		d.Steps[2].Next = true
		s.o.Duty = func() Duty { return d }
		if s.text(); on() != d.Steps[2].Step.Name() {
			t.Errorf("in another book it stands on %q, not on its next step", on())
		}
	})
}

// The view that is kept as evidence has the gaps between columns that the screen
// has.
func TestKeptEvidenceHasItsGaps(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		s.press("0", "I")
		typed(s, "evidence", "the queue")
		got := n.last(t)
		for _, want := range []string{"\nsince           ", "P1 db.locks.waiting "} {
			if !strings.Contains(got, want) {
				t.Errorf("it lacks %q:\n%s", want, got)
			}
		}
	})
}

// The text of a book says which key follows it: in the open incident, or in one
// that is opened for it, as it is called there.
func TestABookIsFollowedFromItsText(t *testing.T) {
	for _, way := range []func(s *stage){
		func(s *stage) { s.press(":"); typed(s, "runbook cost-review") },
		func(s *stage) { s.press("9", "]", "]", "/"); typed(s, "cost-review"); s.press("Enter") },
	} {
		duty(t, false, func(s *stage, n *notebook, _ *deed) {
			way(s)
			if got := s.text(); !strings.Contains(got, "runbook cost-review") || !strings.Contains(got, "o follow it") {
				t.Fatalf("the key is not said:\n%s", got)
			}
			s.press("o", "Enter")
			if got := n.last(t); got != "open P1 Monthly cost review cause= book=cost-review restricted=false" || len(s.over) > 0 {
				t.Errorf("wrote %q under %d overlays", got, len(s.over))
			}
		})
		duty(t, true, func(s *stage, n *notebook, _ *deed) {
			way(s)
			s.press("o", "Down", "Enter") // another one is followed
			if got := n.last(t); got != "follow cost-review" || len(s.over) > 0 {
				t.Errorf("wrote %q under %d overlays", got, len(s.over))
			}
		})
	}
}

// An alert that is worse than the open incident stands in its head; one that is
// no worse, or asks for nothing, does not.
func TestAnAlertWorseThanTheIncident(t *testing.T) {
	play(t, sceneNamed(t, "lock-pileup"), func(t *testing.T, in In) {
		in = onDuty(t, in)
		in.Keys = map[string]string{"incident": "I"}
		down := alert.Alert{Rule: "service.down", Severity: alert.P0, State: alert.Firing, Runbook: "complete-outage"}
		for want, a := range map[string]func(alert.Alert) alert.Alert{
			" ▲ P0 service.down fires: I severity raises it; runbook complete-outage\n": func(a alert.Alert) alert.Alert { return a },
			" ▲ P0 service.down fires: I severity raises it\n":                          func(a alert.Alert) alert.Alert { a.Runbook = "lock-pileup"; return a },
			"no equal":   func(a alert.Alert) alert.Alert { a.Severity = alert.P1; return a },
			"no dimmed":  func(a alert.Alert) alert.Alert { a.Inhibited = true; return a },
			"no trouble": func(a alert.Alert) alert.Alert { a.State = alert.OK; return a },
		} {
			in := in
			in.Alerts = append(slices.Clone(in.Alerts), a(down))
			got := linesText(incidentLines(in, *in.Duty.Incident))
			if strings.HasPrefix(want, "no ") == strings.Contains(got, "raises it") || !strings.HasPrefix(want, "no ") && !strings.Contains(got, want) {
				t.Errorf("%s:\n%s", want, got)
			}
		}
	})
}

// That a step is due is not read as when it gets ready.
func TestHowAStepStands(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for want, s := range map[string]runbook.Standing{
		"ready, due in 29m51s": {Course: runbook.CourseReady, Due: now.Add(29*time.Minute + 51*time.Second)},
		"watching, late 4m00s": {Course: runbook.CourseWatching, Due: now.Add(-4 * time.Minute), Late: true},
		"done, was late":       {Course: runbook.CourseDone, Due: now, Late: true},
		"done":                 {Course: runbook.CourseDone, Due: now},
		"ready":                {Course: runbook.CourseReady},
	} {
		if got := standsText(now, s); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

// A paragraph of a book is as wide as the screen; lists, tables, fences and
// asked-for breaks stay as they are.
func TestParagraphsAreJoined(t *testing.T) {
	t.Parallel()
	got := linesText(proseLines("Use this\nwhen many wait.\n\n- one\n  and more\n- two\n1. three\n| a |\n| b |\nlast  \nbreak\n```sql\nSET a;\nSET b;\n```\nafter\nit\n", 80))
	want := "Use this when many wait.\n\n- one and more\n- two\n1. three\n| a |\n| b |\nlast\nbreak\n  SET a;\n  SET b;\nafter it\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
