package collectors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"tocsin/internal/model"
	"tocsin/internal/redis"
)

// RedisOptions says which server is read.
type RedisOptions struct {
	URL      string                                    // redis:// or rediss://, with an optional user and database
	Password func(ctx context.Context) (string, error) // asked for each connection; nil is the one in the URL
	CA       string                                    // file of the authority that signed its certificate; "" is the system's

	RESTURL   string // address of an Upstash REST API in place of URL
	RESTToken func(ctx context.Context) (string, error)
	UserAgent string

	Now func() time.Time // nil is time.Now
}

// Redis reads the state of a Redis server over one connection that is kept.
// Source: INFO, DBSIZE and SLOWLOG LEN in one round trip.
type Redis struct {
	client *goredis.Client
	where  string
	rest   bool // over HTTP, where not all commands are to be had
	now    func() time.Time
	last   redisReading // zero before the first reading
}

// redisReading is the counters of one reading; nil where the server does not
// tell them.
type redisReading struct {
	at     time.Time
	run    string // run_id: another one is another process, with counters of its own
	hits   *int64
	misses *int64
	ops    *int64
	gone   *int64 // evicted_keys
}

// NewRedis checks the address. No connection is made before the first reading.
func NewRedis(opts RedisOptions) (*Redis, error) {
	client, err := redis.New(redis.Options{
		URL: opts.URL, Password: opts.Password, CA: opts.CA, RESTURL: opts.RESTURL, RESTToken: opts.RESTToken, UserAgent: opts.UserAgent,
	})
	if err != nil {
		return nil, err
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Redis{client: client, where: client.Options().Addr, rest: opts.RESTURL != "", now: opts.Now}, nil
}

// Close ends the connection.
func (r *Redis) Close() error { return r.client.Close() }

// Collect reads the server once.
func (r *Redis) Collect(ctx context.Context) (model.Redis, error) {
	pipe := r.client.Pipeline()
	info, size := pipe.Info(ctx), pipe.DBSize(ctx)
	slow := pipe.Do(ctx, "SLOWLOG", "LEN")
	began := time.Now()
	_, err := pipe.Exec(ctx)
	took := time.Since(began)
	now := r.now()
	lacks := r.lacks(info.Err())
	if lacks == "" && (info.Err() != nil || info.Val() == "") || size.Err() != nil { // without a connection only err says so
		return model.Redis{}, fmt.Errorf("redis: %w", redisFail(r.where, cmp.Or(info.Err(), size.Err(), err, errEmptyInfo())))
	}
	fields := parseInfo(info.Val())
	out := fields.state()
	out.Keys, out.Latency, out.Lacks = size.Val(), took, lacks
	if n, err := slow.Int64(); err == nil {
		out.SlowLog = &n
	} else {
		out.Hidden = "SLOWLOG LEN: " + err.Error()
	}
	cur := fields.reading(now)
	r.rates(cur, &out)
	r.last = cur
	return out, nil
}

// lacks says that a server which is reached over HTTP does not tell of itself,
// where it does not; "" for any other failure.
func (r *Redis) lacks(err error) string {
	if !r.rest || err == nil || !isReply(err) || goredis.IsAuthError(err) || goredis.IsPermissionError(err) {
		return ""
	}
	return "INFO is not to be had over REST: give redis.url, or redis.upstash for what Upstash counts"
}

func errEmptyInfo() error { return errors.New("the answer to INFO is empty") }

// rates fills in what happened between the last reading and this one.
func (r *Redis) rates(cur redisReading, out *model.Redis) {
	elapsed := cur.at.Sub(r.last.at)
	if r.last.at.IsZero() || cur.run != r.last.run || elapsed <= 0 {
		return
	}
	out.Ops = rateOf(r.last.ops, cur.ops, elapsed)
	out.Evicted = rateOf(r.last.gone, cur.gone, elapsed)
	hits, ok1 := growth(r.last.hits, cur.hits)
	misses, ok2 := growth(r.last.misses, cur.misses)
	if !ok1 || !ok2 { // not told, or CONFIG RESETSTAT
		return
	}
	lookups := float64(hits+misses) / elapsed.Seconds()
	out.LookupsPS = &lookups
	if hits+misses == 0 {
		return
	}
	pct := 100 * float64(hits) / float64(hits+misses)
	out.HitPct, out.Lookups = &pct, hits+misses
}

// growth is not ok where a counter is not told or went back.
func growth(prev, cur *int64) (n int64, ok bool) {
	if prev == nil || cur == nil {
		return 0, false
	}
	return *cur - *prev, *cur >= *prev
}

// rateOf is nil where a counter is not told or went back.
func rateOf(prev, cur *int64, elapsed time.Duration) *float64 {
	if prev == nil || cur == nil {
		return nil
	}
	return perSecond(*prev, *cur, elapsed)
}

// perSecond is nil when the counter went back.
func perSecond(prev, cur int64, elapsed time.Duration) *float64 {
	v, ok := model.Rate(prev, cur, elapsed)
	if !ok {
		return nil
	}
	return &v
}
