package collectors

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/pg"
)

// queries holds sql/NAME/N.sql: the text of each query from major version N on.
//
//go:embed sql
var queries embed.FS

// list runs the query that fits the server.
func list[T any](ctx context.Context, s *pg.Session, name string, args ...any) ([]T, error) {
	stmt, err := pg.Pick(queries, name, s.Caps().Major())
	if err != nil {
		return nil, err
	}
	return pg.List[T](ctx, s, stmt, args...)
}

// single runs the query that fits the server and has exactly one row.
func single[T any](ctx context.Context, s *pg.Session, name string, args ...any) (T, error) {
	stmt, err := pg.Pick(queries, name, s.Caps().Major())
	if err != nil {
		var none T
		return none, err
	}
	return pg.One[T](ctx, s, stmt, args...)
}

// unseen says that a role sees only its own of something, and the grant that
// opens the rest; "" when it sees all.
func unseen(caps pg.Caps, things string) string {
	if caps.ReadStats {
		return ""
	}
	return fmt.Sprintf("role %s sees only its own %s: %s", caps.Role, things, caps.ReadStatsHint())
}

// blind says what a role does not see of others, and the grant that opens it;
// "" when it sees all.
func blind(caps pg.Caps, what string) string {
	if caps.ReadStats {
		return ""
	}
	return fmt.Sprintf("role %s does not see %s: %s", caps.Role, what, caps.ReadStatsHint())
}

// unlisted says that the role may not list a folder of the server.
func unlisted(caps pg.Caps, what string) string {
	return fmt.Sprintf("role %s may not list %s: %s", caps.Role, what, caps.GrantMonitor())
}

// age turns seconds into a duration. Clocks differ by microseconds: an age is
// never negative.
func age(seconds *float64) *time.Duration {
	if seconds == nil {
		return nil
	}
	d := max(time.Duration(*seconds*float64(time.Second)), 0)
	return &d
}

// ungranted says of how many things, and in which schemas, the role may not see
// something, with the grant that opens it; "" for none. Kind is TABLES or
// SEQUENCES.
func ungranted(caps pg.Caps, kind, what string, schemas []string) string {
	if len(schemas) == 0 {
		return ""
	}
	n, things := len(schemas), strings.ToLower(kind)
	if n == 1 {
		things = strings.TrimSuffix(things, "s")
	}
	slices.Sort(schemas)
	return fmt.Sprintf("role %s may not see %s of %d %s: %s",
		caps.Role, what, n, things, caps.GrantSelect(kind, slices.Compact(schemas)))
}
