package collectors

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

// redisServer starts a server, a client of its own for the test, and a
// collector with a clock that the test moves.
type redisServer struct {
	*testing.T
	client *redis.Client
	src    *Redis
	now    time.Time
}

func watchRedis(t *testing.T, opts local.RedisOptions) *redisServer {
	t.Helper()
	server := testkit.Redis(t, opts)
	s := &redisServer{T: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s.client = redis.NewClient(&redis.Options{Addr: server.Addr(), Password: opts.Password})
	t.Cleanup(func() { s.client.Close() })
	s.src = s.collector(RedisOptions{URL: "redis://" + server.Addr() + "/0", Password: says(opts.Password)})
	return s
}

// says gives a password; none where it is "".
func says(password string) func(context.Context) (string, error) {
	if password == "" {
		return nil
	}
	return func(context.Context) (string, error) { return password, nil }
}

func (s *redisServer) collector(opts RedisOptions) *Redis {
	s.Helper()
	opts.Now = func() time.Time { return s.now }
	r, err := NewRedis(opts)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { r.Close() })
	return r
}

func (s *redisServer) do(args ...any) {
	s.Helper()
	if err := s.client.Do(context.Background(), args...).Err(); err != nil && !errors.Is(err, redis.Nil) {
		s.Fatal(err)
	}
}

func (s *redisServer) after(d time.Duration) model.Redis {
	s.Helper()
	s.now = s.now.Add(d)
	got, err := s.src.Collect(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	return got
}

func TestRedis(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{Settings: map[string]string{"maxmemory": "100mb"}})
	first := s.after(0)
	if first.HitPct != nil || first.Ops != nil || first.Evicted != nil {
		t.Errorf("rates after one reading: %+v", first)
	}
	if first.Version == "" || first.Used == 0 || first.Max != 100<<20 || first.Clients == nil || *first.Clients < 1 || first.SlowLog == nil || first.Hidden != "" {
		t.Errorf("first reading: %+v", first)
	}
	s.do("SET", "page:1", "x")
	for range 3 {
		s.do("GET", "page:1")
	}
	s.do("GET", "page:2")
	got := s.after(10 * time.Second)
	if got.HitPct == nil || *got.HitPct != 75 || got.Lookups != 4 || got.Keys != 1 {
		t.Errorf("second reading: %+v", got)
	}
	if *got.Ops < 0.5 || *got.Evicted != 0 {
		t.Errorf("%v commands/s, %v evicted/s", *got.Ops, *got.Evicted)
	}
	if idle := s.after(10 * time.Second); idle.HitPct != nil {
		t.Errorf("a hit ratio of no lookup: %v", *idle.HitPct)
	}
	s.do("CONFIG", "RESETSTAT")
	if reset := s.after(10 * time.Second); reset.HitPct != nil || reset.Ops != nil {
		t.Errorf("rates over a reset: %+v", reset)
	}
}

func TestACounterThatIsNotToldHasNoRate(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	told := parseInfo("# Clients\r\nconnected_clients:1\r\n# Stats\r\ntotal_commands_processed:7\r\n")
	r := &Redis{last: told.reading(at)}
	got := told.state()
	r.rates(told.reading(at.Add(time.Second)), &got)
	if got.Evicted != nil || got.HitPct != nil || got.Blocked != nil {
		t.Errorf("made up: %+v", got)
	}
	if got.Ops == nil || *got.Ops != 0 || got.Clients == nil || *got.Clients != 1 {
		t.Errorf("told, but lost: %+v", got)
	}
}

func TestRedisKeepsOneConnection(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{})
	for range 5 {
		s.after(time.Second)
	}
	list, err := s.client.ClientList(context.Background()).Result()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(list, "name=tocsin "); n != 1 {
		t.Errorf("%d connections of ours:\n%s", n, list)
	}
}

