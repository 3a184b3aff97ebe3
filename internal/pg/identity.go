package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/model"
)

// Identity says which server answers. Where it is another one, whether by its
// name leading elsewhere, by a new start or by its becoming a primary or a
// standby, its counters do not go on from those that were read before.
type Identity struct {
	System  int64     // system_identifier of the cluster; 0 where the role may not read it
	Started time.Time // pg_postmaster_start_time(); zero before the first reading
	Standby bool      // pg_is_in_recovery()
}

// Same tells whether counters go on from those read of other.
func (i Identity) Same(other Identity) bool { return i.sameServer(other) && i.Standby == other.Standby }

// sameServer tells whether it is the same process on the same data.
func (i Identity) sameServer(other Identity) bool {
	return i.System == other.System && i.Started.Equal(other.Started)
}

// identityRow is a row of the query identity.
type identityRow struct {
	PID      int
	Standby  bool
	ReadOnly bool
	Started  time.Time
}

// readIdentity looks where a connection leads. It sends an embedded text, in
// the mode that also works through a transaction pooler.
func readIdentity(ctx context.Context, conn *pgx.Conn) (identityRow, error) {
	stmt, err := Pick(sqlFiles, "identity", 13)
	if err != nil {
		return identityRow{}, err
	}
	rows, err := conn.Query(ctx, stmt.text, pgx.QueryExecModeExec)
	if err != nil {
		return identityRow{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[identityRow])
}

// readSystem reads which cluster it is; 0 where the right to that was taken
// away, which must not cost us all the rest.
func readSystem(ctx context.Context, s *Session) (int64, error) {
	stmt, err := Pick(sqlFiles, "system", 13)
	if err != nil {
		return 0, err
	}
	rows, err := rowsOf[struct{ System int64 }](ctx, s, stmt.unprepared(), nil)
	if err != nil && model.FailOf(s.asked.fail(ctx, err)).Class == model.Denied {
		return 0, nil
	}
	if err != nil || len(rows) != 1 {
		return 0, err
	}
	return rows[0].System, nil
}

// watched is the server that the fast lane reads.
func (s *Server) watched() Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.is
}

// saw takes in which server the fast lane reads. It is told to whoever wants to
// know; not so where the lane had failed, which was news enough.
func (s *Server) saw(is Identity, news bool) {
	s.mu.Lock()
	was := s.is
	s.is = is
	s.mu.Unlock()
	if news && !was.Started.IsZero() && !was.Same(is) && s.cfg.Turned != nil {
		s.cfg.Turned()
	}
}

// elsewhere refuses a connection for actions that leads to another server than
// the one that is watched, and has the lanes look where they are.
func (s *Server) elsewhere(row identityRow) *model.Fail {
	is := s.watched()
	if is.Started.IsZero() || is.Started.Equal(row.Started) {
		return nil
	}
	s.moved.Store(true)
	return &model.Fail{
		Class: model.Broken,
		Text:  "another server than the one that was watched answers at " + s.Address() + ", or it was started anew",
		Hint:  "look again: the screen follows it now",
	}
}
