package alert

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// issues puts what Sentry lists.
func issues(w *world, rows ...model.SentryIssue) {
	put(w, store.SentryIssuesKey(), model.SentryIssues{Org: "acme", Rows: rows})
}

// poisoned is the issue of a value in the cache that nobody can read.
func poisoned(w *world, ago time.Duration, events int64) model.SentryIssue {
	return model.SentryIssue{
		ID: "41", ShortID: "SHOP-2", Title: "CacheError: decode promo:active: invalid character …", Culprit: "/checkout",
		Count: &events, FirstSeen: w.now.Add(-ago), LastSeen: w.now, FirstRelease: ptr("v31"),
		Latest: &model.SentryEvent{Release: "v31", Tags: []model.SentryTag{{Key: "route", Value: "/checkout"}, {Key: model.CacheTag, Value: "promo:active"}}},
	}
}

// old is an issue that is there all the time, and had so many events a minute
// until an instant and so many since.
func old(w *world, before, after float64, turn time.Duration) model.SentryIssue {
	i := model.SentryIssue{ID: "7", ShortID: "SHOP-1", Title: "TimeoutError: rates service", Culprit: "/product", Count: ptr(int64(900)),
		FirstSeen: w.now.Add(-72 * time.Hour), LastSeen: w.now, FirstRelease: ptr("v2")}
	for at := w.now.Add(-time.Hour).Truncate(time.Minute); at.Before(w.now.Add(-time.Minute)); at = at.Add(time.Minute) {
		n := before
		if !at.Before(w.now.Add(-turn)) {
			n = after
		}
		i.Minutes = append(i.Minutes, model.Minute{At: at, N: n})
	}
	return i
}

// payments puts the trouble of the provider that takes the money.
func payments(w *world) {
	put(w, store.StatusPageKey("Stripe"), model.StatusPage{Name: "Stripe", Indicator: "major", Text: "Elevated errors"})
	fail(w, store.PaymentsKey(), model.Fail{Class: model.Protocol, Text: "list charges: 503: unavailable"})
}

func refusedPayments(w *world, ago time.Duration, events int64) model.SentryIssue {
	i := poisoned(w, ago, events)
	i.ShortID, i.Title = "SHOP-3", "Error: pay an order: payment provider stripe failed: status 503"
	i.Latest = &model.SentryEvent{Release: "v31", Tags: []model.SentryTag{{Key: "provider", Value: "stripe"}}}
	return i
}

