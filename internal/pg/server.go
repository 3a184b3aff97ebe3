// Package pg keeps the few sessions tocsin has on a PostgreSQL server: one
// lane for the frequent reads, one for the slow ones, one for statements from
// the configuration where there are any, and a spare for actions, opened once and kept, so that the watcher goes on when the server takes no
// new connections. It picks the SQL text that fits the server's version and
// puts errors into classes. It must not know what the statements mean.
package pg

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/model"
)

const (
	// FastLimit bounds a whole read on the fast lane, which may consist of
	// several statements. A job that reads on a lane needs a timeout at least a
	// second longer: the connection is given half a second to be saved when a
	// limit is reached.
	FastLimit = 2 * time.Second
	// SlowLimit is the same for the slow lane.
	SlowLimit = 6 * time.Second

	connectLimit = 2 * time.Second
	// prepared is how many statements a connection keeps prepared. There are
	// fewer on each lane; room for more would cost memory all the same.
	prepared = 64
	// saveLimit is how long a cancelled statement may take to end before its
	// connection is given up.
	saveLimit = 400 * time.Millisecond
)

// Config says where a server is.
type Config struct {
	// DSN is a libpq connection string or URL. What it leaves out comes from
	// the PG* environment, the service file and the password file.
	DSN string
	// Password is asked before each connection attempt, within its limit; nil
	// leaves it to DSN.
	Password func(ctx context.Context) (string, error)
	// Spare opens the action connection as soon as the fast lane works, so
	// that it is there when the server is full. Without it, it is opened when
	// first needed.
	Spare bool
	// Turned is called, by whoever reads, when another server answers than
	// before, or the same in another role, without a read having failed in
	// between; nil for nobody.
	Turned func()
}

// Server is one PostgreSQL server. Make it with Open; it may be used from any
// goroutine.
type Server struct {
	*hub
	source *meter // of the source whose reads are counted apart; nil for none
}

// hub is what all who use a server share.
type hub struct {
	cfg  Config
	base *pgx.ConnConfig

	fast, slow, own *lane
	spare           spare
	usage           usage

	dialing  gate // one connection attempt at a time
	mu       sync.Mutex
	pooled   bool              // a pooler refused our startup parameters
	at       string            // the host that is watched; "" before there is one
	is       Identity          // of the server that is watched; zero before it was read
	lastFail *outage           // of the newest connection attempt; nil after a good one
	pids     map[*lane]int     // of the read lanes
	sources  map[string]*meter // by name
	keeping  atomic.Bool       // the spare connection is looked after
	moved    atomic.Bool       // the fast lane has to look where its server is
	explains string            // name of the prepared statement of [Conn.Explain]
	life     context.Context
	end      context.CancelFunc
	running  sync.WaitGroup
}

// Open reads the configuration; it connects to nothing yet.
func Open(cfg Config) (*Server, error) {
	base, err := pgx.ParseConfig(cfg.DSN)
	if err != nil {
		return nil, fmt.Errorf("read the PostgreSQL connection string: %w", err)
	}
	base.RuntimeParams["application_name"] = model.OwnApp
	base.StatementCacheCapacity = min(base.StatementCacheCapacity, prepared)
	base.DescriptionCacheCapacity = min(base.DescriptionCacheCapacity, prepared)
	s := &Server{hub: &hub{
		cfg: cfg, base: base, dialing: newGate(), pids: map[*lane]int{}, sources: map[string]*meter{},
		explains: explainedAs + strings.ToLower(rand.Text()),
	}}
	base.DialFunc = s.usage.counted(base.DialFunc)
	s.life, s.end = context.WithCancel(context.Background())
	s.fast = newLane(s, limits{read: FastLimit, statement: 1500 * time.Millisecond})
	s.slow = newLane(s, limits{read: SlowLimit, statement: 5 * time.Second})
	s.own = newLane(s, limits{read: SlowLimit, statement: 5 * time.Second})
	s.spare.turn, s.spare.look = newGate(), make(chan struct{}, 1)
	return s, nil
}

// Fast is the lane of the reads that come every few seconds.
func (s *Server) Fast() *Lane { return &Lane{s.fast, s.source} }

// Slow is the lane of the reads that may take seconds.
func (s *Server) Slow() *Lane { return &Lane{s.slow, s.source} }

// Own is the lane of statements that the configuration has; see [Numbers]. It
// has no connection until one is asked for.
func (s *Server) Own() *Lane { return &Lane{s.own, s.source} }

// Database is the name of the database that the sessions are in.
func (s *Server) Database() string {
	if s.base.Database == "" {
		return s.base.User
	}
	return s.base.Database
}

// Close ends the kept connections. A lane that is busy with a server that does
// not answer is left to the end of the process; so Close takes no longer than
// a fraction of a second. Connections lent out for actions are not touched.
func (s *Server) Close() {
	s.end()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	var closing sync.WaitGroup
	closing.Go(func() { s.fast.close(ctx) })
	closing.Go(func() { s.slow.close(ctx) })
	closing.Go(func() { s.own.close(ctx) })
	closing.Go(func() { s.spare.close(ctx) })
	closing.Wait()
	s.running.Wait()
}

// gate lets one goroutine at a time through, and others wait with a context.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() { <-g }
