package actions

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// session is what a plan has to know about one backend.
// Source: pg_stat_activity, pg_locks, pg_roles.
type session struct {
	PID        int64
	Started    *time.Time // nil: the role may not see it
	Statement  *time.Time // query_start
	Type       string
	App        string
	Role       string
	State      string
	Query      string
	TxAge      *float64 // seconds; nil without an open transaction
	QueryAge   *float64 // seconds
	HasWritten bool
	LeaderPID  int64
	MaySignal  bool
	Superuser  bool
	Me         string // our own role
	Behind     int64  // sessions that wait for it, and those that wait for them
	WaitsOn    string // the relations these wait on, of our database
}

// sessionColumns are those of [session], but who waits behind it.
const sessionColumns = `
  a.pid::bigint AS pid, a.backend_start AS started, a.query_start AS statement,
  coalesce(a.backend_type, '') AS type, coalesce(a.application_name, '') AS app, coalesce(a.usename, '') AS role,
  coalesce(a.state, '') AS state, coalesce(a.query, '') AS query,
  extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS tx_age,
  extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_age,
  a.backend_xid IS NOT NULL AS has_written, coalesce(a.leader_pid, 0)::bigint AS leader_pid,
  me.rolsuper OR CASE
    WHEN a.backend_type IS DISTINCT FROM 'autovacuum worker' THEN NOT coalesce(them.rolsuper, false)
      AND (coalesce(pg_has_role(a.usesysid, 'USAGE'), false) OR pg_has_role('pg_signal_backend', 'USAGE'))
    WHEN current_setting('server_version_num')::int >= 180000 THEN pg_has_role('pg_signal_autovacuum_worker', 'USAGE')
    ELSE false END AS may_signal,
  coalesce(them.rolsuper, a.backend_type = 'autovacuum worker' AND current_setting('server_version_num')::int < 180000, false) AS superuser,
  quote_ident(current_user) AS me`

// sessionTables are where they come from.
const sessionTables = `
FROM pg_stat_activity a
JOIN pg_roles me ON me.rolname = current_user
LEFT JOIN pg_roles them ON them.oid = a.usesysid`

// sessionSQL looks at one backend. Who waits is taken from pg_locks, which any
// role may read; only these pids are asked for their blockers.
const sessionSQL = `
WITH RECURSIVE waits AS (
  SELECT w.pid, unnest(pg_blocking_pids(w.pid)) AS blocker
  FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) w
), behind AS (
  SELECT pid FROM waits WHERE blocker = $1
  UNION
  SELECT w.pid FROM waits w JOIN behind b ON w.blocker = b.pid
)
SELECT` + sessionColumns + `,
  (SELECT count(*) FROM behind) AS behind,
  coalesce((SELECT string_agg(DISTINCT n.nspname || '.' || c.relname, ', ')
    FROM pg_locks l JOIN behind b ON b.pid = l.pid JOIN pg_class c ON c.oid = l.relation
    JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_database d ON d.oid = l.database
    WHERE NOT l.granted AND d.datname = current_database()), '') AS waits_on` + sessionTables + `
WHERE a.pid = $1`

