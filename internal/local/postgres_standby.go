package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"syscall"
)

// Standby makes a hot standby of the server, which streams from it under that
// application_name, and returns when it accepts connections; it may not
// stream yet. The server is restarted for it: its data directory is copied
// while it stands still. The standby has a folder of its own, which its Stop
// removes, and may live longer than its primary.
func (p *Postgres) Standby(ctx context.Context, name string) (*Postgres, error) {
	return p.StandbyIn(ctx, name, "")
}

// StandbyIn is [Postgres.Standby] in a folder that its Stop leaves; "" is one
// of its own.
func (p *Postgres) StandbyIn(ctx context.Context, name, dir string) (*Postgres, error) {
	standby, err := p.copyAs(ctx, name, dir)
	if err != nil {
		return nil, fmt.Errorf("start a standby: %w", err)
	}
	if err := standby.launch(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start a standby: %w", err), standby.removeFiles())
	}
	return standby, nil
}

// copyAs copies the server's data while it stands still and makes a standby of them.
func (p *Postgres) copyAs(ctx context.Context, name, dir string) (*Postgres, error) {
	opts := p.opts
	opts.Dir, opts.Port, opts.HBA = dir, 0, nil // the HBA lines come with the data
	opts.Settings = map[string]string{}
	maps.Copy(opts.Settings, p.opts.Settings)
	opts.Settings["primary_conninfo"] = fmt.Sprintf("host=127.0.0.1 port=%d user=postgres application_name=%s", p.Port(), name)
	standby, err := newPostgres(opts)
	if err != nil {
		return nil, err
	}
	err = p.Halt(ctx)
	if err == nil {
		err = p.copyData(ctx, standby)
	}
	if err = errors.Join(err, p.Restart(ctx)); err == nil {
		err = standby.prepare(ctx)
	}
	if err == nil {
		err = standby.owner.writeFile(filepath.Join(standby.data(), "standby.signal"), "")
	}
	if err != nil {
		return nil, errors.Join(err, standby.removeFiles())
	}
	return standby, nil
}

// copyData copies the data directory as the user who owns it.
func (p *Postgres) copyData(ctx context.Context, to *Postgres) error {
	if err := to.owner.mkdir(to.opts.Dir); err != nil {
		return err
	}
	return command{path: "cp", args: []string{"-Rp", p.data(), to.data()}, dir: to.opts.Dir, owner: p.owner}.run(ctx)
}

// Promote tells a standby to become a primary of its own, as pg_ctl promote
// does. It returns at once; pg_is_in_recovery() turns false soon after.
func (p *Postgres) Promote() error {
	if err := p.owner.writeFile(filepath.Join(p.data(), "promote"), ""); err != nil {
		return err
	}
	return p.proc.Load().cmd.Process.Signal(syscall.SIGUSR1)
}
