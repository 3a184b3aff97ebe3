package collectors

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/sentry"
)

// SentryTraffic reads how many errors there are and how requests go.
// Source: Sentry, two requests.
type SentryTraffic struct{ Client *sentry.Client }

// trafficWindow is over what transactions are looked at.
const trafficWindow = 5 * time.Minute

// Collect reads both. An organization may have no transactions, or a plan
// without them: the errors are told all the same.
func (s SentryTraffic) Collect(ctx context.Context) (model.SentryTraffic, error) {
	buckets, err := s.Client.ErrorsByMinute(ctx, minutesPeriod)
	if err != nil {
		return model.SentryTraffic{}, fmt.Errorf("count errors: %w", err)
	}
	out := model.SentryTraffic{Minutes: minutes(buckets), Window: trafficWindow}
	p, err := s.Client.Performance(ctx, trafficWindow)
	if err != nil {
		out.Hidden = "transactions: " + err.Error()
		return out, nil
	}
	out.Requests, out.Failed, out.P50, out.P95, out.P99 = p.Count, p.Failed, p.P50, p.P95, p.P99
	return out, nil
}

// SentrySessions reads how many sessions of users ended well.
// Source: Sentry, one request.
type SentrySessions struct{ Client *sentry.Client }

// Collect reads the sessions of a day.
func (s SentrySessions) Collect(ctx context.Context) (model.SentrySessions, error) {
	got, err := s.Client.Sessions(ctx, issuesPeriod)
	if err != nil {
		return model.SentrySessions{}, fmt.Errorf("read sessions: %w", err)
	}
	return model.SentrySessions{From: got.From, To: got.To, CrashFree: got.CrashFree, Sessions: got.Count}, nil
}

// SentryCrons reads the scheduled jobs. Source: Sentry, one request, or one
// for each page.
type SentryCrons struct{ Client *sentry.Client }

// Collect reads the jobs.
func (s SentryCrons) Collect(ctx context.Context) (model.SentryCrons, error) {
	got, more, err := s.Client.Monitors(ctx)
	if err != nil {
		return model.SentryCrons{}, fmt.Errorf("list crons: %w", err)
	}
	out := model.SentryCrons{More: more}
	for _, m := range got {
		out.Rows = append(out.Rows, model.SentryCron{
			Slug: m.Slug, Name: m.Name, Project: m.Project, Environment: m.Environment, Schedule: m.Schedule, Zone: m.Zone,
			Status: m.Status, Muted: m.Muted, LastCheckIn: m.LastCheckIn, NextCheckIn: m.NextCheckIn,
		})
	}
	return out, nil
}

// SentryQuota reads what became of the events that were sent.
// Source: Sentry, two requests.
type SentryQuota struct {
	Client *sentry.Client
	Limit  int // errors that the plan takes in 30 days; 0 when nobody said
}

const (
	quotaMonth = 30 * 24 * time.Hour
	quotaHours = 2 // whole hours that count as now: the newest one may be young
)

// Collect reads the last 30 days and the last hours.
func (s SentryQuota) Collect(ctx context.Context) (model.SentryQuota, error) {
	out := model.SentryQuota{Limit: s.Limit, Hours: quotaHours}
	month, err := s.Client.Outcomes(ctx, quotaMonth, 24*time.Hour)
	if err != nil {
		return out, fmt.Errorf("read outcomes: %w", err)
	}
	hours, err := s.Client.Outcomes(ctx, quotaHours*time.Hour, time.Hour)
	if err != nil {
		return out, fmt.Errorf("read outcomes: %w", err)
	}
	out.Month, out.Hour = outcomes(month), outcomes(hours)
	return out, nil
}

func outcomes(all []sentry.Outcome) []model.SentryOutcome {
	var out []model.SentryOutcome
	for _, o := range all {
		out = append(out, model.SentryOutcome{Category: o.Category, Outcome: o.Outcome, N: o.N})
	}
	return out
}
