package alert

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// shortOf gives a number its points, every five seconds: over its limit from so
// long ago until so long ago, and in order before and after.
func shortOf(w *world, metric string, fine, over float64, from, until time.Duration) {
	var points []model.Point
	for ago := 30 * time.Minute; ago >= 0; ago -= 5 * time.Second {
		p := model.Point{At: w.now.Add(-ago), Value: fine}
		if ago <= from && ago > until {
			p.Value = over
		}
		points = append(points, p)
	}
	w.points[metric] = points
}

// waited is a queue for locks of half a minute that ended 15 seconds ago, and the
// errors that it made.
func waited(w *world) {
	shortOf(w, "db.locks.waiting", 0, 38, 45*time.Second, 15*time.Second)
	errorsSince(w, 28, 35*time.Second)
}

// lost is the issue of requests that gave up, first and last seen so long ago.
func lost(w *world, first, last time.Duration) model.SentryIssue {
	i := poisoned(w, first, 400)
	i.LastSeen = w.now.Add(-last)
	i.Title, i.Latest = "QueryError: place an order: canceling statement due to lock timeout", nil
	return i
}

// afterAShortage are the minutes after a queue for locks or a lack of
// connections is over: what these made fail still shows.
func afterAShortage() []situation {
	ended := Deed{Action: "pg.terminate", Text: "End session 4711", At: newWorld().now.Add(-17 * time.Second)}
	ended.Effects = []Effect{{Metric: "db.locks.waiting", Before: 38, After: 0}}
	slight := ended
	slight.Effects = []Effect{{Metric: "db.locks.waiting", Before: 4, After: 0}}
	const blamed = "since issue SHOP-2 in /checkout"
	return []situation{
		{
			name: "the issue of a lock pile-up that is over", change: func(w *world) { waited(w); issues(w, lost(w, 40*time.Second, 16*time.Second)) },
			deeds:   []Deed{ended},
			summary: "no suspect for http.error_rate shop 28 % (limit 2 %); End session 4711 helped 17s ago",
			against: []string{"issue SHOP-2 came with db.locks.waiting, which was over 5 until 15s ago", "0 sessions waiting for locks"}, then: []string(nil),
		},
		{
			name: "an issue that goes on after the lock pile-up", change: func(w *world) { waited(w); issues(w, lost(w, 40*time.Second, time.Second)) },
			deeds: []Deed{ended}, rule: "http.error_rate.high", summary: blamed, silent: []string{"came with"},
		},
		{
			name: "an issue while nobody knows whether sessions still wait", change: func(w *world) {
				waited(w)
				shortOf(w, "db.locks.waiting", 0, 38, 45*time.Second, 0)
				unread(w, store.ActivityKey())
				issues(w, lost(w, 40*time.Second, 16*time.Second))
			},
			rule: "http.error_rate.high", summary: blamed, silent: []string{"came with"},
		},
		{
			name: "an issue from before the lock pile-up", change: func(w *world) { waited(w); issues(w, lost(w, 75*time.Second, 16*time.Second)) },
			rule: "http.error_rate.high", summary: blamed,
		},
		{
			name: "an issue of errors that become more after the lock pile-up", change: func(w *world) {
				waited(w)
				w.history("http.error_rate", model.Labels{"app": "shop", "window": "1m"}, 15, 28, w.now.Add(-4*time.Second))
				issues(w, lost(w, 40*time.Second, 16*time.Second))
			},
			deeds: []Deed{ended}, rule: "http.error_rate.high", summary: blamed,
		},
		{
			name: "an issue long after a lock pile-up", change: func(w *world) {
				shortOf(w, "db.locks.waiting", 0, 38, 6*time.Minute, 4*time.Minute)
				errorsSince(w, 28, 35*time.Second)
				issues(w, lost(w, 40*time.Second, 16*time.Second))
			},
			rule: "http.error_rate.high", summary: blamed,
		},
		{
			name: "the issue of a pile-up that only the action saw", change: func(w *world) { errorsSince(w, 28, 35*time.Second); issues(w, lost(w, 40*time.Second, 16*time.Second)) },
			deeds: []Deed{ended}, summary: "no suspect for http.error_rate shop 28 %", against: []string{"which was over 5 until 17s ago"},
		},
		{
			name: "an action that ended no shortage", change: func(w *world) { errorsSince(w, 28, 35*time.Second); issues(w, lost(w, 40*time.Second, 16*time.Second)) },
			deeds: []Deed{slight}, rule: "http.error_rate.high", summary: blamed,
		},
		{
			name: "the issue of connections that had run out", change: func(w *world) {
				shortOf(w, "db.connections.used", 40, 100, 2*time.Minute, 20*time.Second)
				errorsSince(w, 28, 100*time.Second)
				issues(w, lost(w, 110*time.Second, 12*time.Second))
			},
			summary: "no suspect for http.error_rate shop 28 %", against: []string{"issue SHOP-2 came with db.connections.used, which was over 80 % until 20s ago"},
		},
		{
			name: "the issue of a database that was down", change: func(w *world) {
				shortOf(w, "db.down", 0, 5, 45*time.Second, 15*time.Second)
				errorsSince(w, 28, 35*time.Second)
				issues(w, lost(w, 47*time.Second, 12*time.Second))
			},
			summary: "no suspect for http.error_rate shop 28 %", against: []string{"issue SHOP-2 came with db.down, which ended 15s ago"},
		},
		{
			name: "the issue of a cache that was down, and goes on", change: func(w *world) {
				shortOf(w, "cache.down", 0, 5, 45*time.Second, 15*time.Second)
				errorsSince(w, 28, 35*time.Second)
				issues(w, lost(w, 47*time.Second, time.Second))
			},
			rule: "http.error_rate.high", summary: blamed, silent: []string{"came with"},
		},
		{
			name: "an old issue that grew with a lock pile-up", change: func(w *world) {
				shortOf(w, "db.locks.waiting", 0, 38, 6*time.Minute, 115*time.Second)
				errorsSince(w, 28, 5*time.Minute)
				issues(w, grown(w, 6*time.Minute, 2*time.Minute))
			},
			summary: "no suspect for http.error_rate shop 28 %", against: []string{"issue SHOP-1 came with db.locks.waiting"},
		},
		{
			name: "an old issue that grew with a lock pile-up and stays", change: func(w *world) {
				shortOf(w, "db.locks.waiting", 0, 38, 6*time.Minute, 115*time.Second)
				errorsSince(w, 28, 5*time.Minute)
				issues(w, grown(w, 6*time.Minute, 0))
			},
			rule: "http.error_rate.high", summary: "since issue SHOP-1 in /product",
		},
		{
			name: "a build that had served well before the lock pile-up", change: func(w *world) {
				deployed(w, 26*time.Minute)
				waited(w)
				issues(w, lost(w, 40*time.Second, 16*time.Second))
			},
			deeds: []Deed{ended}, summary: "no suspect for http.error_rate shop 28 %", against: []string{"deploy v31 26m0s ago"},
		},
		{
			name: "an issue of another thing beside that of a lock pile-up", change: func(w *world) {
				waited(w)
				other := poisoned(w, 30*time.Second, 380)
				other.ShortID = "SHOP-9"
				issues(w, lost(w, 40*time.Second, 16*time.Second), other)
			},
			deeds: []Deed{ended}, rule: "http.error_rate.high", summary: "since issue SHOP-9 in /checkout", action: "cache.purge",
		},
	}
}

