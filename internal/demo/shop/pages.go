package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// Products is how many products the shop sells; their ids are 1 to Products.
const Products = 200

const (
	frontKey      = "page:front"
	productPrefix = "page:product:"
	frontLife     = 10 * time.Second
	productLife   = 2 * time.Minute
)

func productKey(id int) string   { return productPrefix + strconv.Itoa(id) }
func sessionKey(user int) string { return "session:" + strconv.Itoa(user) }

// pageKeys are the keys of all pages.
func pageKeys() []string {
	keys := []string{frontKey}
	for id := 1; id <= Products; id++ {
		keys = append(keys, productKey(id))
	}
	return keys
}

// Page is what a customer sees, as it lies in the cache under page:*.
type Page struct {
	Title     string    `json:"title"`
	Offers    []Offer   `json:"offers"`
	Together  []string  `json:"together,omitempty"` // what customers bought with it, by name
	UpdatedAt time.Time `json:"updated_at"`         // when it was made from the database
	// Pinned pages are kept for a campaign: they do not expire, and a change
	// of price does not remove them.
	Pinned bool `json:"pinned,omitempty"`
}

// Offer is one product on a page.
type Offer struct {
	Product    int    `json:"product"`
	Name       string `json:"name"`
	PriceCents int    `json:"price_cents"`
}

// page returns a page from the cache, or makes it and leaves it there. Without
// the cache every page is made anew.
func (s *Shop) page(ctx context.Context, key string) (Page, error) {
	text, err := s.cache.Get(ctx, key).Bytes()
	if err == nil {
		var page Page
		if err := json.Unmarshal(text, &page); err == nil {
			return page, nil
		}
	}
	page, err := s.makePage(ctx, key)
	if err != nil {
		return Page{}, fmt.Errorf("make %s: %w", key, err)
	}
	_ = s.putPage(ctx, s.cache, key, page) // a page that is not cached is made again
	return page, nil
}

func (s *Shop) putPage(ctx context.Context, to redis.Cmdable, key string, page Page) error {
	text, err := json.Marshal(page)
	if err != nil {
		return err
	}
	return to.Set(ctx, key, text, life(key, page)).Err()
}

// life is how long a page stays in the cache; 0 is for ever.
func life(key string, page Page) time.Duration {
	switch {
	case page.Pinned:
		return 0
	case key == frontKey:
		return frontLife
	default:
		return productLife
	}
}

func (s *Shop) makePage(ctx context.Context, key string) (Page, error) {
	if key == frontKey {
		return s.readPage(ctx, "Today", "SELECT id, name, price_cents FROM products ORDER BY price_cents LIMIT 12")
	}
	id, err := strconv.Atoi(strings.TrimPrefix(key, productPrefix))
	if err != nil {
		return Page{}, errNotFound
	}
	page, err := s.readPage(ctx, "Product", "SELECT id, name, price_cents FROM products WHERE id = $1", id)
	if err == nil && len(page.Offers) == 0 {
		return Page{}, errNotFound
	}
	if err == nil {
		page.Together, err = s.boughtTogether(ctx, id)
	}
	return page, err
}

// togetherSQL looks at all orders of a product: what makes a page dear, and
// the cache worth having.
const togetherSQL = `SELECT p.name FROM order_items a JOIN order_items b USING (order_id) JOIN products p ON p.id = b.product_id
  WHERE a.product_id = $1 AND b.product_id <> $1 GROUP BY p.id, p.name ORDER BY count(*) DESC, p.id LIMIT 3`

func (s *Shop) boughtTogether(ctx context.Context, id int) ([]string, error) {
	rows, err := s.web.Query(ctx, togetherSQL, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (s *Shop) readPage(ctx context.Context, title, sql string, args ...any) (Page, error) {
	rows, err := s.web.Query(ctx, sql, args...)
	if err != nil {
		return Page{}, err
	}
	offers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Offer])
	if err != nil {
		return Page{}, err
	}
	return Page{Title: title, Offers: offers, UpdatedAt: time.Now().UTC()}, nil
}

// invalidate removes pages whose content has changed, except pinned ones.
func (s *Shop) invalidate(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		text, err := s.cache.Get(ctx, key).Bytes()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return fmt.Errorf("invalidate %s: %w", key, err)
		}
		var page Page
		if json.Unmarshal(text, &page) == nil && page.Pinned {
			continue
		}
		if err := s.cache.Del(ctx, key).Err(); err != nil {
			return fmt.Errorf("invalidate %s: %w", key, err)
		}
	}
	return nil
}

// PinPages pins every page as it is.
func (s *Shop) PinPages(ctx context.Context) error {
	pipe := s.cache.Pipeline()
	for _, key := range pageKeys() {
		page, err := s.page(ctx, key)
		if err != nil {
			return err
		}
		page.Pinned = true
		if err := s.putPage(ctx, pipe, key, page); err != nil {
			return err
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("pin pages: %w", err)
	}
	return nil
}

// PinnedPages counts the pages that do not expire.
func (s *Shop) PinnedPages(ctx context.Context) (int, error) {
	pipe := s.cache.Pipeline()
	var lives []*redis.DurationCmd
	for _, key := range pageKeys() {
		lives = append(lives, pipe.TTL(ctx, key))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, fmt.Errorf("count pinned pages: %w", err)
	}
	pinned := 0
	for _, life := range lives {
		if life.Val() == -1 { // as the client tells "exists and never expires"
			pinned++
		}
	}
	return pinned, nil
}

// PurgePages removes every page, pinned or not. Customers bring them back.
func (s *Shop) PurgePages(ctx context.Context) error {
	if err := s.cache.Unlink(ctx, pageKeys()...).Err(); err != nil {
		return fmt.Errorf("purge pages: %w", err)
	}
	return nil
}

// Warm fills the cache with the pages and with sessions of some customers.
func (s *Shop) Warm(ctx context.Context, customers int) error {
	for _, key := range pageKeys() {
		if _, err := s.page(ctx, key); err != nil {
			return err
		}
	}
	pipe := s.cache.Pipeline()
	for user := 1; user <= customers; user++ {
		pipe.Set(ctx, sessionKey(user), fmt.Sprintf(`{"user":%d}`, user), sessionLife)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("warm the cache: %w", err)
	}
	return nil
}
