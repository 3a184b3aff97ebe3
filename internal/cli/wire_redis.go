package cli

import (
	"context"
	"time"

	"tocsin/collectors"
	"tocsin/internal/config"
	"tocsin/internal/model"
	"tocsin/internal/sched"
	"tocsin/internal/store"
	"tocsin/internal/upstash"
)

// addRedis adds the cache. Where every command is counted and charged for, it
// is read seldom.
func (p *program) addRedis() error {
	c := p.target.Redis
	if c == nil {
		hint := "name the server under targets." + p.target.Name + ".redis"
		missing(p, store.RedisKey(), hint)
		missing(p, store.KeyspaceKey(), hint)
		missing(p, store.SlowLogKey(), hint)
		return nil
	}
	src, err := collectors.NewRedis(collectors.RedisOptions{
		URL: c.URL, Password: p.secretOf("redis", c.Password), CA: c.CA,
		RESTURL: c.RESTURL, RESTToken: p.secretOf("redis", c.RESTToken), UserAgent: userAgent(),
	})
	if err != nil {
		return err
	}
	p.closers = append(p.closers, func() { _ = src.Close() })
	lead := sched.Timing{Every: 5 * time.Second, Timeout: 4 * time.Second, Group: "redis", Retry: firstRetry, MaxWait: leadRetry, Rate: true}
	keys, slow := lead, lead
	keys.Every, keys.Timeout, keys.Retry, keys.MaxWait = 10*time.Second, 8*time.Second, 0, longestRetry
	slow.Every, slow.Retry, slow.MaxWait, slow.Rate = 30*time.Second, 0, longestRetry, false
	limits := collectors.NearKeys()
	if c.RESTURL != "" {
		lead.Every, lead.Retry, lead.MaxWait = time.Minute, 0, 5*time.Minute
		keys.Every, keys.MaxWait, keys.Rate = 30*time.Minute, 30*time.Minute, false
		slow.Every, slow.MaxWait = 10*time.Minute, 10*time.Minute
		limits = collectors.RESTKeys()
	}
	add(p, store.RedisKey(), src, lead)
	add(p, store.KeyspaceKey(), src.Keyspace(limits), keys)
	add(p, store.SlowLogKey(), src.SlowLog(), slow)
	p.addUpstash(c.Upstash)
	return nil
}

// addUpstash adds what Upstash counts of the cache. Most caches are not there,
// so it is not listed where none is configured.
func (p *program) addUpstash(c *config.Upstash) {
	if c == nil {
		return
	}
	client := &once[*upstash.Client]{make: func(ctx context.Context) (*upstash.Client, error) {
		key, err := p.secrets.read(ctx, c.APIKey)
		if err != nil {
			return nil, secretFail("upstash", err)
		}
		return upstash.New(upstash.Options{Base: c.BaseURL, Database: c.Database, Email: c.Email, Key: key, UserAgent: userAgent()}), nil
	}}
	p.closers = append(p.closers, func() { client.each((*upstash.Client).Close) })
	add(p, store.UpstashKey(), ofUpstash{client}, sched.Timing{Every: 5 * time.Minute, Timeout: 25 * time.Second, MaxWait: 15 * time.Minute})
}

// ofUpstash reads through a client that is made when it is first needed.
type ofUpstash struct{ client *once[*upstash.Client] }

// Collect implements sched.Source.
func (o ofUpstash) Collect(ctx context.Context) (model.Upstash, error) {
	return use(ctx, o.client, func(c *upstash.Client) (model.Upstash, error) { return collectors.Upstash{Client: c}.Collect(ctx) })
}
