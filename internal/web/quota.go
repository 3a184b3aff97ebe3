package web

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"tocsin/internal/model"
)

// quotaMax bounds the windows that are remembered.
const quotaMax = 64

// quota is what the newest answers said of the calls that are left, by path:
// some providers count each endpoint by itself. Its zero value knows nothing.
type quota struct {
	mu      sync.Mutex
	windows map[string]model.Budget
}

// Budget is what the provider's answers said of the calls that are left, of
// its endpoints the one with the least; not ok where it never said so.
func (c *Client) Budget() (model.Budget, bool) {
	c.quota.mu.Lock()
	defer c.quota.mu.Unlock()
	var least model.Budget
	for _, b := range c.quota.windows {
		if least.Limit == 0 || b.Left*least.Limit < least.Left*b.Limit {
			least = b
		}
	}
	return least, least.Limit > 0
}

// note reads the headers of an answer; one that says nothing changes nothing.
func (q *quota) note(path string, h http.Header, now time.Time) {
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-", "X-Sentry-Rate-Limit-"} {
		limit, err := strconv.Atoi(h.Get(prefix + "Limit"))
		left, err2 := strconv.Atoi(h.Get(prefix + "Remaining"))
		if err == nil && err2 == nil && limit > 0 {
			q.put(path, model.Budget{Limit: limit, Left: max(left, 0), Reset: resetAt(h.Get(prefix+"Reset"), now)})
			return
		}
	}
}

func (q *quota) put(path string, b model.Budget) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.windows == nil || len(q.windows) >= quotaMax {
		q.windows = map[string]model.Budget{}
	}
	q.windows[path] = b
}

func (q *quota) of(path string) model.Budget {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.windows[path]
}

// secondsMax tells a pause in seconds from an instant in seconds of the epoch.
const secondsMax = 1_000_000_000

// resetAt reads both forms in use: seconds from here, and seconds of the
// epoch; zero when there is neither.
func resetAt(value string, now time.Time) time.Time {
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil || n <= 0:
		return time.Time{}
	case n < secondsMax:
		return now.Add(time.Duration(n * float64(time.Second)))
	default:
		return time.Unix(int64(n), 0)
	}
}

// longestReset bounds the pause that headers can ask for: a wrong clock on
// either side must not silence a source for long.
const longestReset = 5 * time.Minute

// spent refuses a read, unsent, while the provider has said that nothing is
// left. A change is sent: somebody waits for it, and the provider may allow it.
func (c *Client) spent(r Request, now time.Time) error {
	b := c.quota.of(r.Path)
	if b.Limit == 0 || b.Left > 0 || r.Method != http.MethodGet || !now.Before(b.Reset) || b.Reset.Sub(now) > longestReset {
		return nil
	}
	fail := c.fail(r, model.Limited, "not asked: the provider's limit of calls is used up")
	fail.RetryAfter = b.Reset.Sub(now)
	return fail
}
