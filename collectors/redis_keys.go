package collectors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"

	"tocsin/internal/model"
)

// KeyLimits bound what one look at the keys of a server may cost it.
type KeyLimits struct {
	Keys  int // that SCAN may find
	Ends  int // of these, asked for their TTL
	Sizes int // of these, asked for their MEMORY USAGE
}

// NearKeys are limits for a server that is reached by its own protocol.
func NearKeys() KeyLimits { return KeyLimits{Keys: 5000, Ends: 400, Sizes: 200} }

// RESTKeys are limits for a server that counts every command and charges for it.
func RESTKeys() KeyLimits { return KeyLimits{Keys: 1000, Ends: 60, Sizes: 40} }

const (
	scanStep      = 500 // keys that one SCAN is to look at
	scanPerSecond = 50  // SCANs: the server does one thing at a time
	endsEach      = 50  // keys of one prefix that are asked for their end
	sizesEach     = 25  // keys of one prefix that are measured
	prefixesMax   = 200 // more go under one name
	bigKept       = 20  // of the keys that were measured
	otherPrefixes = "(others)"
)

// Keyspace reads what the keys of a Redis server are, from a sample that is
// the same share of every prefix: SCAN goes through keys in no order of theirs.
type Keyspace struct {
	redis  *Redis
	limits KeyLimits
	at     time.Time // of the reading before
	before map[string]int64
}

// Keyspace makes a reader of the same server over the same connection.
func (r *Redis) Keyspace(limits KeyLimits) *Keyspace { return &Keyspace{redis: r, limits: limits} }

// Collect looks at the keys once.
func (k *Keyspace) Collect(ctx context.Context) (model.Keyspace, error) {
	pipe := k.redis.client.Pipeline()
	count, memory := pipe.DBSize(ctx), pipe.Info(ctx, "memory")
	_, err := pipe.Exec(ctx)
	if count.Err() != nil {
		return model.Keyspace{}, fmt.Errorf("redis: count keys: %w", redisFail(k.redis.where, cmp.Or(count.Err(), err)))
	}
	size, limits := count.Val(), parseInfo(memory.Val()).state() // without INFO they are not known
	keys, whole, err := k.scan(ctx)
	if err != nil {
		return model.Keyspace{}, fmt.Errorf("redis: look at keys: %w", redisFail(k.redis.where, err))
	}
	s := newKeySample(keys)
	out := model.Keyspace{Keys: size, Sampled: int64(len(keys)), Max: limits.Max, Policy: limits.Policy}
	if whole {
		out.Keys = out.Sampled // keys that came and went meanwhile are none
	}
	out.Hidden = k.ask(ctx, s)
	s.fill(&out)
	k.grow(&out)
	return out, nil
}

// scan collects keys, each once; whole is true where there are no others.
func (k *Keyspace) scan(ctx context.Context) (keys []string, whole bool, err error) {
	pace := rate.NewLimiter(scanPerSecond, 1)
	var cursor uint64
	// A server whose cursor never comes back to 0 must end as well.
	for range 10 + 10*k.limits.Keys/scanStep {
		if err := pace.Wait(ctx); err != nil {
			return nil, false, err
		}
		var batch []string
		batch, cursor, err = k.redis.client.Scan(ctx, cursor, "", scanStep).Result()
		if err != nil {
			return nil, false, err
		}
		keys = append(keys, batch...)
		if cursor == 0 || len(keys) >= k.limits.Keys {
			break
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), cursor == 0, nil
}

// keySample are the keys that were looked at, by prefix.
type keySample struct {
	total  int
	groups map[string]*keyGroup
	sizes  map[string]int64         // of the keys that were measured
	ends   map[string]time.Duration // left of the keys that were asked; below 0 for ever
	kinds  map[string]string        // of the largest
}

// keyGroup are the keys of one prefix.
type keyGroup struct{ keys []string }

// prefixOf is what a key has in common with its like: all up to its first colon.
func prefixOf(key string) string {
	prefix, _, found := strings.Cut(key, ":")
	if !found || prefix == "" {
		return ""
	}
	return prefix + ":"
}

func newKeySample(keys []string) *keySample {
	s := &keySample{
		total: len(keys), groups: map[string]*keyGroup{}, sizes: map[string]int64{}, ends: map[string]time.Duration{}, kinds: map[string]string{},
	}
	for _, key := range keys {
		name := prefixOf(key)
		if s.groups[name] == nil && len(s.groups) >= prefixesMax {
			name = otherPrefixes
		}
		if s.groups[name] == nil {
			s.groups[name] = &keyGroup{}
		}
		s.groups[name].keys = append(s.groups[name].keys, key)
	}
	return s
}

// some gives up to each keys of every prefix and up to most in all, spread over
// each prefix; the prefixes with most keys come first.
func (s *keySample) some(each, most int) []string {
	var out []string
	for _, name := range s.names() {
		keys := s.groups[name].keys
		n := min(each, len(keys), most-len(out))
		for i := range n {
			out = append(out, keys[i*len(keys)/n])
		}
	}
	return out
}

// names are the prefixes, those with most keys first.
func (s *keySample) names() []string {
	return slices.SortedFunc(maps.Keys(s.groups), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(s.groups[b].keys), len(s.groups[a].keys)), cmp.Compare(a, b))
	})
}

