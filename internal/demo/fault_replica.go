package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// replicaLag is a backup that paused the replay of the standby and was
// forgotten, while an import writes more than the shop does in an hour. It
// ends when the replay is resumed.
type replicaLag struct{ world *world }

const (
	importedMiB = 72 // more than a standby may be behind
	batchMiB    = 4
)

func newReplicaLag(w *world) breakage { return &replicaLag{world: w} }

func (r *replicaLag) start(ctx context.Context) error {
	if err := r.follows(ctx); err != nil {
		return err
	}
	if _, err := r.world.standby.admin.Exec(ctx, "SELECT pg_wal_replay_pause()"); err != nil {
		return err
	}
	s, err := r.world.database.connect(ctx, "worker", "import")
	if err != nil {
		return err
	}
	err = s.createImages(ctx, "product_images")
	for n := 0; err == nil && n < importedMiB; n += batchMiB {
		err = s.importImages(ctx, "product_images")
	}
	if err := errors.Join(err, s.conn.Close(ctx)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return until(ctx, "the standby is not behind", r.behind)
}

// follows waits until the standby has applied what a customer did: one that was
// paused before could not tell how old its data are.
func (r *replicaLag) follows(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return until(ctx, "the standby applies nothing", func(ctx context.Context) (yes bool, err error) {
		err = r.world.standby.admin.QueryRow(ctx, "SELECT pg_last_xact_replay_timestamp() IS NOT NULL").Scan(&yes)
		return yes, err
	})
}

// createImages makes a table that keeps images as they come: what compresses
// well makes little log.
func (s *session) createImages(ctx context.Context, table string) error {
	_, err := s.conn.Exec(ctx, "CREATE TABLE "+table+" (product_id int, image bytea)")
	if err == nil {
		_, err = s.conn.Exec(ctx, "ALTER TABLE "+table+" ALTER image SET STORAGE EXTERNAL")
	}
	return err
}

// importImages writes one batch.
func (s *session) importImages(ctx context.Context, table string) error {
	_, err := s.conn.Exec(ctx, fmt.Sprintf(
		"INSERT INTO %s SELECT g, decode(repeat('c0ffee00', 8192), 'hex') FROM generate_series(1, %d) g", table, batchMiB*32))
	return err
}

// behind tells whether the primary sees the standby behind by what was imported.
func (r *replicaLag) behind(ctx context.Context) (yes bool, err error) {
	err = r.world.database.admin.QueryRow(ctx, `SELECT coalesce(bool_or(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) >= $2::bigint << 20), false)
  FROM pg_stat_replication WHERE application_name = $1`, standbyName, importedMiB).Scan(&yes)
	return yes, err
}

func (r *replicaLag) active(ctx context.Context) (paused bool, err error) {
	err = r.world.standby.admin.QueryRow(ctx, "SELECT pg_is_wal_replay_paused()").Scan(&paused)
	return paused, err
}

func (r *replicaLag) heal(ctx context.Context) error {
	_, err := r.world.standby.admin.Exec(ctx, "SELECT pg_wal_replay_resume()")
	return err
}

// tidy takes the imported table away; a start that failed half way has left
// the replay paused.
func (r *replicaLag) tidy(ctx context.Context) error {
	_, err := r.world.database.admin.Exec(ctx, "DROP TABLE IF EXISTS product_images")
	return errors.Join(err, r.heal(ctx))
}
