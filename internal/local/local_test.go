package local_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"tocsin/internal/local"
)

func startPostgres(t *testing.T, opts local.PostgresOptions) *local.Postgres {
	t.Helper()
	binaries, err := local.FindPostgres()
	if err != nil {
		t.Fatal(err)
	}
	opts.Binaries = binaries
	p, err := local.StartPostgres(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func one(t *testing.T, dsn, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var got string
	if err := conn.QueryRow(ctx, sql).Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestPostgresLife(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, local.PostgresOptions{
		Settings: map[string]string{"max_connections": "17"},
		HBA:      []string{"host all locked 127.0.0.1/32 reject"},
	})
	if got := one(t, p.DSN("postgres", "postgres"), "SHOW max_connections"); got != "17" {
		t.Errorf("max_connections = %s, want 17", got)
	}
	if got := one(t, p.SocketDSN("postgres", "postgres"), "SHOW shared_preload_libraries"); got != "pg_stat_statements" {
		t.Errorf("preloaded = %q, want pg_stat_statements", got)
	}
	if _, err := pgx.Connect(t.Context(), p.DSN("postgres", "locked")); err == nil {
		t.Error("the HBA line that rejects was not used")
	}

	pid, port := p.PID(), p.Port()
	p.Kill()
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.PID() == pid || p.Port() != port {
		t.Errorf("after restart pid %d port %d, want another pid than %d and port %d", p.PID(), p.Port(), pid, port)
	}
	if got := one(t, p.DSN("postgres", "postgres"), "SELECT 'alive'"); got != "alive" {
		t.Errorf("got %q after restart", got)
	}
}

func TestPostgresPause(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, local.PostgresOptions{})
	conn, err := pgx.Connect(t.Context(), p.DSN("postgres", "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT 1")
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Fatalf("a paused server answered: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Fatalf("after resume: %v", err)
	}
}

func TestPostgresStopsWhenPaused(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, local.PostgresOptions{})
	dir, pid := p.Dir(), p.PID()
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("postmaster %d after Stop: %v, want no such process", pid, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s after Stop: %v, want removed", dir, err)
	}
}

func TestPostgresSaysWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	binaries, err := local.FindPostgres()
	if err != nil {
		t.Fatal(err)
	}
	_, err = local.StartPostgres(t.Context(), local.PostgresOptions{
		Binaries: binaries,
		Settings: map[string]string{"shared_buffers": "much"},
	})
	if err == nil || !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("got %v, want an error that names shared_buffers", err)
	}
}

func TestFindPostgresHint(t *testing.T) {
	t.Setenv("TOCSIN_PG_BIN", t.TempDir())
	_, err := local.FindPostgres()
	if err == nil || !strings.Contains(err.Error(), "TOCSIN_PG_BIN") {
		t.Errorf("got %v, want an error that names TOCSIN_PG_BIN", err)
	}
}

func TestUnreachableFolder(t *testing.T) {
	t.Parallel()
	owner, err := local.ServerOwner()
	if err != nil {
		t.Fatal(err)
	}
	binaries, err := local.FindPostgres()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "pg") // t.TempDir is private to us
	p, err := local.StartPostgres(t.Context(), local.PostgresOptions{Binaries: binaries, Dir: dir})
	if err == nil {
		defer p.Stop(context.Background())
	}
	if owner.Switch && (err == nil || !strings.Contains(err.Error(), "may not enter")) {
		t.Errorf("got %v, want which folder keeps %s out", err, owner.Name)
	}
	if !owner.Switch && err != nil {
		t.Errorf("as an ordinary user: %v", err)
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		inProcess bool
	}{{"server", false}, {"in process", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := local.StartRedis(t.Context(), local.RedisOptions{Password: "s3cret", InProcess: tt.inProcess})
			if err != nil {
				t.Fatal(err)
			}
			if r.InProcess() != tt.inProcess {
				t.Errorf("in process = %t, want %t", r.InProcess(), tt.inProcess)
			}
			client := redis.NewClient(&redis.Options{Addr: r.Addr(), Password: "s3cret"})
			defer client.Close()
			if err := client.Set(t.Context(), "page:1", "x", time.Second).Err(); err != nil {
				t.Error(err)
			}
			waitFor(t, "the key to expire", func() bool {
				return errors.Is(client.Get(t.Context(), "page:1").Err(), redis.Nil)
			})
			if err := r.Stop(context.Background()); err != nil {
				t.Error(err)
			}
			if conn, err := net.Dial("tcp", r.Addr()); err == nil {
				conn.Close()
				t.Error("something listens after Stop")
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	id, err := local.Identify(os.Getpid(), filepath.Base(os.Args[0]))
	if err != nil {
		t.Fatal(err)
	}
	other := id
	other.Started -= 60_000
	renamed := id
	renamed.Command = "no-such-command"
	for _, tt := range []struct {
		name string
		id   local.Identity
		want bool
	}{
		{"itself", id, true},
		{"same pid, other start", other, false},
		{"same pid, other command", renamed, false},
		{"never init", local.Identity{PID: 1}, false},
	} {
		if got := tt.id.Running(); got != tt.want {
			t.Errorf("%s: running = %t, want %t", tt.name, got, tt.want)
		}
	}
}

// waitFor polls a condition of the real world for at most ten seconds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
