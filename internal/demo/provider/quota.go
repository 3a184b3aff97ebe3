package provider

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	quotaRequests = 600
	quotaWindow   = time.Minute
)

// quota counts requests in fixed windows and says so in headers, as Vercel does;
// others with headers of their own.
type quota struct {
	now    func() time.Time
	prefix string // of the headers

	mu    sync.Mutex
	reset time.Time // end of the current window
	used  int       // requests in it
}

func newQuota(now func() time.Time) *quota { return &quota{now: now, prefix: "X-RateLimit-"} }

// take counts one request and sets the rate headers. It returns the seconds to
// wait when the window is used up, else 0.
func (q *quota) take(h http.Header) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	if !now.Before(q.reset) {
		q.reset, q.used = now.Add(quotaWindow), 0
	}
	q.used++
	h.Set(q.prefix+"Limit", strconv.Itoa(quotaRequests))
	h.Set(q.prefix+"Remaining", strconv.Itoa(max(quotaRequests-q.used, 0)))
	h.Set(q.prefix+"Reset", strconv.FormatInt(q.reset.Unix(), 10))
	if q.used <= quotaRequests {
		return 0
	}
	return int(q.reset.Sub(now)/time.Second) + 1
}
