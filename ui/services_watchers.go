package ui

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
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
		s := service{status: issues.status, kind: "Sentry", name: "errors", word: "ok", info: sentryInfo(in, issues.Value)}
		s.level, s.word = sentryState(in)
		out = append(out, settled(in, s, issues.Fail))
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
	if r := read(in.View, store.SentryTrafficKey()); r.has() {
		n, ok := errorsNow(in, r.Value)
		text += "  " + numberOr(n, ok) + " errors/min"
	}
	return text
}

// sentryState is the worst alert on what Sentry tells, or on the errors of an
// application, which it tells too: how loud it is, and in a word.
func sentryState(in In) (level int, word string) {
	word = "ok"
	for _, a := range in.Alerts {
		if !a.Trouble() || int(a.Level()) <= level || a.Metric != "http.error_rate" && !strings.HasPrefix(a.Metric, "sentry.") {
			continue
		}
		level = int(a.Level())
		switch {
		case a.Level() == alert.Unclear:
			word = "unknown"
		case a.State == alert.Clearing:
			word = "clearing"
		default:
			word = "alert"
		}
	}
	return level, word
}

// errorsNow is how many errors the newest whole minute had; not ok where there
// is none of late, and while an issue is listed that only began after it.
func errorsNow(in In, t model.SentryTraffic) (n float64, ok bool) {
	last, ok := t.Last()
	if !ok || in.View.Now().Sub(last.At) >= 5*time.Minute {
		return 0, false
	}
	ends := last.At.Add(time.Minute)
	later := slices.ContainsFunc(read(in.View, store.SentryIssuesKey()).Value.Rows, func(i model.SentryIssue) bool { return i.FirstSeen.After(ends) })
	return last.N, !later
}

// numberOr is a number, or the mark for one that is not known.
func numberOr(n float64, ok bool) string {
	if !ok {
		return "?"
	}
	return number(n)
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
