package incident

import (
	"strings"
	"testing"
	"time"
)

func story(t *testing.T) State {
	t.Helper()
	f, now := folder(t)
	id := opened(t, f, slow())
	step := func(after time.Duration, data ...Data) {
		*now = began.Add(after)
		put(t, f, id, data...)
	}
	step(time.Minute, AlertSeen{Rule: "http.p95", Severity: "P2", State: "firing", Since: began.Add(-2 * time.Minute), Fired: began.Add(-time.Minute), Reading: "1.4 s > 1 s", Worst: &Worst{Value: 1400, Text: "1.4 s"}},
		Pinned{Runbook: "slow-queries", Sum: strings.Repeat("ab", 32), File: "runbook.abababab.md",
			Steps: []PinnedStep{
				{Step: "running-now", Within: 2 * time.Minute, Own: true}, {Step: "end-it", Within: 5 * time.Minute, Own: true},
				{Step: "tell", Within: time.Hour, Own: true}, {Step: "last", When: true},
			}},
		ActionRun{ID: "00A", By: "ben", Action: "alert.acknowledge", Target: "alert=http.p95", Outcome: "ok"})
	step(2*time.Minute, StepEvent{Ended: KindStepDone, Runbook: "slow-queries", Step: "running-now", TookS: 60, Reading: "0.3 s"})
	step(9*time.Minute, StepEvent{Ended: KindStepSkipped, Runbook: "slow-queries", Step: "pick-table", TookS: 480, Late: true, Reason: "no table | at all"})
	step(10*time.Minute, ActionRun{ID: "01J", At: began.Add(150 * time.Second), By: "ben", Action: "pg.cancel", Target: "pid 7", Outcome: "ok", Reason: "blocks checkout"},
		EffectSeen{ID: "01J", Action: "pg.cancel", Verdict: "helped", Text: "http.p95 1.4 s to 0.2 s"})
	step(12*time.Minute, AlertSeen{Rule: "http.p95", Severity: "P2", State: "ok", Was: "firing", Worst: &Worst{Value: 4800, Text: "4.8 s"}}, StatusSet{StatusMitigated, ""}, StatusSet{StatusResolved, ""},
		FollowUp{ID: "f1", Text: "index on orders", Owner: "ben", Due: "2026-12-01"})
	return state(t, f, id)
}

func TestPostmortem(t *testing.T) {
	t.Parallel()
	s := story(t)
	text := s.Postmortem("")
	for _, want := range []string{
		"# 20261123T020411Z-checkout-is-slow: Checkout is slow!", "| mitigated | 2026-11-23 02:16:11Z | 14m00s |",
		"| began | 2026-11-23 02:02:11Z |  |\n| detected by http.p95 | 2026-11-23 02:03:11Z | 1m00s |\n| opened | 2026-11-23 02:04:11Z | 2m00s |",
		"| 2026-11-23 02:02:11Z | 2026-11-23 02:16:11Z |  | http.p95 | P2 | 4.8 s | 1.4 s > 1 s |",
		// It was done before the second step was, and written down later.
		"runbook slow-queries (abababab) |\n| 2026-11-23 02:05:11Z | ben | alert.acknowledge alert=http.p95: ok |\n| 2026-11-23 02:06:11Z | ana | step running-now done after 1m00s: 0.3 s |\n| 2026-11-23 02:06:41Z | ben | pg.cancel pid 7: ok: blocks checkout |",
		"| 2026-11-23 02:06:41Z | ben | pg.cancel pid 7 | ok | helped; http.p95 1.4 s to 0.2 s | blocks checkout | 01J |",
		"| slow-queries | running-now | done | 1m00s | 2m00s |  | 0.3 s |",
		"| slow-queries | pick-table | skipped | 8m00s |  | late | no table \\| at all |", "| slow-queries | end-it | not done |  | 5m00s | missed |  |\n| slow-queries | tell | not done |  | 1h00m |  |  |\n| slow-queries | last | not done |  |  |  | only under its condition |",
		"| acknowledged by ben | 2026-11-23 02:05:11Z | 3m00s |", "- `slow-queries`, step `pick-table`: it was skipped (no table | at all). Is it needed?",
		"- `slow-queries`: `pg.cancel` helped; make it a step?", "- [ ] f1 (to do): index on orders, ben, by 2026-12-01", "| closed | not yet |  |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// What people wrote survives when the file is written anew, also where the part
// it stood in is gone.
func TestPostmortemKeeps(t *testing.T) {
	t.Parallel()
	s := story(t)
	first := s.Postmortem("")
	mine := strings.Replace(first, "Who could not do what, how many, for how long.", "312 carts.\n\nTwo hours.", 1)
	mine += "\n## Remarks\n<!-- keep -->\nthe pager was silent\n"
	second := s.Postmortem(mine)
	for _, want := range []string{"312 carts.\n\nTwo hours.\n<!-- /keep -->", "## Remarks\n<!-- keep -->\nthe pager was silent\n<!-- /keep -->"} {
		if strings.Count(second, want) != 1 {
			t.Errorf("no %q in\n%s", want, second)
		}
	}
	if third := s.Postmortem(second); third != second {
		t.Errorf("it does not settle:\n%s", third)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	s := story(t)
	now := began.Add(20 * time.Minute)
	team := s.Message("team", now)
	if !strings.Contains(team, "pg.cancel pid 7 at 2026-11-23 02:06Z, ok, helped") || strings.Contains(team, "Firing") {
		t.Errorf("team hears %q", team)
	}
	customers := s.Message("customers", now)
	if strings.Contains(customers, "pg.cancel") || !strings.Contains(customers, "resolved since 2026-11-23 02:16Z") || strings.Contains(customers, "Next update") {
		t.Errorf("customers hear %q", customers)
	}
}

// The proposed book is the one that was followed, with what happened under the
// headings of its steps.
func TestPropose(t *testing.T) {
	t.Parallel()
	s := story(t)
	const book = "# Slow\n\n## Look\n### What runs\nLook.\n### Which table\nAsk.\n"
	got := s.Propose(book, map[string]int{"running-now": 4, "pick-table": 6}, func(run ActionRun) string { return "### " + run.Action + " " + run.Target + "\n" })
	want := "### Which table\n*Proposed 2026-11-23: it was skipped (no table | at all). Is it needed?*\n\nAsk.\n"
	if !strings.Contains(got, want) || strings.Contains(got, "What runs\n*") || !strings.HasSuffix(got, "\n## Proposed by "+s.ID+"\n### pg.cancel pid 7\n") {
		t.Errorf("proposed\n%s", got)
	}
	if plain := (State{}).Propose(book, nil, nil); plain != "" {
		t.Errorf("without a book: %q", plain)
	}
}
