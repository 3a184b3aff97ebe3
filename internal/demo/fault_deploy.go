package demo

import (
	"context"
	"errors"
	"time"

	"tocsin/internal/demo/provider"
	"tocsin/internal/demo/shop"
)

// badDeploy ships a build whose checkout divides by zero for most orders and
// waits for a slow service. It ends when another build serves.
type badDeploy struct {
	world *world
	good  string // deployment that served before
}

func newBadDeploy(w *world) breakage { return &badDeploy{world: w} }

func (b *badDeploy) start(ctx context.Context) error {
	b.good, _ = b.world.project.Live()
	code := shop.Build{SplitDiscount: true, TaxLookup: 400 * time.Millisecond}
	id, err := b.world.deploy(ctx, code, provider.Build{Message: "Spread discounts, look up taxes", Author: "ben"})
	if err != nil {
		return err
	}
	// After a rollback new builds wait: then somebody promotes this one by hand.
	if live, _ := b.world.project.Live(); live != id {
		return b.world.point(ctx, "promote", id)
	}
	return nil
}

func (b *badDeploy) active(context.Context) (bool, error) {
	return b.world.shop.Live().SplitDiscount, nil
}

func (b *badDeploy) heal(ctx context.Context) error {
	if b.good == "" {
		return errors.New("no deployment served before")
	}
	return b.world.point(ctx, "rollback", b.good)
}

func (b *badDeploy) tidy(context.Context) error { return nil }
