package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/incident"
	"tocsin/internal/runbook"
)

// helpfulBook is a shipped book that is followed, with a step that was skipped
// and every action there is helping beside it.
func helpfulBook(t *testing.T, f incident.Folder, id string, b runbook.Book) incident.State {
	t.Helper()
	if err := pinBook(f, id, b); err != nil {
		t.Fatal(err)
	}
	list := []incident.Data{
		incident.StepEvent{Ended: incident.KindStepSkipped, Runbook: b.ID, Step: b.Steps()[0].Name(), Reason: "for\n# the test"},
		incident.StepEvent{Ended: incident.KindStepSkipped, Runbook: b.ID, Step: "of-an-earlier-version", Reason: "for the test"},
	}
	ids := []string{"gone.by.now"}
	for _, a := range Actions() {
		ids = append(ids, a.ID)
	}
	for _, action := range ids {
		list = append(list, incident.ActionRun{ID: action, Action: action, Target: "table=public.orders", Outcome: "ok"},
			incident.EffectSeen{ID: action, Action: action, Verdict: "helped"})
	}
	if _, err := f.Extend(id, func(incident.State) []incident.Data { return list }); err != nil {
		t.Fatal(err)
	}
	s, err := f.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The proposal of a shipped book is a book again, in which lint finds no fault:
// whichever action it takes in.
func TestProposalIsABook(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now())
	books, err := runbook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	known := runbook.Known{Actions: Actions(), Rules: alert.Defaults(), Now: time.Now()}
	for _, b := range books {
		s := helpfulBook(t, c.incidents, id, b)
		if _, err := writePostmortem(c.incidents, s); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(c.incidents.In(id), incident.ProposalName))
		if err != nil {
			t.Fatal(err)
		}
		again, err := runbook.Parse(b.ID+".md", text)
		if err != nil {
			t.Fatalf("%s: %v", b.ID, err)
		}
		if got := len(again.Steps()); got <= len(b.Steps()) || !strings.Contains(again.Steps()[0].Prose, "for # the test") {
			t.Errorf("%s: %d steps\n%s", b.ID, got, again.Steps()[0].Prose)
		}
		for _, a := range Actions() {
			if !strings.Contains(string(text), a.ID) {
				t.Errorf("%s: %s is missing", b.ID, a.ID)
			}
		}
		if twice, err := proposal(s, string(text)); err != nil || strings.Count(twice, "id: proposed-gone-by-now\n") != 1 {
			t.Errorf("%s: what was taken over is proposed again: %v", b.ID, err)
		}
		for _, f := range runbook.Lint([]runbook.Book{again}, known) {
			if !f.Note && f.File != "rules" { // the other books are not looked at
				t.Errorf("%s: %s", b.ID, f)
			}
		}
	}
}

// A proposal goes with its reason, and what was changed outside the keep marks
// stays beside the new postmortem.
func TestPapersAreWrittenAnew(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now())
	b := runbook.Book{ID: "small", Sum: strings.Repeat("ab", 32), Text: "---\nrunbook: small\ntitle: Small\nseverity: P3\nowner: us\nreviewed: 2026-11-01\n---\n# Small\n\n## Look\n### Once\n```step\nid: once\n```\n"}
	if err := pinBook(c.incidents, id, b); err != nil {
		t.Fatal(err)
	}
	step := incident.StepEvent{Ended: incident.KindStepSkipped, Runbook: "small", Step: "once", Reason: "no time"}
	write := func(data incident.Data) (said, text string) {
		t.Helper()
		if _, err := c.incidents.Append(id, data); err != nil {
			t.Fatal(err)
		}
		s, err := c.incidents.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if said, err = writePostmortem(c.incidents, s); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(filepath.Join(c.incidents.In(id), incident.PostmortemName))
		if err != nil {
			t.Fatal(err)
		}
		return said, string(whole)
	}
	proposed := filepath.Join(c.incidents.In(id), incident.ProposalName)
	said, text := write(step)
	if _, err := os.Stat(proposed); err != nil || !strings.Contains(text, incident.ProposalName) || strings.Contains(said, "changed") {
		t.Errorf("proposed: %v, said %q\n%s", err, said, text)
	}
	mine := strings.Replace(text, "| opened |", "| opened by phone |", 1)
	if err := os.WriteFile(filepath.Join(c.incidents.In(id), incident.PostmortemName), []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	step.Ended = incident.KindStepDone
	said, text = write(step)
	if _, err := os.Stat(proposed); err == nil || strings.Contains(text, incident.ProposalName) {
		t.Errorf("the proposal is there still: %v\n%s", err, text)
	}
	_, aside, found := strings.Cut(said, "it was changed outside the keep marks, that is in ")
	kept, err := os.ReadFile(filepath.Join(c.incidents.In(id), aside))
	if !found || err != nil || string(kept) != mine || strings.Contains(text, "by phone") {
		t.Errorf("said %q, %v, kept\n%s", said, err, kept)
	}
}

// Without its pinned runbook an incident has its postmortem all the same.
func TestAPostmortemWithoutItsRunbook(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now())
	books, err := runbook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	s := helpfulBook(t, c.incidents, id, books[0])
	if err := os.Remove(filepath.Join(c.incidents.In(id), s.Book.File)); err != nil {
		t.Fatal(err)
	}
	_, err = writePostmortem(c.incidents, s)
	text, lost := os.ReadFile(filepath.Join(c.incidents.In(id), incident.PostmortemName))
	if err == nil || !strings.Contains(err.Error(), s.Book.File) || lost != nil || !strings.Contains(string(text), "## Timeline") {
		t.Errorf("%v, %v\n%s", err, lost, text)
	}
}
