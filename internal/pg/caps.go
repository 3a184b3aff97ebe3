package pg

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed sql
var sqlFiles embed.FS

const (
	// capsEvery is how often what a session may do is read again: a right may be
	// granted, an extension made or a standby promoted under it.
	capsEvery = 30 * time.Second
	// capsLacking is the same for a session that lacks a right or the extension:
	// whoever was told to grant it looks whether it helped.
	capsLacking = 3 * time.Second
)

// Caps is what a session can do, read when it begins and now and then again.
// Source: pg_roles, pg_extension, server_version_num.
type Caps struct {
	Version   int    // server_version_num: 150018
	PID       int    // of the backend, which behind a pooler is not the one of the handshake
	Role      string // current_user
	ReadStats bool   // sees the sessions and statements of other roles
	PgssAt    string // schema of pg_stat_statements; "" where the extension is not made
	PgssVer   string // extension version: "1.10"
	PgssShut  bool   // the role may not use that schema
	Pooled    bool   // there is a pooler in between
	Identity
}

// due is how long they may be relied on.
func (c Caps) due() time.Duration {
	if !c.ReadStats || c.PgssVer == "" || c.PgssShut {
		return capsLacking
	}
	return capsEvery
}

// Major is the server's major version.
func (c Caps) Major() int { return c.Version / 10000 }

// PgssMajor is the PostgreSQL major whose pg_stat_statements the extension is
// like: after an upgrade, the extension stays old until it is updated. 0 where
// it is older than any supported one or not there.
func (c Caps) PgssMajor() int {
	first, second, _ := strings.Cut(c.PgssVer, ".")
	minor, err := strconv.Atoi(second)
	if first != "1" || err != nil || minor < 8 {
		return 0
	}
	majors := []int{13, 14, 15, 17, 18} // of 1.8, 1.9, 1.10, 1.11, 1.12
	return majors[min(minor-8, len(majors)-1)]
}

// ReadStatsHint is the statement that lets the role see the sessions and
// statements of others; "" where it does already.
func (c Caps) ReadStatsHint() string {
	if c.ReadStats {
		return ""
	}
	return c.GrantMonitor()
}

// GrantMonitor is the statement that lets the role see all that there is to
// watch but the contents of tables.
func (c Caps) GrantMonitor() string { return grantMonitor(c.Role) }

func grantMonitor(role string) string {
	return "GRANT pg_monitor TO " + quoteRole(role)
}

func quoteRole(role string) string { return pgx.Identifier{role}.Sanitize() }

type capsRow struct {
	Version     int
	PID         int
	Standby     bool
	Role        string
	ReadStats   bool
	PgssSchema  string
	PgssVersion string
	PgssShut    bool
	Started     time.Time
}

// readCaps asks in the mode that also works through a transaction pooler.
func readCaps(ctx context.Context, s *Session) (Caps, error) {
	stmt, err := Pick(sqlFiles, "caps", 13)
	if err != nil {
		return Caps{}, err
	}
	rows, err := rowsOf[capsRow](ctx, s, stmt.unprepared(), nil)
	if err != nil {
		return Caps{}, err
	}
	if len(rows) != 1 {
		return Caps{}, fmt.Errorf("read caps: %d rows instead of one", len(rows))
	}
	row, conn := rows[0], s.lane.conn
	return Caps{
		Version: row.Version, PID: row.PID, Role: row.Role, ReadStats: row.ReadStats,
		Identity: Identity{Started: row.Started, Standby: row.Standby},
		PgssAt:   row.PgssSchema, PgssVer: row.PgssVersion, PgssShut: row.PgssShut,
		Pooled: conn.pooled || row.PID != conn.pid(),
	}, nil
}

// GrantSelect is the statement that lets the role read all things of a kind,
// TABLES or SEQUENCES, in these schemas; "" for none.
func (c Caps) GrantSelect(kind string, schemas []string) string {
	if len(schemas) == 0 {
		return ""
	}
	quoted := make([]string, len(schemas))
	for i, s := range schemas {
		quoted[i] = pgx.Identifier{s}.Sanitize()
	}
	return "GRANT SELECT ON ALL " + kind + " IN SCHEMA " + strings.Join(quoted, ", ") + " TO " + quoteRole(c.Role)
}

// GrantUsage is the statement that lets the role look into a schema.
func (c Caps) GrantUsage(schema string) string {
	return "GRANT USAGE ON SCHEMA " + pgx.Identifier{schema}.Sanitize() + " TO " + quoteRole(c.Role)
}
