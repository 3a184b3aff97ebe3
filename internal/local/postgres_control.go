package local

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// DSN is the address of a database over TCP, without a password.
func (p *Postgres) DSN(db, user string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=%s sslmode=disable", p.opts.Port, user, db)
}

// SocketDSN is the address of a database over the Unix socket, which lies in
// a private folder and asks for no password.
func (p *Postgres) SocketDSN(db, user string) string {
	return fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=disable", p.sockets, p.opts.Port, user, db)
}

// Dir is the server's folder; the data directory is "data" inside it.
func (p *Postgres) Dir() string { return p.opts.Dir }

// Port is the TCP port on 127.0.0.1. It stays the same over a restart.
func (p *Postgres) Port() int { return p.opts.Port }

// PID is the postmaster's process id.
func (p *Postgres) PID() int { return p.proc.Load().pid() }

// Version is the server's version as it prints it.
func (p *Postgres) Version() string { return p.opts.Binaries.Version }

// Stop ends the server: in order, else at once, else by force, and waits.
// A paused server is woken first. Files of an unnamed Dir are removed.
func (p *Postgres) Stop(ctx context.Context) error {
	err := p.Halt(ctx)
	return errors.Join(err, p.removeFiles())
}

// Halt ends the server as Stop does and keeps its files for [Postgres.Restart].
func (p *Postgres) Halt(ctx context.Context) error {
	if p.proc.Load().ended() {
		return nil
	}
	if err := p.Resume(); err != nil {
		return err
	}
	return p.proc.Load().end(ctx, syscall.SIGINT, syscall.SIGQUIT)
}

// Kill ends the postmaster and its children by SIGKILL, as a crash would.
// Files stay, and Restart recovers from them.
func (p *Postgres) Kill() {
	for _, pid := range p.family() {
		_ = syscall.Kill(pid, syscall.SIGKILL) // a child may have gone by itself
	}
	p.proc.Load().wait(context.Background(), grace)
}

// Restart stops the server if it runs and starts it again on the same port
// and data.
func (p *Postgres) Restart(ctx context.Context) error {
	if err := p.Halt(ctx); err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	if err := p.launch(ctx); err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	return nil
}

// Reject lets nobody in who comes over TCP from one of these addresses; none
// lets all in again. Sessions that are there stay.
func (p *Postgres) Reject(addresses ...netip.Addr) error {
	const begin, end = "# rejected\n", "# end of rejected\n"
	lines := begin
	for _, a := range addresses {
		lines += fmt.Sprintf("host all all %s/%d reject\n", a, a.BitLen())
	}
	err := p.amend("pg_hba.conf", func(old string) string {
		if _, after, found := strings.Cut(old, end); found {
			old = after
		}
		return lines + end + old
	})
	if err != nil {
		return fmt.Errorf("reject addresses: %w", err)
	}
	return p.proc.Load().cmd.Process.Signal(syscall.SIGHUP)
}

// Pause stops the postmaster and every child with SIGSTOP: the server hangs,
// its port still accepts.
func (p *Postgres) Pause() error { return p.signalAll(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (p *Postgres) Resume() error { return p.signalAll(syscall.SIGCONT) }

func (p *Postgres) signalAll(sig syscall.Signal) error {
	// The postmaster first: once stopped, it starts no more children.
	if err := p.proc.Load().cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("signal postmaster %d: %w", p.PID(), err)
	}
	for _, pid := range p.family() {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal server process %d: %w", pid, err)
		}
	}
	return nil
}

// family is the postmaster and its children.
func (p *Postgres) family() []int {
	return append([]int{p.PID()}, Children(p.PID())...)
}

func (p *Postgres) removeFiles() error {
	var errs []error
	if filepath.Dir(p.sockets) != p.opts.Dir && p.sockets != "" {
		errs = append(errs, os.RemoveAll(p.sockets))
	}
	if p.private {
		errs = append(errs, os.RemoveAll(p.opts.Dir))
	}
	return errors.Join(errs...)
}
