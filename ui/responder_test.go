package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/incident"
	"tocsin/internal/runbook"
)

// notebook is a record of incidents in memory.
type notebook struct {
	said []string
	fail error
}

func (n *notebook) say(text string) error {
	n.said = append(n.said, text)
	return n.fail
}

// Open implements Recorder.
func (n *notebook) Open(o incident.Opened, book string) error {
	return n.say(fmt.Sprintf("open %s %s cause=%s book=%s restricted=%v", o.Severity, o.Title, o.Cause, book, o.Restricted))
}

// Follow implements Recorder.
func (n *notebook) Follow(book string) error { return n.say("follow " + book) }

// Write implements Recorder.
func (n *notebook) Write(_ string, data ...incident.Data) (string, error) {
	for _, d := range data {
		_ = n.say(fmt.Sprintf("%T %+v", d, d))
	}
	return "", n.fail
}

// Evidence implements Recorder.
func (n *notebook) Evidence(id, name, what, text string) (string, error) {
	return "", n.say(fmt.Sprintf("keep %s %s %s\n%s", id, name, what, text))
}

// EvidenceFile implements Recorder.
func (n *notebook) EvidenceFile(id, path, what string) (string, error) {
	return "", n.say(fmt.Sprintf("keep %s %s %s", id, path, what))
}

// Settle implements Recorder.
func (n *notebook) Settle(id string, f incident.FollowUp) error {
	return n.say(fmt.Sprintf("settle %s %s", id, f.Says()))
}

// Postmortem implements Recorder.
func (n *notebook) Postmortem() (string, error) { return "/state/postmortem.md", n.say("postmortem") }

// last is what was written last, once all that was begun is done.
func (n *notebook) last(t *testing.T) string {
	t.Helper()
	settle(time.Second)
	if len(n.said) == 0 {
		return ""
	}
	return n.said[len(n.said)-1]
}

// duty puts a stage into an incident, or before one.
func duty(t *testing.T, open bool, f func(s *stage, n *notebook, d *deed)) {
	t.Helper()
	play(t, sceneNamed(t, "lock-pileup"), func(t *testing.T, in In) {
		d, n := &deed{danger: actions.Disruptive}, &notebook{}
		s := onStage(t, in, 160, 48, d.action())
		with := onDuty(t, in)
		if !open {
			with.Duty.Incident, with.Duty.Book, with.Duty.Steps = nil, nil, nil
		}
		s.o.Recorder, s.o.Duty = n, func() Duty { return with.Duty }
		s.o.Books = func() []runbook.Book { return with.Books }
		s.update(true)
		f(s, n, d)
	})
}

// Two keys open an incident: its severity and its runbook, which names it, are
// proposed.
func TestTwoKeysOpenAnIncident(t *testing.T) {
	duty(t, false, func(s *stage, n *notebook, _ *deed) {
		s.press("I", "Enter")
		if got := n.last(t); got != "open P1  cause=db.locks.waiting book=lock-pileup restricted=false" {
			t.Errorf("wrote %q", got)
		}
		if s.page().Name != "incident" {
			t.Errorf("looks at %s", s.page().Name)
		}
		s.press("n")
		if got := s.text(); len(s.over) > 0 || !strings.Contains(got, "no incident is open") {
			t.Errorf("a note without an incident:\n%s", got)
		}
	})
}

// The runbook of the cause comes before that of the alert: in the incident and
// in the list of runbooks.
func TestTheSuspectNamesItsRunbook(t *testing.T) {
	duty(t, false, func(s *stage, n *notebook, _ *deed) {
		suspect := s.in.Suspect
		suspect.Book = "cost-review"
		s.o.Suspect = func() alert.Suspect { return suspect }
		s.update(true)
		s.press("I", "Enter")
		if got := n.last(t); got != "open P1  cause=db.locks.waiting book=cost-review restricted=false" {
			t.Errorf("wrote %q", got)
		}
		in := s.in
		in.Books = []runbook.Book{{ID: "lock-pileup"}, {ID: "cost-review"}}
		if rows := booksFrame(in).Table.Rows; rows[0].Key != "cost-review" || rows[0].Cells[2].Text != "the suspect" {
			t.Errorf("the first runbook is %+v", rows[0])
		}
	})
}

