// Package redis makes the clients of Redis servers, with manners: one
// connection, no retry, nothing on stderr, and no wait beyond a deadline. It
// must not know what is read or changed.
package redis

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"tocsin/internal/web"
)

// timeout bounds connecting and each answer.
const timeout = 5 * time.Second

// buffered is how much of what is sent or read is kept in memory, in bytes. The
// client's own choice is made for servers that send megabytes.
const buffered = 4 << 10

// Options say which server.
type Options struct {
	URL string // redis:// or rediss://, with an optional user and database
	// Password is asked before each connection attempt, so that a rotated one
	// is found; nil leaves it to the URL.
	Password func(ctx context.Context) (string, error)
	// CA is a file with the certificate of the authority that signed the
	// server's; "" is those that the system knows.
	CA string

	// RESTURL is the address of an Upstash REST API in place of URL, RESTToken
	// its token, asked before each connection.
	RESTURL   string
	RESTToken func(ctx context.Context) (string, error)
	UserAgent string
}

// Where is the address without its secrets.
func (o Options) Where() string {
	if o.RESTURL != "" {
		return web.Redact(o.RESTURL)
	}
	return web.Redact(o.URL)
}

// New checks the address. No connection is made before the first command.
func New(opts Options) (*redis.Client, error) {
	o, err := address(opts)
	if err != nil {
		return nil, err
	}
	if user := o.Username; opts.Password != nil {
		o.CredentialsProviderContext = func(ctx context.Context) (string, string, error) {
			password, err := opts.Password(ctx)
			return user, password, err
		}
	}
	// Its log goes to stderr, which is the screen.
	logging.Disable()
	// Whoever asks retries, and one connection is all that we take.
	o.MaxRetries, o.DialerRetries = -1, 1
	o.PoolSize, o.MaxActiveConns, o.ConnMaxIdleTime = 1, 1, -1
	o.ReadBufferSize, o.WriteBufferSize = buffered, buffered
	o.PipelineReadBufferSize, o.PipelineWriteBufferSize = buffered, buffered
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
	o.ContextTimeoutEnabled = true
	// Say nothing that old servers do not know, nor need a right for the name.
	o.Protocol, o.DisableIdentity = 2, true
	o.OnConnect = func(ctx context.Context, conn *redis.Conn) error {
		_ = conn.ClientSetName(ctx, "tocsin").Err()
		return nil
	}
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}

// address says how the server is reached.
func address(opts Options) (*redis.Options, error) {
	if opts.RESTURL != "" {
		return &redis.Options{Addr: opts.Where(), Dialer: dialREST(opts)}, nil
	}
	o, err := redis.ParseURL(opts.URL)
	if err != nil {
		return nil, fmt.Errorf("redis: %s is not an address of the form redis://host:port/0", opts.Where())
	}
	if opts.CA == "" {
		return o, nil
	}
	if o.TLSConfig == nil {
		return nil, fmt.Errorf("redis: %s does not speak TLS, so there is no use for redis.ca: begin with rediss://", opts.Where())
	}
	pem, err := os.ReadFile(opts.CA)
	if err != nil {
		return nil, fmt.Errorf("redis: read the authority: %w", err)
	}
	o.TLSConfig.RootCAs = x509.NewCertPool()
	if !o.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("redis: %s has no certificate (PEM)", opts.CA)
	}
	return o, nil
}
