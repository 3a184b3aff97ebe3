package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

const (
	sendWithin = 15 * time.Second
	firstPause = 5 * time.Second
	longPause  = 5 * time.Minute
)

// Run delivers what waits until ctx ends. What is left then waits on disk for
// the next program. Each channel has a goroutine of its own, so that none waits
// for another; one without work sleeps.
func (n *Notifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, c := range n.o.Channels {
		all.Go(func() { n.deliver(ctx, c) })
	}
	all.Wait()
}

func (n *Notifier) deliver(ctx context.Context, c Channel) {
	failures := 0
	for ctx.Err() == nil {
		e, ok := n.head(c.Name, time.Now())
		if !ok {
			select {
			case <-ctx.Done():
			case <-n.wakes[c.Name]:
			}
			continue
		}
		if err := n.try(ctx, c, e); err != nil {
			wait(ctx, pauseAfter(failures, err))
			failures++
			continue
		}
		failures = 0
	}
}

// Flush sends what waits, once, until ctx ends. What fails waits on disk for the
// next time, with what stands behind it.
func (n *Notifier) Flush(ctx context.Context) error {
	errs := make([]error, len(n.o.Channels))
	var all sync.WaitGroup
	for i, c := range n.o.Channels {
		all.Go(func() {
			for errs[i] == nil {
				e, ok := n.head(c.Name, time.Now())
				if !ok {
					return
				}
				if err := cmp.Or(n.try(ctx, c, e), ctx.Err()); err != nil {
					errs[i] = fmt.Errorf("notify %s: %w; it waits for the next time", c.Name, err)
				}
			}
		})
	}
	all.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lost != nil {
		errs = append(errs, fmt.Errorf("what was told is not kept, and will be told again: %w", n.lost))
	}
	return errors.Join(errs...)
}

// try sends one event and notes what became of it. The error says that it waits:
// also of one that ctx has ended, since it is not known to have arrived.
func (n *Notifier) try(ctx context.Context, c Channel, e Event) error {
	err := send(ctx, c, e)
	if ctx.Err() != nil && err != nil {
		return err
	}
	n.sent(c.Name, e, err, time.Now())
	if hopeless(err) {
		return nil
	}
	return err
}

// send sends one event once. A panic of a channel is its failure.
func send(ctx context.Context, c Channel, e Event) (err error) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a fault in tocsin: %v", r)
		}
	}()
	return c.Send(ctx, e)
}

// head is the oldest event that waits for a channel. One that is too old by now
// is dropped.
func (n *Notifier) head(channel string, now time.Time) (Event, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	waiting := n.box.Waiting[channel]
	for len(waiting) > 0 && now.Sub(waiting[0].At) > tooOld {
		waiting = waiting[1:]
		n.box.Dropped[channel]++
	}
	if len(waiting) != len(n.box.Waiting[channel]) {
		n.box.Waiting[channel] = waiting
		n.save()
	}
	if len(waiting) == 0 {
		return Event{}, false
	}
	return waiting[0], true
}

// sent notes what became of an event. One that is refused for what it is waits
// no longer: it would hold up the others for ever.
func (n *Notifier) sent(channel string, e Event, err error, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.box.Channels[channel]
	switch {
	case err == nil:
		s.Sent++
		s.At, s.Fail, s.Since = now, "", time.Time{}
	default:
		if s.Since.IsZero() {
			s.Since = now
		}
		s.Fail = err.Error()
	}
	if err != nil && hopeless(err) {
		n.box.Dropped[channel]++
	}
	if err == nil || hopeless(err) {
		// The queue may have been cut meanwhile, with this one at its head.
		if waiting := n.box.Waiting[channel]; len(waiting) > 0 && waiting[0] == e {
			n.box.Waiting[channel] = waiting[1:]
		}
	}
	n.box.Channels[channel] = s
	n.save()
}

// hopeless tells whether sending the same again would be refused again.
func hopeless(err error) bool {
	status, ok := errors.AsType[*web.StatusError](err)
	if !ok {
		return false
	}
	switch status.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// pauseAfter is how long to wait after so many failures before the last one: as
// long as the other side asked for, where that is longer.
func pauseAfter(failures int, err error) time.Duration {
	pause := min(firstPause<<min(failures, 10), longPause)
	if fail, ok := errors.AsType[*model.Fail](err); ok {
		pause = max(pause, min(fail.RetryAfter, time.Hour))
	}
	return pause
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
