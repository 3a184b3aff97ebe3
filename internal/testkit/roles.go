package testkit

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// ManagedRole makes a login role with the rights that hosted services give to
// the administrator of their customer's database: everything but a superuser's
// powers and the file system.
func ManagedRole(t testing.TB, superuser *pgx.Conn, name string) {
	t.Helper()
	member := "pg_monitor, pg_signal_backend"
	if One[int](t, superuser, "SELECT current_setting('server_version_num')::int") >= 140000 {
		member += ", pg_read_all_data"
	}
	quoted := pgx.Identifier{name}.Sanitize()
	Exec(t, superuser,
		"CREATE ROLE "+quoted+" LOGIN CREATEROLE CREATEDB REPLICATION BYPASSRLS",
		"GRANT "+member+" TO "+quoted)
}
