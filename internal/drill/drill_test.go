package drill

import (
	"encoding/json"
	"os"
	"path/filepath"
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

func opened(after time.Duration) incident.State { return followedIn(after, false) }

// followedIn is an incident with one step of its runbook done.
func followedIn(after time.Duration, late bool) incident.State {
	raw, _ := json.Marshal(incident.Opened{Title: "x", Severity: "P1"})
	step, _ := json.Marshal(incident.StepEvent{Runbook: "lock-pileup", Step: "a", Late: late})
	pin, _ := json.Marshal(incident.Pinned{Runbook: "lock-pileup"})
	return incident.Fold([]incident.Event{
		{N: 1, At: broke.Add(after), Kind: incident.KindOpened, Data: raw}, {N: 2, At: broke.Add(after), Kind: incident.KindPinned, Data: pin},
		{N: 3, At: broke.Add(after), Kind: incident.KindStepDone, Data: step},
	})
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
			says: []string{"# Drill: lock-pileup, passed", "| detected | 40s | 5m0s | ok |", "| first action that helped | 1m0s | 10m0s | ok |", "| restored | 1m30s |", "| the incident was recorded |  |  | ok | runbook lock-pileup |", "| steps in time |  |  | ok | 1 steps done, 0 late |"},
		},
		"too late": {
			world: []Note{started, ended(20 * time.Minute)}, done: call("1", "pg.terminate", "ok", "helped", 19*time.Minute), open: []incident.State{opened(time.Minute)},
			says: []string{"not passed", "| restored | 20m0s | 15m0s | MISSED |"},
		},
		"late steps": {
			world: []Note{started, ended(90 * time.Second)}, done: call("1", "pg.terminate", "ok", "helped", time.Minute), open: []incident.State{followedIn(40*time.Second, true)},
			says: []string{"not passed", "| the incident was recorded |  |  | ok |", "| steps in time |  |  | MISSED | 1 steps done, 1 late |"},
		},
		"worse first": {
			world: []Note{started, ended(3 * time.Minute)}, open: []incident.State{opened(time.Minute)},
			done: append(call("1", "deploy.rollback", "ok", "worse", time.Minute), call("2", "pg.terminate", "ok", "helped", 2*time.Minute)...),
			says: []string{"not passed", "1 of 2 actions failed or made it worse", "- 02:01:00Z deploy.rollback: ok, worse"},
		},
		"nothing done": {
			world: []Note{started}, says: []string{"| detected | never | 5m0s | MISSED |", "no incident was opened: I", "Nothing."},
		},
		"refused and acknowledged are no acts": {
			world: []Note{started}, done: append(call("1", "pg.terminate", "refused", "", time.Minute), call("2", "alert.acknowledge", "ok", "", time.Minute)...),
			says: []string{"| detected | never |", "0 of 0 actions"},
		},
		"opened before the fault": {
			world: []Note{started, ended(90 * time.Second)}, open: []incident.State{opened(-29 * time.Second)},
			says: []string{"not passed", "| detected | never | 5m0s | MISSED |", "| 0 steps done, 0 late |"},
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
			says: []string{"| detected | never |", "| first action that helped | never |", "0 of 0 actions", "Nothing."},
		},
		"left before": {world: []Note{{At: broke, Event: "ready"}}, says: []string{"left before the fault came"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Judge("lock-pileup", c.world, c.done, c.open)
			if r.Passed() != c.passed {
				t.Errorf("passed is %v", r.Passed())
			}
			for _, want := range c.says {
				if text := r.Markdown(); !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
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
