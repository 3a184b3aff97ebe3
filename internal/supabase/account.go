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
	// readsMax of them may be reads of the screen: a change, its card and the
	// watching of it must never find that all of them are used up.
	readsMax = 40
)

// Account is what was called within the last minute. All clients of a person
// share one, so that a client which is made anew does not forget it. Make it
// with [NewAccount].
type Account struct {
	now func() time.Time

	mu    sync.Mutex
	made  []time.Time // oldest first
	until time.Time   // the API asked us to stay away until then; zero when it did not
}

// NewAccount returns an account without calls; now may be nil for time.Now.
func NewAccount(now func() time.Time) *Account {
	if now == nil {
		now = time.Now
	}
	return &Account{now: now}
}

// take notes a call, or says how long to wait before it may be made. A change
// is always made, and a read that somebody asked for unless the API wants peace.
func (c *Account) take(change, asked bool) (wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.forget(now)
	switch {
	case change:
	case now.Before(c.until):
		return c.until.Sub(now)
	case len(c.made) >= readsMax && !asked:
		return c.made[len(c.made)-readsMax].Add(window).Sub(now)
	}
	c.made = append(c.made, now)
	return 0
}

// hold lets no read through for a while.
func (c *Account) hold(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = c.now().Add(d)
}

// forget drops what is older than the window. The caller holds mu.
func (c *Account) forget(now time.Time) {
	for len(c.made) > 0 && now.Sub(c.made[0]) >= window {
		c.made = c.made[1:]
	}
}

func (c *Account) budget() model.Budget {
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
