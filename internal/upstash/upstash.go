// Package upstash is a thin client of the Upstash management API: what Upstash
// itself counts of one Redis database. Its data are read as those of any other
// Redis, see package redis. It must not decide what to do with an answer.
package upstash

import (
	"context"
	"net/url"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// DefaultBase is the address of the API.
const DefaultBase = "https://api.upstash.com/v2"

// Options says which database is meant and who asks.
type Options struct {
	Base      string // "" is [DefaultBase]
	Database  string // its id
	Email     string // of the account
	Key       string // the management API key
	UserAgent string
	Timeout   time.Duration // of one call; 0 is the default of [web.Options]
}

// Client asks for one database. It is safe for use by many goroutines.
type Client struct {
	web      *web.Client
	database string
}

// New returns a client. No connection is made before the first call.
func New(opts Options) *Client {
	if opts.Base == "" {
		opts.Base = DefaultBase
	}
	return &Client{database: opts.Database, web: web.New(web.Options{
		Base: opts.Base, User: opts.Email, Token: opts.Key, UserAgent: opts.UserAgent, Timeout: opts.Timeout,
		Scope: "redis.upstash needs the e-mail and a management API key of the account; accounts made through Vercel or Fly.io have none",
	})}
}

// Close gives the kept connections back.
func (c *Client) Close() { c.web.Close() }

// Budget is how many calls are left; not ok where the API does not say.
func (c *Client) Budget() (model.Budget, bool) { return c.web.Budget() }

// Point is a number at an instant.
type Point struct {
	At    string  `json:"x"` // 2023-05-22 10:59:23.426 +0000 UTC
	Value float64 `json:"y"`
}

// Stats is what Upstash counts of a database; lists are oldest first.
type Stats struct {
	Hits        []Point `json:"hits"`
	Misses      []Point `json:"misses"`
	Throughput  []Point `json:"throughput"`       // commands per second
	Connections []Point `json:"connection_count"` // those of the Redis protocol
	LatencyMean []Point `json:"latencymean"`      // milliseconds
	Latency99   []Point `json:"latency_99"`
	Keys        []Point `json:"keyspace"`
	Storage     int64   `json:"current_storage"`         // bytes
	Bandwidth   int64   `json:"total_monthly_bandwidth"` // bytes
	Requests    int64   `json:"total_monthly_requests"`
	Billing     float64 `json:"total_monthly_billing"` // US dollars
}

// Stats reads the counts. Source: GET /redis/stats/{id}.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	var out Stats
	err := c.web.GetJSON(ctx, "/redis/stats/"+url.PathEscape(c.database), nil, &out)
	return out, err
}

// Database is what a database may take.
type Database struct {
	Name       string `json:"database_name"`
	State      string `json:"state"` // active, suspended, passive
	Type       string `json:"type"`  // free, payg, pro, paid
	Eviction   bool   `json:"eviction"`
	MemoryMax  int64  `json:"db_memory_threshold"` // bytes
	DiskMax    int64  `json:"db_disk_threshold"`   // bytes
	ClientsMax int64  `json:"db_max_clients"`
	Budget     int64  `json:"budget"` // US dollars a month; 0 where there is none
}

// Database reads the limits. Source: GET /redis/database/{id}.
func (c *Client) Database(ctx context.Context) (Database, error) {
	var out Database
	// The answer has the password of the database in it unless it is left out.
	err := c.web.GetJSON(ctx, "/redis/database/"+url.PathEscape(c.database), url.Values{"credentials": {"hide"}}, &out)
	return out, err
}

// Last is the newest point of a list; not ok for an empty one.
func Last(points []Point) (value float64, ok bool) {
	if len(points) == 0 {
		return 0, false
	}
	return points[len(points)-1].Value, true
}
