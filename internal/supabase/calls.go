package supabase

import (
	"sync"
	"time"

	"tocsin/internal/model"
)

const (
	// window and callsMax are the limit of the API: for one person, over all tokens.
	window   = time.Minute
	callsMax = 60
	// readsMax of them may be reads: a change, and the watching of it, must
	// never find that the screen has used all of them up.
	readsMax = 40
)

// calls keeps account of the calls of the last minute.
type calls struct {
	now func() time.Time

	mu    sync.Mutex
	made  []time.Time // oldest first
	until time.Time   // the API asked us to stay away until then; zero when it did not
}

// take notes a call, or says how long to wait before it may be made. A change
// is always made.
func (c *calls) take(change bool) (wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.forget(now)
	switch {
	case change:
	case now.Before(c.until):
		return c.until.Sub(now)
	case len(c.made) >= readsMax:
		return c.made[len(c.made)-readsMax].Add(window).Sub(now)
	}
	c.made = append(c.made, now)
	return 0
}

// hold lets no read through for a while.
func (c *calls) hold(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = c.now().Add(d)
}

// forget drops what is older than the window. The caller holds mu.
func (c *calls) forget(now time.Time) {
	for len(c.made) > 0 && now.Sub(c.made[0]) >= window {
		c.made = c.made[1:]
	}
}

func (c *calls) budget() model.Budget {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.forget(now)
	b := model.Budget{Limit: callsMax, Left: max(callsMax-len(c.made), 0), Reset: now}
	if len(c.made) > 0 {
		b.Reset = c.made[0].Add(window)
	}
	if now.Before(c.until) {
		b.Left, b.Reset = 0, c.until
	}
	return b
}
