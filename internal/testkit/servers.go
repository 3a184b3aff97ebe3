package testkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tocsin/internal/local"
)

// Majors lists the PostgreSQL versions that tests run against, oldest first.
func Majors() []int { return []int{13, 14, 15, 16, 17, 18} }

// Postgres starts a PostgreSQL server of the test's own: one that it may
// stop, pause, fill or restart. It ends with the test. Tests that only need a
// database take [Servers.Database], which costs no start.
func Postgres(t testing.TB, opts local.PostgresOptions) *local.Postgres {
	t.Helper()
	server, err := startPostgres(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	atEnd(t, server.Stop)
	return server
}

// PostgresMajor is [Postgres] of one major version out of [Majors].
func PostgresMajor(t testing.TB, major int, opts local.PostgresOptions) *local.Postgres {
	t.Helper()
	binaries, err := binariesOf(major)
	if err != nil {
		t.Fatal(err)
	}
	opts.Binaries = binaries
	return Postgres(t, opts)
}

// Redis starts a real Redis server of the test's own, which ends with it.
func Redis(t testing.TB, opts local.RedisOptions) *local.Redis {
	t.Helper()
	if _, ok := local.FindRedis(); !ok && !opts.InProcess {
		t.Fatal("no redis-server found: make setup installs it")
	}
	server, err := local.StartRedis(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	atEnd(t, server.Stop)
	return server
}

// startPostgres starts the server of this machine unless opts names another.
func startPostgres(ctx context.Context, opts local.PostgresOptions) (*local.Postgres, error) {
	if opts.Binaries.Dir == "" {
		binaries, err := local.FindPostgres()
		if err != nil {
			return nil, err
		}
		opts.Binaries = binaries
	}
	return local.StartPostgres(ctx, opts)
}

// binariesOf finds the server of a major version that the make targets fetched.
func binariesOf(major int) (local.PostgresBinaries, error) {
	dir, err := cacheDir("TOCSIN_PG_MATRIX", "pg")
	if err != nil {
		return local.PostgresBinaries{}, err
	}
	binaries, err := local.PostgresIn(filepath.Join(dir, fmt.Sprintf("pg%d", major), "bin"))
	if err != nil {
		return local.PostgresBinaries{}, fmt.Errorf("PostgreSQL %d: %w: make setup fetches it", major, err)
	}
	if binaries.Major != major {
		return local.PostgresBinaries{}, fmt.Errorf("%s holds PostgreSQL %s, not %d", binaries.Dir, binaries.Version, major)
	}
	return binaries, nil
}

// cacheDir is where the make targets put what tests need, also for a plain
// `go test`: the folder that env names, else one in the cache. It says the same
// as scripts/cache.sh.
func cacheDir(env, name string) (string, error) {
	if dir := os.Getenv(env); dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return filepath.Join("/var/cache/tocsin", name), nil
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "tocsin", name), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".cache", "tocsin", name), err
}

// Standby makes a hot standby of a server of the test's own, which is
// restarted for it, and waits until it streams under that name. It ends with
// the test.
func Standby(t testing.TB, primary *local.Postgres, name string) *local.Postgres {
	t.Helper()
	standby, err := primary.Standby(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	atEnd(t, standby.Stop)
	conn := Connect(t, primary.DSN("postgres", "postgres"))
	Until(t, endWithin, "the standby "+name+" streams", func(ctx context.Context) bool {
		var streams bool
		err := conn.QueryRow(ctx, streamsSQL, name).Scan(&streams)
		return err == nil && streams
	})
	return standby
}

const streamsSQL = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming' AND application_name = $1)"
