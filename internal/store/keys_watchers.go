package store

import "tocsin/internal/model"

// SentryIssuesKey names the unresolved issues at Sentry.
func SentryIssuesKey() Key[model.SentryIssues] {
	return Key[model.SentryIssues]{Name: "sentry.issues", Version: 1}
}

// SentryTrafficKey names the errors and transactions that Sentry counts.
func SentryTrafficKey() Key[model.SentryTraffic] {
	return Key[model.SentryTraffic]{Name: "sentry.traffic", Version: 1}
}

// SentrySessionsKey names the sessions of users that Sentry counts.
func SentrySessionsKey() Key[model.SentrySessions] {
	return Key[model.SentrySessions]{Name: "sentry.sessions", Version: 1}
}

// SentryCronsKey names the scheduled jobs that check in at Sentry.
func SentryCronsKey() Key[model.SentryCrons] {
	return Key[model.SentryCrons]{Name: "sentry.crons", Version: 1}
}

// SentryQuotaKey names what became of the events that Sentry was sent.
func SentryQuotaKey() Key[model.SentryQuota] {
	return Key[model.SentryQuota]{Name: "sentry.quota", Version: 1}
}

// PaymentsKey names the payments, disputes and webhooks at Stripe.
func PaymentsKey() Key[model.Payments] {
	return Key[model.Payments]{Name: "stripe.payments", Version: 1}
}

// RevenueKey names the subscriptions at Stripe.
func RevenueKey() Key[model.Revenue] { return Key[model.Revenue]{Name: "stripe.revenue", Version: 1} }

// NoticesKey names the ways by which alerts are told beyond the screen.
func NoticesKey() Key[model.Notices] { return Key[model.Notices]{Name: "notify", Version: 1} }

// GaugeKey names one number of the business.
func GaugeKey(name string) Key[model.Gauge] {
	return Key[model.Gauge]{Name: "gauge." + name, Version: 1}
}