// ofErrors are about issues and the providers that they name.
func ofErrors() []situation {
	return []situation{
		{
			name: "a poisoned key", change: func(w *world) {
				errorsSince(w, 28, time.Minute)
				issues(w, old(w, 1, 1, 0), poisoned(w, time.Minute, 700))
			},
			rule: "http.error_rate.high", summary: "http.error_rate shop 28 % (limit 2 %) since issue SHOP-2 in /checkout, 700 a minute, in v31: purge promo:active",
			evidence: []string{"CacheError: decode promo:active", "first seen 1m0s ago in release v31", "http.error_rate was 0.20 % before it"}, against: []string{"no deploy in 9 h", "providers fine"},
			action: "cache.purge", args: map[string]string{"prefix": "promo:active"},
		},
		{
			name: "an issue whose errors become fewer", change: func(w *world) {
				errorsSince(w, 28, time.Minute)
				w.history("http.error_rate", model.Labels{"app": "shop", "window": "1m"}, 35, 28, w.now.Add(-20*time.Second))
				issues(w, poisoned(w, time.Minute, 700))
			},
			rule: "http.error_rate.high", summary: "http.error_rate shop 28 % (limit 2 %, now falling) since issue SHOP-2 in /checkout",
			action: "cache.purge",
		},
		{
			name: "an issue whose errors become more", change: func(w *world) {
				errorsSince(w, 28, time.Minute)
				w.history("http.error_rate", model.Labels{"app": "shop", "window": "1m"}, 21, 28, w.now.Add(-20*time.Second))
				issues(w, poisoned(w, time.Minute, 700))
			},
			rule: "http.error_rate.high", summary: "http.error_rate shop 28 % (limit 2 %) since issue SHOP-2 in /checkout", silent: []string{"falling"},
			action: "cache.purge",
		},
		{
			name: "no cache to purge", change: func(w *world) {
				errorsSince(w, 28, time.Minute)
				issues(w, poisoned(w, time.Minute, 700))
				w.remove(store.RedisKey().Name)
			},
			rule: "http.error_rate.high", summary: "since issue SHOP-2",
			silent: []string{"purge"},
		},
		{
			name: "a key that would match more than it says", change: func(w *world) {
				errorsSince(w, 28, time.Minute)
				i := poisoned(w, time.Minute, 700)
				i.Latest.Tags[1].Value = "promo:*"
				issues(w, i)
			},
			rule: "http.error_rate.high", summary: "since issue SHOP-2",
			silent: []string{"purge"},
		},
		{
			name: "an issue that nobody feels", change: func(w *world) { issues(w, poisoned(w, time.Minute, 700)) },
			summary: "no suspect: no reading is over its threshold",
		},
		{
			name: "a new issue that makes few of the errors", change: func(w *world) { errorsSince(w, 28, 4*time.Minute); issues(w, poisoned(w, 4*time.Minute, 12)) },
			summary: "no suspect for http.error_rate shop 28 %",
		},
		{
			name: "an issue from before the errors", change: func(w *world) { errorsSince(w, 28, time.Minute); issues(w, old(w, 500, 500, 0)) },
			summary: "no suspect for http.error_rate shop 28 %",
		},
		{
			name: "an old issue that began again", change: func(w *world) { errorsSince(w, 28, 5*time.Minute); issues(w, old(w, 1, 800, 5*time.Minute)) },
			rule: "http.error_rate.high", summary: "since issue SHOP-1 in /product",
			evidence: []string{"in release v2"},
		},
		{
			name: "Sentry cannot be read", change: func(w *world) {
				errorsSince(w, 28, time.Minute)
				issues(w, poisoned(w, time.Minute, 700))
				fail(w, store.SentryIssuesKey(), model.Fail{Class: model.Denied, Text: "401"})
			},
			summary:  "no suspect for http.error_rate shop 28 %",
			evidence: []string{"sentry.issues: 401"},
		},
		{
			name: "a new issue of a new build", book: "bad-deploy", change: func(w *world) {
				deployed(w, 2*time.Minute)
				errorsSince(w, 28, time.Minute)
				issues(w, poisoned(w, time.Minute, 700))
			},
			rule: "http.error_rate.high", summary: "since deploy v31 by ana",
			evidence: []string{"new issue SHOP-2 in /checkout, 700 events"},
			action:   "deploy.rollback",
		},
		{
			name: "the issue of a lock pile-up", change: func(w *world) {
				pileUp(w, 38)
				errorsSince(w, 28, time.Minute)
				issues(w, poisoned(w, time.Minute, 700))
			},
			rule: "db.locks.waiting", summary: "38 sessions wait",
			action: "pg.terminate",
		},
		{
			name: "a provider that our errors name", change: func(w *world) {
				payments(w)
				errorsSince(w, 28, time.Minute)
				issues(w, refusedPayments(w, time.Minute, 700))
			},
			rule: "provider.trouble", summary: "Stripe reports major trouble: Elevated errors; not ours to mend: tell users, and wait",
			evidence: []string{"new issue SHOP-3 in /checkout, 700 events", "it does not answer tocsin either: list charges: 503", "http.error_rate shop 28 %"}, against: []string{"no deploy in 9 h"},
		},
		{
			name: "a provider in trouble that our errors do not name", change: func(w *world) {
				outage(w)
				errorsSince(w, 28, time.Minute)
				issues(w, poisoned(w, time.Minute, 700))
			},
			rule: "http.error_rate.high", summary: "since issue SHOP-2",
			against: []string{"Vercel reports major"},
			action:  "cache.purge", args: map[string]string{"prefix": "promo:active"},
		},
		{
			name: "errors that name a provider which says that all is well", change: func(w *world) {
				put(w, store.StatusPageKey("Stripe"), model.StatusPage{Name: "Stripe", Indicator: "none"})
				errorsSince(w, 28, time.Minute)
				issues(w, refusedPayments(w, time.Minute, 700))
			},
			rule: "http.error_rate.high", summary: "since issue SHOP-3 in /checkout",
			evidence: []string{"payment provider stripe failed"}, against: []string{"providers fine"},
		},
		{
			name: "a provider's trouble that nobody feels", change: payments,
			rule: "provider.trouble", summary: "Stripe reports major trouble: Elevated errors",
			against: []string{"nothing of it is felt here"}, silent: []string{"not ours"},
		},
	}
}
