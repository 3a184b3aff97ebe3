package actions

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/disk"

	"tocsin/internal/pg"
)

// spaceMargin is how much more must be free than is expected to be needed.
const spaceMargin = 1.2

// Free tells how many bytes a folder of this machine can still take.
type Free func(ctx context.Context, folder string) (int64, error)

// FreeBytes is [Free] as the file system tells it.
func FreeBytes(ctx context.Context, folder string) (int64, error) {
	usage, err := disk.UsageWithContext(ctx, folder)
	if err != nil {
		return 0, err
	}
	return int64(min(usage.Free, 1<<62)), nil
}

// place is where the files of a table are, as its server sees it.
// Source: pg_settings, pg_tablespace, the connection.
type place struct {
	pg.Home
	Files string // folder of the table's tablespace; Data for the ordinary one
	Me    string
}

const placeSQL = `
SELECT coalesce(s.setting, '') AS data, quote_ident(current_user) AS me, inet_server_addr() IS NULL AS socket, current_setting('port')::int AS port,
  pg_postmaster_start_time() AS started,
  coalesce(nullif(pg_tablespace_location(CASE WHEN c.reltablespace <> 0 THEN c.reltablespace ELSE d.dattablespace END), ''), s.setting, '') AS files
FROM pg_class c JOIN pg_database d ON d.datname = current_database()
LEFT JOIN pg_settings s ON s.name = 'data_directory'
WHERE c.oid = $1::oid`

// freeSpace is how much the disk of a table can still take; why says why that
// cannot be seen from here, and is "" when it can.
func freeSpace(ctx context.Context, conn *pg.Conn, oid int64, free Free) (bytes int64, why string) {
	found, err := pg.Query[place](ctx, conn, placeSQL, oid)
	switch {
	case err != nil:
		return 0, err.Error()
	case len(found) == 0:
		return 0, "the table is gone"
	case found[0].Data == "":
		return 0, "the role may not see where the server keeps its data: GRANT pg_monitor TO " + found[0].Me
	case !found[0].Here(conn.Address()):
		return 0, "the server keeps its data on another machine, or where it cannot be seen from here"
	}
	bytes, err = free(ctx, found[0].Files)
	if err != nil {
		return 0, err.Error()
	}
	return bytes, ""
}

// spaceCheck compares what is needed with what is free.
type spaceCheck struct {
	need  int64
	free  int64
	blind string // why free is not known; "" when it is
}

func (s spaceCheck) short() bool {
	return s.blind == "" && float64(s.free) < spaceMargin*float64(s.need)
}

func (s spaceCheck) text() string {
	if s.blind != "" {
		return fmt.Sprintf("about %s more while it runs; what is free is not known: %s", size(s.need), s.blind)
	}
	return fmt.Sprintf("about %s more while it runs, of %s free", size(s.need), size(s.free))
}

// facts adds what was found to those for the audit.
func (s spaceCheck) facts(facts map[string]any) {
	facts["space_needed"] = s.need
	if s.blind == "" {
		facts["space_free"] = s.free
	}
}
