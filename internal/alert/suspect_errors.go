package alert

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

const (
	// issueSlack forgives clocks that differ, and minutes that are whole.
	issueSlack = 2 * time.Minute
	// issueShare is the part of the errors that an issue has to make to explain them.
	issueShare = 0.4
	// issueQuiet is how long the newest event of an issue that makes most of the
	// errors may be ago.
	issueQuiet = 30 * time.Second
	// issueGrowth is how many times its usual rate an old issue has to have to
	// count as having begun again.
	issueGrowth = 3
)

// errorSpike names the issue that makes most of the errors that users feel,
// where it began with them. Where its events say which key of the cache could
// not be used, removing that mends it. An issue that names a provider in
// trouble is that provider's.
func (s *scene) errorSpike() []candidate {
	worst := s.failures()
	all, read, ok := knownAt(s, store.SentryIssuesKey())
	if !ok || len(worst) == 0 {
		return nil
	}
	issue, rate, ok := s.loudest(all, read, worst[0])
	if !ok || s.isProviders(issue) {
		return nil
	}
	return []candidate{s.blameIssue(issue, rate, worst[0])}
}

// failures are the readings of requests that fail.
func (s *scene) failures() []hot {
	return s.all("http.error_rate.high", "http.error_rate", "sentry.failure_rate")
}

// loudest is the issue that began with a symptom and makes most of its errors,
// with its events a minute. Not ok when none makes enough of them. What a
// shortage or a build that is over brought about is no cause.
func (s *scene) loudest(all model.SentryIssues, read time.Time, worst hot) (found model.SentryIssue, rate float64, ok bool) {
	for _, i := range all.Rows {
		n, fits := s.beganWith(i, read, worst.began)
		if fits && n > rate && s.consequence(i, read, worst) == "" {
			found, rate = i, n
		}
	}
	errors, known := s.errorsPerMinute()
	return found, rate, rate > 0 && (!known || rate >= issueShare*errors)
}

// beganWith tells whether an issue began with a symptom, or grew with it, and
// how many events a minute it has.
func (s *scene) beganWith(i model.SentryIssue, read, began time.Time) (rate float64, ok bool) {
	if read.Sub(i.LastSeen) > issueQuiet {
		return 0, false
	}
	if n, young := i.Young(read); young {
		return n, !i.FirstSeen.Before(began.Add(-issueSlack))
	}
	before, known := i.PerMinute(time.Time{}, began.Add(-time.Minute))
	after, some := i.PerMinute(began.Add(-time.Minute), s.now)
	return after, known && some && after > 0 && after >= issueGrowth*before
}

// errorsPerMinute is how many errors the applications make; not ok when none
// tells.
func (s *scene) errorsPerMinute() (perMinute float64, ok bool) {
	for _, app := range store.All[model.App](s.v) {
		if w, is := app.Sample.Value.Over(time.Minute); is && w.NoErrors == "" && app.Status.State == store.OK {
			perMinute, ok = perMinute+float64(w.Errors)/w.Elapsed.Minutes(), true
		}
	}
	return perMinute, ok
}

// isProviders tells whether an issue names a provider that reports trouble.
func (s *scene) isProviders(i model.SentryIssue) bool {
	for _, h := range s.all("provider.trouble") {
		if i.Names(h.Labels["provider"]) {
			return true
		}
	}
	return false
}

func (s *scene) blameIssue(i model.SentryIssue, rate float64, worst hot) candidate {
	c := explain(weightErrors, worst)
	if !i.FirstSeen.IsZero() && i.FirstSeen.Before(c.Since) && s.now.Sub(i.FirstSeen) < lookBack {
		c.Since = i.FirstSeen
	}
	c.Summary = fmt.Sprintf("%s since issue %s in %s, %s a minute", s.course(worst), i.ShortID, cmp.Or(i.Culprit, i.Project), number(rate, model.None))
	if release := s.releaseOf(i); release != "" {
		c.Summary += ", " + release
	}
	c.Evidence = lines(append([]string{i.ShortID + ": " + i.Title, s.issueAge(i), s.before(worst, c.Since)}, s.symptomTexts()...)...)
	c.Against = lines(s.deployLine(), s.providerLine(), s.loadLine(), s.lockLine())
	key := i.Tag(model.CacheTag)
	if _, cached := known(s, store.RedisKey()); key == "" || !cached || strings.ContainsAny(key, `*?[]\…`) {
		return c
	}
	c.Summary += ": purge " + key
	c.Evidence = append(c.Evidence, "its events name the key of the cache that could not be used: "+key)
	c.act("cache.purge", map[string]string{"prefix": key})
	return c
}

// releaseOf says in which release an issue happens; "" when that is not told.
func (s *scene) releaseOf(i model.SentryIssue) string {
	switch {
	case i.Latest != nil && i.Latest.Release != "":
		return "in " + i.Latest.Release
	case i.FirstRelease != nil && *i.FirstRelease != "":
		return "since " + *i.FirstRelease
	}
	return ""
}

// issueAge says since when an issue is known.
func (s *scene) issueAge(i model.SentryIssue) string {
	if i.FirstSeen.IsZero() {
		return ""
	}
	text := "first seen " + ago(s.now.Sub(i.FirstSeen)) + " ago"
	if i.FirstRelease != nil && *i.FirstRelease != "" {
		text += " in release " + *i.FirstRelease
	}
	return text
}

// issueSince names the issue with the most events that is new since an instant.
func (s *scene) issueSince(at time.Time) string {
	return s.newIssue(at, func(model.SentryIssue) bool { return true })
}

// issueNaming names the newest issue that speaks of a provider.
func (s *scene) issueNaming(provider string) string {
	return s.newIssue(s.now.Add(-lookBack), func(i model.SentryIssue) bool { return i.Names(provider) })
}

// newIssue writes the issue with the most events that is new since an instant
// and fits.
func (s *scene) newIssue(at time.Time, fits func(model.SentryIssue) bool) string {
	all, ok := known(s, store.SentryIssuesKey())
	if !ok {
		return ""
	}
	for _, i := range all.Rows {
		if i.FirstSeen.Before(at) || i.Count == nil || !fits(i) {
			continue
		}
		return fmt.Sprintf("new issue %s in %s, %d events: %s", i.ShortID, cmp.Or(i.Culprit, i.Project), *i.Count, i.Title)
	}
	return ""
}

// unreadableOf says that a provider does not answer us either.
func (s *scene) unreadableOf(provider string) string {
	for _, src := range s.v.Sources() {
		if src.State == store.Error && strings.HasPrefix(src.Name, strings.ToLower(provider)+".") {
			return "it does not answer tocsin either: " + src.Fail.Text
		}
	}
	return ""
}

// Felt tells whether users feel any of these alerts: errors, slow or no
// answers.
func Felt(alerts []Alert) bool {
	for _, a := range alerts {
		switch a.Rule {
		case "service.down", "http.error_rate.high", "http.error_rate", "http.p95", "http.p99", "sentry.failure_rate":
			if a.Trouble() && a.State != Unknown {
				return true
			}
		}
	}
	return false
}
