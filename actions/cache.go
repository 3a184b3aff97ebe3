package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"
)

const (
	scanBatch     = 500
	scanPerSec    = 500 // batches: looks at 250,000 keys
	countMaxTime  = 2 * time.Second
	purgePerSec   = 100 // batches: 50,000 keys at most
	purgeProgress = 250 * time.Millisecond
	endsAsked     = 100 // keys of which the card learns whether they end
)

// Keyspace is the part of a Redis client that a purge needs. *redis.Client is
// one; give it a pool of one connection, which is then kept.
type Keyspace interface {
	Scan(ctx context.Context, cursor uint64, match string, count int64) *redis.ScanCmd
	Unlink(ctx context.Context, keys ...string) *redis.IntCmd
	DBSize(ctx context.Context) *redis.IntCmd
	Pipelined(ctx context.Context, fill func(redis.Pipeliner) error) ([]redis.Cmder, error)
}

// Cache is what the cache actions work with.
type Cache struct {
	Redis    Keyspace // nil where no Redis is configured
	Facts    Facts    // what the card tells of the load behind the cache; may be nil
	Measures []Measure
	// Judge gives the measures of a purge by its prefix; nil takes Measures.
	Judge func(prefix string) []Measure
}

// CachePurge declares that all keys with one prefix are removed.
func CachePurge(c Cache) Action {
	return Action{
		ID: "cache.purge", Title: "Purge cache", Verb: "purge it", Key: 'P', Danger: Disruptive,
		Params:   []Param{{Name: "prefix", Type: TypePrefix, Help: "what the keys begin with: page:"}},
		Measures: c.Measures,
		Blocked: func() string {
			if c.Redis == nil {
				return "no redis is configured for this target"
			}
			return ""
		},
		Plan: c.plan,
		Run:  c.purge,
	}
}

func (c Cache) plan(ctx context.Context, args Args) (Plan, error) {
	prefix := args["prefix"]
	found, some, whole, err := c.count(ctx, prefix)
	if err != nil {
		return Plan{}, err
	}
	all, err := c.Redis.DBSize(ctx).Result()
	if err != nil {
		return Plan{}, fmt.Errorf("count all keys: %w", err)
	}
	p := Plan{
		Target:    prefix,
		Args:      Args{"prefix": prefix},
		Steps:     []string{fmt.Sprintf("SCAN MATCH %s* COUNT %d, UNLINK what it finds, at most %d keys at a time", prefix, scanBatch, scanBatch)},
		Preflight: map[string]any{"keys": found, "counted_all": whole, "keys_in_database": all},
	}
	if c.Judge != nil {
		p.Measures = c.Judge(prefix)
	}
	removes := count(found, "key")
	if !whole {
		removes = "at least " + removes
	}
	if found == 0 && whole {
		p.Refuse = "no key begins with " + prefix
		return p, nil
	}
	p.Notes = []Note{{"removes", fmt.Sprintf("%s of %s in the database", removes, count(all, "key"))}}
	load := originLoad(c.Facts)
	if note, only := c.onlyHere(ctx, some); only {
		load[0] = note
	}
	p.Notes = append(append(p.Notes, load...),
		Note{"will not", "touch other keys, nor a cache in front of this one (CDN, browser)"},
		Note{"can be cancelled", "at any moment; what was removed stays removed"})
	return p, nil
}

// onlyHere warns of keys most of which have no end: what writes such keys may
// keep its only copy there. It says so where that cannot be asked.
func (c Cache) onlyHere(ctx context.Context, keys []string) (note Note, only bool) {
	if len(keys) == 0 {
		return Note{}, false
	}
	lives, err := c.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			p.TTL(ctx, key)
		}
		return nil
	})
	if err != nil {
		return Note{"origin", "whether these keys are held elsewhere is not known: " + err.Error()}, true
	}
	forever := 0
	for _, one := range lives {
		if life, ok := one.(*redis.DurationCmd); ok && life.Val() == -1 {
			forever++
		}
	}
	text := fmt.Sprintf("%d of %s looked at have no end: they may be held nowhere else, so ask who owns them (runbook cache-leak)", forever, count(int64(len(keys)), "key"))
	return Note{"only copy?", text}, 2*forever > len(keys)
}

