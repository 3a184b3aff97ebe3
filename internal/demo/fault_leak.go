package demo

import (
	"context"
)

// cacheLeak is an import that ran once: it left carts without an end in the
// cache until that was full. What has an end, the pages, is thrown out for
// every new key, so the database makes pages again and again. The import is
// over; it ends when the carts are purged.
type cacheLeak struct {
	world *world
	carts int
}

func newCacheLeak(w *world) breakage { return &cacheLeak{world: w} }

func (c *cacheLeak) start(ctx context.Context) (err error) {
	c.carts, err = c.world.shop.ImportCarts(ctx)
	return err
}

func (c *cacheLeak) active(ctx context.Context) (bool, error) {
	return c.world.shop.CartsLeft(ctx, c.carts)
}

func (c *cacheLeak) heal(ctx context.Context) error { return c.world.shop.PurgeCarts(ctx, c.carts) }

func (c *cacheLeak) tidy(context.Context) error { return nil }
