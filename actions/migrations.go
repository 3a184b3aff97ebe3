package actions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/pg"
)

const (
	// migrationsLimit bounds the look at the tables of migrations: a rollback
	// must not wait for a database in trouble.
	migrationsLimit = 2 * time.Second
	migrationsShown = 3
)

// Migration is a change of the database's schema.
type Migration struct {
	Name string
	At   time.Time // when it was applied; where the tool keeps only that, when it was written
}

// Migrator tells how the database's schema changed.
type Migrator interface {
	// Since lists the migrations after an instant, the first one first. from
	// names the tables it looked at; none when it found no tool's.
	Since(ctx context.Context, at time.Time) (list []Migration, from []string, err error)
}

// Migrations reads what the usual tools keep of migrations in the database
// itself. It needs SELECT on their tables.
type Migrations struct{ Server *pg.Server }

// tools are the tables by which migration tools remember, and what gives name
// and time in them; $1 is the instant. Where a version is all there is, it is
// the time at which the migration was written, as 14 digits in UTC.
func tools() map[string]string {
	of := func(name, at, where string) string {
		return fmt.Sprintf("SELECT %s AS name, %s AS at FROM %%s WHERE %s AND %s > $1::timestamptz ORDER BY 2 LIMIT 100", name, at, where, at)
	}
	return map[string]string{
		"_prisma_migrations":    of("migration_name::text", "finished_at::timestamptz", "rolled_back_at IS NULL"),
		"__drizzle_migrations":  of("left(hash, 12)::text", "to_timestamp(created_at / 1000.0)", "true"),
		"knex_migrations":       of("name::text", "migration_time::timestamptz", "true"),
		"django_migrations":     of("(app || '.' || name)::text", "applied::timestamptz", "true"),
		"flyway_schema_history": of("script::text", "installed_on::timestamptz", "success"),
		"schema_migrations": of("version::text", "to_timestamp(version::text, 'YYYYMMDDHH24MISS')::timestamp AT TIME ZONE 'UTC'",
			"CASE WHEN version::text ~ '^[12][0-9]{13}$' THEN true ELSE false END"),
	}
}

// migrationTable is a table of a tool.
type migrationTable struct {
	Name     string
	Quoted   string
	Readable bool
	Me       string
}

const migrationTablesSQL = `
SELECT c.relname::text AS name, format('%I.%I', n.nspname, c.relname) AS quoted,
  has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable, current_user::text AS me
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname::text = ANY ($1) ORDER BY 2`

// Since implements Migrator.
func (m Migrations) Since(ctx context.Context, at time.Time) (list []Migration, from []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, migrationsLimit)
	defer cancel()
	conn, err := m.Server.Spare(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	known := tools()
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	tables, err := pg.Query[migrationTable](ctx, conn, migrationTablesSQL, names)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range tables {
		if !t.Readable {
			return nil, nil, fmt.Errorf("%s may not be read: GRANT SELECT ON %s TO %s", t.Quoted, t.Quoted, t.Me)
		}
		found, err := pg.Query[Migration](ctx, conn, fmt.Sprintf(known[t.Name], t.Quoted), at)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", t.Quoted, err)
		}
		list, from = append(list, found...), append(from, t.Quoted)
	}
	slices.SortStableFunc(list, func(a, b Migration) int { return a.At.Compare(b.At) })
	return list, from, nil
}

// schemaNote says what a rollback to a build does not take back in the
// database; crosses tells that the schema changed since it was made.
func (d Deploys) schemaNote(ctx context.Context, name string, made time.Time) (note Note, crosses bool) {
	note = Note{Label: "will not", Text: "roll the database schema or any data back"}
	if d.Migrator == nil {
		note.Text += "; whether it was migrated since is not known here"
		return note, false
	}
	list, from, err := d.Migrator.Since(ctx, made)
	switch {
	case err != nil:
		note.Text += "; whether it was migrated since could not be read: " + err.Error()
	case len(from) == 0:
		note.Text += "; no table of a known migration tool is there to tell whether it was migrated since"
	case len(list) == 0:
		note.Text += fmt.Sprintf("; no migration since %s was made (%s)", name, strings.Join(from, ", "))
	default:
		note.Text += fmt.Sprintf(": %s since %s was made, which its code may not know: %s", count(int64(len(list)), "migration"), name, migrationNames(list))
	}
	return note, len(list) > 0
}

func migrationNames(list []Migration) string {
	var names []string
	for _, m := range list[:min(len(list), migrationsShown)] {
		names = append(names, fmt.Sprintf("%s (%s)", cmp.Or(m.Name, "no name"), m.At.UTC().Format("2006-01-02 15:04Z")))
	}
	if more := len(list) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
