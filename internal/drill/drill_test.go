package drill

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/incident"
)

var broke = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func at(after time.Duration) audit.Time { return audit.Time{Time: broke.Add(after)} }

// call is the record of one action.
func call(id, action, outcome, verdict string, after time.Duration) []audit.Entry {
	out := []audit.Entry{
		{Phase: audit.Intent, ID: id, At: at(after), Action: action},
		{Phase: audit.Result, ID: id, At: at(after + time.Second), Action: action, Outcome: outcome},
	}
	if verdict != "" {
		out = append(out, audit.Entry{Phase: audit.Effect, ID: id, At: at(after + 2*time.Second), Verdict: verdict})
	}
	return out
}

// flat is a report without what makes its columns stand below each other.
func flat(report string) string { return regexp.MustCompile(" +").ReplaceAllString(report, " ") }

func opened(after time.Duration) incident.State { return followedIn(after, false) }

// followedIn is an incident with one step of its runbook done.
func followedIn(after time.Duration, late bool) incident.State {
	return recorded(after, told(after, incident.KindStepDone, incident.StepEvent{Runbook: "lock-pileup", Step: "a", Late: late}))
}

// told is an event of an incident, so long after the fault.
func told(after time.Duration, kind incident.Kind, data incident.Data) incident.Event {
	raw, _ := json.Marshal(data)
	return incident.Event{At: broke.Add(after), Kind: kind, Data: raw}
}

// recorded is an incident that follows a runbook.
func recorded(after time.Duration, more ...incident.Event) incident.State {
	return incident.Fold(append([]incident.Event{
		told(after, incident.KindOpened, incident.Opened{Title: "x", Severity: "P1"}),
		told(after, incident.KindPinned, incident.Pinned{Runbook: "lock-pileup", Steps: []incident.PinnedStep{
			{Step: "still", Within: time.Minute, Watched: true},
			{Step: "look", Within: 2 * time.Minute, Own: true},
			{Step: "stays", Within: time.Hour, Own: true},
			{Step: "end-root", Within: 5 * time.Minute, Own: true, When: true},
			{Step: "report", Within: time.Minute, Own: true, From: "aware"},
		}}),
	}, more...))
}

