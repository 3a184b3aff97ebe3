package demo

import (
	"context"
	"errors"
	"time"
)

const (
	loaderName  = "loader"
	settleLimit = 20 * time.Second
)

// settle makes the server's statistics those of the tables as they were
// loaded. A session tells its counts at its end, so all rows would count twice
// had the tables been vacuumed before the loading session was gone.
func (d *database) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	if err := until(ctx, "the loading session does not end", d.loaded); err != nil {
		return err
	}
	for _, table := range []string{"users", "products", "orders", "order_items", "events"} {
		exact := func(ctx context.Context) (bool, error) { return d.exact(ctx, table) }
		if err := until(ctx, "the rows of "+table+" are not counted right", exact); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) loaded(ctx context.Context) (gone bool, err error) {
	err = d.admin.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1)", loaderName).Scan(&gone)
	return gone, err
}

// exact vacuums a table and tells whether its live rows are then counted right.
func (d *database) exact(ctx context.Context, table string) (yes bool, err error) {
	if _, err := d.admin.Exec(ctx, "VACUUM (ANALYZE) "+table); err != nil {
		return false, err
	}
	err = d.admin.QueryRow(ctx, "SELECT n_live_tup = (SELECT count(*) FROM "+table+
		") FROM pg_stat_user_tables WHERE relid = $1::text::regclass", table).Scan(&yes)
	return yes, err
}

// until asks until the answer is yes; what says what it means when it is not
// in time.
func until(ctx context.Context, what string, ask func(context.Context) (bool, error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, err := ask(ctx)
		switch {
		case yes:
			return nil
		case ctx.Err() != nil:
			return errors.Join(errors.New(what), ctx.Err())
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
