package pg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/internal/model"
)

// A connection string may name several hosts. One of them is watched, all
// connections go to that one, and an action never goes to another server than
// the one that is looked at.

// preference is which host is watched where there is a choice. It never keeps
// us from watching one that is there.
type preference int

const (
	whichever preference = iota // the first that answers
	primary
	standby
)

// preferenceOf follows target_session_attrs. Without a word the primary is
// preferred: it is where things go wrong.
func preferenceOf(dsn string) preference {
	attrs := os.Getenv("PGTARGETSESSIONATTRS")
	if found := regexp.MustCompile(`target_session_attrs\s*=\s*'?([a-z-]+)`).FindStringSubmatch(dsn); found != nil {
		attrs = found[1]
	}
	switch attrs {
	case "any":
		return whichever
	case "standby", "read-only", "prefer-standby":
		return standby
	default:
		return primary
	}
}

func (p preference) fits(isStandby bool) bool {
	return p == whichever || (p == standby) == isStandby
}

// hosts are the hosts of the connection string, each with its own ways to
// encrypt. Our sessions are read-only by default, so the driver's own check of
// target_session_attrs would turn every server away.
func (s *Server) hosts() []*pgx.ConnConfig {
	var out []*pgx.ConnConfig
	ways := append([]*pgconn.FallbackConfig{{Host: s.base.Host, Port: s.base.Port, TLSConfig: s.base.TLSConfig}}, s.base.Fallbacks...)
	for _, w := range ways {
		if n := len(out); n > 0 && out[n-1].Host == w.Host && out[n-1].Port == w.Port {
			out[n-1].Fallbacks = append(out[n-1].Fallbacks, w)
			continue
		}
		c := s.base.Copy()
		c.Host, c.Port, c.TLSConfig = w.Host, w.Port, w.TLSConfig
		c.Fallbacks, c.ValidateConnect = nil, nil
		out = append(out, c)
	}
	return out
}

// call is an attempt to connect.
type call struct {
	settings map[string]string
	onNotice pgconn.NoticeHandler
	leads    bool // it is the fast lane's: the host it finds is the one that is watched
	bound    bool // to the host that is watched
	better   bool // only a host that is preferred to the one that is watched
}

// inOrder are the hosts that a call tries, the watched one first.
func (s *Server) inOrder(c call) []*pgx.ConnConfig {
	hosts, at := s.hosts(), s.watchedHost()
	i := slices.IndexFunc(hosts, func(h *pgx.ConnConfig) bool { return place(h) == at })
	if i < 0 {
		return hosts
	}
	watched, others := hosts[i:i+1], slices.Concat(hosts[:i], hosts[i+1:])
	switch {
	case c.bound:
		return watched
	case c.better:
		return others
	default:
		return slices.Concat(watched, others)
	}
}

// errNoBetter says that no other host is preferred.
var errNoBetter = errors.New("no host is better than the one that is watched")

// connectAny connects to the first host that is preferred, else to the first
// that answers. What is left of the time is shared by those still to be tried.
func (s *Server) connectAny(ctx context.Context, hosts []*pgx.ConnConfig, c call) (*pgx.Conn, error) {
	prefer := preferenceOf(s.cfg.DSN)
	if c.bound {
		prefer = whichever
	}
	var spare *pgx.Conn
	var worst error
	at := ""
	for i, host := range hosts {
		conn, err := s.connectShare(ctx, host, c, len(hosts)-i)
		switch {
		case err != nil:
			worst = tellsMore(worst, err)
		case prefer == whichever || s.fits(ctx, conn, prefer):
			s.found(c, place(host))
			dropConn(spare)
			return conn, nil
		case spare == nil && !c.better:
			spare, at = conn, place(host)
		default:
			dropConn(conn)
		}
	}
	switch {
	case isFull(worst):
		dropConn(spare) // a primary that is full is the one to tell of
	case spare != nil:
		s.found(c, at)
		return spare, nil
	case worst == nil:
		return nil, errNoBetter
	}
	return nil, worst
}

// connectShare gives one of so many attempts its share of the time.
func (s *Server) connectShare(ctx context.Context, host *pgx.ConnConfig, c call, left int) (*pgx.Conn, error) {
	if until, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(until)/time.Duration(left))
		defer cancel()
	}
	return s.connectTo(ctx, host, c)
}

// fits tells whether a connection leads to a server that is preferred.
func (s *Server) fits(ctx context.Context, conn *pgx.Conn, prefer preference) bool {
	is, err := readIdentity(ctx, conn)
	return err == nil && prefer.fits(is.Standby)
}

// tellsMore prefers the answer of a server to none.
func tellsMore(a, b error) error {
	if _, answered := errors.AsType[*pgconn.PgError](b); a == nil || answered {
		return b
	}
	return a
}

func isFull(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && classOf(pgErr.Code) == model.Full
}

func dropConn(conn *pgx.Conn) {
	if conn != nil {
		closeSoon(conn)
	}
}

// found remembers which host is watched.
func (s *Server) found(c call, at string) {
	if !c.leads {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
}

func (s *Server) watchedHost() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// Address is where the server is, for people: "db.internal:5432"; of several
// hosts the one that is watched, and all of them before there is one.
func (s *Server) Address() string {
	if at := s.watchedHost(); at != "" {
		return at
	}
	var all []string
	for _, h := range s.hosts() {
		all = append(all, place(h))
	}
	return strings.Join(all, ", ")
}

// place names a host for people.
func place(c *pgx.ConnConfig) string {
	if len(c.Host) > 0 && c.Host[0] == '/' {
		return fmt.Sprintf("%s (port %d)", c.Host, c.Port)
	}
	return fmt.Sprintf("%s:%d", c.Host, c.Port)
}
