package model

import (
	"strings"
	"time"
)

// SentryIssues are the unresolved issues with the most events.
// Source: Sentry, GET issues, events-timeseries by issue, issues/{id} and its
// latest event.
type SentryIssues struct {
	Org    string
	Rows   []SentryIssue // by events, the most first
	More   bool          // there are more than are listed
	From   time.Time     // Minutes of the rows begin here; zero when they could not be read
	Hidden string        // what could not be read, and why; "" when all was
	Calls  *Budget       // what Sentry said of the calls that are left; nil when it did not
}

// SentryIssue is a group of errors with one cause. No text of it holds anybody's data; see
// [Redactor].
type SentryIssue struct {
	ID, ShortID  string
	Title        string
	Culprit      string // where it happened: a route, a function; ""
	Level        string // fatal, error, warning, info, debug
	Substatus    string // new, ongoing, escalating, regressed; ""
	Project      string
	Link         string
	Count        *int64 // events of the last 24 h; nil when it is not told
	Users        int
	FirstSeen    time.Time
	LastSeen     time.Time
	FirstRelease *string  // "" when it was in none; nil when it was not read yet
	Assignee     string   // "" for nobody
	Minutes      []Minute // events by whole minute, of the last hour; nil when they are not known
	Latest       *SentryEvent
}

// Minute is how many events there were within one minute.
type Minute struct {
	At time.Time // its beginning
	N  float64
}

// SentryEvent is the newest event of an issue that was read.
type SentryEvent struct {
	At          time.Time
	Message     string
	Release     string
	Environment string
	Frames      []string // the place where it happened first
	Tags        []SentryTag
}

// SentryTag is one tag of an event.
type SentryTag struct{ Key, Value string }

// CacheTag is the tag by which an application says which key of its cache it
// could not use.
const CacheTag = "cache.key"

