package alert

import (
	"cmp"
	"fmt"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

const (
	// leakShare is the share of the limit, in percent, that one prefix has to
	// take before it is blamed for a cache that is full.
	leakShare = 40
	// leakForever is the share of its keys, in percent, that have no end.
	leakForever = 90
)

// cacheLeak suspects keys that never end where they take a cache from those
// that do: the pages go, these stay.
func (s *scene) cacheLeak() []candidate {
	h, ok := s.over("cache.unending")
	keys, readable := known(s, store.KeyspaceKey())
	leak, share, found := leaking(keys)
	if !ok || !readable || !found {
		return nil
	}
	c := explain(weightLeak, h)
	if felt := s.symptoms(); len(felt) > 0 {
		c.Level = max(c.Level, felt[0].loud())
	}
	c.Summary = fmt.Sprintf("%s* fills the cache: about %d keys without an end take %s of its memory", leak.Name, leak.Keys, number(share, model.Percent))
	c.Evidence = lines(append([]string{s.evicting(), s.hitsLine(), s.keysGrew(h), sampleLine(keys)}, s.symptomTexts()...)...)
	c.Against = lines(s.deployLine(), s.loadLine(), s.lockLine(), s.providerLine())
	if leak.Name == "" {
		c.Summary = strings.Replace(c.Summary, "*", "keys without a prefix", 1)
		c.Evidence = append(c.Evidence, "keys without a prefix cannot be purged as one")
		return []candidate{c}
	}
	c.Summary += ": purge " + leak.Name + "*"
	c.act("cache.purge", map[string]string{"prefix": leak.Name})
	return []candidate{c}
}

// leaking is the prefix that takes most of the limit with keys that never end.
func leaking(k model.Keyspace) (p model.Prefix, share float64, found bool) {
	for _, one := range k.Prefixes {
		if one.Bytes == nil || one.Forever == nil || *one.Forever < leakForever || k.Max == 0 {
			continue
		}
		if pct := min(100*float64(*one.Bytes)/float64(k.Max), 100); pct >= leakShare && pct > share {
			p, share, found = one, pct, true
		}
	}
	return p, share, found
}

// evicting tells what a full cache does to the others; "" where nothing is.
func (s *scene) evicting() string {
	redis, ok := known(s, store.RedisKey())
	if !ok || redis.Evicted == nil || *redis.Evicted == 0 {
		return ""
	}
	return fmt.Sprintf("%s keys/s evicted (%s)", number(*redis.Evicted, model.None), cmp.Or(redis.Policy, "policy not told"))
}

// hitsLine compares the hits with those of the last half hour.
func (s *scene) hitsLine() string {
	f, ok := s.fact("cache.hit_ratio")
	if !ok {
		return ""
	}
	text := "hits " + number(f.Value, f.Unit)
	if usual, ok := median(s.v.Series("cache.hit_ratio", nil, s.now.Add(-lookBack))); ok && usual-f.Value >= 1 {
		text += ", usually " + number(usual, f.Unit)
	}
	return text
}

// keysGrew tells how many keys there were before the reading went over.
func (s *scene) keysGrew(h hot) string {
	now, ok := s.fact("cache.keys")
	if !ok {
		return ""
	}
	var old []model.Point
	for _, p := range s.v.Series("cache.keys", nil, s.now.Add(-lookBack)) {
		if p.At.Before(h.began) {
			old = append(old, p)
		}
	}
	usual, ok := median(old)
	if !ok || now.Value < 1.5*usual {
		return ""
	}
	return fmt.Sprintf("%.0f keys, %.0f before", now.Value, usual)
}

// sampleLine says how many keys the numbers come from.
func sampleLine(k model.Keyspace) string {
	if k.Whole() {
		return ""
	}
	return fmt.Sprintf("estimated from %d of %d keys", k.Sampled, k.Keys)
}
