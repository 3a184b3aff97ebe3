package pg

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"tocsin/internal/model"
)

// outage is a failed connection attempt and when it failed.
type outage struct {
	fail *model.Fail
	at   time.Time
}

// dial makes a connection, one attempt at a time per server. Whoever waited
// for its turn while another attempt failed shares that outcome.
func (s *Server) dial(ctx context.Context, c call) (*pgx.Conn, error) {
	began := time.Now()
	if err := s.dialing.enter(ctx); err != nil {
		return nil, s.connectFail(err, began)
	}
	defer s.dialing.leave()
	if s.life.Err() != nil {
		return nil, s.life.Err() // closed
	}
	if o := s.outage(); o != nil && o.at.After(began) {
		return nil, o.fail
	}
	limited, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	conn, err := s.connect(limited, c)
	if err == nil {
		s.note(nil)
		return conn, nil
	}
	if c.better {
		return nil, err // nothing was lost
	}
	err = s.connectFail(err, began)
	if fail, ok := errors.AsType[*model.Fail](err); ok {
		s.note(&outage{fail: fail, at: time.Now()})
	}
	return nil, err
}

func (s *Server) outage() *outage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastFail
}

func (s *Server) note(o *outage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastFail = o
}

func (s *Server) connect(ctx context.Context, c call) (*pgx.Conn, error) {
	hosts := s.inOrder(c)
	if len(s.hosts()) == 1 {
		return s.connectTo(ctx, hosts[0], c)
	}
	return s.connectAny(ctx, hosts, c)
}

// connectTo tries a host with the session settings as startup parameters, and
// without where a pooler refuses them.
func (s *Server) connectTo(ctx context.Context, host *pgx.ConnConfig, c call) (*pgx.Conn, error) {
	cfg, err := s.connConfig(ctx, host, c.onNotice)
	if err != nil {
		return nil, err
	}
	if s.throughPooler() {
		return pgx.ConnectConfig(ctx, forPooler(cfg))
	}
	plain := maps.Clone(cfg.RuntimeParams)
	maps.Copy(cfg.RuntimeParams, c.settings)
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if !refusesParameters(err) {
		return conn, err
	}
	s.setPooled()
	cfg.RuntimeParams = plain
	return pgx.ConnectConfig(ctx, forPooler(cfg))
}

// forPooler makes the driver prepare nothing: the next statement may go to
// another backend. The console of a pooler has a mode of its own.
func forPooler(cfg *pgx.ConnConfig) *pgx.ConnConfig {
	if cfg.DefaultQueryExecMode != pgx.QueryExecModeSimpleProtocol {
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	return cfg
}

func (s *Server) connConfig(ctx context.Context, host *pgx.ConnConfig, onNotice pgconn.NoticeHandler) (*pgx.ConnConfig, error) {
	cfg := host.Copy()
	cfg.OnNotice = onNotice
	cfg.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: saveLimit}
	}
	if s.cfg.Password == nil {
		return cfg, nil
	}
	password, err := s.cfg.Password(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &model.Fail{Class: model.Denied, Text: "get the password: " + err.Error()}
	}
	cfg.Password = password
	return cfg, nil
}

// refusesParameters recognises a pooler that does not know our settings:
// "unsupported startup parameter".
func refusesParameters(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.Code == "08P01"
}

func (s *Server) throughPooler() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pooled
}

func (s *Server) setPooled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pooled = true
}

// readSettings guard the sessions of the read lanes. Being read-only by
// default stops slips and not VACUUM or pg_terminate_backend, which is why the
// lanes send only what was embedded.
func readSettings(statement time.Duration) map[string]string {
	return map[string]string{
		"statement_timeout":                   millisText(statement),
		"lock_timeout":                        millisText(lockLimit),
		"idle_in_transaction_session_timeout": "10000",
		"default_transaction_read_only":       "on",
	}
}

func actionSettings() map[string]string {
	return map[string]string{
		"statement_timeout":                   "0",
		"idle_in_transaction_session_timeout": "60000",
	}
}
