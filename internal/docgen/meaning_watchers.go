package main

func watcherMeanings() map[string]string {
	return map[string]string{
		"fleet.hosts":      "machines with a node exporter that Prometheus scrapes",
		"notify.failing":   "1 while the newest attempt to tell of an alert beyond the screen failed (`notify` in the configuration)",
		"notify.waiting":   "what waits to be told there",
		"fleet.down":       "of them those whose newest scrape failed",
		"fleet.cpu":        "how busy their CPUs are on average, over five minutes",
		"fleet.cpu.max":    "the busiest of them",
		"fleet.memory":     "memory that is not available, on average",
		"fleet.memory.max": "the machine with the least memory available",
		"fleet.disk":       "use of the fullest file system of each machine, on average",
		"fleet.disk.max":   "the fullest file system of all",

		"sentry.issues":        "unresolved issues of the last 24 h, 50 at most",
		"sentry.errors":        "errors within the newest whole minute",
		"sentry.failure_rate":  "share of the transactions of 5 minutes that failed",
		"sentry.p50":           "median duration of these transactions",
		"sentry.p95":           "95th percentile of their duration",
		"sentry.p99":           "99th percentile of their duration",
		"sentry.crash_free":    "share of the sessions of 24 h that did not crash; whole hours",
		"sentry.crons.failing": "scheduled jobs that failed, were late or ran too long, without those that are muted",
		"sentry.quota.used":    "errors of 30 days in percent of `sentry.quota`; unknown where that is not given",
		"sentry.dropped":       "events of the last two whole hours that Sentry refused for want of quota: its numbers are too low",
		"provider.budget":      "calls that a provider still allows in its current window",

		"payments.failed":           "charges at Stripe that failed since the day began in `stripe.zone`",
		"payments.failed_share":     "share of the charges of the day that failed; of the newest 500 where there are more",
		"payments.disputes":         "disputes that wait for an answer",
		"payments.webhooks.failing": "events that at least one webhook has not taken; 200 at most are counted",
		"revenue.mrr":               "what active subscriptions bring a month, in units of the currency, less discounts in percent; without tax, trials and parts billed by use",
		"revenue.subscriptions":     "active subscriptions; 3000 at most are counted",
		"revenue.churn":             "share of the subscriptions of 30 days ago that have ended since",

		"gauge.value": "number of your own, by its definition in the configuration",
		"gauge.share": "share of your own, by its definition in the configuration",
	}
}
