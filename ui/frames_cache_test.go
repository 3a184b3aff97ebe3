package ui

import (
	"time"

	"tocsin/internal/model"
)

func calmKeys() *model.Keyspace {
	return &model.Keyspace{
		Keys: 10420, Sampled: 2000, Elapsed: 10 * time.Second, Measured: 200, Max: 100 << 20, Policy: "volatile-lru",
		Prefixes: []model.Prefix{
			{Name: "page:", Seen: 1500, Keys: 7815, Before: ptr(int64(7800)), Growth: ptr(1.5), Bytes: ptr(int64(30 << 20)), Forever: ptr(0.0)},
			{Name: "session:", Seen: 490, Keys: 2553, Before: ptr(int64(2560)), Growth: ptr(-0.7), Bytes: ptr(int64(9 << 20)), Forever: ptr(0.0)},
			{Seen: 10, Keys: 52},
		},
		Big: []model.BigKey{
			{Key: "page:front", Type: "string", Bytes: 81920, TTL: ptr(4 * time.Second)},
			{Key: "config", Type: "hash", Bytes: 20480, TTL: ptr(time.Duration(-1))},
		},
	}
}

func calmSlowLog(now time.Time) *model.SlowLog {
	return &model.SlowLog{Entries: []model.SlowCommand{
		{ID: 17, At: now.Add(-3 * time.Minute), Took: 42 * time.Millisecond, Text: "HGETALL config", Client: "10.0.0.7:50412"},
		{ID: 16, At: now.Add(-time.Hour), Took: 12 * time.Millisecond, Text: "MGET page:front … 40 more", Client: "10.0.0.8:41002"},
	}}
}

// cacheLeak is an import that left carts without an end in the cache.
func cacheLeak(v *values, _ time.Time, _ time.Duration) {
	v.redis.Used, v.redis.Keys, v.redis.Evicted, v.redis.HitPct = v.redis.Max, 160_400, ptr(310.0), ptr(31.0)
	v.keys.Keys, v.keys.Prefixes = 160_400, append([]model.Prefix{
		{Name: "cart:", Seen: 1950, Keys: 156_390, Before: ptr(int64(156_390)), Growth: ptr(0.0), Bytes: ptr(int64(92 << 20)), Forever: ptr(100.0)},
		{Name: "page:", Seen: 40, Keys: 3208, Before: ptr(int64(3190)), Growth: ptr(1.8), Bytes: ptr(int64(3 << 20)), Forever: ptr(0.0)},
	}, v.keys.Prefixes[2])
}

func hostileCache(v *values, evil string) {
	v.keys.Prefixes[0].Name, v.keys.Big[0].Key, v.keys.Big[0].Type, v.keys.Hidden, v.keys.Policy = evil, evil, evil, evil, evil
	v.slow.Entries[0].Text, v.slow.Entries[0].Client = evil, evil
}
