package incident

import (
	"testing"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/model"
)

// ran is an incident for an alert in which one action was run.
func ran(t *testing.T, cause, action, verdict string, before, after float64) State {
	t.Helper()
	f, now := folder(t)
	id := opened(t, f, Opened{Title: "x", Severity: "P2", Target: "prod", Cause: cause})
	put(t, f, id, AlertSeen{Rule: "host.cpu", State: "firing"}, AlertSeen{Rule: "http.p95", State: "firing"}, AlertSeen{Rule: "host.cpu", State: "ok"})
	*now = now.Add(time.Minute)
	put(t, f, id, ActionRun{ID: "1", At: *now, Action: action, Outcome: "ok"},
		EffectSeen{ID: "1", At: *now, Action: action, Verdict: verdict, Changes: []audit.Change{{Metric: "db.locks.waiting", Unit: model.None, Before: &before, After: &after}}})
	*now = now.Add(time.Minute)
	put(t, f, id, AlertSeen{Rule: "service.down", State: "firing"})
	return state(t, f, id)
}

func TestLedger(t *testing.T) {
	t.Parallel()
	got := Ledger([]State{
		ran(t, "db.locks.waiting", "pg.terminate", "helped", 15, 0), ran(t, "db.locks.waiting", "pg.terminate", "helped", 40, 2),
		ran(t, "db.locks.waiting", "pg.terminate", "no effect", 20, 20), ran(t, "db.locks.waiting", "pg.cancel", "worse", 9, 12),
		ran(t, "db.locks.waiting", "pg.vacuum", "unknown", 1, 1), hidden("20261123T020411Z-heron"),
	})
	if len(got) != 4 {
		t.Fatalf("ledger %+v", got)
	}
	first := got[0]
	if first.Rule != "db.locks.waiting" || first.Action != "pg.terminate" || first.Runs != 3 || first.Helped != 2 || *first.Before != 20 || *first.After != 2 {
		t.Errorf("first %+v", first)
	}
	if got[1].Rule != "http.p95" || got[1].Helped != 2 { // it fired as well; host.cpu did no more, service.down not yet
		t.Errorf("second %+v", got[1])
	}
	if last := got[3]; last.Action != "pg.cancel" || last.Worse != 1 || last.Helped != 0 {
		t.Errorf("last %+v", last)
	}
}
