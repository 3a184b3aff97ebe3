package collectors

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tocsin/internal/demo/provider"
	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

// put sets keys of a prefix, each of so many bytes; no end for life 0.
func (s *redisServer) put(prefix string, from, n, bytes int, life time.Duration) {
	s.Helper()
	pipe := s.client.Pipeline()
	for i := range n {
		pipe.Set(s.Context(), fmt.Sprint(prefix, from+i), strings.Repeat("x", bytes), life)
	}
	if _, err := pipe.Exec(s.Context()); err != nil {
		s.Fatal(err)
	}
}

func keysAfter(t *testing.T, s *redisServer, k *Keyspace, d time.Duration) model.Keyspace {
	t.Helper()
	s.now = s.now.Add(d)
	got, err := k.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func prefix(t *testing.T, k model.Keyspace, name string) model.Prefix {
	t.Helper()
	for _, p := range k.Prefixes {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no prefix %q in %+v", name, k.Prefixes)
	return model.Prefix{}
}

func TestKeyspace(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{})
	s.put("page:", 0, 200, 400, time.Minute)
	s.put("session:", 0, 50, 20, time.Hour)
	s.put("plain", 0, 3, 20, 0)
	s.do("HSET", "cart:1", "a", strings.Repeat("y", 9000))
	k := s.src.Keyspace(NearKeys())
	got := keysAfter(t, s, k, 0)
	if got.Keys != 254 || !got.Whole() || got.SamplePct() != 100 || got.Hidden != "" || got.Elapsed != 0 {
		t.Errorf("got %+v", got)
	}
	page := prefix(t, got, "page:")
	if page.Keys != 200 || *page.Forever != 0 || page.Growth != nil || *page.Bytes < 200*400 || *page.Bytes > 200*800 {
		t.Errorf("pages %+v, %d bytes", page, *page.Bytes)
	}
	if none := prefix(t, got, ""); none.Keys != 3 || *none.Forever != 100 {
		t.Errorf("keys without a prefix: %+v", none)
	}
	if big := got.Big[0]; big.Key != "cart:1" || big.Type != "hash" || big.Bytes < 9000 || big.TTL == nil || *big.TTL >= 0 {
		t.Errorf("largest %+v", big)
	}
	s.put("cart:", 10, 100, 20, 0)
	got = keysAfter(t, s, k, 10*time.Second)
	if cart := prefix(t, got, "cart:"); *cart.Before != 1 || *cart.Growth != 10 || *cart.Forever != 100 {
		t.Errorf("carts %+v, before %d, growth %v", cart, *cart.Before, *cart.Growth)
	}
	if page := prefix(t, got, "page:"); *page.Growth != 0 {
		t.Errorf("pages grow by %v", *page.Growth)
	}
}

// What never ends is told as a share of the limit, where it is never evicted.
func TestUnendingKeys(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{Settings: map[string]string{"maxmemory": "8mb", "maxmemory-policy": "volatile-lru"}})
	s.put("cart:", 0, 8000, 200, 0)
	s.put("page:", 0, 500, 200, time.Minute)
	got := keysAfter(t, s, s.src.Keyspace(NearKeys()), 0)
	if pct, why := got.Unending(); why != "" || pct < 20 || pct > 45 {
		t.Errorf("%.1f %%, %q", pct, why)
	}
	s.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	if _, why := keysAfter(t, s, s.src.Keyspace(NearKeys()), 0).Unending(); !strings.Contains(why, "allkeys-lru") {
		t.Errorf("why %q", why)
	}
	s.do("CONFIG", "SET", "maxmemory", "0")
	if _, why := keysAfter(t, s, s.src.Keyspace(NearKeys()), 0).Unending(); !strings.Contains(why, "no limit") {
		t.Errorf("why %q", why)
	}
}

// Of many keys a part is looked at, and the rest is estimated and called so.
func TestKeyspaceIsSampled(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{})
	s.put("cart:", 0, 40_000, 10, 0)
	s.put("page:", 0, 10_000, 10, time.Hour)
	k := s.src.Keyspace(NearKeys())
	began := s.commands()
	got := keysAfter(t, s, k, 0)
	if n := s.commands() - began; n > 1000 {
		t.Errorf("%d commands for one look", n)
	}
	if got.Whole() || got.Sampled < 5000 || got.Sampled > 6000 || got.SamplePct() > 12.5 {
		t.Errorf("sampled %d of %d", got.Sampled, got.Keys)
	}
	cart := prefix(t, got, "cart:")
	if cart.Keys < 37_000 || cart.Keys > 43_000 || got.Prefixes[0].Name != "cart:" {
		t.Errorf("carts about %d, want 40,000", cart.Keys)
	}
	if noise := got.Noise(cart); noise < 100 || noise > 2000 {
		t.Errorf("noise %v keys", noise)
	}
	again := keysAfter(t, s, k, 10*time.Second)
	if g := prefix(t, again, "cart:").Growth; g == nil || *g != 0 {
		t.Errorf("growth %v of what does not grow", g)
	}
}

// commands is how many the server has run.
func (s *redisServer) commands() int64 {
	s.Helper()
	n := parseInfo(s.client.Info(s.Context(), "stats").Val()).number("total_commands_processed")
	return *n
}

