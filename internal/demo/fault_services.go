package demo

import "context"

// errorSpike is a value in the cache that every checkout looks at and none can
// read. No build changed. It ends when the key is removed.
type errorSpike struct{ world *world }

func newErrorSpike(w *world) breakage { return &errorSpike{world: w} }

func (e *errorSpike) start(ctx context.Context) error { return e.world.shop.PoisonPromo(ctx) }

func (e *errorSpike) active(ctx context.Context) (bool, error) {
	return e.world.shop.PromoPoisoned(ctx)
}

func (e *errorSpike) heal(ctx context.Context) error { return e.world.shop.ClearPromo(ctx) }

func (e *errorSpike) tidy(context.Context) error { return nil }

// providerOutage is a provider that fails: nobody at the company can mend it.
type providerOutage struct{ world *world }

func newProviderOutage(w *world) breakage { return &providerOutage{world: w} }

func (p *providerOutage) start(context.Context) error {
	p.world.services.stripe.SetOutage(true)
	p.world.services.stripeStatus.Set("down", "Elevated errors for API requests")
	return nil
}

func (p *providerOutage) active(context.Context) (bool, error) {
	return p.world.services.stripe.Outage(), nil
}

func (p *providerOutage) heal(context.Context) error {
	p.world.services.stripe.SetOutage(false)
	p.world.services.stripeStatus.Set("up", "All services are online.")
	return nil
}

func (p *providerOutage) tidy(context.Context) error { return nil }
