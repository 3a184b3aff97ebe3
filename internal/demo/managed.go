package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/internal/demo/provider"
)

const (
	managedRef   = "shopshopshopshopshop" // as long as a real one
	managedTakes = 4 * time.Second        // for a machine, or a replica, to come up
	// Those who try a world out ask far more often than the people whom the
	// real limit of 60 is made for.
	managedPerMin = 600
)

// managed is the company's PostgreSQL as a project at Supabase: what is asked
// for there is really done to it.
type managed struct {
	*provider.Supabase
	world      *world
	key        string // for what its machine tells
	metricsURL string
}

// openManaged serves the management API and the metrics of the database.
func (w *world) openManaged(ctx context.Context) error {
	token := rand.Text()
	m := &managed{world: w, key: rand.Text()}
	m.Supabase = provider.NewSupabase(provider.SupabaseOptions{
		Ref: managedRef, Name: projectName, Token: token, Key: m.key, Database: m,
		Takes: managedTakes, PerMin: managedPerMin,
	})
	w.managed = m
	w.atEnd(func(context.Context) error { m.Close(); return nil })
	var err error
	if w.info.ManagedURL, err = w.serve("supabase", m); err != nil {
		return err
	}
	w.info.ManagedToken = token
	if m.metricsURL, err = w.serve("supabase metrics", m.Metrics()); err != nil {
		return err
	}
	// The partner mistyped a password too often, and nobody has noticed.
	return m.Supabase.Ban(ctx, partnerAddress())
}

// Version implements [provider.ManagedDatabase], as do the others.
func (m *managed) Version() string { return m.world.database.server.Version() }

// Ping asks over the socket, for which there is always a slot.
func (m *managed) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := m.world.database.admin.Exec(ctx, "SELECT 1")
	return err
}

// Settings are the ones that people look for first.
func (m *managed) Settings(ctx context.Context) (map[string]any, error) {
	var slots int
	var buffers, work, wal, timeout string
	err := m.world.database.admin.QueryRow(ctx, `SELECT current_setting('max_connections')::int, current_setting('shared_buffers'),
	  current_setting('work_mem'), current_setting('max_wal_size'), current_setting('statement_timeout')`).
		Scan(&slots, &buffers, &work, &wal, &timeout)
	return map[string]any{
		"max_connections": slots, "shared_buffers": buffers, "work_mem": work, "max_wal_size": wal, "statement_timeout": timeout,
	}, err
}

// lintsSQL finds foreign keys without an index that begins with their column,
// and tables that anybody with the public key could read.
const lintsSQL = `SELECT 'performance', 'unindexed_foreign_keys', 'INFO', 'Unindexed foreign keys',
    'Table public.' || t.relname || ' has a foreign key ' || c.conname || ' without a covering index', t.relname::text
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
  WHERE c.contype = 'f' AND t.relnamespace = 'public'::regnamespace AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])
UNION ALL
SELECT 'security', 'rls_disabled_in_public', 'ERROR', 'RLS Disabled in Public',
    'Table public.' || relname || ' is public, but RLS has not been enabled.', relname::text
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relrowsecurity
ORDER BY 1, 5`

// Lints looks at the shop's tables.
func (m *managed) Lints(ctx context.Context) ([]provider.Lint, error) {
	rows, err := m.world.database.admin.Query(ctx, lintsSQL)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (provider.Lint, error) {
		l := provider.Lint{Schema: "public"}
		err := row.Scan(&l.Kind, &l.Name, &l.Level, &l.Title, &l.Detail, &l.Table)
		return l, err
	})
}

// Requests are those of the shop.
func (m *managed) Requests() int64 {
	n, _ := m.world.shop.Counts()
	return n
}

// Resize restarts the server with room for so many connections.
func (m *managed) Resize(ctx context.Context, connections int) error {
	_, err := m.world.database.admin.Exec(ctx, fmt.Sprintf("ALTER SYSTEM SET max_connections = %d", connections))
	if err == nil {
		err = m.world.restartPostgres(ctx)
	}
	m.world.journal.note("supabase.resized", fmt.Sprint(connections), err)
	return err
}

// Restore restarts the server without the orders and events that are newer.
// What else has changed since then stays: the world keeps no log to restore from.
func (m *managed) Restore(ctx context.Context, to time.Time) error {
	err := m.world.restartPostgres(ctx)
	if err == nil {
		err = pgx.BeginFunc(ctx, m.world.database.admin, func(tx pgx.Tx) error {
			// An order that comes in between would have items left.
			if _, err := tx.Exec(ctx, "LOCK TABLE orders, order_items, events IN SHARE ROW EXCLUSIVE MODE"); err != nil {
				return err
			}
			for _, sql := range []string{
				"DELETE FROM order_items WHERE order_id IN (SELECT id FROM orders WHERE created_at > $1)",
				"DELETE FROM orders WHERE created_at > $1", "DELETE FROM events WHERE created_at > $1",
			} {
				if _, err := tx.Exec(ctx, sql, to); err != nil {
					return err
				}
			}
			return nil
		})
	}
	m.world.journal.note("supabase.restored", to.UTC().Format(time.RFC3339), err)
	return err
}

// Ban makes the server itself refuse these addresses.
func (m *managed) Ban(_ context.Context, addresses []string) error {
	var list []netip.Addr
	for _, text := range addresses {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return err
		}
		list = append(list, a)
	}
	err := m.world.database.server.Reject(list...)
	m.world.journal.note("supabase.banned", fmt.Sprint(addresses), err)
	return err
}

// dataBytes is the size of the server's data directory.
func (m *managed) dataBytes() uint64 {
	var sum uint64
	_ = filepath.WalkDir(filepath.Join(m.world.database.server.Dir(), "data"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil { // a file may go while it is looked at
				sum += uint64(info.Size())
			}
		}
		return nil
	})
	return sum
}

// partner fetches the orders of the day for somebody else, from an address of
// its own.
type partner struct {
	dsn string
	err atomic.Pointer[string] // why the last try failed; "" when it did not
}

// partnerAddress is on this machine too; where it is not, as on macOS, the
// partner never gets in.
func partnerAddress() netip.Addr { return netip.MustParseAddr("127.0.0.66") }

// refused is why the partner does not get in; "" while it does.
func (p *partner) refused() string {
	if text := p.err.Load(); text != nil {
		return *text
	}
	return ""
}

func (p *partner) run(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		text := ""
		if err := p.fetch(ctx); err != nil {
			text = err.Error()
		}
		p.err.Store(&text)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (p *partner) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	config, err := pgx.ParseConfig(p.dsn)
	if err != nil {
		return err
	}
	from := net.TCPAddr{IP: partnerAddress().AsSlice()}
	config.DialFunc = (&net.Dialer{LocalAddr: &from}).DialContext
	conn, err := pgx.ConnectConfig(ctx, config)
	if refusal, ok := errors.AsType[*pgconn.PgError](err); ok {
		return errors.New(refusal.Message)
	}
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "SELECT count(*) FROM orders WHERE created_at > now() - interval '1 hour'")
	return errors.Join(err, conn.Close(ctx))
}
