package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// crowdMax is how many sessions one call ends at most.
const crowdMax = 300

// member is the identity of one session among many.
type member struct {
	pid     int32
	started time.Time
}

// parseSessions reads what TypeSessions says.
func parseSessions(text string) ([]member, error) {
	var out []member
	for part := range strings.SplitSeq(text, ",") {
		pid, start, _ := strings.Cut(part, "@")
		n, err := strconv.ParseInt(pid, 10, 32)
		at, timeErr := time.Parse(time.RFC3339Nano, start)
		if err != nil || timeErr != nil || n <= 0 {
			return nil, errors.New("it is not a list like 4711@2006-01-02T15:04:05.999999Z,4712@…")
		}
		out = append(out, member{int32(n), at})
	}
	return out, nil
}

// String writes it as TypeSessions has it.
func (m member) String() string { return strconv.Itoa(int(m.pid)) + "@" + instant(m.started) }

// crowd is the sessions that a call is about, sorted out.
type crowd struct {
	ends   []session      // those to end, the ones that began to do what they do first
	spared map[string]int // those that match and are left out, by the reason
	gone   int            // of a list: ended, or another session has the pid by now
	more   int            // above crowdMax
	asOf   time.Time      // the server's clock while looking
	behind int64          // sessions that wait for those to end, and those that wait for them

	clients, usable int64 // connections taken, and those that ordinary roles may take
}

// crowdSQL finds what the arguments select. What may not be seen fits every
// filter but those on names: it has to be told of.
const crowdSQL = `SELECT` + sessionColumns + `, 0::bigint AS behind, '' AS waits_on` + sessionTables + `
WHERE (a.pid = ANY ($1::int[]) OR $1::int[] IS NULL AND coalesce(a.backend_type, 'client backend') IN ('client backend', 'walsender')
    AND a.datid IS NOT NULL)
  AND ($2 = '' OR a.application_name = $2) AND ($3 = '' OR a.usename = $3)
  AND (a.backend_start IS NULL OR ($4 = '' OR a.state = $4 OR $4 = 'idle in transaction' AND a.state LIKE $4 || ' (%')
    AND ($5::float8 = 0 OR a.state <> 'active' AND a.state_change <= clock_timestamp() - make_interval(secs => $5)))
ORDER BY a.state_change, a.pid`

// findCrowd looks for the sessions that the arguments select, and sorts them out.
func findCrowd(ctx context.Context, conn *pg.Conn, args Args) (crowd, error) {
	c := crowd{spared: map[string]int{}}
	listed, pids, err := listedIn(args["sessions"])
	if err != nil {
		return c, err
	}
	if err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&c.asOf); err != nil {
		return c, fmt.Errorf("look at the server's clock: %w", err)
	}
	over, _ := time.ParseDuration(args["idle_over"]) // 0 where it was not given
	found, err := pg.Query[session](ctx, conn, crowdSQL, pids, args["app"], args["role"], args["state"], over.Seconds())
	if err != nil {
		return c, fmt.Errorf("look for the sessions: %w", err)
	}
	for _, s := range found {
		if started, ok := listed[s.PID]; ok && s.Started != nil && !sameInstant(*s.Started, instant(started)) {
			continue // it counts as gone
		}
		delete(listed, s.PID)
		c.take(s, conn.PID())
	}
	c.gone = len(listed)
	return c, c.measure(ctx, conn)
}

// listedIn gives the sessions of a list by pid; pids is nil where there is no list.
func listedIn(text string) (listed map[int64]time.Time, pids []int32, err error) {
	listed = map[int64]time.Time{}
	if text == "" {
		return listed, nil, nil
	}
	list, err := parseSessions(text)
	for _, m := range list {
		listed[int64(m.pid)] = m.started
		pids = append(pids, m.pid)
	}
	return listed, pids, err
}

// take sorts one session.
func (c *crowd) take(s session, own int) {
	why := s.spared()
	switch {
	case why == "" && int(s.PID) == own:
		c.spared[ofTocsin]++
	case why != "":
		c.spared[why]++
	case len(c.ends) == crowdMax:
		c.more++
	default:
		c.ends = append(c.ends, s)
	}
}

const ofTocsin = "of tocsin itself"

