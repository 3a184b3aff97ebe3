package alert

import (
	"fmt"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

const (
	// aftermath is how long after the end of a shortage what it brought about may
	// still arrive: requests that had waited end, and a reading is seconds old.
	aftermath = 10 * time.Second
	// breath is the longest pause between two readings over the limit that are
	// of one shortage.
	breath = time.Minute
)

// shortage is a queue for locks, connections that ran out, or a server that was
// down, that ended of late.
type shortage struct {
	Alert

	began, ended time.Time
}

// shortages are those that ended of late: what they brought about is still within
// the windows of the readings.
func (s *scene) shortages() []shortage {
	var out []shortage
	for _, a := range s.alerts {
		if !slices.Contains([]string{"db.locks.waiting", "db.connections", "db.down", "cache.down"}, a.Rule) || !a.Known {
			continue
		}
		if _, lasts := s.over(a.Rule); lasts {
			continue
		}
		if one, ok := s.endedOf(a); ok && s.now.Sub(one.ended) < deedFor {
			out = append(out, one)
		}
	}
	return out
}

// endedOf finds when a reading came back under its limit: by its points, else by
// an action that measured it before and after; since when it was over is then
// not known.
func (s *scene) endedOf(a Alert) (shortage, bool) {
	out := shortage{Alert: a, ended: s.now}
	for _, p := range slices.Backward(s.v.Series(a.Metric, a.Labels, s.now.Add(-lookBack))) {
		over, _ := a.Threshold.Holds(p.Value, a.Unit)
		switch {
		case !over && out.began.IsZero():
			out.ended = p.At
		case over && (out.began.IsZero() || out.began.Sub(p.At) <= breath):
			out.began = p.At
		}
	}
	if !out.began.IsZero() {
		return out, true
	}
	for _, d := range s.deeds {
		if d.ended(a) {
			out.began, out.ended = d.At.Add(-lookBack), d.At
			return out, true
		}
	}
	return shortage{}, false
}

// ended tells whether the deed brought the reading of an alert back under its limit.
func (d Deed) ended(a Alert) bool {
	return slices.ContainsFunc(d.Effects, func(e Effect) bool {
		before, _ := a.Threshold.Holds(e.Before, a.Unit)
		after, err := a.Threshold.Holds(e.After, a.Unit)
		return e.Metric == a.Metric && before && !after && err == nil
	})
}

// holds tells whether an instant lies within the shortage or just after it.
func (w shortage) holds(at time.Time) bool {
	return !at.Before(w.began.Add(-aftermath)) && !at.After(w.ended.Add(aftermath))
}

// leftBy finds the shortage with which a symptom came, and after which it has
// not become worse. The beginning of a symptom is now where it is not known.
func (s *scene) leftBy(h hot) (shortage, bool) {
	for _, w := range s.shortages() {
		if (w.holds(h.began) || h.began.Equal(s.now)) && !s.worseSince(h, w.ended.Add(aftermath)) {
			return w, true
		}
	}
	return shortage{}, false
}

// brought tells whether an issue is a consequence of a shortage with which the
// worst symptom came: the issue came, or grew, with it, and as far as is known
// has done so no longer.
func (s *scene) brought(w shortage, i model.SentryIssue, read time.Time, worst hot) bool {
	if w.holds(i.FirstSeen) {
		return w.holds(i.LastSeen)
	}
	if _, young := i.Young(read); young {
		return false // it was there before
	}
	before, _ := i.PerMinute(time.Time{}, worst.began.Add(-time.Minute))
	since, known := i.PerMinute(w.ended.Add(aftermath), s.now)
	return !known || since <= issueGrowth*before
}

// consequence says what is over that brought an issue about; "" where it may be
// a cause.
func (s *scene) consequence(i model.SentryIssue, read time.Time, worst hot) string {
	if line := s.ofGone(i); line != "" {
		return line
	}
	if w, left := s.leftBy(worst); left && s.brought(w, i, read, worst) {
		return fmt.Sprintf("issue %s came with %s, which %s %s ago", i.ShortID, w.name(), w.was(), ago(s.now.Sub(w.ended)))
	}
	return ""
}

// ofGone says that an issue is of a build that serves no longer, and was not
// seen since.
func (s *scene) ofGone(i model.SentryIssue) string {
	if i.Latest == nil {
		return "" // the release in which it was seen first is seldom its only one
	}
	for _, d := range store.All[model.Deployments](s.v) {
		since, _, ok := d.Sample.Value.LiveSince()
		if ok && d.Sample.Fail == nil && replaced(d.Sample.Value.Rows, i.Latest.Release) && !i.LastSeen.After(since.Add(aftermath)) {
			return fmt.Sprintf("issue %s is of %s, which has not been live for %s", i.ShortID, i.Latest.Release, ago(s.now.Sub(since)))
		}
	}
	return ""
}

// replaced tells whether a release is known, and none of its builds serves.
func replaced(rows []model.Deployment, release string) bool {
	made := false
	for _, row := range rows {
		if release == row.Name || release == row.Commit {
			if row.Live {
				return false
			}
			made = release != ""
		}
	}
	return made
}

// aftermathLine names the issue that what is over brought about, where users
// still feel that.
func (s *scene) aftermathLine() string {
	all, read, ok := knownAt(s, store.SentryIssuesKey())
	worst := s.failures()
	if !ok || len(worst) == 0 {
		return ""
	}
	for _, i := range all.Rows {
		if _, began := s.beganWith(i, read, worst[0].began); began {
			if line := s.consequence(i, read, worst[0]); line != "" {
				return line
			}
		}
	}
	return ""
}

// was says what it was until it ended.
func (w shortage) was() string {
	if tellsDown(w.Metric) {
		return "ended"
	}
	limit, _ := w.Threshold.In(w.Unit) // it was compared before
	return "was over " + number(limit, w.Unit) + " until"
}
