package demo

import (
	"context"
	"errors"
	"time"
)

// diskFilling is the replication slot of a standby that was given up: nobody
// reads it, so the server keeps all the log of an import for it. It ends when
// the slot is dropped.
type diskFilling struct{ world *world }

const (
	forgottenSlot = "r0"
	// keptMiB is how much log the slot keeps in the end, which is all that this
	// fault takes of the disk.
	keptMiB = 256
	// checkpointMiB is the log after which there is a checkpoint. After few large
	// ones the server would keep its old files for use anew instead of removing them.
	checkpointMiB = 32
)

func newDiskFilling(w *world) breakage { return &diskFilling{world: w} }

func (d *diskFilling) start(ctx context.Context) error {
	admin := d.world.database.admin
	if _, err := admin.Exec(ctx, "SELECT pg_create_physical_replication_slot($1, true)", forgottenSlot); err != nil {
		return err
	}
	s, err := d.world.database.connect(ctx, "worker", "import")
	if err != nil {
		return err
	}
	err = s.createImages(ctx, "staged_images")
	for n := batchMiB; err == nil && n <= keptMiB; n += batchMiB {
		err = s.importImages(ctx, "staged_images")
		if err == nil {
			_, err = s.conn.Exec(ctx, "TRUNCATE staged_images")
		}
		if err == nil && n%checkpointMiB == 0 {
			_, err = admin.Exec(ctx, "CHECKPOINT")
		}
	}
	if err := errors.Join(err, s.conn.Close(ctx)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return until(ctx, "the slot keeps no log", d.keeps)
}

// keeps tells whether the slot keeps what was imported.
func (d *diskFilling) keeps(ctx context.Context) (yes bool, err error) {
	err = d.world.database.admin.QueryRow(ctx, `SELECT coalesce(bool_or(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) >= $2::bigint << 20), false)
  FROM pg_replication_slots WHERE slot_name = $1`, forgottenSlot, keptMiB).Scan(&yes)
	return yes, err
}

func (d *diskFilling) active(ctx context.Context) (there bool, err error) {
	err = d.world.database.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)", forgottenSlot).Scan(&there)
	return there, err
}

func (d *diskFilling) heal(ctx context.Context) error {
	_, err := d.world.database.admin.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", forgottenSlot)
	return err
}

// tidy takes away what was imported, and what a start that failed half way has
// left. The log goes with the next checkpoint, which would be minutes away.
func (d *diskFilling) tidy(ctx context.Context) error {
	err := d.heal(ctx)
	for _, sql := range []string{"DROP TABLE IF EXISTS staged_images", "CHECKPOINT"} {
		_, next := d.world.database.admin.Exec(ctx, sql)
		err = errors.Join(err, next)
	}
	return err
}