// spared says whose session it is that must not be ended among many; "" when
// it may. Of these no call of [Terminate] would end more, but that of what an
// action runs, which nobody means who ends a whole application.
func (s *session) spared() string {
	switch {
	case s.Started == nil:
		return "whose start cannot be seen (GRANT pg_monitor TO " + s.Me + ")"
	case s.App == model.OwnApp || strings.HasPrefix(s.App, model.OwnApp+":"):
		return ofTocsin
	case s.Type == "walsender":
		return "of replication"
	case s.Type != "client backend":
		return "of the server itself"
	case !s.MaySignal && s.Superuser:
		return "of superusers, which only a superuser may signal"
	case !s.MaySignal:
		return "that " + s.Me + " may not signal (GRANT pg_signal_backend TO " + s.Me + ")"
	}
	return ""
}

const crowdRoomSQL = `
WITH RECURSIVE waits AS (
  SELECT w.pid, unnest(pg_blocking_pids(w.pid)) AS blocker
  FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) w
), behind AS (
  SELECT pid FROM waits WHERE blocker = ANY ($1::int[])
  UNION
  SELECT w.pid FROM waits w JOIN behind b ON w.blocker = b.pid
)
SELECT (SELECT count(*) FROM behind WHERE pid <> ALL ($1::int[])) AS behind,
  (SELECT count(*) FROM pg_stat_activity WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL) AS clients,
  (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0))::bigint AS usable`

// measure looks how full the server is and who waits for those that will end.
func (c *crowd) measure(ctx context.Context, conn *pg.Conn) error {
	pids := []int32{}
	for _, s := range c.ends {
		pids = append(pids, int32(s.PID))
	}
	row := conn.QueryRow(ctx, crowdRoomSQL, pids)
	if err := row.Scan(&c.behind, &c.clients, &c.usable); err != nil {
		return fmt.Errorf("look how full the server is: %w", err)
	}
	return nil
}

// list writes who is to end, as TypeSessions has it.
func (c *crowd) list() string {
	var out []string
	for _, s := range c.ends {
		out = append(out, member{int32(s.PID), *s.Started}.String())
	}
	return strings.Join(out, ",")
}

// leftOut says who is left out and why; "" when nobody is.
func (c *crowd) leftOut() string {
	var out []string
	for _, why := range slices.Sorted(maps.Keys(c.spared)) {
		out = append(out, count(int64(c.spared[why]), "session")+" "+why)
	}
	if c.gone > 0 {
		out = append(out, count(int64(c.gone), "session")+" that ended, or whose pid is another session's by now")
	}
	if c.more > 0 {
		out = append(out, fmt.Sprintf("%s more: one call ends %d at most", count(int64(c.more), "session"), crowdMax))
	}
	return strings.Join(out, "; ")
}

// namedMax is how many pids a card names of each group.
const namedMax = 3

// groups say who is to end, those of one owner and state together, the largest
// group first.
func (c *crowd) groups() []string {
	type group struct {
		who  string
		pids []string
	}
	var all []*group
	for _, s := range c.ends {
		who := s.who() + ", " + cmp.Or(s.State, "state unknown")
		i := slices.IndexFunc(all, func(g *group) bool { return g.who == who })
		if i < 0 {
			i, all = len(all), append(all, &group{who: who})
		}
		all[i].pids = append(all[i].pids, strconv.FormatInt(s.PID, 10))
	}
	slices.SortStableFunc(all, func(a, b *group) int { return cmp.Compare(len(b.pids), len(a.pids)) })
	var out []string
	for _, g := range all {
		text := fmt.Sprintf("%d of %s: pid %s", len(g.pids), g.who, strings.Join(g.pids[:min(len(g.pids), namedMax)], ", "))
		if more := len(g.pids) - namedMax; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		out = append(out, text)
	}
	return out
}

// undoes says what goes with the sessions.
func (c *crowd) undoes() string {
	open, written := 0, 0
	for _, s := range c.ends {
		if s.TxAge != nil {
			open++
		}
		if s.HasWritten {
			written++
		}
	}
	switch {
	case open == 0:
		return "nothing: none has an open transaction"
	case written == 0:
		return count(int64(open), "open transaction") + "; none has written"
	}
	return fmt.Sprintf("%s; what %d of them wrote is rolled back", count(int64(open), "open transaction"), written)
}