// originLoad says what the requests that a cache answers would meet instead;
// facts may be nil.
func originLoad(facts Facts) []Note {
	list := []Note{{"origin", "these answers are made anew: the first readers go to the database"}}
	if facts == nil {
		return list
	}
	if hits, ok := facts.Fact("cache.hit_ratio", nil); ok {
		list[0].Text = fmt.Sprintf("the cache answers %s of the lookups: what it forgets goes to the database", amount(hits.Value, hits.Unit))
	}
	if used, ok := facts.Fact("db.connections.used", nil); ok {
		list = append(list, Note{"headroom", amount(used.Value, used.Unit) + " of the usable database connections are taken"})
	}
	return list
}

// count goes through the keys, and gives some of them; whole is false when it
// stopped early.
func (c Cache) count(ctx context.Context, prefix string) (found int64, some []string, whole bool, err error) {
	began := time.Now()
	s := scan{redis: c.Redis, match: prefix + "*", pace: rate.NewLimiter(scanPerSec, 1)}
	for time.Since(began) < countMaxTime {
		keys, last, err := s.next(ctx)
		if err != nil {
			return found, some, false, fmt.Errorf("count keys: %w", err)
		}
		found += int64(len(keys))
		some = append(some, keys[:min(len(keys), endsAsked-len(some))]...)
		if last {
			return found, some, true, nil
		}
	}
	return found, some, false, nil
}

// scan goes through all keys at a pace that leaves the server, which does one
// thing at a time, to those it is there for.
type scan struct {
	redis  Keyspace
	match  string
	pace   *rate.Limiter
	cursor uint64
}

// next gives what one batch holds; last is true with the last one.
func (s *scan) next(ctx context.Context) (keys []string, last bool, err error) {
	if err := s.pace.Wait(ctx); err != nil {
		return nil, false, err
	}
	keys, s.cursor, err = s.redis.Scan(ctx, s.cursor, s.match, scanBatch).Result()
	return keys, s.cursor == 0, err
}

// purge removes the keys batch by batch, and says how many also when it fails.
func (c Cache) purge(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	prefix := p.Args["prefix"]
	if fault := TypePrefix.fault(prefix); fault != "" { // an empty one would be everything
		return Result{}, errors.New("prefix " + prefix + ": " + fault)
	}
	began := time.Now()
	run := purging{cache: c, step: step, expected: asInt(p.Preflight["keys"]), pace: rate.NewLimiter(purgePerSec, 1)}
	err := run.all(ctx, prefix+"*")
	result := Result{Summary: fmt.Sprintf("removed %s in %s", count(run.removed, "key"), took(time.Since(began)))}
	if run.removed > 0 {
		result.Done = []string{"UNLINK " + count(run.removed, "key")}
	}
	if err != nil && run.removed == 0 {
		result.Summary = ""
	}
	return result, err
}

// purging is a purge under way.
type purging struct {
	cache    Cache
	step     func(Progress)
	expected int64
	removed  int64
	told     time.Time
	pace     *rate.Limiter
}

func (r *purging) all(ctx context.Context, match string) error {
	s := scan{redis: r.cache.Redis, match: match, pace: rate.NewLimiter(scanPerSec, 1)}
	for {
		keys, last, err := s.next(ctx)
		if err != nil {
			return fmt.Errorf("look for keys: %w", err)
		}
		for len(keys) > 0 {
			batch := keys[:min(len(keys), scanBatch)]
			keys = keys[len(batch):]
			if err := r.remove(ctx, batch); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

func (r *purging) remove(ctx context.Context, keys []string) error {
	if err := r.pace.Wait(ctx); err != nil {
		return err
	}
	n, err := r.cache.Redis.Unlink(ctx, keys...).Result()
	r.removed += n
	if err != nil {
		return fmt.Errorf("remove keys: %w", err)
	}
	if time.Since(r.told) >= purgeProgress {
		r.told = time.Now()
		part := -1.0
		if r.expected > 0 {
			part = min(float64(r.removed)/float64(r.expected), 1)
		}
		r.step(Progress{Text: "removed " + count(r.removed, "key"), Part: part})
	}
	return nil
}

func asInt(v any) int64 {
	n, _ := v.(int64)
	return n
}
