package incident

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Whatever stands between the marks survives, headings and fences as well.
func TestKeptTextIsWhole(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	id := opened(t, f, slow())
	s := state(t, f, id)
	mine := "## Root cause\n\nThe job.\n\n```sh\n## restart it\n```"
	first := strings.Replace(s.Postmortem(""), keepBegin+"\n", keepBegin+"\n"+mine+"\n", 1)
	first = strings.Replace(first, keepEnd+"\n", keepEnd+"\n"+keepBegin+"\na second\n"+keepEnd+"\n", 1)
	again := s.Postmortem(s.Postmortem(first))
	if !strings.Contains(again, mine) || !strings.Contains(again, "a second") {
		t.Errorf("lost:\n%s", again)
	}
	open := strings.Replace(first, keepEnd+"\n"+keepBegin+"\na second", keepBegin+"\na second", 1)
	once := s.Postmortem(open)
	if got := s.Postmortem(once); got != once || strings.Count(got, keepBegin) != strings.Count(got, keepEnd) {
		t.Errorf("a mark that is not closed, before one that is:\n%s", got)
	}
	unclosed := strings.Replace(s.Postmortem(""), keepEnd, "", 1)
	if got := s.Postmortem(unclosed); strings.Count(got, "## Impact") != 1 || strings.Count(got, "## Times") != 1 {
		t.Errorf("a mark that is not closed:\n%s", got)
	}
}

// What was changed by hand outside the marks is noticed, before it is written over.
func TestSealed(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	s := state(t, f, opened(t, f, slow()))
	text := s.Postmortem("")
	inside := strings.Replace(text, "What happened, in three sentences.", "The job held a lock.\n\n## It was slow", 1)
	for name, tt := range map[string]struct {
		text   string
		sealed bool
	}{
		"as written":            {text, true},
		"between the marks":     {inside, true},
		"with other line ends":  {strings.ReplaceAll(inside, "\n", "\r\n"), true},
		"written anew":          {s.Postmortem(inside), true},
		"a line in a table":     {strings.Replace(text, "| opened |", "| opened by phone |", 1), false},
		"a part of their own":   {text + "\n## Remarks\nnone\n", false},
		"of an earlier version": {"# An incident\n", false},
	} {
		if Sealed(tt.text) != tt.sealed {
			t.Errorf("%s: sealed is %v", name, !tt.sealed)
		}
	}
	if got := s.Postmortem(inside); !strings.Contains(got, "The job held a lock.") {
		t.Errorf("lost:\n%s", got)
	}
	if got := s.Postmortem(text + "\n## Remarks\n" + keepBegin + "\nnot closed"); strings.Count(got, sealBegin) != 1 || !Sealed(got) {
		t.Errorf("sealed twice:\n%s", got)
	}
}

// Once it is closed an incident takes what remained and what was done before,
// and nothing else, whoever asks.
func TestClosed(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	id := opened(t, f, slow())
	put(t, f, id, StatusSet{StatusClosed, ""})
	for _, tt := range []struct {
		data Data
		fits bool
	}{
		{Noted{Text: "too late"}, false},
		{AlertSeen{Rule: "db.down", State: "firing"}, false},
		{StatusSet{Status: StatusMitigated}, false},
		{FollowUp{Text: "an index"}, true},
		{ActionRun{ID: "1", Action: "pg.cancel", Outcome: "ok"}, true},
		{EffectSeen{ID: "1", Verdict: "helped"}, true},
	} {
		before := len(state(t, f, id).Events)
		_, err := f.Append(id, tt.data)
		if now := len(state(t, f, id).Events); (err == nil) != tt.fits || errors.Is(err, ErrClosed) == tt.fits || (now > before) != tt.fits {
			t.Errorf("%T: %v, %d events after %d", tt.data, err, now, before)
		}
	}
	if _, err := f.KeepEvidence(id, "cause.pdf", "the provider's own report", []byte("a")); err != nil {
		t.Errorf("evidence: %v", err)
	}
	put(t, f, id, StatusSet{StatusOpen, "it is back"}, Noted{"so it is"})
}

// Of several who keep evidence at once nobody loses any.
func TestEvidenceAtOnce(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	id := opened(t, f, slow())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if _, err := f.KeepEvidence(id, "log.txt", "", []byte(fmt.Sprint("piece ", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, e := range state(t, f, id).Evidence {
		text, err := os.ReadFile(filepath.Join(f.In(id), e.File))
		if err != nil {
			t.Fatal(err)
		}
		seen[string(text)] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d of 8 pieces are there: %v", len(seen), seen)
	}
}

// A folder without a beginning is no incident: who opened it was killed.
func TestWhatNeverBeganIsNoIncident(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	for name, text := range map[string]string{"20261123T010000Z-a": "", "20261123T010001Z-b": `{"v":1,"n":1`, "20261123T010002Z-c": "-"} {
		if err := os.MkdirAll(f.In(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if text == "-" {
			continue
		}
		if err := os.WriteFile(filepath.Join(f.In(name), timelineName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := f.List(); err != nil || len(all) != 0 {
		t.Errorf("listed %v, %v", all, err)
	}
	opened(t, f, slow())
	if s, err := f.Current("prod"); err != nil || s.Title() != slow().Title {
		t.Errorf("current: %v, %v", s.Title(), err)
	}
}