// Tag is the value of a tag of the newest event; "" when it has none.
func (i SentryIssue) Tag(key string) string {
	if i.Latest == nil {
		return ""
	}
	for _, t := range i.Latest.Tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// PerMinute is how many events there were a minute between two instants, by
// the whole minutes within; not ok when there are none.
func (i SentryIssue) PerMinute(from, to time.Time) (n float64, ok bool) {
	return perMinute(i.Minutes, from, to)
}

// Young is how many events a minute an issue has that is younger than the
// minutes are told; at is when its count was read. Not ok where it is older, or
// its count is not known.
func (i SentryIssue) Young(at time.Time) (n float64, ok bool) {
	if i.Count == nil || i.FirstSeen.IsZero() || at.Sub(i.FirstSeen) > 3*time.Minute {
		return 0, false
	}
	age := max(at.Sub(i.FirstSeen), i.LastSeen.Sub(i.FirstSeen), time.Second)
	return float64(*i.Count) / age.Minutes(), true
}

func perMinute(minutes []Minute, from, to time.Time) (n float64, ok bool) {
	sum, count := 0.0, 0
	for _, m := range minutes {
		if !m.At.Before(from) && !m.At.Add(time.Minute).After(to) {
			sum, count = sum+m.N, count+1
		}
	}
	return sum / float64(max(count, 1)), count > 0
}

// Names tells whether the issue speaks of something, such as a provider, in
// its title, its place or its tags.
func (i SentryIssue) Names(what string) bool {
	text := i.Title + " " + i.Culprit
	if i.Latest != nil {
		text += " " + i.Latest.Message
		for _, t := range i.Latest.Tags {
			text += " " + t.Value
		}
	}
	return what != "" && strings.Contains(strings.ToLower(text), strings.ToLower(what))
}

// Facts implements the snapshot of the store. Issues have no series of their
// own: they come and go.
func (s SentryIssues) Facts() []Fact {
	facts := []Fact{Known("sentry.issues", float64(len(s.Rows)), None, nil)}
	if s.Calls != nil {
		facts = append(facts, s.Calls.Facts("sentry")...)
	}
	return facts
}

// SentryTraffic is how many errors there are and how requests go.
// Source: Sentry, events-timeseries of errors and events of spans.
type SentryTraffic struct {
	Minutes       []Minute      // errors by whole minute, of the last hour
	Window        time.Duration // of what follows
	Requests      *float64      // transactions; nil when they are not told
	Failed        *float64      // percent of them
	P50, P95, P99 *time.Duration
	Hidden        string // why the transactions are not known; "" when they are
}

// PerMinute is how many errors there were a minute between two instants.
func (s SentryTraffic) PerMinute(from, to time.Time) (n float64, ok bool) {
	return perMinute(s.Minutes, from, to)
}

// Last is the newest whole minute; not ok when there is none.
func (s SentryTraffic) Last() (Minute, bool) {
	if len(s.Minutes) == 0 {
		return Minute{}, false
	}
	return s.Minutes[len(s.Minutes)-1], true
}

// Facts implements the snapshot of the store.
func (s SentryTraffic) Facts() []Fact {
	errors := Unknown("sentry.errors", None, nil, "Sentry has no whole minute yet")
	if last, ok := s.Last(); ok {
		errors = Known("sentry.errors", last.N, None, nil)
	}
	why := s.Hidden
	if why == "" {
		why = "Sentry has no transactions"
	}
	facts := []Fact{Maybe("sentry.failure_rate", s.Failed, Percent, why)}
	for _, q := range []struct {
		name string
		v    *time.Duration
	}{{"sentry.p50", s.P50}, {"sentry.p95", s.P95}, {"sentry.p99", s.P99}} {
		if q.v == nil {
			facts = append(facts, Unknown(q.name, Millis, nil, why))
			continue
		}
		facts = append(facts, Known(q.name, float64(*q.v)/float64(time.Millisecond), Millis, nil))
	}
	for i := range facts {
		if s.Requests != nil {
			facts[i].Count = int(*s.Requests)
		}
	}
	return append([]Fact{errors}, facts...)
}

// SentrySessions is how many sessions of users ended well. It is made of whole
// hours, so it tells of now an hour later. Source: Sentry, sessions.
type SentrySessions struct {
	From, To  time.Time
	CrashFree *float64 // percent; nil when there was no session
	Sessions  *float64
}

// Facts implements the snapshot of the store.
func (s SentrySessions) Facts() []Fact {
	f := Maybe("sentry.crash_free", s.CrashFree, Percent, "Sentry has no sessions")
	if s.Sessions != nil {
		f.Count = int(*s.Sessions)
	}
	return []Fact{f}
}

// SentryCrons are the scheduled jobs that check in at Sentry.
// Source: Sentry, monitors.
type SentryCrons struct {
	Rows []SentryCron
	More bool // there are more than are listed
}

// SentryCron is one job in one environment.
type SentryCron struct {
	Slug, Name  string
	Project     string
	Environment string
	Schedule    string // crontab, or "every 10 minutes"
	Zone        string
	Status      string    // ok, error, missed_checkin, timeout, active, disabled
	Muted       bool      // nobody is told of it
	LastCheckIn time.Time // zero when there was none
	NextCheckIn time.Time // zero when it is not told
}

// Failing tells whether the job failed, was late or ran too long.
func (c SentryCron) Failing() bool {
	switch c.Status {
	case "error", "missed_checkin", "timeout":
		return true
	}
	return false
}

// Facts implements the snapshot of the store.
func (s SentryCrons) Facts() []Fact {
	n := 0
	for _, c := range s.Rows {
		if c.Failing() && !c.Muted {
			n++
		}
	}
	return []Fact{Known("sentry.crons.failing", float64(n), None, nil)}
}

// SentryQuota is what became of the events that were sent.
// Source: Sentry, stats_v2, in whole hours.
type SentryQuota struct {
	Month []SentryOutcome // of the last 30 days, by category and outcome
	Hour  []SentryOutcome // of the last whole hours, see Hours
	Hours int             // how many hours these are
	Limit int             // errors that the plan takes in 30 days, as configured; 0 when nobody said
}

// SentryOutcome is how many events of one category ended in one way.
type SentryOutcome struct {
	Category string // error, transaction, …
	Outcome  string // accepted, filtered, rate_limited, …
	N        float64
}

// Sum adds up what ended in one way; a category of "" is every one.
func Sum(all []SentryOutcome, category, outcome string) float64 {
	sum := 0.0
	for _, o := range all {
		if o.Outcome == outcome && (category == "" || o.Category == category) {
			sum += o.N
		}
	}
	return sum
}

// UsedPct is how much of the quota of errors is used; not ok when nobody said
// what it is.
func (q SentryQuota) UsedPct() (pct float64, ok bool) {
	if q.Limit == 0 {
		return 0, false
	}
	return 100 * Sum(q.Month, "error", "accepted") / float64(q.Limit), true
}

// Facts implements the snapshot of the store.
func (q SentryQuota) Facts() []Fact {
	used := Unknown("sentry.quota.used", Percent, nil, "nobody said what the plan takes: sentry.quota in the configuration")
	if pct, ok := q.UsedPct(); ok {
		used = Known("sentry.quota.used", pct, Percent, nil)
	}
	return []Fact{used, Known("sentry.dropped", Sum(q.Hour, "", "rate_limited"), None, nil)}
}
