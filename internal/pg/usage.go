package pg

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Usage is what reading a server has cost so far.
type Usage struct {
	Connections int                      // open now, with the spare one and those of actions
	Statements  int64                    // sent by the read lanes
	Busy        time.Duration            // from sending these until their last row was here: at least what the server spent
	Bytes       int64                    // received, over all connections
	Sources     map[string]time.Duration // of Busy, by the names given to [Server.For]
}

// Usage is what reading the server has cost since it was opened.
func (s *Server) Usage() Usage {
	u := &s.usage
	out := Usage{
		Connections: int(u.open.Load()), Statements: u.statements.Load(),
		Busy: time.Duration(u.busy.Load()), Bytes: u.bytes.Load(), Sources: map[string]time.Duration{},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, m := range s.sources {
		out.Sources[name] = time.Duration(m.busy.Load())
	}
	return out
}

// usage counts what [Usage] tells.
type usage struct{ open, statements, busy, bytes atomic.Int64 }

// meter counts the time of one source.
type meter struct{ busy, told atomic.Int64 }

// sinceTold is the time since it was last asked.
func (m *meter) sinceTold() time.Duration {
	now := m.busy.Load()
	return time.Duration(now - m.told.Swap(now))
}

// measure counts a statement that begins now; what it returns is called at its
// end.
func (u *usage) measure(of *meter) (done func()) {
	began := time.Now()
	return func() {
		took := int64(time.Since(began))
		u.statements.Add(1)
		u.busy.Add(took)
		if of != nil {
			of.busy.Add(took)
		}
	}
}

// For is the same server as one source uses it: what it reads is counted apart,
// see [Server.CostOf].
func (s *Server) For(source string) *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.sources[source]
	if m == nil {
		m = &meter{}
		s.sources[source] = m
	}
	return &Server{hub: s.hub, source: m}
}

// CostOf gives a function that tells the time which the statements of a source
// took since it was called last, without the wait for a lane; nil where nothing
// was given to that source by [Server.For].
func (s *Server) CostOf(source string) func() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.sources[source]
	if m == nil {
		return nil
	}
	return m.sinceTold
}

// counted makes connections that count.
func (u *usage) counted(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		u.open.Add(1)
		return &countedConn{Conn: conn, usage: u}, nil
	}
}

// countedConn counts what it receives, and itself while it is open.
type countedConn struct {
	net.Conn
	usage *usage
	ended sync.Once
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.usage.bytes.Add(int64(n))
	return n, err
}

func (c *countedConn) Close() error {
	c.ended.Do(func() { c.usage.open.Add(-1) })
	return c.Conn.Close()
}
