package pg

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/internal/model"
)

// limits bound what a lane does.
type limits struct {
	read      time.Duration // one read, with all its statements
	statement time.Duration // one statement, at the server
}

// Lane is one kept connection on which reads follow one another, as one source
// uses it. It connects when it is first used and again after the connection
// broke.
type Lane struct {
	*lane
	source *meter // nil: the reads are counted for no source
}

// lane is what all who use a lane share.
type lane struct {
	server *Server
	limits limits

	turn   gate // whoever holds it may use what follows
	conn   *reader
	caps   Caps
	capsAt time.Time
	doubt  bool    // something says that caps is out of date
	strays bool    // it leads elsewhere than the fast lane, also after another attempt
	failed *outage // of the newest read, if that found the server down
}

func newLane(s *Server, l limits) *lane {
	return &lane{server: s, limits: l, turn: newGate()}
}

// Session is the lane's connection while a read has it.
type Session struct {
	lane   *lane
	source *meter
	asked  asked
}

// Caps is what the session can do.
func (s *Session) Caps() Caps { return s.lane.caps }

// Database is the name of the database that the session is in.
func (s *Session) Database() string { return s.lane.server.Database() }

// Address is where the server is, for people.
func (s *Session) Address() string { return s.lane.server.Address() }

// OwnPIDs are the backends of the read lanes of this process; never nil.
func (s *Session) OwnPIDs() []int { return s.lane.server.ownPIDs() }