// A session that is started for a runbook stands before it: in the incident
// that is open, or before the one that is opened for it.
func TestBeginWithARunbook(t *testing.T) {
	duty(t, false, func(s *stage, n *notebook, _ *deed) {
		s.startAt(Begin{Book: runbook.Book{ID: "cost-review", Title: "Monthly cost review", Severity: "P2"}, Opens: true})
		s.press("Enter")
		if got := n.last(t); got != "open P1 Monthly cost review cause= book=cost-review restricted=false" { // a P1 fires
			t.Errorf("wrote %q", got)
		}
	})
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		s.startAt(Begin{Book: runbook.Book{ID: "lock-pileup", Severity: "P1"}})
		if tab, _ := s.tab(); len(s.over) > 0 || tab.Name != "Runbook" || n.last(t) != "" {
			t.Errorf("it stands at %q under %d overlays, wrote %q", tab.Name, len(s.over), n.last(t))
		}
	})
}

func TestWhatIsNotWrittenIsSaid(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		n.fail = errors.New("no space left on device")
		s.press("9", "n")
		s.write("carts job")
		s.press("Enter")
		n.last(t)
		if got := s.text(); !strings.Contains(got, "no space left on device") {
			t.Errorf("the failure is not said:\n%s", got)
		}
	})
}

func TestTheMenuOfAnIncident(t *testing.T) {
	for choice, want := range map[string]string{
		"mitigated": "incident.StatusSet {Status:mitigated Why:ben}", // what belongs to it fires
		"scribe":    "incident.RoleTaken {Role:scribe Who:ben}",
		"title":     "incident.Titled {Title:38 sessions wait behind pid 4711ben}",
		"hand off":  "incident.HandedOff {To:ben Text:ben}",
		"note":      "incident.Noted {Text:ben}",
		"postm":     "postmortem",
		"resolved":  "incident.StatusSet {Status:resolved Why:ben}",
		"open":      "incident.StatusSet {Status:open Why:}",
	} {
		duty(t, true, func(s *stage, n *notebook, _ *deed) {
			s.press("I")
			s.write(choice)
			s.press("Enter")
			for range 2 {
				if len(s.over) > 0 {
					s.write("ben")
					s.press("Enter")
				}
			}
			if got := n.last(t); got != want {
				t.Errorf("%s wrote %q, want %q", choice, got, want)
			}
		})
	}
}

// A message is shown before it is copied, and is sent once somebody says so.
func TestMessage(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		s.press("I")
		s.write("tell team")
		s.press("Enter")
		if got := s.text(); !strings.Contains(got, "P1 open: 38 sessions wait behind pid 4711 (prod)") || n.last(t) != "" {
			t.Errorf("not shown first, wrote %q:\n%s", n.last(t), got)
		}
		s.press("y", "Enter")
		if got := n.last(t); got != "" || !strings.Contains(s.copied, "38 sessions") {
			t.Errorf("copied %q, wrote %q", s.copied, got)
		}
		s.press("y", "Down", "Enter")
		if got := n.last(t); !strings.HasPrefix(got, "incident.CommsSent {Audience:team") || !strings.Contains(s.copied, "38 sessions") {
			t.Errorf("wrote %q, copied %q", got, s.copied)
		}
	})
}

// stepAt goes to a step of the runbook.
func stepAt(s *stage, name string) {
	s.press("9", "]", "g")
	for range s.in.Duty.Steps {
		if row, _ := s.grid().row(); row.Key == name {
			return
		}
		s.press("j")
	}
	s.t.Fatalf("no step %s", name)
}

func TestSteps(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, d *deed) {
		stepAt(s, "who-is-at-the-root")
		s.press("o")
		if got := n.last(t); !strings.Contains(got, "Ended:step.done") || !strings.Contains(got, "Step:who-is-at-the-root") {
			t.Errorf("a step by hand wrote %q", got)
		}
		stepAt(s, "connections")
		s.press("X", "Enter")
		if len(s.over) == 0 {
			t.Error("skipped without a reason")
		}
		s.write("not now")
		s.press("Enter")
		if got := n.last(t); !strings.Contains(got, "Ended:step.skipped") || !strings.Contains(got, "Reason:not now") {
			t.Errorf("skipping wrote %q", got)
		}
		stepAt(s, "deadlocks")
		s.press("o")
		s.write("seen in the log")
		s.press("Enter")
		if got := n.last(t); !strings.Contains(got, "Ended:step.overridden") {
			t.Errorf("a check that does not pass wrote %q", got)
		}
		stepAt(s, "end-root")
		s.press("o")
		settle(time.Second)
		if got := s.text(); !strings.Contains(got, "End session 4711") || d.runs > 0 {
			t.Errorf("no card, or run without one (%d):\n%s", d.runs, got)
		}
		started := func(text string) bool {
			return strings.Contains(text, "Ended:step.started") && strings.Contains(text, "end-root")
		}
		if slices.ContainsFunc(n.said, started) {
			t.Errorf("it began before it was confirmed: %q", n.said)
		}
		s.write("prod")
		s.press("Enter")
		settle(2 * time.Second)
		s.press("y")
		settle(time.Second)
		if !slices.ContainsFunc(n.said, started) || d.runs != 1 {
			t.Errorf("confirmed, and run %d times: %q\n%s", d.runs, n.said, s.text())
		}
	})
}

