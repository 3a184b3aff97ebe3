package ui

import (
	"testing"
	"time"

	"tocsin/internal/alert"
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

// The errors of a minute are the same wherever they are told, and are not known
// while an issue has begun that no whole minute holds yet.
func TestErrorsOfTheNewestWholeMinute(t *testing.T) {
	at := time.Now().Truncate(time.Minute)
	for _, tt := range []struct {
		name       string
		first      time.Duration // when the issue was first seen, before the newest whole minute ended
		head, info string
	}{
		{"an issue of long ago", time.Hour, "719", "1 issue  719 errors/min"},
		{"an issue of the newest whole minute", 20 * time.Second, "719", "1 issue, 1 new  719 errors/min"},
		{"an issue of the minute that is not over", -10 * time.Second, "?", "1 issue, 1 new  ? errors/min"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store.New()
			issues := model.SentryIssues{Rows: []model.SentryIssue{{FirstSeen: at.Add(-tt.first), Count: ptr(int64(717))}}}
			traffic := model.SentryTraffic{Minutes: []model.Minute{{At: at.Add(-2 * time.Minute)}, {At: at.Add(-time.Minute), N: 719}}}
			store.NewCell(s, store.SentryIssuesKey(), store.Source{Every: time.Second}).Put(issues, at, 0)
			store.NewCell(s, store.SentryTrafficKey(), store.Source{Every: time.Second}).Put(traffic, at, 0)
			in := In{View: s.View()}
			if got := rateText(in, trafficRate(in, traffic)); got != tt.head {
				t.Errorf("above the issues: %q, want %q", got, tt.head)
			}
			if got := sentryInfo(in, issues); got != tt.info {
				t.Errorf("among the services: %q, want %q", got, tt.info)
			}
		})
	}
}

func TestSentryStandsAsItsAlerts(t *testing.T) {
	for _, tt := range []struct {
		metric string
		state  alert.State
		level  alert.Level
		word   string
	}{
		{"http.error_rate", alert.Firing, alert.Critical, "alert"},
		{"sentry.failure_rate", alert.Clearing, alert.Critical, "clearing"},
		{"http.p95", alert.Firing, alert.Fine, "ok"},
	} {
		in := In{Alerts: []alert.Alert{{Metric: tt.metric, State: tt.state, Severity: alert.P1}}}
		if level, word := sentryState(in); level != int(tt.level) || word != tt.word {
			t.Errorf("%s: got %d, %s", tt.metric, level, word)
		}
	}
}
