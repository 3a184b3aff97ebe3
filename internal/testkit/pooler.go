package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/local"
)

// Bouncer is a real PgBouncer before a server. It shares two server
// connections among its clients, per transaction.
type Bouncer struct {
	port int
	cmd  *exec.Cmd
}

// Pooler starts a PgBouncer that ends with the test, and waits until it
// answers. Its admin console lets the role "watcher" look, and does
// not let "stranger" in.
func Pooler(t testing.TB, p *local.Postgres) *Bouncer {
	t.Helper()
	port, err := local.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := local.MkdirTemp("tocsin-pool")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf, users := filepath.Join(dir, "pgbouncer.ini"), filepath.Join(dir, "users.txt")
	text := fmt.Sprintf("[databases]\n* = host=127.0.0.1 port=%d user=postgres\n"+
		"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = trust\nauth_file = %s\n"+
		"pool_mode = transaction\ndefault_pool_size = 2\nstats_users = watcher\nadmin_users = admin\n", p.Port(), port, users)
	for path, text := range map[string]string{conf: text, users: `"postgres" ""` + "\n" + `"watcher" ""` + "\n" + `"stranger" ""` + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := &Bouncer{port: port, cmd: bouncerCommand(conf)}
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	Until(t, endWithin, "the pooler to answer", func(ctx context.Context) bool {
		conn, err := pgx.Connect(ctx, b.DSN("postgres"))
		if err != nil {
			return false
		}
		_ = conn.Close(ctx)
		return true
	})
	return b
}

func bouncerCommand(conf string) *exec.Cmd {
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		path = "/usr/sbin/pgbouncer" // where Debian has it, off the PATH of users
	}
	args := []string{conf}
	if os.Geteuid() == 0 {
		args = []string{"-u", "nobody", conf}
	}
	return exec.CommandContext(context.Background(), path, args...)
}

// DSN is the address of a database through the pooler.
func (b *Bouncer) DSN(db string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=%s sslmode=disable", b.port, db)
}

// Console is the address of the admin console for one role, without the name
// of its database.
func (b *Bouncer) Console(role string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s sslmode=disable", b.port, role)
}

// Stop ends the pooler at once.
func (b *Bouncer) Stop() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait() // says that it was killed
}
