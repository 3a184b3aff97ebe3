package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/config"
	"tocsin/internal/incident"
	"tocsin/internal/runbook"
)

// The record of an incident knows the clocks of the runbook that is followed: a
// drill is scored by them.
func TestARunbookIsPinnedWithItsClocks(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now())
	book, err := runbook.Parse("x.md", []byte(`---
runbook: x
title: X
severity: P2
triggers: [db.connections]
owner: platform
reviewed: 2026-11-28
---
# X
## Look (0-5 min)
### Look
`+"```step\nid: look\nwithin: 2m\ncheck: db.tx.longest < 1m\n```"+`
### Watch
`+"```step\nid: watch\ncheck: db.tx.longest < 1m\n```"+`
### Think
## Mend (5-15 min)
### End it
`+"```step\nid: end\nwithin: 3m\nwhen: db.tx.longest > 1m\naction: pg.vacuum\nwith: {table: public.events}\n```"+`
### Tell
`+"```step\nid: tell\nwithin: 72h\nfrom: aware\n```\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := pinBook(c.incidents, id, book); err != nil {
		t.Fatal(err)
	}
	s, err := c.incidents.Get(id)
	want := []incident.PinnedStep{
		{Step: "look", Within: 2 * time.Minute, Own: true, Watched: true},
		{Step: "watch", Within: 5 * time.Minute, Watched: true},
		{Step: "think", Within: 5 * time.Minute},
		{Step: "end", Within: 8 * time.Minute, Own: true, When: true},
		{Step: "tell", Within: 72 * time.Hour, Own: true, From: "aware"},
	}
	if err != nil || !slices.Equal(s.Book.Steps, want) || !slices.Equal(s.Book.Actions, []string{"pg.vacuum"}) {
		t.Errorf("pinned %+v, %v", s.Book, err)
	}
}

// What the screen keeps lies beside the timeline, and is told in it; work that
// remains is settled also once the incident is closed.
func TestTheScreenKeepsEvidenceAndSettlesWork(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now())
	w := &watch{p: c.p, written: make(chan chan<- struct{})}
	go func() {
		for shown := range w.written {
			close(shown)
		}
	}()
	defer close(w.written)
	c.p.incidents.Redact = func(text string) string { return strings.ReplaceAll(text, "hunter2", "***") }
	r := recorder{w}
	if said, err := r.Evidence(id, "view.md", "who waits", "pid 4711, password hunter2"); err != nil || said != "kept evidence/001-view.md: who waits" {
		t.Errorf("a view: %q, %v", said, err)
	}
	log := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(log, []byte("out of memory"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := r.EvidenceFile(id, log, "its log"); err != nil || said != "kept evidence/002-app.log: its log" {
		t.Errorf("a file: %q, %v", said, err)
	}
	if _, err := r.EvidenceFile(id, filepath.Dir(log), "a folder"); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a folder: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(c.p.incidents.In(id), "evidence", "001-view.md"))
	if err != nil || string(text) != "pid 4711, password ***" {
		t.Errorf("kept %q, %v", text, err)
	}
	if _, err := c.p.incidents.Append(id, incident.FollowUp{ID: "f1", Text: "an index"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.p.incidents.Append(id, incident.StatusSet{Status: incident.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	if err := r.Settle(id, incident.FollowUp{ID: "f1", Text: "an index", Done: true}); err != nil {
		t.Error(err)
	}
	if s, err := c.p.incidents.Get(id); err != nil || len(s.OpenFollowUps()) != 0 || len(s.Evidence) != 2 {
		t.Errorf("%d follow-ups, %d pieces, %v", len(s.OpenFollowUps()), len(s.Evidence), err)
	}
}

// An incident that is opened for a runbook has its name and follows it; one whose
// runbook cannot be found is opened all the same.
func TestAnIncidentIsNamedByItsRunbook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := &program{target: config.Target{Name: "prod"}, incidents: incidentsOf(dir, nil), shelf: &shelf{dir: filepath.Join(dir, "runbooks"), rules: alert.Defaults()}}
	w := &watch{p: p, written: make(chan chan<- struct{})}
	go func() {
		for shown := range w.written {
			close(shown)
		}
	}()
	defer close(w.written)
	r := recorder{w}
	for _, tt := range []struct {
		title, book string
		named       string
		follows     bool
		fails       bool
	}{
		{"", "lock-pileup", "Sessions wait behind a lock", true, false},
		{"Checkout hangs", "lock-pileup", "Checkout hangs", true, false},
		{"", "no-such", "no-such", false, true},
		{"opened by hand", "", "opened by hand", false, false},
	} {
		err := r.Open(incident.Opened{Title: tt.title, Severity: "P1", Target: "prod"}, tt.book)
		s, lost := r.current()
		if lost != nil || (err != nil) != tt.fails || s.Title() != tt.named || (s.Book != nil) != tt.follows {
			t.Errorf("%+v: %v, %v, %q follows %v", tt, err, lost, s.Title(), s.Book)
		}
		if _, err := p.incidents.Append(s.ID, incident.StatusSet{Status: incident.StatusClosed}); err != nil {
			t.Fatal(err)
		}
	}
}
