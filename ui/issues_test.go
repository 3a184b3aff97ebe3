package ui

import (
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// How often an issue comes before and since the build that is live: while it is
// too young for whole minutes its count is all there is, and that tells nothing
// of a build that went live after its first event.
func TestRateOfAYoungIssue(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name      string
		live      time.Duration // ago
		firstSeen time.Duration // ago
		want      string
	}{
		{"it came with the build", 90 * time.Second, time.Minute, "0 → 60.0"},
		{"rolled back since", 30 * time.Second, time.Minute, "60.0 → ?"},
		{"no build for long", time.Hour, time.Minute, "60.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store.New()
			live := now.Add(-tt.live)
			store.NewCell(s, store.DeploymentsKey(), store.Source{Every: time.Second}).Put(model.Deployments{
				Rows: []model.Deployment{{ID: "d", Name: "v4", State: "READY", Live: true, Created: live, Ready: live}},
			}, now, 0)
			issue := model.SentryIssue{FirstSeen: now.Add(-tt.firstSeen), LastSeen: now, Count: ptr(int64(60))}
			store.NewCell(s, store.SentryIssuesKey(), store.Source{Every: time.Second}).Put(model.SentryIssues{Rows: []model.SentryIssue{issue}}, now, 0)
			in := In{View: s.View()}
			if got := rateText(in, ratesOf(in, issue)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