// ask reads ends and sizes of some keys, and says what could not be read.
func (k *Keyspace) ask(ctx context.Context, s *keySample) (hidden string) {
	var lost []string
	sizes := k.each(ctx, s.some(sizesEach, k.limits.Sizes), func(p goredis.Pipeliner, key string) goredis.Cmder { return p.MemoryUsage(ctx, key) },
		func(key string, c goredis.Cmder) { s.sizes[key] = c.(*goredis.IntCmd).Val() })
	kinds := k.each(ctx, s.largest(), func(p goredis.Pipeliner, key string) goredis.Cmder { return p.Type(ctx, key) },
		func(key string, c goredis.Cmder) { s.kinds[key] = c.(*goredis.StatusCmd).Val() })
	ask := append(s.some(endsEach, k.limits.Ends), s.largest()...)
	ends := k.each(ctx, ask, func(p goredis.Pipeliner, key string) goredis.Cmder { return p.TTL(ctx, key) },
		func(key string, c goredis.Cmder) {
			// A key that has gone meanwhile has -2.
			if left := c.(*goredis.DurationCmd).Val(); left != -2 {
				s.ends[key] = left
			}
		})
	for what, err := range map[string]error{"TTL": ends, "MEMORY USAGE": sizes, "TYPE": kinds} {
		if err != nil {
			lost = append(lost, what+": "+err.Error())
		}
	}
	slices.Sort(lost)
	return strings.Join(lost, "; ")
}

// each asks one thing of every key, a hundred at a time, and gives the first
// error. A key that has gone meanwhile is none.
func (k *Keyspace) each(ctx context.Context, keys []string, ask func(goredis.Pipeliner, string) goredis.Cmder, take func(string, goredis.Cmder)) error {
	for batch := range slices.Chunk(keys, 100) {
		pipe := k.redis.client.Pipeline()
		answers := make([]goredis.Cmder, len(batch))
		for i, key := range batch {
			answers[i] = ask(pipe, key)
		}
		_, _ = pipe.Exec(ctx) // each answer has its own error
		for i, a := range answers {
			switch err := a.Err(); {
			case err == nil:
				take(batch[i], a)
			case !errors.Is(err, goredis.Nil):
				return err
			}
		}
	}
	return nil
}

// largest are the largest of the keys that were measured.
func (s *keySample) largest() []string {
	keys := slices.SortedFunc(maps.Keys(s.sizes), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.sizes[b], s.sizes[a]), cmp.Compare(a, b))
	})
	return keys[:min(len(keys), bigKept)]
}

// fill turns the sample into what it says of all keys.
func (s *keySample) fill(out *model.Keyspace) {
	for _, name := range s.names() {
		out.Prefixes = append(out.Prefixes, s.prefix(name, out.Keys))
	}
	out.Measured = int64(len(s.sizes))
	for _, key := range s.largest() {
		big := model.BigKey{Key: key, Type: s.kinds[key], Bytes: s.sizes[key]}
		if left, ok := s.ends[key]; ok {
			big.TTL = &left
		}
		out.Big = append(out.Big, big)
	}
}

// prefix estimates one prefix of so many keys in all.
func (s *keySample) prefix(name string, all int64) model.Prefix {
	keys := s.groups[name].keys
	p := model.Prefix{Name: name, Seen: int64(len(keys))}
	p.Keys = int64(math.Round(float64(all) * float64(len(keys)) / float64(max(s.total, 1))))
	var bytes, measured, forever, asked int64
	for _, key := range keys {
		if n, ok := s.sizes[key]; ok {
			bytes, measured = bytes+n, measured+1
		}
		if left, ok := s.ends[key]; ok {
			asked++
			if left < 0 {
				forever++
			}
		}
	}
	if measured > 0 {
		n := bytes / measured * p.Keys
		p.Bytes = &n
	}
	if asked > 0 {
		pct := 100 * float64(forever) / float64(asked)
		p.Forever = &pct
	}
	return p
}

// grow compares the prefixes with the reading before. A change that the sample
// alone may bring about counts as none.
func (k *Keyspace) grow(out *model.Keyspace) {
	now, counts := k.redis.now(), map[string]int64{}
	for i := range out.Prefixes {
		p := &out.Prefixes[i]
		counts[p.Name] = p.Keys
		if k.before == nil || !now.After(k.at) {
			continue
		}
		before := k.before[p.Name]
		change := float64(p.Keys - before)
		if math.Abs(change) < out.Noise(*p) {
			change = 0
		}
		perSecond := change / now.Sub(k.at).Seconds()
		p.Before, p.Growth = &before, &perSecond
	}
	if k.before != nil {
		out.Elapsed = now.Sub(k.at)
	}
	k.at, k.before = now, counts
}