// Very many prefixes do not become very many rows.
func TestPrefixesAreFew(t *testing.T) {
	var keys []string
	for i := range 3000 {
		keys = append(keys, fmt.Sprintf("user%04d:x", i))
	}
	s := newKeySample(keys)
	if len(s.groups) != prefixesMax+1 || len(s.groups[otherPrefixes].keys) != 3000-prefixesMax {
		t.Errorf("%d prefixes, %d others", len(s.groups), len(s.groups[otherPrefixes].keys))
	}
	if got := s.some(50, 100); len(got) != 100 {
		t.Errorf("%d keys asked", len(got))
	}
}

// A server whose cursor never comes back to 0 does not hold us for ever.
func TestACursorWithoutEnd(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{})
	s.client.AddHook(turning{})
	k := &Keyspace{redis: &Redis{client: s.client, now: func() time.Time { return s.now }}, limits: NearKeys()}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	keys, whole, err := k.scan(ctx)
	if err != nil || whole || len(keys) > 1 {
		t.Errorf("%d keys, %v, %v", len(keys), whole, err)
	}
}

// turning answers every SCAN with a cursor that goes on.
type turning struct{}

func (turning) DialHook(next redis.DialHook) redis.DialHook { return next }
func (turning) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (turning) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if scan, ok := cmd.(*redis.ScanCmd); ok {
			scan.SetVal(nil, 7)
			return nil
		}
		return next(ctx, cmd)
	}
}

// A user who may not measure keys still sees how many there are.
func TestKeyspaceRights(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{Password: "secret"})
	s.put("page:", 0, 5, 10, 0)
	s.do("ACL", "SETUSER", "dash", "on", ">pw", "+info", "+dbsize", "+scan", "~*")
	k := s.collector(RedisOptions{URL: "redis://dash@" + s.src.where, Password: says("pw")}).Keyspace(NearKeys())
	got, err := k.Collect(t.Context())
	if err != nil || prefix(t, got, "page:").Keys != 5 || !strings.Contains(got.Hidden, "MEMORY USAGE: NOPERM") || !strings.Contains(got.Hidden, "TTL: NOPERM") {
		t.Errorf("%v, %+v", err, got)
	}
	if p := prefix(t, got, "page:"); p.Bytes != nil || p.Forever != nil {
		t.Errorf("made up: %+v", p)
	}
}

func TestSlowLog(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{Settings: map[string]string{"slowlog-log-slower-than": "0"}})
	s.do("SET", "session:1", "card 4111", "EX", "60")
	got, err := s.src.SlowLog().Collect(t.Context())
	if err != nil || len(got.Entries) == 0 {
		t.Fatalf("%v, %+v", err, got)
	}
	found := false
	for _, e := range got.Entries {
		found = found || e.Text == "SET session:1 (and 3 more)" && e.Client != "" && !e.At.IsZero()
		if strings.Contains(e.Text, "4111") {
			t.Errorf("a value is in %q", e.Text)
		}
	}
	if !found {
		t.Errorf("got %+v", got.Entries)
	}
}

// What Upstash's REST does not offer is said to be missing, and why.
func TestRedisOverREST(t *testing.T) {
	server := testkit.Redis(t, local.RedisOptions{})
	direct := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { direct.Close() })
	bridge := &provider.Upstash{Redis: direct, Token: "good"}
	web := httptest.NewServer(bridge)
	t.Cleanup(web.Close)
	r := &redisServer{T: t, now: time.Now(), client: direct}
	r.src = r.collector(RedisOptions{RESTURL: web.URL, RESTToken: says("good")})
	r.put("page:", 0, 30, 10, time.Minute)
	if got := r.after(time.Second); got.Version == "" || got.Keys != 30 || got.Lacks != "" || got.Latency <= 0 {
		t.Errorf("with INFO: %+v", got)
	}
	if got := keysAfter(t, r, r.src.Keyspace(RESTKeys()), time.Second); prefix(t, got, "page:").Keys != 30 {
		t.Errorf("keys %+v", got)
	}
	bridge.Lacks = []string{"INFO", "SLOWLOG", "MEMORY"}
	got := r.after(time.Second)
	if got.Keys != 30 || !strings.Contains(got.Lacks, "redis.upstash") || got.HitPct != nil || !strings.Contains(got.Hidden, "SLOWLOG") {
		t.Errorf("without INFO: %+v", got)
	}
	for _, f := range got.Facts() {
		if f.Name == "cache.hit_ratio" && (f.Known || f.Why != got.Lacks) {
			t.Errorf("fact %+v", f)
		}
	}
	slow, err := r.src.SlowLog().Collect(t.Context())
	if err != nil || !strings.Contains(slow.Lacks, "not available") {
		t.Errorf("%v, %+v", err, slow)
	}
	denied := r.collector(RedisOptions{RESTURL: web.URL, RESTToken: says("guess")})
	if _, err := denied.Collect(t.Context()); model.FailOf(err) == nil || model.FailOf(err).Class != model.Denied || !strings.Contains(model.FailOf(err).Hint, "rest_token") {
		t.Errorf("with a wrong token: %v", err)
	}
}
