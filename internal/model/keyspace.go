package model

import (
	"math"
	"strings"
	"time"
)

// Keyspace is what the keys of a Redis are, from a sample of them.
// Source: DBSIZE, a bounded SCAN, TTL and MEMORY USAGE of some of its keys.
type Keyspace struct {
	Keys     int64         // in the database
	Sampled  int64         // keys that were looked at; all of them where it equals Keys
	Elapsed  time.Duration // since the reading before; 0 after the first
	Prefixes []Prefix      // the largest first
	Big      []BigKey      // the largest of those that were measured, the largest first
	Measured int64         // keys whose size was asked for
	Max      int64         // maxmemory, bytes; 0 where there is no limit or it is not told
	Policy   string        // maxmemory_policy; "" where it is not told
	Hidden   string        // what could not be read, and why; "" when all was
}

// Prefix are the keys that begin alike, up to their first colon. All numbers
// but Seen are estimates where not all keys were looked at.
type Prefix struct {
	Name    string   // page:; "" for keys without one
	Seen    int64    // keys of the sample
	Keys    int64    // in the database
	Before  *int64   // at the reading before; nil where there was none
	Growth  *float64 // keys/s since then; nil where there was none
	Bytes   *int64   // memory; nil where none was measured
	Forever *float64 // percent of the keys that have no end (TTL); nil where none was asked
}

// BigKey is one key that takes much memory.
type BigKey struct {
	Key   string
	Type  string // string, hash, list, …; "" where it was not asked
	Bytes int64
	TTL   *time.Duration // left; below 0 for a key without an end; nil where it is not known
}

// Whole tells whether all keys were looked at, as far as keys come and go
// while they are.
func (k Keyspace) Whole() bool { return k.Sampled >= k.Keys }

// SamplePct is the share of the keys that were looked at, in percent.
func (k Keyspace) SamplePct() float64 {
	if k.Keys <= 0 {
		return 100
	}
	return min(100*float64(k.Sampled)/float64(k.Keys), 100)
}

// Unending is the share of the memory limit that is taken by keys which never
// end, in percent, about. It is not ok where they are evicted like all others,
// as a cache may be meant to be, or where it cannot be told, and says so.
func (k Keyspace) Unending() (pct float64, why string) {
	switch {
	case k.Max == 0:
		return 0, "there is no limit of memory (maxmemory)"
	case strings.HasPrefix(k.Policy, "allkeys"):
		return 0, "keys without an end are evicted as well (" + k.Policy + ")"
	}
	bytes := 0.0
	for _, p := range k.Prefixes {
		if p.Bytes == nil || p.Forever == nil {
			if 100*p.Keys > k.Keys {
				return 0, orText(k.Hidden, "not all prefixes were measured")
			}
			continue
		}
		bytes += float64(*p.Bytes) * *p.Forever / 100
	}
	return min(100*bytes/float64(k.Max), 100), ""
}

// Noise is how far the number of keys of a prefix may be off only because not
// all keys were looked at: three standard errors of its share.
func (k Keyspace) Noise(p Prefix) float64 {
	if k.Whole() || k.Sampled == 0 {
		return 0
	}
	share := float64(p.Seen) / float64(k.Sampled)
	return 3 * float64(k.Keys) * math.Sqrt(share*(1-share)/float64(k.Sampled))
}

// shownPrefixes is how many prefixes have facts of their own.
const shownPrefixes = 8

// Facts implements the snapshot of the store.
func (k Keyspace) Facts() []Fact {
	unending := Unknown("cache.unending", Percent, nil, "")
	if pct, why := k.Unending(); why == "" {
		unending = Known("cache.unending", pct, Percent, nil)
	} else {
		unending.Why = why
	}
	facts := []Fact{unending, Known("cache.sampled", k.SamplePct(), Percent, nil)}
	for _, p := range k.Prefixes[:min(len(k.Prefixes), shownPrefixes)] {
		labels := Labels{"prefix": p.Name}
		facts = append(facts, Known("cache.prefix.keys", float64(p.Keys), None, labels))
		if p.Bytes != nil {
			facts = append(facts, Known("cache.prefix.bytes", float64(*p.Bytes), Bytes, labels))
		}
		if p.Forever != nil {
			facts = append(facts, Known("cache.prefix.forever", *p.Forever, Percent, labels))
		}
	}
	return facts
}

// SlowLog is the commands of a Redis that took long.
// Source: SLOWLOG GET; arguments are left out but for the first key.
type SlowLog struct {
	Entries []SlowCommand // newest first
	Lacks   string        // why there is none to be had; "" when there is
}

// SlowCommand is one command that took long.
type SlowCommand struct {
	ID     int64
	At     time.Time
	Took   time.Duration
	Text   string // HGETALL cart:17, and how many arguments were left out
	Client string // address
}

// Facts implements the snapshot of the store.
func (s SlowLog) Facts() []Fact {
	if s.Lacks != "" {
		return []Fact{Unknown("cache.slow.longest", Millis, nil, s.Lacks)}
	}
	longest := time.Duration(0)
	for _, e := range s.Entries {
		longest = max(longest, e.Took)
	}
	return []Fact{Known("cache.slow.longest", float64(longest)/float64(time.Millisecond), Millis, nil)}
}

// Upstash is what Upstash itself counts of a database.
// Source: its management API, /redis/stats/{id} and /redis/database/{id}.
type Upstash struct {
	Name      string
	State     string   // active, suspended, passive
	Plan      string   // free, payg, pro, paid
	Eviction  bool     // keys are evicted when it is full
	HitPct    *float64 // of the newest interval that it counted
	Lookups   float64  // behind HitPct
	Ops       *float64 // commands/s
	Clients   *float64
	Mean      *float64 // milliseconds
	P99       *float64 // milliseconds
	Storage   int64    // bytes
	Max       int64    // bytes that it may have; 0 where that is not told
	Bandwidth int64    // bytes this month
	Requests  int64    // this month
	Billing   float64  // US dollars this month
	Budget    float64  // US dollars a month that it may cost; 0 where there is none
}

// UsedPct is the storage in use in percent of what is allowed; not ok where
// that is not told.
func (u Upstash) UsedPct() (pct float64, ok bool) {
	if u.Max <= 0 {
		return 0, false
	}
	return 100 * float64(u.Storage) / float64(u.Max), true
}

// Facts implements the snapshot of the store.
func (u Upstash) Facts() []Fact {
	const none = "Upstash has counted nothing yet"
	hits := Maybe("upstash.hit_ratio", u.HitPct, Percent, none)
	hits.Count = int(u.Lookups)
	facts := []Fact{
		hits, Maybe("upstash.ops", u.Ops, PerSecond, none), Maybe("upstash.latency.p99", u.P99, Millis, none),
		Unknown("upstash.storage", Percent, nil, "the limit is not told"),
	}
	if pct, ok := u.UsedPct(); ok {
		facts[3] = Known("upstash.storage", pct, Percent, nil)
	}
	if u.Budget > 0 {
		facts = append(facts, Known("upstash.spent", 100*u.Billing/u.Budget, Percent, nil))
	}
	return facts
}