// readSession finds the backend with this pid; nil when there is none.
func readSession(ctx context.Context, conn *pg.Conn, pid int64) (*session, error) {
	found, err := pg.Query[session](ctx, conn, sessionSQL, pid)
	if err != nil {
		return nil, fmt.Errorf("look at session %d: %w", pid, err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return &found[0], nil
}

// fault says why the session must not be signalled at all; "" when it may.
func (s *session) fault(started string) string {
	switch {
	case s.Started == nil:
		return "the start of the session cannot be seen, so it cannot be told from a later one: GRANT pg_monitor TO " + s.Me
	case started != "" && !sameInstant(*s.Started, started):
		return fmt.Sprintf("pid %d is another session now, started %s", s.PID, clock(*s.Started))
	case s.App == model.OwnApp: // the work of an action may be ended: its operator may be gone
		return "it is a session of tocsin itself"
	case s.Type == "walsender":
		return "it is replication: a standby or a receiver depends on it"
	case s.Type == "parallel worker":
		return fmt.Sprintf("it is a parallel worker of pid %d: choose that one", s.LeaderPID)
	case s.Type != "client backend" && s.Type != "autovacuum worker":
		return "it is a process of the server itself: " + s.Type
	case !s.MaySignal && s.Superuser:
		return "it runs with the rights of a superuser, and only a superuser may signal it"
	case !s.MaySignal && s.Type == "autovacuum worker":
		return fmt.Sprintf("role %s may not signal autovacuum: GRANT pg_signal_autovacuum_worker TO %s", s.Me, s.Me)
	case !s.MaySignal:
		return fmt.Sprintf("role %s may not signal sessions of %s: GRANT pg_signal_backend TO %s", s.Me, s.Role, s.Me)
	}
	return ""
}

// freeze tells an autovacuum that the server needs to stay alive.
func (s *session) freeze() bool {
	return s.Type == "autovacuum worker" && strings.Contains(s.Query, "(to prevent wraparound)")
}

// idleInTransaction is the state of a session that holds a transaction open and
// does nothing; a failed one has more words behind it.
const idleInTransaction = "idle in transaction"

func (s *session) idleInTx() bool { return strings.HasPrefix(s.State, idleInTransaction) }

// doing is the state for people: "idle in transaction for 6m12s".
func (s *session) doing() string {
	age := s.QueryAge
	if s.idleInTx() {
		age = s.TxAge
	}
	if age == nil || s.State == "idle" {
		return s.State
	}
	return s.State + " for " + took(seconds(*age))
}

// who names the owner of the session: "app=worker, role shop".
func (s *session) who() string {
	if s.App == "" {
		return "role " + s.Role
	}
	return "app=" + s.App + ", role " + s.Role
}

// frees says who gets on when the session lets go; "" when nobody waits.
func (s *session) frees() string {
	if s.Behind == 0 {
		return ""
	}
	if s.WaitsOn == "" {
		return count(s.Behind, "session")
	}
	return count(s.Behind, "session") + " on " + s.WaitsOn
}

// facts is what goes into the audit: no text of a statement but its verb.
func (s *session) facts() map[string]any {
	facts := map[string]any{
		"app": s.App, "role": s.Role, "type": s.Type, "state": s.State,
		"does": verb(s.Query), "waiting_behind": s.Behind, "waits_on": s.WaitsOn, "has_written": s.HasWritten,
	}
	if s.TxAge != nil {
		facts["tx_age_s"] = int(*s.TxAge)
	}
	if s.QueryAge != nil {
		facts["query_age_s"] = int(*s.QueryAge)
	}
	return facts
}

// statement is the beginning of what it runs or ran last, without its values.
func (s *session) statement() string {
	return cmp.Or(model.FirstWords(model.WithoutValues(s.Query)), "not known")
}

// verb is the first words of a statement, which hold no data: ALTER TABLE.
func verb(query string) string {
	words := strings.Fields(afterComments(query))
	if len(words) == 0 || !isWord(words[0]) {
		return "a statement"
	}
	first := strings.ToUpper(words[0])
	switch first {
	case "ALTER", "CREATE", "DROP", "LOCK", "REFRESH":
		if len(words) > 1 && isWord(words[1]) {
			return first + " " + strings.ToUpper(words[1])
		}
	}
	return first
}

// afterComments is a statement without the comments before it, in which
// applications say who sends it; "" where a comment does not end.
func afterComments(query string) string {
	depth := 0
	for query != "" {
		switch {
		case strings.HasPrefix(query, "/*"):
			depth, query = depth+1, query[2:]
		case depth > 0 && strings.HasPrefix(query, "*/"):
			depth, query = depth-1, query[2:]
		case depth == 0 && strings.HasPrefix(query, "--"):
			_, query, _ = strings.Cut(query, "\n")
		case depth == 0 && !isSpace(query[0]):
			return query
		default:
			query = query[1:]
		}
	}
	return ""
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isWord(s string) bool {
	return len(s) <= 12 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz") == ""
}

// sameInstant compares as PostgreSQL keeps times: to the microsecond.
func sameInstant(t time.Time, text string) bool {
	other, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && t.Truncate(time.Microsecond).Equal(other.Truncate(time.Microsecond))
}

// clock writes an instant for people: the time of day, in UTC.
func clock(t time.Time) string { return t.UTC().Format("15:04:05Z") }

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// pidOf reads an argument that the runner has checked.
func pidOf(args Args) int64 {
	pid, _ := strconv.ParseInt(args["pid"], 10, 64)
	return pid
}

// sessionMeasures are the numbers that ending one session should lower.
func sessionMeasures(oldest Measure) []Measure {
	return []Measure{
		{Name: "waiting", Metric: "db.locks.waiting", Better: Lower, Within: 15 * time.Second},
		oldest,
	}
}
