package ui

import (
	"encoding/json"
	"testing"
	"time"

	"tocsin/internal/incident"
	"tocsin/internal/runbook"
)

// event is one line of a timeline, so long before now.
func event(n int, at time.Time, kind incident.Kind, data any) incident.Event {
	raw, _ := json.Marshal(data)
	return incident.Event{V: 1, N: n, At: at, Who: "ana", Via: "ssh", Kind: kind, Data: raw}
}

func shippedBook(t *testing.T, id string) (book runbook.Book, all []runbook.Book) {
	t.Helper()
	all, err := runbook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.ID == id {
			return b, all
		}
	}
	t.Fatalf("no book %s", id)
	return book, all
}

// onDuty is a view with an incident that was opened four minutes ago, and a
// closed one of last week.
func onDuty(t *testing.T, in In) In {
	t.Helper()
	now := in.View.Now()
	opened := now.Add(-4 * time.Minute)
	book, all := shippedBook(t, "lock-pileup")
	state := incident.Fold([]incident.Event{
		event(1, opened, incident.KindOpened, incident.Opened{Title: "38 sessions wait behind pid 4711", Severity: "P1", Criterion: "more than 2 % of requests fail", Target: "prod", Cause: "db.locks.waiting"}),
		event(2, opened, incident.KindPinned, incident.Pinned{Runbook: book.ID, Sum: book.Sum}),
		event(3, opened.Add(2*time.Second), incident.KindAlert, incident.AlertSeen{Rule: "db.locks.waiting", Severity: "P1", State: "firing", Since: now.Add(-5 * time.Minute), Reading: "38 (> 5)"}),
		event(4, opened.Add(time.Minute), incident.KindRole, incident.RoleTaken{Role: "lead", Who: "ana"}),
		event(5, opened.Add(2*time.Minute), incident.KindStepOverridden, incident.StepEvent{Runbook: book.ID, Step: "still-waiting", TookS: 120, Reason: "it does not shrink"}),
		event(6, opened.Add(3*time.Minute), incident.KindNote, incident.Noted{Text: "the carts job has run since 02:00"}),
	})
	state.ID = "20261123T020411Z-38-sessions-wait"
	past := incident.Fold([]incident.Event{
		event(1, now.Add(-7*24*time.Hour), incident.KindOpened, incident.Opened{Title: "a migration held a lock", Severity: "P1", Target: "prod", Cause: "db.locks.waiting"}),
		event(2, now.Add(-7*24*time.Hour), incident.KindPinned, incident.Pinned{Runbook: book.ID, Sum: book.Sum}),
		event(3, now.Add(-7*24*time.Hour).Add(9*time.Minute), incident.KindStatus, incident.StatusSet{Status: incident.StatusMitigated}),
		event(4, now.Add(-7*24*time.Hour).Add(time.Hour), incident.KindFollowUp, incident.FollowUp{ID: "f1", Text: "lock_timeout for migrations", Owner: "ben"}),
		event(5, now.Add(-6*24*time.Hour), incident.KindStatus, incident.StatusSet{Status: incident.StatusClosed}),
	})
	past.ID = "20261116T020411Z-a-migration"
	in.Duty = Duty{Incident: &state, Book: &book, Past: []incident.State{past}}
	before, after := 38.0, 0.0
	in.Duty.Ledger = []incident.Helped{
		{Rule: "db.locks.waiting", Action: "pg.terminate", Runs: 4, Helped: 3, Last: now.Add(-7 * 24 * time.Hour), Metric: "db.locks.waiting", Before: &before, After: &after},
		{Rule: "http.p95", Action: "cache.purge", Runs: 2, Worse: 1, Last: now.Add(-9 * 24 * time.Hour)},
	}
	in.Duty.Steps = book.Play(runbook.Situation{View: in.View, Suspect: in.Suspect, Began: state.At, Words: map[string]runbook.Word{
		"still-waiting": {Course: runbook.CourseOverridden, At: opened.Add(2 * time.Minute), Reason: "it does not shrink"},
	}})
	in.Books = all
	in.Contacts = []Contact{{"Supabase support", "database", "support@supabase.example, ticket from the project's page", "24/7"}, {"Cleo", "legal", "+49 30 5550100", "Mon-Fri 9-17 CET"}}
	return in
}

// evilDuty has an evil text wherever one comes from outside.
func evilDuty(t *testing.T, in In) In {
	in = onDuty(t, in)
	evil := "a[red]b\x1b]52;c;ZXZpbA==\x07\x1b[2J\u202egnp\u202c\nforged"
	state := incident.Fold([]incident.Event{
		event(1, in.View.Now(), incident.KindOpened, incident.Opened{Title: evil, Severity: evil, Target: "prod"}),
		event(2, in.View.Now(), incident.KindNote, incident.Noted{Text: evil}),
		event(3, in.View.Now(), incident.Kind(evil), evil),
		event(4, in.View.Now(), incident.KindRole, incident.RoleTaken{Role: "lead", Who: evil}),
	})
	in.Duty.Incident, in.Duty.Past[0].Opening.Title = &state, evil
	in.Contacts = []Contact{{evil, evil, evil, evil}}
	in.Duty.Book.Title, in.Duty.Steps[0].Step.Title, in.Duty.Steps[0].Reading = evil, evil, evil
	return in
}
