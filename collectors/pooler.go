package collectors

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Pooler reads a PgBouncer over its admin console.
type Pooler struct{ Console *pg.Console }

// Collect asks for the pools and their sizes.
func (c Pooler) Collect(ctx context.Context) (model.Pooler, error) {
	version, err := c.Console.Show(ctx, pg.ShowVersion)
	if err != nil {
		return model.Pooler{}, err
	}
	pools, err := c.Console.Show(ctx, pg.ShowPools)
	if err != nil {
		return model.Pooler{}, err
	}
	databases, err := c.Console.Show(ctx, pg.ShowDatabases)
	if err != nil {
		return model.Pooler{}, err
	}
	var out model.Pooler
	if len(version) > 0 {
		out.Version = strings.TrimPrefix(version[0]["version"], "PgBouncer ")
	}
	sizes := map[string]int{}
	for _, row := range databases {
		sizes[row["name"]] = whole(row["pool_size"])
	}
	for _, row := range pools {
		if row["database"] != "pgbouncer" { // the console itself
			out.Pools = append(out.Pools, poolOf(row, sizes))
		}
	}
	slices.SortStableFunc(out.Pools, func(a, b model.Pool) int {
		return cmp.Or(cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(b.Active, a.Active),
			cmp.Compare(a.Database, b.Database), cmp.Compare(a.User, b.User))
	})
	return out, nil
}

func poolOf(row map[string]string, sizes map[string]int) model.Pool {
	return model.Pool{
		Database: row["database"], User: row["user"], Mode: row["pool_mode"],
		Active: whole(row["cl_active"]), Waiting: whole(row["cl_waiting"]),
		Busy: whole(row["sv_active"]), Idle: whole(row["sv_idle"]) + whole(row["sv_used"]), Size: sizes[row["database"]],
		MaxWait: time.Duration(whole(row["maxwait"]))*time.Second + time.Duration(whole(row["maxwait_us"]))*time.Microsecond,
	}
}

// whole reads a number; what a version does not tell is 0.
func whole(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
