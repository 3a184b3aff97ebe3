package alert

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// watcherSpecimens are those of the services that watch a target or its
// business.
func watcherSpecimens() []specimen {
	one, some, second := 1.0, int64(1), time.Second
	return []specimen{
		{store.FleetKey().Name, false, model.Fleet{Total: &some}},
		{store.SentryIssuesKey().Name, false, model.SentryIssues{Calls: &model.Budget{Limit: 1}}},
		{store.SentryTrafficKey().Name, false, model.SentryTraffic{Requests: &one, P50: &second}},
		{store.SentrySessionsKey().Name, false, model.SentrySessions{}},
		{store.SentryCronsKey().Name, false, model.SentryCrons{}},
		{store.SentryQuotaKey().Name, false, model.SentryQuota{}},
		{store.PaymentsKey().Name, false, model.Payments{}},
		{store.RevenueKey().Name, false, model.Revenue{Monthly: []model.Amount{{}}}},
		{store.NoticesKey().Name, false, model.Notices{Channels: []model.NoticeChannel{{}}}},
		{store.GaugeKey("").Name, true, model.Gauge{}},
		{store.GaugeKey("").Name, true, model.Gauge{}.Share(1, 1)},
	}
}

// watcherRules are the rules on what these services tell. What a business
// calls normal nobody can ship: gauges, disputes and churn have none.
func watcherRules() []Rule {
	return []Rule{
		{
			ID: "sentry.failure_rate", Metric: "sentry.failure_rate", MinCount: 50,
			Fire: above(2, "%"), For: 2 * time.Minute, Clear: below(1.5, "%"), ClearFor: 3 * time.Minute,
			Severity: P2, Group: "sentry", InhibitedBy: []string{"service.down", "http.error_rate.high", "http.error_rate"}, Runbook: "error-spike",
		},
		{
			ID: "sentry.crash_free", Metric: "sentry.crash_free", MinCount: 100,
			Fire: below(99, "%"), Clear: above(99.2, "%"),
			Severity: P2, Group: "sentry", Runbook: "error-spike",
		},
		{
			ID: "sentry.crons", Metric: "sentry.crons.failing", Fire: atLeast(1), For: time.Minute, Clear: below(1),
			Severity: P2, Group: "sentry", Runbook: "scheduled-job",
		},
		{
			ID: "sentry.dropped", Metric: "sentry.dropped", Fire: atLeast(1), Clear: below(1),
			Severity: P3, Group: "sentry", Runbook: "rate-limits",
		},
		{
			ID: "sentry.quota", Metric: "sentry.quota.used", Fire: above(90, "%"), Clear: below(85, "%"),
			Severity: P3, Group: "sentry", Runbook: "rate-limits",
		},
		{
			ID: "payments.failed", Metric: "payments.failed", Fire: above(3), Clear: Threshold{Op: "<=", Value: 3},
			Severity: P3, Group: "payments", InhibitedBy: []string{"payments.failed_share"}, Runbook: "payments",
		},
		{
			ID: "payments.failed_share", Metric: "payments.failed_share", MinCount: 50,
			Fire: above(10, "%"), For: 2 * time.Minute, Clear: below(8, "%"), ClearFor: 3 * time.Minute,
			Severity: P2, Group: "payments", Runbook: "payments",
		},
		{
			ID: "payments.webhooks", Metric: "payments.webhooks.failing", Fire: above(20), For: 10 * time.Minute, Clear: below(10), ClearFor: 5 * time.Minute,
			Severity: P3, Group: "payments", Runbook: "payments",
		},
		{
			ID: "notify.failing", Metric: "notify.failing", Fire: atLeast(1), For: time.Minute, Clear: below(1),
			Severity: P2, Group: "tocsin", Runbook: "incident-response",
		},
		{
			ID: "fleet.down", Metric: "fleet.down", Fire: atLeast(1), For: 2 * time.Minute, Clear: below(1), ClearFor: time.Minute,
			Severity: P2, Group: "fleet", Runbook: "complete-outage",
		},
		{
			ID: "fleet.disk", Metric: "fleet.disk.max", Fire: above(85, "%"), For: 5 * time.Minute, Clear: below(82, "%"), ClearFor: 5 * time.Minute,
			Severity: P2, Group: "fleet", Runbook: "disk-filling",
		},
	}
}