// A rotated password is found by the next connection.
func TestRedisPasswordIsReadAnew(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{Password: "old"})
	password := "old"
	src := s.collector(RedisOptions{URL: "redis://" + s.src.where, Password: func(context.Context) (string, error) { return password, nil }})
	if _, err := src.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.do("CONFIG", "SET", "requirepass", "new")
	password = "new"
	s.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	_, _ = src.Collect(t.Context()) // it may meet the connection that was closed
	if _, err := src.Collect(t.Context()); err != nil {
		t.Errorf("with the new password: %v", err)
	}
}

func TestRedisPasswordThatCannotBeRead(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{})
	sealed := &model.Fail{Class: model.Denied, Text: "the vault is sealed"}
	src := s.collector(RedisOptions{URL: "redis://" + s.src.where, Password: func(context.Context) (string, error) { return "", sealed }})
	_, err := src.Collect(t.Context())
	if fail, ok := errors.AsType[*model.Fail](err); !ok || fail.Class != model.Denied || !strings.Contains(fail.Text, "sealed") {
		t.Errorf("got %v", err)
	}
}

func TestRedisRights(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{Password: "secret"})
	s.do("ACL", "SETUSER", "dash", "on", ">pw", "+info", "+dbsize", "+ping")
	s.do("ACL", "SETUSER", "blind", "on", ">pw", "+ping")
	addr := s.src.where
	tests := []struct {
		name  string
		opts  RedisOptions
		class model.Class
		hint  string
	}{
		{"no password", RedisOptions{URL: "redis://" + addr}, model.Denied, "redis.password"},
		{"wrong password", RedisOptions{URL: "redis://" + addr, Password: says("guess")}, model.Denied, "redis.password"},
		{"no right", RedisOptions{URL: "redis://blind:pw@" + addr}, model.Denied, "ACL SETUSER"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.collector(tt.opts).Collect(context.Background())
			fail := model.FailOf(err)
			if fail == nil || fail.Class != tt.class || !strings.Contains(fail.Hint, tt.hint) {
				t.Errorf("got %v", err)
			}
		})
	}
	got, err := s.collector(RedisOptions{URL: "redis://dash@" + addr, Password: says("pw")}).Collect(context.Background())
	if err != nil || got.SlowLog != nil || !strings.Contains(got.Hidden, "SLOWLOG") {
		t.Errorf("a user without SLOWLOG: %v, %+v", err, got)
	}
}

func TestRedisDown(t *testing.T) {
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hanging.Close() })
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing.Close()
	for why, addr := range map[string]string{"connection refused": refusing.Addr().String(), "no answer in time": hanging.Addr().String()} {
		t.Run(why, func(t *testing.T) {
			s := &redisServer{T: t}
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := s.collector(RedisOptions{URL: "redis://" + addr}).Collect(ctx)
			fail := model.FailOf(err)
			if fail == nil || fail.Class != model.Down || !strings.Contains(fail.Text, why) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestRedisComesBack(t *testing.T) {
	ctx := context.Background()
	server, err := local.StartRedis(ctx, local.RedisOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := &redisServer{T: t, now: time.Now()}
	s.src = s.collector(RedisOptions{URL: "redis://" + server.Addr()})
	s.after(time.Second)
	if err := server.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.src.Collect(ctx); model.FailOf(err) == nil || model.FailOf(err).Class != model.Down {
		t.Errorf("after the stop: %v", err)
	}
	testkit.Redis(t, local.RedisOptions{Port: server.Port()})
	// Other counters of another process: no rate, though they may have grown.
	if got := s.after(time.Second); got.Ops != nil {
		t.Errorf("a rate over a restart: %v", *got.Ops)
	}
}

// TestRedisStandIn reads the small server that the demo falls back to, which
// tells little.
func TestRedisStandIn(t *testing.T) {
	s := watchRedis(t, local.RedisOptions{InProcess: true})
	s.do("SET", "a", "b")
	got := s.after(0)
	if got.Keys != 1 || got.SlowLog != nil || got.Hidden == "" {
		t.Errorf("got %+v", got)
	}
}

func TestRedisAddress(t *testing.T) {
	_, err := NewRedis(RedisOptions{URL: "http://u:secret@host"})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
