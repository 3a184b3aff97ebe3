package demo

import "context"

// staleCache pins every page for a campaign that nobody ended: prices change,
// pages do not. It lies in the cache alone and ends when the pages are purged.
type staleCache struct{ world *world }

func newStaleCache(w *world) breakage { return &staleCache{world: w} }

func (s *staleCache) start(ctx context.Context) error { return s.world.shop.PinPages(ctx) }

func (s *staleCache) active(ctx context.Context) (bool, error) {
	pinned, err := s.world.shop.PinnedPages(ctx)
	return pinned > 0, err
}

func (s *staleCache) heal(ctx context.Context) error { return s.world.shop.PurgePages(ctx) }

func (s *staleCache) tidy(context.Context) error { return nil }
