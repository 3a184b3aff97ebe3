package provider

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// SentryOptions describes the organization that a [Sentry] serves.
type SentryOptions struct {
	Org     string // slug
	Project string // slug of its only project; the short ids of issues begin with it
	Token   string // the only bearer token that is accepted

	Now func() time.Time // nil is time.Now
}

// SentryFault is one error of an application, as an agent inside it reports it.
type SentryFault struct {
	At      time.Time
	Type    string // of the error: CacheError
	Message string
	Culprit string // where it happened: POST /checkout
	Release string
	Tags    map[string]string
}

// Sentry is one organization at a pretended Sentry. Its numbers are what it
// was told. It is an [http.Handler] for the API's base address and safe for use
// by many goroutines.
type Sentry struct {
	opts  SentryOptions
	mux   *http.ServeMux
	quota *quota

	mu       sync.Mutex
	issues   []*issue // oldest first
	requests []request
	sessions map[int64]*hourOfSessions // by hour of the epoch
	crons    map[string]*cron
	accepted map[int64]int // errors by hour of the epoch
}

// issue is what faults with one cause are put together in.
type issue struct {
	number       int
	key          string // what puts faults together
	title        string
	culprit      string
	status       string // unresolved, resolved, ignored
	substatus    string
	ignoredUntil time.Time
	assignee     string // user:1, team:2; ""
	first, last  time.Time
	firstRelease string
	minutes      map[int64]int // events by minute of the epoch
	latest       SentryFault
}

// request is one transaction.
type request struct {
	at     time.Time
	took   time.Duration
	failed bool
}

type hourOfSessions struct{ count, crashed int }

// cron is a job that checks in.
type cron struct {
	last   time.Time
	failed bool
}

// How long what was told is kept.
const (
	keepRequests = 10 * time.Minute
	keepMinutes  = 24 * time.Hour
)

// NewSentry returns an organization that was told nothing.
func NewSentry(opts SentryOptions) *Sentry {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Sentry{
		opts: opts, quota: newQuota(opts.Now), sessions: map[int64]*hourOfSessions{}, crons: map[string]*cron{}, accepted: map[int64]int{},
	}
	s.quota.prefix = "X-Sentry-Rate-Limit-"
	s.mux = s.routes()
	return s
}

// Fault takes in one error.
func (s *Sentry) Fault(f SentryFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted[hour(f.At)]++
	i := s.issueOf(f)
	switch {
	case i.status == "resolved":
		i.status, i.substatus = "unresolved", "regressed"
	case i.status == "ignored" && !i.ignoredUntil.IsZero() && !f.At.Before(i.ignoredUntil):
		i.status, i.substatus = "unresolved", "ongoing"
	}
	i.last, i.latest = f.At, f
	i.minutes[minute(f.At)]++
	for m := range i.minutes {
		if m < minute(f.At.Add(-keepMinutes)) {
			delete(i.minutes, m)
		}
	}
}

func hour(at time.Time) int64   { return at.Unix() / 3600 }
func minute(at time.Time) int64 { return at.Unix() / 60 }

// issueOf finds the issue of a fault or opens one. The caller holds mu.
func (s *Sentry) issueOf(f SentryFault) *issue {
	key := f.Type + " " + f.Culprit + " " + withoutDigits(f.Message)
	for _, i := range s.issues {
		if i.key == key {
			return i
		}
	}
	i := &issue{
		number: len(s.issues) + 1, key: key, title: f.Type + ": " + f.Message, culprit: f.Culprit, status: "unresolved", substatus: "new",
		first: f.At, firstRelease: f.Release, minutes: map[int64]int{},
	}
	s.issues = append(s.issues, i)
	return i
}

// withoutDigits lets errors that differ in a number only be one.
func withoutDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// Request takes in one transaction, which is a session of a customer as well.
func (s *Sentry) Request(at time.Time, took time.Duration, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := 0
	for first < len(s.requests) && at.Sub(s.requests[first].at) > keepRequests {
		first++
	}
	s.requests = append(s.requests[first:], request{at, took, failed})
	h := s.sessions[hour(at)]
	if h == nil {
		h = &hourOfSessions{}
		s.sessions[hour(at)] = h
	}
	h.count++
	if failed {
		h.crashed++
	}
}

// Sessions takes in the sessions of an hour that is over.
func (s *Sentry) Sessions(at time.Time, count, crashed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[hour(at)] = &hourOfSessions{count, crashed}
}

// CheckIn takes in one run of a job.
func (s *Sentry) CheckIn(job string, at time.Time, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crons[job] = &cron{last: at, failed: failed}
}

// count is how many events an issue had since an instant. The caller holds mu.
func (i *issue) count(since time.Time) int {
	n := 0
	for m, events := range i.minutes {
		if m >= minute(since) {
			n += events
		}
	}
	return n
}

// wake opens an issue whose silence has ended. The caller holds mu.
func (i *issue) wake(now time.Time) {
	if i.status == "ignored" && !i.ignoredUntil.IsZero() && !now.Before(i.ignoredUntil) {
		i.status, i.substatus, i.ignoredUntil = "unresolved", "ongoing", time.Time{}
	}
}

// find returns an issue by its id. The caller holds mu.
func (s *Sentry) find(id string) *issue {
	for _, i := range s.issues {
		if i.id() == id {
			i.wake(s.opts.Now())
			return i
		}
	}
	return nil
}

// id is the number by which the API knows an issue.
func (i *issue) id() string { return fmt.Sprint(4_100_000_000 + i.number) }

func (s *Sentry) shortID(i *issue) string {
	return fmt.Sprintf("%s-%d", strings.ToUpper(s.opts.Project), i.number)
}

// listed are the issues with a status that were seen since an instant, in an
// order. The caller holds mu.
func (s *Sentry) listed(status, order string, since time.Time) []*issue {
	var out []*issue
	for _, i := range s.issues {
		i.wake(s.opts.Now())
		if (status == "" || i.status == status) && !i.last.Before(since) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b *issue) int {
		switch order {
		case "freq":
			return cmp.Compare(b.count(since), a.count(since))
		case "new":
			return b.first.Compare(a.first)
		}
		return b.last.Compare(a.last)
	})
	return out
}