func TestJudge(t *testing.T) {
	t.Parallel()
	started := Note{At: broke, Event: "fault.started", Name: "lock-pileup"}
	ended := func(after time.Duration) Note {
		return Note{At: broke.Add(after), Event: "fault.ended", Name: "lock-pileup"}
	}
	for name, c := range map[string]struct {
		world  []Note
		done   []audit.Entry
		open   []incident.State
		passed bool
		says   []string
	}{
		"well met": {
			world: []Note{{At: broke.Add(-time.Minute), Event: "ready"}, started, ended(90 * time.Second)},
			done:  call("1", "pg.terminate", "ok", "helped", time.Minute), open: []incident.State{opened(40 * time.Second)}, passed: true,
			says: []string{"# Drill: lock-pileup, passed", "| detected | 40s | 5m0s | ok |", "| helpful action | 1m0s | 10m0s | ok |", "| restored | 1m30s |", "| recorded | | | ok | book lock-pileup |", "| steps in time | | | ok | 1 done, 0 late, 0 missed |"},
		},
		"too late": {
			world: []Note{started, ended(20 * time.Minute)}, done: call("1", "pg.terminate", "ok", "helped", 19*time.Minute), open: []incident.State{opened(time.Minute)},
			says: []string{"not passed", "| restored | 20m0s | 15m0s | MISSED |"},
		},
		"late steps": {
			world: []Note{started, ended(90 * time.Second)}, done: call("1", "pg.terminate", "ok", "helped", time.Minute), open: []incident.State{followedIn(40*time.Second, true)},
			says: []string{"not passed", "| recorded | | | ok |", "| steps in time | | | MISSED | 1 done, 1 late, 0 missed |", "- steps late: a\n"},
		},
		"worse first": {
			world: []Note{started, ended(3 * time.Minute)}, open: []incident.State{opened(time.Minute)},
			done: append(call("1", "deploy.rollback", "ok", "worse", time.Minute), call("2", "pg.terminate", "ok", "helped", 2*time.Minute)...),
			says: []string{"not passed", "1 of 2 failed or harmed", "- 02:01:00Z deploy.rollback: ok, worse"},
		},
		"nothing done": {
			world: []Note{started}, says: []string{"| detected | never | 5m0s | MISSED |", "no incident was opened: I", "Nothing."},
		},
		"refused and acknowledged are no acts": {
			world: []Note{started}, done: append(call("1", "pg.terminate", "refused", "", time.Minute), call("2", "alert.acknowledge", "ok", "", time.Minute)...),
			says: []string{"| detected | never |", "0 of 0 failed"},
		},
		"opened before the fault": {
			world: []Note{started, ended(90 * time.Second)}, open: []incident.State{opened(-29 * time.Second)},
			says: []string{"not passed", "| detected | never | 5m0s | MISSED |", "| 0 done, 0 late, 0 missed |"},
		},
		"opened before the fault, and done after it": {
			world: []Note{started, ended(90 * time.Second)}, done: call("1", "pg.terminate", "ok", "helped", time.Minute),
			open: []incident.State{opened(-29 * time.Second)}, passed: true, says: []string{"| detected | 1m0s | 5m0s | ok |"},
		},
		"opened once before and twice after": {
			world: []Note{started}, open: []incident.State{opened(2 * time.Minute), opened(time.Minute), opened(-time.Minute)},
			says: []string{"| detected | 1m0s | 5m0s | ok |"},
		},
		"done before the fault": {
			world: []Note{started}, done: append(call("1", "pg.terminate", "ok", "helped", -time.Minute), call("2", "pg.cancel", "failed", "", -time.Second)...),
			says: []string{"| detected | never |", "| helpful action | never |", "0 of 0 failed", "Nothing."},
		},
		"left before the effect was measured": {
			world: []Note{started, ended(90 * time.Second)}, open: []incident.State{opened(40 * time.Second)}, passed: true,
			done: append(call("1", "cache.purge", "ok", "no effect", time.Minute), call("2", "pg.terminate", "ok", "unknown", 80*time.Second)...),
			says: []string{"| helpful action | 1m20s | 10m0s | ok | by the world's measure |"},
		},
		"left without an effect, and not mended": {
			world: []Note{started}, done: call("1", "pg.terminate", "ok", "", time.Minute), open: []incident.State{opened(40 * time.Second)},
			says: []string{"| helpful action | never |"},
		},
		"mended before the last action": {
			world: []Note{started, ended(70 * time.Second)}, open: []incident.State{opened(40 * time.Second)}, passed: true,
			done: append(call("1", "pg.terminate", "ok", "unknown", time.Minute), call("2", "pg.vacuum", "ok", "unknown", 80*time.Second)...),
			says: []string{"| helpful action | 1m0s | 10m0s | ok | by the world's measure |"},
		},
		"another action failed before it was whole": {
			world: []Note{started, ended(85 * time.Second)}, open: []incident.State{opened(40 * time.Second)},
			done: append(call("1", "deploy.rollback", "ok", "unknown", time.Minute), call("2", "pg.cancel", "failed", "", 80*time.Second)...),
			says: []string{"not passed", "| helpful action | 1m0s | 10m0s | ok | by the world's measure |", "1 of 2 failed or harmed"},
		},
		"could not be started": {
			world: []Note{{At: broke, Event: "fault.started", Name: "lock-pileup", Error: "crm-sync does not come to wait"}}, open: []incident.State{opened(time.Minute)},
			says: []string{"not passed", "The fault did not come (crm-sync does not come to wait): nothing is scored."},
		},
		"left before": {world: []Note{{At: broke, Event: "ready"}}, says: []string{"left before the fault came"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Judge("lock-pileup", c.world, c.done, c.open, broke.Add(90*time.Second))
			if r.Passed() != c.passed {
				t.Errorf("passed is %v", r.Passed())
			}
			for _, want := range c.says {
				if text := flat(r.Markdown()); !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}

// A step whose clock ran out while the incident was open, and that was not
// brought to an end, was not in time.
func TestStepsThatWereNeverDone(t *testing.T) {
	t.Parallel()
	word := func(kind incident.Kind, step string) incident.Event {
		return told(2*time.Minute, kind, incident.StepEvent{Runbook: "lock-pileup", Step: step})
	}
	world := []Note{{At: broke, Event: "fault.started", Name: "lock-pileup"}}
	const late, fair = "| steps in time | | | MISSED |", "| steps in time | | | ok |"
	for name, c := range map[string]struct {
		opened, left time.Duration
		told         []incident.Event
		mark, says   string
	}{
		"its time ran out":           {opened: time.Minute, left: 4 * time.Minute, mark: late, says: "0 done, 0 late, 1 missed |\n\n- steps missed: look\n"},
		"left before":                {opened: time.Minute, left: 3 * time.Minute, mark: fair, says: "0 missed |"},
		"closed before":              {opened: time.Minute, left: time.Hour, told: []incident.Event{told(2*time.Minute, incident.KindStatus, incident.StatusSet{Status: incident.StatusClosed})}, mark: fair, says: "0 missed |"},
		"done":                       {opened: time.Minute, left: 4 * time.Minute, told: []incident.Event{word(incident.KindStepDone, "look")}, mark: fair, says: "1 done, 0 late, 0 missed |"},
		"skipped":                    {opened: time.Minute, left: 4 * time.Minute, told: []incident.Event{word(incident.KindStepSkipped, "look")}, mark: fair, says: "0 missed |"},
		"overridden":                 {opened: time.Minute, left: 4 * time.Minute, told: []incident.Event{word(incident.KindStepOverridden, "look")}, mark: fair, says: "0 missed |"},
		"watched until it was over":  {opened: time.Minute, left: 150 * time.Second, told: []incident.Event{told(2*time.Minute, incident.KindStepDone, incident.StepEvent{Runbook: "lock-pileup", Step: "still", Late: true})}, mark: fair, says: "1 done, 0 late, 0 missed |"},
		"tried, and it failed":       {opened: time.Minute, left: 4 * time.Minute, told: []incident.Event{word(incident.KindStepFailed, "look")}, mark: fair, says: "0 missed |"},
		"begun and not done":         {opened: time.Minute, left: 4 * time.Minute, told: []incident.Event{word(incident.KindStepStarted, "look")}, mark: late, says: "1 missed |\n\n- steps missed: look\n"},
		"over before the fault":      {opened: -10 * time.Minute, left: 4 * time.Minute, mark: fair, says: "0 missed |"},
		"perhaps its condition held": {opened: time.Minute, left: 7 * time.Minute, told: []incident.Event{word(incident.KindStepDone, "look")}, mark: fair, says: "0 missed |\n\n- steps not counted (their condition is not on record): end-root\n"},
		"its condition held":         {opened: time.Minute, left: 7 * time.Minute, told: []incident.Event{word(incident.KindStepDone, "look"), word(incident.KindStepStarted, "end-root")}, mark: late, says: "1 missed |\n\n- steps missed: end-root\n"},
		"counted from a fact":        {opened: time.Minute, left: 150 * time.Second, told: []incident.Event{told(time.Minute, incident.KindFact, incident.FactFound{Name: "aware", Value: broke.Format(time.RFC3339)})}, mark: late, says: "1 missed |\n\n- steps missed: report\n"},
		"late, and another never":    {opened: time.Minute, left: 4 * time.Minute, told: []incident.Event{told(3*time.Minute, incident.KindStepDone, incident.StepEvent{Runbook: "lock-pileup", Step: "a", Late: true})}, mark: late, says: "1 done, 1 late, 1 missed |\n\n- steps late: a\n- steps missed: look\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := flat(Judge("lock-pileup", world, nil, []incident.State{recorded(c.opened, c.told...)}, broke.Add(c.left)).Markdown())
			if !strings.Contains(text, c.mark) || !strings.Contains(text, c.says) {
				t.Errorf("no %q with %q in\n%s", c.mark, c.says, text)
			}
		})
	}
}

// A report is read on a terminal of 80 columns, also one with all that can be
// wanting.
func TestAReportFitsATerminal(t *testing.T) {
	t.Parallel()
	r := Judge("connections-exhausted", []Note{{At: broke, Event: "fault.started", Name: "connections-exhausted"}, {At: broke.Add(83 * time.Minute), Event: "fault.ended", Name: "connections-exhausted"}},
		call("1", "pg.terminate.all", "ok", "helped", 82*time.Minute), []incident.State{recorded(61 * time.Minute)}, broke.Add(90*time.Minute))
	for i, s := range r.Scores {
		if s.What == "recorded" {
			r.Scores[i].Note = "book performance-degradation"
		}
	}
	for line := range strings.Lines(r.Markdown()) {
		if n := len(strings.TrimSpace(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	t.Log(r.Markdown())
}

func TestReadWorld(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "world.jsonl")
	if err := os.WriteFile(path, []byte(`{"at":"2026-11-23T02:00:00Z","event":"ready"}`+"\n"+`{"at":"2026-11-23T02:00:05Z","event":"fault.started","name":"bloat"}`+"\n"+`{"at":"20`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadWorld(path)
	if err != nil || len(got) != 2 || got[1].Name != "bloat" {
		t.Errorf("%+v, %v", got, err)
	}
}
