package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/drill"
)

// told is an incident as `tocsin incident show -o json` tells it.
type told struct {
	Incident struct {
		ID      string
		Runbook *string
		Status  string
		Began   time.Time
		Opened  time.Time
	}
	Timeline []struct {
		At   time.Time
		Kind string
		Data json.RawMessage
	}
}

func (w *world) incident() told {
	w.t.Helper()
	text, code := w.command("incident", "show", "-o", "json")
	var out told
	if err := json.Unmarshal([]byte(text), &out); err != nil || code != 0 {
		w.t.Fatalf("incident show: %v, code %d: %s", err, code, text)
	}
	return out
}

// has tells whether the timeline has an event with this in it.
func (t told) has(kind, part string) bool {
	for _, e := range t.Timeline {
		if e.Kind == kind && strings.Contains(string(e.Data), part) {
			return true
		}
	}
	return false
}

// opened opens an incident with the two keys that the screen names, which
// follows the runbook of the fault.
func (in *incident) opened(f fault) {
	in.t.Helper()
	in.screen.Keys("I")
	in.screen.WaitFor("open an incident", limit)
	in.screen.Keys("\r")
	in.screen.WaitUntil("the incident with its runbook", limit, func(screen string) bool {
		return strings.Contains(screen, "runbook "+f.book+",") && strings.Contains(screen, "incident is open")
	})
	in.screen.Keys("\x1b")
	in.screen.WaitUntil("the message to go", limit, func(screen string) bool { return !strings.Contains(screen, "incident is open") })
	in.screen.Keys("0")
	in.screen.WaitUntil("the overview", limit, func(screen string) bool { return !strings.Contains(screen, "Runbooks  Past") })
}

// closed closes the incident: its timeline and its postmortem have to tell what
// happened in the world, at the times at which it did.
func (in *incident) closed(f fault) {
	in.t.Helper()
	var got told
	in.until("the timeline to have the effect", func() bool {
		got = in.incident()
		return got.has("action", `"`+f.action+`"`) && got.has("effect", `"helped"`)
	})
	if *got.Incident.Runbook != f.book {
		in.t.Errorf("it follows %s, want %s", *got.Incident.Runbook, f.book)
	}
	broke := in.report(f.name).Began
	if broke.Sub(got.Incident.Began) > time.Second || got.Incident.Began.After(got.Incident.Opened) {
		in.t.Errorf("began at %v and opened at %v; the world broke at %v", got.Incident.Began, got.Incident.Opened, broke)
	}
	out, code := in.command("incident", "status", "closed", "mended", "--anyway")
	text, err := os.ReadFile(filepath.Join(in.stateDir(), "incidents", got.Incident.ID, "postmortem.md"))
	if err != nil || code != 0 {
		in.t.Fatalf("closing: %v, code %d: %s", err, code, out)
	}
	for _, want := range []string{stamped + ` \| \w+ \| ` + f.action + ` .*\| ok \| helped; `, `\| closed \| `, f.book + `, SHA-256 `} {
		if !regexp.MustCompile(want).MatchString(string(text)) {
			in.t.Errorf("the postmortem does not say %s:\n%s", want, text)
		}
	}
	found := regexp.MustCompile(`\| detected by [^|]+(` + stamped + `) \|`).FindSubmatch(text)
	if found == nil {
		in.t.Fatalf("the postmortem does not say who detected it:\n%s", text)
	}
	at, err := time.Parse("2006-01-02 15:04:05Z", strings.Trim(string(found[1]), "| "))
	if err != nil || at.Before(broke.Truncate(time.Second)) || at.After(got.Incident.Opened) {
		in.t.Errorf("detected at %v, %v; the world broke at %v and it was opened at %v", at, err, broke, got.Incident.Opened)
	}
}

// stamped is a cell with a time in a table.
const stamped = `\| \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`

// report is the case as a drill: by the world's own log, the audit and the
// record of the incident.
func (in *incident) report(fault string) drill.Report {
	in.t.Helper()
	r, err := drill.Of(in.dir, fault, time.Now())
	must(in.t, err)
	return r
}

// scored checks that all that a drill counts was reached in time, but what this
// fault cannot have.
func (in *incident) scored(fault string, lacks ...string) {
	in.t.Helper()
	r := in.report(fault)
	for _, s := range r.Scores {
		if s.Held == slices.Contains(lacks, s.What) {
			in.t.Errorf("%s: reached in time is %v", s.What, s.Held)
		}
	}
	if in.t.Log(r.Markdown()); len(r.Scores) != 6 {
		in.t.Errorf("%d scores, want 6", len(r.Scores))
	}
}

// TestIncidentOutlivesItsDashboard kills the dashboard in the middle of an
// incident: another one, and the command line, go on where it was.
func TestIncidentOutlivesItsDashboard(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	first := w.dashboard(160, 48, "runbook", "run", "user-reported")
	first.WaitFor("open an incident", limit)
	first.Keys("\r")
	first.WaitFor("incident is open;", limit)
	first.WaitFor("user-reported, 0 of", limit)
	first.Keys("[")
	first.WaitFor("runbook user-reported,", limit)
	for i := range 3 {
		first.Keys("n")
		first.WaitFor("what you see or do", limit)
		first.Keys(fmt.Sprintf("finding %d\r", i))
		first.WaitFor(fmt.Sprintf("finding %d", i), limit)
	}
	first.Signal(syscall.SIGKILL)
	first.Wait(limit)
	second := w.dashboard(80, 24, "runbook", "run", "cost-review")
	second.WaitFor("P3 incident", limit)
	if book := w.incident().Incident.Runbook; *book != "cost-review" {
		t.Errorf("it follows %s", *book)
	}
	if out, code := w.command("incident", "note", "from the shell"); code != 0 {
		t.Fatalf("code %d: %s", code, out)
	}
	second.Keys("9")
	second.WaitUntil("all notes", limit, func(screen string) bool {
		return strings.Contains(screen, "from the shell") && strings.Contains(screen, "finding 2") && strings.Contains(screen, "finding 0")
	})
	got := w.incident()
	if !got.has("note", "finding 1") || !got.has("note", "from the shell") {
		t.Errorf("timeline %+v", got.Timeline)
	}
	if got.Incident.Status != "open" {
		t.Errorf("it is %s", got.Incident.Status)
	}
}
