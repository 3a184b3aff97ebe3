package incident

import (
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
