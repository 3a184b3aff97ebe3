package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// PostgresOptions says how to start a server. Only Binaries is needed.
type PostgresOptions struct {
	Binaries PostgresBinaries
	// Dir is the server's folder: data, log and socket. Data that is there is
	// used, else initdb makes it. "" is a folder of its own that Stop removes.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Settings go into the configuration file, over the defaults.
	Settings map[string]string
	// HBA lines come before the default ones, which trust everybody on this
	// machine; as the first match counts, they can ask for passwords.
	HBA []string
}

// Postgres is a running PostgreSQL server. Its superuser is "postgres".
type Postgres struct {
	opts    PostgresOptions
	owner   Owner
	private bool // Dir is our own to remove
	sockets string
	proc    atomic.Pointer[process] // changes with every restart
}

// StartPostgres starts a server and returns when it accepts connections. It
// writes without fsync: its data are worth nothing after a power cut.
func StartPostgres(ctx context.Context, opts PostgresOptions) (*Postgres, error) {
	p, err := newPostgres(opts)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := p.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), p.removeFiles())
	}
	if err := p.launch(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), p.removeFiles())
	}
	return p, nil
}

func newPostgres(opts PostgresOptions) (*Postgres, error) {
	owner, err := ServerOwner()
	if err != nil {
		return nil, err
	}
	p := &Postgres{opts: opts, owner: owner, private: opts.Dir == ""}
	if p.opts.Port, err = portOr(opts.Port); err != nil {
		return nil, err
	}
	if p.private {
		if p.opts.Dir, err = MkdirTemp("tocsin-pg"); err != nil {
			return nil, err
		}
	}
	if p.opts.Dir, err = filepath.Abs(p.opts.Dir); err != nil {
		return nil, err
	}
	return p, nil
}

// prepare makes the folders, the data directory and the configuration.
func (p *Postgres) prepare(ctx context.Context) error {
	if err := p.owner.mkdir(p.opts.Dir); err != nil {
		return err
	}
	if err := p.chooseSocketDir(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(p.data(), "PG_VERSION")); err != nil {
		if err := p.initdb(ctx); err != nil {
			return err
		}
	}
	return p.configure()
}

// chooseSocketDir keeps the socket in Dir unless its path would be longer
// than what the system can address (about 104 bytes).
func (p *Postgres) chooseSocketDir() error {
	p.sockets = filepath.Join(p.opts.Dir, "s")
	if len(p.sockets) > 80 {
		dir, err := os.MkdirTemp("/tmp", "tocsin-s")
		if err != nil {
			return err
		}
		p.sockets = dir
	}
	return p.owner.mkdir(p.sockets)
}

func (p *Postgres) initdb(ctx context.Context) error {
	locale := "C.UTF-8"
	if runtime.GOOS == "darwin" {
		locale = "C" // macOS has no C.UTF-8; the encoding is given apart
	}
	return command{
		path:  filepath.Join(p.opts.Binaries.Dir, "initdb"),
		args:  []string{"-D", p.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=" + locale, "--no-sync"},
		dir:   p.opts.Dir,
		owner: p.owner,
	}.run(ctx)
}

// configure writes our settings into a file that the data directory's own
// configuration includes, and puts our HBA lines first.
func (p *Postgres) configure() error {
	var conf strings.Builder
	settings := p.settings()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&conf, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	if err := p.owner.writeFile(filepath.Join(p.data(), "local.conf"), conf.String()); err != nil {
		return err
	}
	include := "include = 'local.conf'\n"
	if err := p.amend("postgresql.conf", func(old string) string { return strings.TrimSuffix(old, include) + include }); err != nil {
		return err
	}
	if len(p.opts.HBA) == 0 {
		return nil
	}
	lines := strings.Join(p.opts.HBA, "\n") + "\n"
	return p.amend("pg_hba.conf", func(old string) string { return lines + strings.TrimPrefix(old, lines) })
}

func (p *Postgres) amend(name string, change func(old string) string) error {
	path := filepath.Join(p.data(), name)
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return p.owner.writeFile(path, change(string(old)))
}

func (p *Postgres) settings() map[string]string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    fmt.Sprint(p.opts.Port),
		"unix_socket_directories": p.sockets,
		"fsync":                   "off",
		"synchronous_commit":      "off",
		"full_page_writes":        "off",
		"shared_buffers":          "64MB",
	}
	if p.opts.Binaries.hasStatements() {
		settings["shared_preload_libraries"] = "pg_stat_statements"
	}
	maps.Copy(settings, p.opts.Settings)
	return settings
}

// launch starts the postmaster itself, not pg_ctl: so its pid is ours to
// await and the kernel ends it with us.
func (p *Postgres) launch(ctx context.Context) error {
	// A file left by a server that was killed would say "ready" for this one.
	if err := os.Remove(p.pidFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	log := filepath.Join(p.opts.Dir, "postgres.log")
	proc, err := command{
		path:  filepath.Join(p.opts.Binaries.Dir, "postgres"),
		args:  []string{"-D", p.data()},
		dir:   p.opts.Dir,
		owner: p.owner,
	}.start(log, syscall.SIGQUIT)
	if err != nil {
		return err
	}
	p.proc.Store(proc)
	if err := proc.ready(ctx, p.accepts); err != nil {
		return errors.Join(fmt.Errorf("%w: %s", err, logTail(log)), proc.end(context.Background(), syscall.SIGQUIT))
	}
	return nil
}

// accepts reads the server's own word on it, as pg_ctl -w does: the eighth
// line of postmaster.pid.
func (p *Postgres) accepts() bool {
	text, err := os.ReadFile(p.pidFile())
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	return len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
}

func (p *Postgres) data() string    { return filepath.Join(p.opts.Dir, "data") }
func (p *Postgres) pidFile() string { return filepath.Join(p.data(), "postmaster.pid") }