// Read lets f read on the lane. It ends within the lane's limit, whatever the
// server does. A connection that broke since the last read is replaced and f
// called once more, so f must not change anything but its result. The errors
// are of type [model.Fail].
func Read[T any](ctx context.Context, l *Lane, f func(context.Context, *Session) (T, error)) (got T, err error) {
	err = l.read(ctx, func(ctx context.Context, s *Session) (err error) {
		got, err = f(ctx, s)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return got, nil
}

func (l *Lane) read(ctx context.Context, f func(context.Context, *Session) error) error {
	began := time.Now()
	if err := l.turn.enter(ctx); err != nil {
		return l.server.waitFail(err, began)
	}
	defer l.turn.leave()
	if o := l.failed; o != nil && o.at.After(began) {
		return o.fail // what the read before us met while we waited
	}
	limited, cancel := context.WithTimeout(ctx, l.limits.read)
	defer cancel()
	for {
		fresh := l.conn == nil
		err := l.attempt(limited, f)
		if err == nil {
			l.failed = nil
			l.heed(limited, l.source)
			return nil
		}
		if l.drop() && !fresh && limited.Err() == nil {
			continue // at most once: the next connection is fresh
		}
		l.remember(err)
		return err
	}
}

func (l *Lane) attempt(ctx context.Context, f func(context.Context, *Session) error) error {
	s := l.session(l.source)
	if err := l.ready(ctx, s); err != nil {
		return err
	}
	return f(ctx, s)
}

func (l *lane) session(source *meter) *Session {
	return &Session{lane: l, source: source, asked: asked{server: l.server, began: time.Now(), limit: l.limits.statement}}
}

// ready connects where that is needed and reads what the session can do where
// that is old.
func (l *lane) ready(ctx context.Context, s *Session) error {
	if l.leads() && l.server.moved.Swap(false) {
		l.leave()
	}
	if l.conn == nil {
		if err := l.connect(ctx, call{}); err != nil {
			return err
		}
	}
	if !l.outOfDate() {
		return nil
	}
	if !l.capsAt.IsZero() {
		l.strays = false // it was long ago that the other host was tried
	}
	return l.refresh(ctx, s)
}

// refresh looks what the session can do, and goes where the lane belongs.
func (l *lane) refresh(ctx context.Context, s *Session) error {
	if err := l.look(ctx, s); err != nil {
		return err
	}
	return l.follow(ctx, s)
}

func (l *lane) leads() bool { return l == l.server.fast }

// connect makes a connection that knows nothing of its server yet.
func (l *lane) connect(ctx context.Context, c call) error {
	c.settings, c.leads = readSettings(l.limits.statement), l.leads()
	conn, err := l.server.dial(ctx, c)
	if err != nil {
		return err
	}
	l.leave()
	l.conn = l.server.reader(conn, l.limits)
	return nil
}

// leave gives the connection up.
func (l *lane) leave() {
	if l.conn != nil {
		l.conn.close()
	}
	l.conn, l.capsAt = nil, time.Time{}
	l.server.setPID(l, 0)
}

// outOfDate tells whether what the session can do has to be read again.
func (l *lane) outOfDate() bool {
	is := l.server.watched()
	return l.doubt || time.Since(l.capsAt) >= l.caps.due() ||
		!l.strays && !is.Started.IsZero() && !is.Same(l.caps.Identity)
}

// look reads what the session can do. A pooler that took our settings, and
// ignores them, is met again as one that refused them.
func (l *lane) look(ctx context.Context, s *Session) error {
	first := l.capsAt.IsZero()
	caps, err := readCaps(ctx, s)
	if err == nil && first {
		caps.System, err = readSystem(ctx, s)
	} else {
		caps.System = l.caps.System // of the same connection
	}
	if err != nil {
		return s.asked.fail(ctx, err)
	}
	if caps.Pooled && !l.conn.pooled {
		l.server.setPooled()
		l.leave()
		return l.ready(ctx, s)
	}
	l.caps, l.capsAt, l.doubt = caps, time.Now(), false
	l.server.setPID(l, caps.PID)
	if !l.leads() {
		return nil
	}
	l.server.saw(caps.Identity, l.failed == nil)
	if first && l.server.cfg.Spare && !caps.Pooled {
		l.server.keepSpare()
	}
	return nil
}

// follow goes where the lane belongs: the fast one to a host that is preferred
// to its own, if there is one, the others to where the fast one is.
func (l *lane) follow(ctx context.Context, s *Session) error {
	if !l.leads() {
		is, tried := l.server.watched(), l.strays
		l.strays = !is.Started.IsZero() && !is.sameServer(l.caps.Identity)
		if !l.strays || tried {
			return nil
		}
		l.leave()
		return l.ready(ctx, s)
	}
	if preferenceOf(l.server.cfg.DSN).fits(l.caps.Standby) || len(l.server.hosts()) == 1 {
		return nil
	}
	if l.connect(ctx, call{better: true}) != nil {
		return nil // it stays where it is
	}
	return l.look(ctx, s)
}

// heed looks again at once where the server says that it has become a primary
// or a standby: from PostgreSQL 14 on it tells every session by itself. What
// fails here is met by the next read.
func (l *lane) heed(ctx context.Context, source *meter) {
	if word := l.conn.parameter("in_hot_standby"); word != "" && (word == "on") != l.caps.Standby {
		l.doubt = true
	}
	if l.doubt {
		_ = l.refresh(ctx, l.session(source))
	}
}

// Saw tells the session whether the server was a standby in what was read on
// it: where that is news, what it can do is read again.
func (s *Session) Saw(standby bool) {
	if standby != s.lane.caps.Standby {
		s.lane.doubt = true
	}
}

// drop forgets a connection that broke, and tells whether it did.
func (l *lane) drop() bool {
	if l.conn == nil || !l.conn.broken() {
		return false
	}
	l.leave()
	return true
}

func (l *lane) remember(err error) {
	fail, ok := errors.AsType[*model.Fail](err)
	if ok && fail.Class == model.Down {
		l.failed = &outage{fail: fail, at: time.Now()}
	}
}

func (l *lane) close(ctx context.Context) {
	if l.turn.enter(ctx) != nil {
		return
	}
	defer l.turn.leave()
	if l.conn != nil {
		l.conn.close()
		l.conn = nil
	}
}

func (s *Server) setPID(l *lane, pid int) {
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
