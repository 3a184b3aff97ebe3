package collectors

import (
	"context"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

func console(t *testing.T, dsn string) Pooler {
	t.Helper()
	c, err := pg.OpenConsole(pg.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return Pooler{Console: c}
}

func TestPooler(t *testing.T) {
	t.Parallel()
	bouncer := testkit.Pooler(t, servers.Postgres(t))
	c := console(t, bouncer.Console("watcher"))
	if got := collect(t, c); got.Version == "" || got.Waiting() != 0 {
		t.Errorf("at rest: %+v", got)
	}
	for range 3 { // one more than there are server connections
		conn := testkit.Connect(t, bouncer.DSN("postgres"))
		background(t, conn, "BEGIN; SELECT pg_sleep(60)")
	}
	var got model.Pooler
	testkit.Until(t, 10*time.Second, "a client that waits", func(context.Context) bool {
		got = collect(t, c)
		return got.Waiting() == 1 && got.MaxWait() > 0 && got.Pools[0].Busy == 2
	})
	pool := got.Pools[0]
	if pool.Database != "postgres" || pool.User != "postgres" || pool.Mode != "transaction" || pool.Active != 2 || pool.Size != 2 {
		t.Errorf("pool: %+v", pool)
	}
}

func TestPoolerSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	bouncer := testkit.Pooler(t, servers.Postgres(t))
	if fail := failure(t, console(t, bouncer.Console("stranger"))); fail.Class != model.Denied || fail.Hint == "" {
		t.Errorf("a role that may not: %+v", fail)
	}
	c := console(t, bouncer.Console("watcher"))
	collect(t, c)
	bouncer.Stop()
	if fail := failure(t, c); fail.Class != model.Down {
		t.Errorf("a pooler that is gone: %+v", fail)
	}
}
