package pg

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/model"
)

// limits bound what a lane does.
type limits struct {
	read      time.Duration // one read, with all its statements
	statement time.Duration // one statement, at the server
}

// Lane is one kept connection on which reads follow one another. It connects
// when it is first used and again after the connection broke.
type Lane struct {
	server *Server
	limits limits

	turn   gate // whoever holds it may use what follows
	conn   *pgx.Conn
	caps   Caps
	capsAt time.Time
	failed *outage // of the newest read that found the server down
}

func newLane(s *Server, l limits) *Lane {
	return &Lane{server: s, limits: l, turn: newGate()}
}

// Session is the lane's connection while a read has it.
type Session struct {
	lane  *Lane
	asked asked
}

// Caps is what the session can do.
func (s *Session) Caps() Caps { return s.lane.caps }

// Database is the name of the database that the session is in.
func (s *Session) Database() string { return s.lane.server.Database() }

// OwnPIDs are the backends of the read lanes of this process; never nil.
func (s *Session) OwnPIDs() []int { return s.lane.server.ownPIDs() }

// Read lets f read on the lane. It ends within the lane's limit, whatever the
// server does. A connection that broke since the last read is replaced and f
// called once more, so f must not change anything but its result. The errors
// are of type [model.Fail].
func Read[T any](ctx context.Context, l *Lane, f func(context.Context, *Session) (T, error)) (T, error) {
	var none T
	began := time.Now()
	if err := l.turn.enter(ctx); err != nil {
		return none, l.server.waitFail(err, began)
	}
	defer l.turn.leave()
	if o := l.failed; o != nil && o.at.After(began) {
		return none, o.fail // what the read before us met while we waited
	}
	limited, cancel := context.WithTimeout(ctx, l.limits.read)
	defer cancel()
	for {
		fresh := l.conn == nil
		got, err := attempt(limited, l, f)
		if err == nil {
			return got, nil
		}
		if l.drop() && !fresh && limited.Err() == nil {
			continue // at most once: the next connection is fresh
		}
		l.remember(err)
		return none, err
	}
}

func attempt[T any](ctx context.Context, l *Lane, f func(context.Context, *Session) (T, error)) (T, error) {
	s := &Session{lane: l, asked: asked{server: l.server, began: time.Now(), limit: l.limits.statement}}
	if err := l.ready(ctx, s.asked); err != nil {
		var none T
		return none, err
	}
	return f(ctx, s)
}

// ready connects where that is needed and reads what the session can do where
// that is old.
func (l *Lane) ready(ctx context.Context, a asked) error {
	if l.conn == nil {
		conn, err := l.server.dial(ctx, readSettings(l.limits.statement), nil)
		if err != nil {
			return err
		}
		l.conn, l.capsAt = conn, time.Time{}
	}
	if time.Since(l.capsAt) < l.caps.due() {
		return nil
	}
	first := l.capsAt.IsZero()
	caps, err := readCaps(ctx, l.conn, l.server.throughPooler())
	if err != nil {
		return a.fail(ctx, err)
	}
	l.caps, l.capsAt = caps, time.Now()
	l.server.setPID(l, caps.PID)
	if first && l == l.server.fast && l.server.cfg.Spare && !caps.Pooled {
		l.server.keepSpare()
	}
	return nil
}

// drop forgets a connection that broke, and tells whether it did.
func (l *Lane) drop() bool {
	if l.conn == nil || !l.conn.IsClosed() {
		return false
	}
	l.conn = nil
	l.server.setPID(l, 0)
	return true
}

func (l *Lane) remember(err error) {
	fail, ok := errors.AsType[*model.Fail](err)
	if ok && fail.Class == model.Down {
		l.failed = &outage{fail: fail, at: time.Now()}
	}
}

func (l *Lane) close(ctx context.Context) {
	if l.turn.enter(ctx) != nil {
		return
	}
	defer l.turn.leave()
	if l.conn != nil {
		_ = l.conn.Close(ctx) // closed either way
		l.conn = nil
	}
}

func (s *Server) setPID(l *Lane, pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pids[l] = pid
}

func (s *Server) ownPIDs() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := []int{} // not nil, which would be NULL in SQL
	for _, pid := range s.pids {
		if pid != 0 {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}
