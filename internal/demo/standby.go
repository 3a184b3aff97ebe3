package demo

import (
	"context"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"

	"tocsin/internal/local"
)

// standbyName is the application_name under which the standby streams.
const standbyName = "r1"

// standby is the hot standby of the company's PostgreSQL. The roles and their
// passwords are those of the primary.
type standby struct {
	server *local.Postgres
	admin  *pgxpool.Pool // the superuser, over the Unix socket
}

// startStandby copies the loaded database, which is restarted for it, where
// the world is to have a standby.
func (w *world) startStandby(ctx context.Context) error {
	if !w.opts.Standby {
		return nil
	}
	w.progress("starting a standby")
	server, err := w.database.server.StandbyIn(ctx, standbyName, filepath.Join(w.site.folder, "standby"))
	if err != nil {
		return err
	}
	s := &standby{server: server}
	w.atEnd(s.stop)
	if s.admin, err = adminPool(ctx, server); err != nil {
		return err
	}
	w.standby, w.info.StandbyDSN = s, server.SocketDSN("shop", "postgres")
	if err := w.site.enlist(server.PID(), server.Dir()); err != nil {
		return err
	}
	w.database.admin.Reset() // its connections went with the restart
	w.info.PostgresPID = w.database.server.PID()
	if err := w.site.enlist(w.info.PostgresPID, w.database.server.Dir()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	return until(ctx, "the standby does not stream", w.database.streams)
}

func (s *standby) stop(ctx context.Context) error {
	if s.admin != nil {
		s.admin.Close()
	}
	return s.server.Stop(ctx)
}

// streams tells whether the standby receives what is written.
func (d *database) streams(ctx context.Context) (yes bool, err error) {
	err = d.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming')",
		standbyName).Scan(&yes)
	return yes, err
}

// standbys is what the configuration says of them.
func (w *world) standbys(password configSecret) []configStandby {
	if w.standby == nil {
		return nil
	}
	return []configStandby{{Name: standbyName, DSN: w.standby.server.DSN("shop", "tocsin"), Password: password}}
}
