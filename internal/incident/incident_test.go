package incident

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var began = time.Date(2026, 11, 23, 2, 4, 11, 0, time.UTC)

// folder is one with a clock that a test moves.
func folder(t *testing.T) (Folder, *time.Time) {
	t.Helper()
	now := began
	return Folder{Dir: filepath.Join(t.TempDir(), "incidents"), Who: "ana", Via: "ssh", Now: func() time.Time { return now }}, &now
}

func opened(t *testing.T, f Folder, o Opened) string {
	t.Helper()
	id, err := f.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func put(t *testing.T, f Folder, id string, data ...Data) {
	t.Helper()
	for _, d := range data {
		if _, err := f.Append(id, d); err != nil {
			t.Fatal(err)
		}
	}
}

func state(t *testing.T, f Folder, id string) State {
	t.Helper()
	s, err := f.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func slow() Opened {
	return Opened{Title: "Checkout is slow!", Severity: "P2", Criterion: "p95 over 1 s, users wait", Target: "prod", Cause: "http.p95"}
}

func TestIncident(t *testing.T) {
	t.Parallel()
	f, now := folder(t)
	if _, err := f.Current("prod"); !errors.Is(err, ErrNone) {
		t.Errorf("before any: %v", err)
	}
	id := opened(t, f, slow())
	if id != "20261123T020411Z-checkout-is-slow" {
		t.Errorf("name %s", id)
	}
	*now = now.Add(time.Minute)
	put(t, f, id, AlertSeen{Rule: "http.p95", Severity: "P2", State: "firing", Since: began.Add(-3 * time.Minute), Reading: "1.4 s > 1 s"},
		SeveritySet{"P1", "errors too"}, RoleTaken{"lead", "ana"}, FactFound{"table", "public.orders"}, HandedOff{To: "ben"})
	s := state(t, f, id)
	if s.Severity != "P1" || len(s.Severities) != 2 || s.Roles["lead"] != "ben" || s.Facts["table"] != "public.orders" || s.Status != StatusOpen {
		t.Errorf("state %+v", s)
	}
	if got := s.Began(); !got.Equal(began.Add(-3 * time.Minute)) {
		t.Errorf("began at %v", got)
	}
	if at, ok := s.NextUpdate(); !ok || !at.Equal(began.Add(31*time.Minute)) {
		t.Errorf("first update by %v, %v", at, ok)
	}
	*now = now.Add(time.Second)
	put(t, f, id, CommsSent{Audience: "team", Text: "on it", Next: time.Hour})
	if at, _ := state(t, f, id).NextUpdate(); !at.Equal(now.Add(time.Hour)) {
		t.Errorf("next update by %v", at)
	}
	*now = now.Add(time.Minute)
	put(t, f, id, SeveritySet{"P0", "all of them"})
	if at, _ := state(t, f, id).NextUpdate(); !at.Equal(now.Add(15 * time.Minute)) {
		t.Errorf("next update by %v, after it got worse", at)
	}
	put(t, f, id, CommsSent{Audience: "team", Text: "that is all"})
	if _, due := state(t, f, id).NextUpdate(); due {
		t.Error("an update is due although none was promised")
	}
	*now = now.Add(time.Second)
	put(t, f, id, SeveritySet{"P0", "it is worse"})
	if at, due := state(t, f, id).NextUpdate(); !due || !at.Equal(now.Add(15*time.Minute)) {
		t.Errorf("after it got worse an update is due by %v, %v", at, due)
	}
	*now = now.Add(10 * time.Minute)
	put(t, f, id, StatusSet{StatusMitigated, ""}, StatusSet{StatusResolved, "rolled back"})
	s = state(t, f, id)
	if d, ok := s.After(StatusMitigated); !ok || d != 15*time.Minute+2*time.Second {
		t.Errorf("mitigated after %v, %v", d, ok)
	}
	if _, due := s.NextUpdate(); due {
		t.Error("a resolved incident wants an update")
	}
	put(t, f, id, StatusSet{StatusOpen, "it is back"})
	if _, ok := state(t, f, id).After(StatusResolved); ok {
		t.Error("reopened, and still resolved")
	}
	put(t, f, id, StatusSet{StatusClosed, ""})
	if _, err := f.Current("prod"); !errors.Is(err, ErrNone) {
		t.Errorf("after it was closed: %v", err)
	}
}

// A clock that steps back gives no negative time.
func TestClockStepsBack(t *testing.T) {
	t.Parallel()
	f, now := folder(t)
	id := opened(t, f, slow())
	*now = now.Add(-time.Hour)
	put(t, f, id, StatusSet{StatusMitigated, ""})
	if d, ok := state(t, f, id).After(StatusMitigated); !ok || d != 0 {
		t.Errorf("mitigated after %v, %v", d, ok)
	}
}

// What a killed process left of a line is put aside and told; all before it stays.
func TestTornLine(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	id := opened(t, f, slow())
	put(t, f, id, Noted{"before"})
	path := filepath.Join(f.In(id), timelineName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		events, err := f.Events(id)
		if err != nil || len(events) != strings.Count(string(whole[:cut]), "\n") {
			t.Fatalf("cut at %d: %d events, %v", cut, len(events), err)
		}
		put(t, f, id, Noted{"after"})
		events, err = f.Events(id)
		last := events[len(events)-1]
		if err != nil || last.Says() != "after" || last.N != len(events) {
			t.Fatalf("cut at %d: then %+v, %v", cut, last, err)
		}
	}
	torn, err := os.ReadFile(filepath.Join(f.In(id), tornName))
	if err != nil || !strings.Contains(string(torn), `{"v":1`) {
		t.Errorf("aside is %q, %v", torn, err)
	}
}

func TestManyWriters(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	id := opened(t, f, slow())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if _, err := f.Append(id, Noted{"note"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	events, err := f.Events(id)
	if err != nil || len(events) != 161 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for i, e := range events {
		if e.N != i+1 {
			t.Fatalf("line %d has number %d", i+1, e.N)
		}
	}
}

func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	f.Redact = func(text string) string { return strings.ReplaceAll(text, "hunter2", "•••") }
	id := opened(t, f, Opened{Title: "x", Criterion: "password hunter2"})
	put(t, f, id, AlertSeen{Rule: "r", Labels: map[string]string{"dsn": "hunter2"}})
	text, err := os.ReadFile(filepath.Join(f.In(id), timelineName))
	if err != nil || strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "•••") {
		t.Errorf("%s, %v", text, err)
	}
}

// Others see of a restricted incident that there is one, and nothing else.
func TestRestricted(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	id := opened(t, f, Opened{Title: "Heron", Severity: "P0", Restricted: true})
	info, err := os.Stat(f.In(id))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v", info.Mode(), err)
	}
	if s := hidden(id); s.Title() != "restricted incident" || s.Mentions("heron") || !s.At.Equal(began) || strings.Contains(s.ID, "heron") {
		t.Errorf("hidden: %+v", s)
	}
	if text := state(t, f, id).Message("customers", began); strings.Contains(text, "Heron") {
		t.Errorf("customers hear %q", text)
	}
}

func TestUnknownLinesAreKept(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	id := opened(t, f, slow())
	file, err := os.OpenFile(filepath.Join(f.In(id), timelineName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("not JSON\n" + `{"v":9,"n":3,"at":"2026-11-23T02:05:00Z","who":"x","kind":"later","data":{"a":1}}` + "\n")
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	put(t, f, id, Noted{"after"})
	s := state(t, f, id)
	var said []string
	for _, e := range s.Events[1:] {
		said = append(said, e.Says())
	}
	if got := strings.Join(said, "|"); got != `unreadable {"text":"not JSON"}|later {"a":1}|after` {
		t.Errorf("said %s", got)
	}
}

func TestNamesStayInside(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	for _, id := range []string{"", "..", "../x", "/etc", "."} {
		if _, err := f.Get(id); err == nil {
			t.Errorf("%q was read", id)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	id := opened(t, f, slow())
	put(t, f, id, Pinned{Runbook: "slow-queries"}, ActionRun{ID: "1", Action: "pg.cancel", Target: "pid 7"})
	s := state(t, f, id)
	for text, want := range map[string]bool{"SLOW-QUERIES": true, "pg.cancel": true, "http.p95": true, "checkout": true, "redis": false} {
		if s.Mentions(text) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"v":1,"n":1,"at":"2026-11-23T02:05:00Z","who":"x","kind":"opened","data":{"title":"t"}}` + "\n"))
	f.Add([]byte("{\"kind\":\"status\",\"data\":{\"status\":\"no such\"}}\n{\"kind\":\"alert\"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := Fold(parse(text))
		if want := strings.Count(string(text), "\n"); len(s.Events) != want {
			t.Errorf("%d events of %d lines", len(s.Events), want)
		}
		for _, e := range s.Events {
			_ = e.Says()
		}
		_ = s.Postmortem(string(text))
	})
}
