package shop

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

const (
	cartPrefix = "cart:"
	cartBytes  = 450
	cartBatch  = 500
	// cartsMost is more carts than any cache of a demo holds.
	cartsMost = 400_000
	// cartsBack are taken out again at the end: room for some pages and
	// sessions, which throw each other out from then on.
	cartsBack = 250
	// endingLeft is how few keys with an end are left when the cache is full.
	endingLeft = 100
)

// ErrNoLimit is the refusal of a cache that never runs full.
var ErrNoLimit = errors.New("the cache has no limit of memory to run into: it takes a real redis-server")

// ImportCarts copies carts of an old system into the cache, and forgets to say
// when they end. It goes on until nearly all that has an end was thrown out to
// make room for them. It returns how many it left behind.
func (s *Shop) ImportCarts(ctx context.Context) (carts int, err error) {
	cart := strings.Repeat("item ", cartBytes/5)
	for carts < cartsMost {
		pipe := s.cache.Pipeline()
		for range cartBatch {
			pipe.Set(ctx, cartPrefix+strconv.Itoa(carts), cart, 0)
			carts++
		}
		// A cache that is full refuses some of the last ones.
		if _, err := pipe.Exec(ctx); err != nil && !strings.HasPrefix(err.Error(), "OOM") {
			return carts, fmt.Errorf("import carts: %w", err)
		}
		ending, err := s.ending(ctx)
		if err != nil {
			return carts, err
		}
		if ending < endingLeft {
			return carts, s.purgeCarts(ctx, 0, cartsBack)
		}
	}
	return carts, errors.Join(ErrNoLimit, s.PurgeCarts(ctx, carts))
}

// ending is how many keys have an end. Source: INFO keyspace.
func (s *Shop) ending(ctx context.Context) (int, error) {
	text, err := s.cache.Info(ctx, "keyspace").Result()
	if err != nil {
		return 0, fmt.Errorf("count keys: %w", err)
	}
	_, rest, found := strings.Cut(text, "expires=")
	if !found {
		return 0, ErrNoLimit
	}
	number, _, _ := strings.Cut(rest, ",")
	return strconv.Atoi(number)
}

// CartsLeft tells whether any of so many carts is in the cache, from a few.
func (s *Shop) CartsLeft(ctx context.Context, carts int) (bool, error) {
	var keys []string
	for range 20 {
		keys = append(keys, cartPrefix+strconv.Itoa(cartsBack+rand.IntN(max(carts-cartsBack, 1))))
	}
	n, err := s.cache.Exists(ctx, keys...).Result()
	return n > 0, err
}

// PurgeCarts removes so many carts.
func (s *Shop) PurgeCarts(ctx context.Context, carts int) error { return s.purgeCarts(ctx, 0, carts) }

func (s *Shop) purgeCarts(ctx context.Context, from, to int) error {
	for ; from < to; from += cartBatch {
		var keys []string
		for i := from; i < min(from+cartBatch, to); i++ {
			keys = append(keys, cartPrefix+strconv.Itoa(i))
		}
		if err := s.cache.Unlink(ctx, keys...).Err(); err != nil {
			return fmt.Errorf("purge carts: %w", err)
		}
	}
	return nil
}
