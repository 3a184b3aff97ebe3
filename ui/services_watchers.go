package ui

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// watcherServices are the services that are asked about the target: what they
// say in a few words, or why they cannot be read. They stand for all of their
// sources.
func watcherServices(in In) []service {
	var out []service
	issues := read(in.View, store.SentryIssuesKey())
	if issues.status.State != store.Unconfigured {
		out = append(out, settled(in, service{status: issues.status, kind: "Sentry", name: "errors", word: "ok", info: sentryInfo(in, issues.Value)}, issues.Fail))
	}
	payments := read(in.View, store.PaymentsKey())
	if payments.status.State != store.Unconfigured {
		out = append(out, settled(in, service{status: payments.status, kind: "Stripe", name: "payments", word: "ok", info: paymentsInfo(payments.Value)}, payments.Fail))
	}
	return out
}

func sentryInfo(in In, s model.SentryIssues) string {
	fresh := 0
	for _, i := range s.Rows {
		if isNew(i, in.View.Now()) {
			fresh++
		}
	}
	text := plural(len(s.Rows), "issue", "issues")
	if fresh > 0 {
		text += ", " + count(int64(fresh)) + " new"
	}
	if last, ok := read(in.View, store.SentryTrafficKey()).Value.Last(); ok && in.View.Now().Sub(last.At) < 5*time.Minute {
		text += "  " + number(last.N) + " errors/min"
	}
	return text
}

func paymentsInfo(p model.Payments) string {
	text := count(int64(p.Failed))
	if p.AtLeast {
		text += "+"
	}
	text += " failed today"
	if pct, ok := p.FailedPct(); ok {
		text += "  " + percent(pct)
	}
	if n := len(p.Disputes); n > 0 {
		text += "  " + plural(n, "dispute", "disputes")
	}
	return text
}