// A step that lacks what it needs opens no card.
func TestStepWithoutItsFacts(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		d := s.o.Duty()
		for i := range d.Steps {
			d.Steps[i].Missing = []string{"$blocker.pid"}
		}
		stepAt(s, "end-root")
		s.press("o")
		if got := s.text(); len(s.over) > 0 || !strings.Contains(got, "needs $blocker.pid") || n.last(t) != "" {
			t.Errorf("it began, and wrote %q:\n%s", n.last(t), got)
		}
	})
}

func TestAnotherRunbook(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		s.press("9", "]", "]", "o")
		if got := n.last(t); got != "follow lock-pileup" { // the one that fires stands first
			t.Errorf("wrote %q", got)
		}
		s.press("]", "j", "o", "Enter")
		if got := n.last(t); got != "follow lock-pileup" {
			t.Errorf("it left the book without a question: %q", got)
		}
		s.press("o", "Down", "Enter")
		if got := n.last(t); got != "follow connections-exhausted" || !strings.Contains(s.text(), "followed: connections-exhausted") {
			t.Errorf("wrote %q", got)
		}
	})
}

// An incident that somebody else closes while words are typed ends nothing.
func TestClosedWhileTyping(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		stepAt(s, "connections")
		s.press("X")
		s.o.Duty = func() Duty { return Duty{} }
		s.update(true)
		s.write("not now")
		s.press("Enter")
		if got := s.text(); n.last(t) != "" || !strings.Contains(got, "no incident is open") {
			t.Errorf("wrote %q:\n%s", n.last(t), got)
		}
	})
}

// What is over is not ended again.
func TestAStepThatIsOver(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		for _, key := range []string{"o", "D", "X"} {
			stepAt(s, "still-waiting")
			s.press(key)
			if got := s.text(); len(s.over) > 0 || n.last(t) != "" || !strings.Contains(got, "is over: overridden") {
				t.Errorf("%s wrote %q:\n%s", key, n.last(t), got)
			}
			s.press("Esc", "0")
		}
	})
}

// A question takes what its type allows, and proposes what the verdict knows.
func TestAnAnswerIsOfItsType(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		d := s.o.Duty()
		for i := range d.Steps {
			if d.Steps[i].Step.Name() == "who-is-at-the-root" {
				d.Steps[i].Step.Block.Ask = &runbook.Ask{Fact: "prefix", Type: string(actions.TypePrefix), Prompt: "Which prefix"}
				d.Steps[i].Proposed = "cart:*"
			}
		}
		stepAt(s, "who-is-at-the-root")
		s.press("o", "Enter")
		if got := s.text(); n.last(t) != "" || len(s.over) == 0 {
			t.Errorf("wrote %q:\n%s", n.last(t), got)
		}
		s.press("Backspace", "Enter")
		if got := n.last(t); !strings.Contains(got, "Reading:prefix = cart:") {
			t.Errorf("wrote %q", got)
		}
	})
}

// Evidence that is looked at in an incident is in its timeline, once.
func TestEvidenceLookedAt(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		for range 3 {
			s.press("e", "Esc")
		}
		if got := n.last(t); len(n.said) != 1 || !strings.HasPrefix(got, "incident.LookedAt {What:38 sessions wait") {
			t.Errorf("wrote %q", n.said)
		}
	})
	duty(t, false, func(s *stage, n *notebook, _ *deed) {
		s.press("e")
		if got := n.last(t); got != "" {
			t.Errorf("without an incident it wrote %q", got)
		}
	})
}