// grown is an old issue that had many events a minute from so long ago until so
// long ago.
func grown(w *world, from, until time.Duration) model.SentryIssue {
	i := old(w, 1, 800, from)
	for n, m := range i.Minutes {
		if !m.At.Before(w.now.Add(-until)) {
			i.Minutes[n].N = 1
		}
	}
	return i
}

// takenBack is a build of five minutes, v32, from which production was pointed
// back at v31 twelve seconds ago; the errors that it made fall.
func takenBack(w *world) {
	put(w, store.DeploymentsKey(), model.Deployments{
		Rows: []model.Deployment{
			{ID: "dpl_32", Name: "v32", Commit: "c0ffee", Created: w.now.Add(-6 * time.Minute), Ready: w.now.Add(-5 * time.Minute), State: "READY"},
			{ID: "dpl_31", Name: "v31", Commit: "beef", Created: w.now.Add(-9 * time.Hour), Ready: w.now.Add(-9 * time.Hour), State: "READY", Live: true},
		},
		Switch: &model.Switched{At: w.now.Add(-12 * time.Second), By: "rollback", From: "dpl_32"},
	})
	errorsSince(w, 11.5, 2*time.Minute)
}

// seen is an issue of a release that was seen last so long ago.
func seen(w *world, release string, last time.Duration) model.SentryIssue {
	i := poisoned(w, 2*time.Minute, 800)
	i.LastSeen = w.now.Add(-last)
	i.FirstRelease, i.Latest = ptr("v32"), &model.SentryEvent{Release: release}
	return i
}

