package shop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// job is something that the worker or the cron does again and again.
type job struct {
	name  string
	every time.Duration
	run   func(ctx context.Context) error
}

// Work runs the worker and the cron until ctx ends. A job that fails is tried
// again at its next turn, as its errors are the outage of somebody else.
func (s *Shop) Work(ctx context.Context) {
	var all sync.WaitGroup
	for _, j := range []job{
		{"settle-orders", 400 * time.Millisecond, s.settleOrders},
		{"settle-orders", 600 * time.Millisecond, s.settleOrders},
		{"record-events", 500 * time.Millisecond, s.recordEvents},
		{"reprice", 2 * time.Second, s.reprice},
	} {
		all.Go(func() { s.repeat(ctx, j) })
	}
	all.Wait()
}

func (s *Shop) repeat(ctx context.Context, j job) {
	tick := time.NewTicker(j.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			limited, cancel := context.WithTimeout(ctx, s.timeout)
			err := j.run(limited)
			cancel()
			if s.checkIn != nil && ctx.Err() == nil {
				s.checkIn(j.name, err)
			}
		}
	}
}

// settleOrders marks new orders as paid.
func (s *Shop) settleOrders(ctx context.Context) error {
	_, err := s.worker.Exec(ctx, `UPDATE orders SET state = 'paid' WHERE id IN
  (SELECT id FROM orders WHERE state = 'new' ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED)`)
	if err != nil {
		return fmt.Errorf("settle orders: %w", err)
	}
	return nil
}

// recordEvents writes an event and handles one that waits.
func (s *Shop) recordEvents(ctx context.Context) error {
	_, err := s.worker.Exec(ctx, `INSERT INTO events (kind, payload, created_at)
  VALUES ('visit', jsonb_build_object('user', $1::int), now())`, rand.IntN(5000)+1)
	if err != nil {
		return fmt.Errorf("record an event: %w", err)
	}
	_, err = s.worker.Exec(ctx, `UPDATE events SET handled = true WHERE id =
  (SELECT id FROM events WHERE NOT handled ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)`)
	if err != nil {
		return fmt.Errorf("handle an event: %w", err)
	}
	return nil
}

// reprice changes a price and removes the pages that show it.
func (s *Shop) reprice(ctx context.Context) error {
	id := rand.IntN(Products) + 1
	_, err := s.cron.Exec(ctx, "UPDATE products SET price_cents = 500 + (random() * 9500)::int WHERE id = $1", id)
	if err != nil {
		return fmt.Errorf("reprice: %w", err)
	}
	return s.invalidate(ctx, frontKey, productKey(id))
}