// What was answered and measured when a review was closed the last time stands
// beside what is asked and measured this time: in the list, in the question, in
// the step and in the text of the book.
func TestTheLastTime(t *testing.T) {
	duty(t, true, func(s *stage, _ *notebook, _ *deed) {
		book, _ := shippedBook(t, "cost-review")
		month := s.in.View.Now().AddDate(0, -1, 0)
		past := incident.Fold([]incident.Event{
			event(1, month, incident.KindFact, incident.FactFound{Name: "hosting-bandwidth", Value: "412 EUR"}),
			event(2, month, incident.KindStepDone, incident.StepEvent{Runbook: book.ID, Step: "hosting-bandwidth", Reading: "hosting-bandwidth = 412 EUR"}),
			event(3, month, incident.KindStepDone, incident.StepEvent{Runbook: book.ID, Step: "database-size", Reading: "db.tables.bytes 21 GiB"}),
			event(4, month, incident.KindStepDone, incident.StepEvent{Runbook: "slow-query", Step: "database-queries", Reading: "db.statements.mean 9 ms"}),
		})
		earlier := incident.Fold([]incident.Event{
			event(1, month, incident.KindStepDone, incident.StepEvent{Runbook: book.ID, Step: "database-size", Reading: "db.tables.bytes 20 GiB"}),
		})
		d := s.o.Duty()
		d.Book, d.Past = &book, []incident.State{past, earlier}
		d.Steps = book.Play(runbook.Situation{View: s.in.View, Began: s.in.View.Now()})
		s.o.Duty = func() Duty { return d }
		s.update(true)
		stepAt(s, "hosting-bandwidth")
		for _, want := range []string{"price of what is above (Dec 01: 412 EUR)", "156 MiB (Dec 01: 21 GiB): db.tables.bytes "} {
			if got := s.text(); !strings.Contains(got, want) {
				t.Errorf("the list lacks %q:\n%s", want, got)
			}
		}
		if got := s.text(); strings.Contains(got, "9 ms)") {
			t.Errorf("what another book measured stands there:\n%s", got)
		}
		in := s.in
		in.Width = 160
		if got := stepDetail(in, "database-size"); !slices.ContainsFunc(got, func(l Line) bool { return len(l) > 1 && l[len(l)-1].Text == "Dec 01: 21 GiB" }) {
			t.Errorf("the step lacks it: %v", got)
		}
		if got := bookDetail(in, book.ID); !slices.ContainsFunc(got, func(l Line) bool {
			return len(l) > 1 && l[len(l)-1].Text == "156 MiB (Dec 01: 21 GiB): db.tables.bytes"
		}) {
			t.Errorf("the text of the book lacks it: %v", got)
		}
		s.press("o")
		if got := s.text(); !strings.Contains(got, "─ Check bandwidth usage (Dec 01: 412 EUR) ─") {
			t.Errorf("not beside the question:\n%s", got)
		}
	})
}

// What the checks of a book see, their limits and what is left stand in one list
// each: that of the steps, and the text of the book, which needs no incident.
func TestLimitsAtOneGlance(t *testing.T) {
	play(t, sceneNamed(t, "lock-pileup"), func(t *testing.T, in In) {
		in = onDuty(t, in)
		book, _ := shippedBook(t, "scaling")
		in.Duty.Book, in.Duty.Steps = &book, book.Play(runbook.Situation{View: in.View, Began: in.View.Now()})
		for step, limit := range map[string][2]string{
			"limit-p95":         {"Response time, p95 below 1 s", "4.8 s of 1 s, 380 % over: http.p95 app=shop"},
			"limit-connections": {"Database connections below 80 %", "86 % of 80 %, 6 points over: db.connections.used"},
			"limit-memory":      {"Memory below 85 %", "62.5 % of 85 %, 23 points left: host.memory"},
			"limit-errors":      {"Error rate below 2 %", "0.34 % of 2 %, 1.66 points left: http.error_rate app=shop"},
		} {
			want := Line{span(Strong, limit[0]), gap(2)}
			if !slices.ContainsFunc(bookDetail(in, "scaling"), func(l Line) bool {
				return len(l) == 3 && slices.Equal(l[:2], want) && l[2].Text == limit[1]
			}) {
				t.Errorf("the text of the book does not say %q beside %q", limit[1], limit[0])
			}
			for _, width := range []int{160, 78} {
				in.Width = width
				table := stepsFrame(in).Table
				i := slices.IndexFunc(table.Rows, func(r Row) bool { return r.Key == step })
				left, widths := cellAt(table.Rows[i], len(table.Columns)-1).Text, fit(table.Columns, width)
				far, _, _ := strings.Cut(limit[1], ": ")
				far = far[:strings.LastIndex(far, " ")] // "left" and "over" may be cut off: the two numbers say that
				if !strings.HasPrefix(left, limit[1]) || widths[len(widths)-1] < len(far) {
					t.Errorf("%s says %q in %d of %d cells, want %q first", step, left, widths[len(widths)-1], width, limit[1])
				}
			}
		}
	})
}