// afterARollback are the seconds after a bad build was taken away: what it made
// fail still shows.
func afterARollback() []situation {
	const blamed = "since issue SHOP-2 in /checkout"
	back := Deed{Action: "deploy.rollback", Text: "Roll back to v31", At: newWorld().now.Add(-10 * time.Second)}
	return []situation{
		{
			name: "the issue of a build that was rolled back", change: func(w *world) { takenBack(w); issues(w, seen(w, "v32", 3*time.Second)) },
			deeds:   []Deed{back},
			summary: "no suspect for http.error_rate shop 11.5 % (limit 2 %); Roll back to v31 helped 10s ago",
			against: []string{"issue SHOP-2 is of v32, which has not been live for 12s", "rolled back to v31 12s ago"}, then: []string(nil),
		},
		{
			name: "the issue of a build that is named by its commit", change: func(w *world) { takenBack(w); issues(w, seen(w, "c0ffee", 3*time.Second)) },
			summary: "no suspect for http.error_rate shop 11.5 %", against: []string{"issue SHOP-2 is of c0ffee"},
		},
		{
			name: "an issue that goes on after the rollback", change: func(w *world) { takenBack(w); issues(w, seen(w, "v32", time.Second)) },
			deeds: []Deed{back}, rule: "http.error_rate.high", summary: blamed, silent: []string{"not been live"},
		},
		{
			name: "an issue of the build that was rolled back to", change: func(w *world) { takenBack(w); issues(w, seen(w, "v31", 3*time.Second)) },
			rule: "http.error_rate.high", summary: blamed, silent: []string{"not been live"},
		},
		{
			name: "an issue whose newest release is not known", change: func(w *world) {
				takenBack(w)
				i := seen(w, "", 3*time.Second)
				i.Latest = nil
				issues(w, i, seen(w, "", 3*time.Second))
			},
			rule: "http.error_rate.high", summary: blamed, silent: []string{"not been live"},
		},
		{
			name: "an issue of a release that no build is of", change: func(w *world) { takenBack(w); issues(w, seen(w, "worker-7", 3*time.Second)) },
			rule: "http.error_rate.high", summary: blamed, silent: []string{"not been live"},
		},
		{
			name: "an issue of a commit that was built again", change: func(w *world) {
				takenBack(w)
				sample, _ := store.Get(w, store.DeploymentsKey())
				sample.Value.Rows[1].Commit = "c0ffee"
				put(w, store.DeploymentsKey(), sample.Value)
				issues(w, seen(w, "c0ffee", 3*time.Second))
			},
			rule: "http.error_rate.high", summary: blamed, silent: []string{"not been live"},
		},
		{
			name: "an issue while nobody knows which build is live", change: func(w *world) {
				takenBack(w)
				unread(w, store.DeploymentsKey())
				issues(w, seen(w, "v32", 3*time.Second))
			},
			rule: "http.error_rate.high", summary: blamed, silent: []string{"not been live"},
		},
	}
}
