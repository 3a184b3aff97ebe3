package cli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/config"
)

func TestDeedsAreWhatHelpedOfLate(t *testing.T) {
	p := &program{target: config.Target{Name: "prod"}}
	var err error
	p.runner, err = actions.NewRunner(actions.Options{Server: "prod", Audit: &audit.Log{}}, actions.CachePurge(actions.Cache{}))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-25 * time.Second)
	var entries []audit.Entry
	for _, one := range []struct {
		id, target, verdict string
		at                  time.Time
	}{
		{"1", "prod", "helped", at},
		{"2", "prod", "no effect", at},
		{"3", "other", "helped", at},
		{"4", "prod", "helped", at.Add(-2 * time.Minute)},
	} {
		e := audit.Entry{ID: one.id, Target: one.target, Action: "cache.purge", At: audit.Time{Time: one.at}}
		intent, result, effect := e, e, e
		intent.Phase, intent.Params = audit.Intent, map[string]any{"prefix": "promo:"}
		result.Phase, result.Outcome = audit.Result, "ok"
		effect.Phase, effect.Verdict = audit.Effect, one.verdict
		effect.Effects = []audit.Change{{Metric: "http.error_rate", Before: new(28.0), After: new(0.2)}, {Metric: "http.p95", Before: new(900.0)}}
		entries = append(entries, intent, result, effect)
	}
	want := []alert.Deed{{Action: "cache.purge", Args: map[string]string{"prefix": "promo:"}, Text: "Purge cache promo:", At: at, Effects: []alert.Effect{{Metric: "http.error_rate", Before: 28, After: 0.2}}}}
	if diff := cmp.Diff(want, p.deedsOf(audit.Calls(entries))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
