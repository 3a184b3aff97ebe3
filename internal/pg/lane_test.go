package pg_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

func TestLaneSettings(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	want := map[string]string{
		"application_name": "tocsin", "statement_timeout": "1500ms", "lock_timeout": "250ms",
		"idle_in_transaction_session_timeout": "10s", "default_transaction_read_only": "on",
	}
	for name, value := range want {
		got, err := pg.Read(t.Context(), s.Fast(), func(ctx context.Context, s *pg.Session) (string, error) {
			row, err := pg.One[struct{ Value string }](ctx, s, pg.Text("SELECT current_setting($1) AS value"), name)
			return row.Value, err
		})
		if err != nil || got != value {
			t.Errorf("%s = %q, %v, want %q", name, got, err, value)
		}
	}
	_, err := read(t.Context(), s.Fast(), "CREATE TABLE never ()")
	wantFail(t, err, model.Broken, "read-only")
}

func TestLaneKeepsItsConnection(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	pid := backend(t, s.Fast())

	_, err := read(t.Context(), s.Fast(), "SELECT 1 AS n FROM pg_sleep(30)")
	wantFail(t, err, model.Broken, "took longer than 1 s") // the server's limit
	_, err = read(within(t, 200*time.Millisecond), s.Fast(), "SELECT 1 AS n FROM pg_sleep(30)")
	wantFail(t, err, model.Broken, "took longer than 0.")
	_, err = read(t.Context(), s.Fast(), "SELECT 1 AS n FROM nowhere")
	wantFail(t, err, model.Missing, "nowhere")
	if got := backend(t, s.Fast()); got != pid {
		t.Errorf("reads on backend %d, want still %d", got, pid)
	}
	if got := backend(t, s.Slow()); got == pid {
		t.Error("the slow lane has the connection of the fast one")
	}
}

func TestLaneLockTimeout(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	name := servers.Database(t, p)
	conn := testkit.Connect(t, p.DSN(name, "postgres"))
	testkit.Exec(t, conn, "CREATE TABLE t ()", "BEGIN", "LOCK t")
	s := open(t, pg.Config{DSN: p.DSN(name, "postgres")})
	_, err := read(t.Context(), s.Fast(), "SELECT pg_relation_size('t') AS n")
	wantFail(t, err, model.Broken, "gave up waiting for a lock")
}

func TestLaneReplacesLostConnection(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	pid := backend(t, s.Fast())
	killer := testkit.Connect(t, p.DSN("postgres", "postgres"))
	testkit.Exec(t, killer, fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid))
	testkit.Until(t, 5*time.Second, "the backend to end", func(context.Context) bool {
		return testkit.One[int](t, killer, fmt.Sprintf("SELECT count(*)::int FROM pg_stat_activity WHERE pid = %d", pid)) == 0
	})
	if got := backend(t, s.Fast()); got == pid {
		t.Error("the backend was not terminated")
	}
	// A read that is ended half-way is done again.
	again := backend(t, s.Fast())
	ended := false
	_, err := pg.Read(t.Context(), s.Fast(), func(ctx context.Context, s *pg.Session) (int64, error) {
		if !ended {
			ended = true
			testkit.Exec(t, killer, fmt.Sprintf("SELECT pg_terminate_backend(%d)", again))
		}
		row, err := pg.One[struct{ N int64 }](ctx, s, pg.Text("SELECT 1::bigint AS n FROM pg_sleep(0.2)"))
		return row.N, err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestServerRestart(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, withSettings(nil))
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres"), Spare: true})
	backend(t, s.Fast())
	backend(t, s.Slow())

	p.Kill()
	for range 2 { // the kept connection is dead, then there is none
		for _, lane := range []*pg.Lane{s.Fast(), s.Slow()} {
			_, err := read(within(t, 5*time.Second), lane, "SELECT 1::bigint AS n")
			wantFail(t, err, model.Down, "connect to "+s.Address()+": connection refused")
		}
	}
	_, err := s.Spare(within(t, 5*time.Second))
	wantFail(t, err, model.Down, "connection refused")

	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	backend(t, s.Fast()) // the first attempt
	backend(t, s.Slow())
	conn, err := s.Spare(within(t, 5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestServerRestartUnseen(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, withSettings(nil))
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	pid := backend(t, s.Slow())
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := backend(t, s.Slow()); got == pid {
		t.Error("the connection outlived the server")
	}
}

// A server whose processes are stopped accepts connections and says nothing.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, withSettings(nil))
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	backend(t, s.Fast())
	backend(t, s.Slow())
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	// Two reads wait on one lane, and one on the other.
	var reads sync.WaitGroup
	for _, lane := range []*pg.Lane{s.Fast(), s.Fast(), s.Slow()} {
		reads.Go(func() {
			began := time.Now()
			_, err := read(within(t, 3*time.Second), lane, "SELECT 1::bigint AS n")
			wantFail(t, err, model.Down, "no answer for ")
			if took := time.Since(began); took > 3600*time.Millisecond {
				t.Errorf("a read took %s", took)
			}
		})
	}
	reads.Wait()
	_, err := read(within(t, 3*time.Second), s.Fast(), "SELECT 1::bigint AS n") // a new connection gets no answer either
	wantFail(t, err, model.Down, "connect to "+s.Address()+": no answer for 2 s")

	began := time.Now()
	s.Close()
	if took := time.Since(began); took > time.Second {
		t.Errorf("Close took %s", took)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	again := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	backend(t, again.Fast())
}

func TestLaneComesBackAfterHang(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, withSettings(nil))
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	backend(t, s.Fast())
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	_, err := read(within(t, 4*time.Second), s.Fast(), "SELECT 1::bigint AS n")
	wantFail(t, err, model.Down, "no answer for 2 s")
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	backend(t, s.Fast())
}

func TestServerFull(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, withSettings(map[string]string{"max_connections": "12"}))
	admin := testkit.Connect(t, p.DSN("postgres", "postgres"))
	testkit.Exec(t, admin, "CREATE ROLE watch LOGIN")
	s := open(t, pg.Config{DSN: p.DSN("postgres", "watch"), Spare: true})
	backend(t, s.Fast())
	backend(t, s.Slow())
	testkit.Until(t, 5*time.Second, "the spare connection", func(context.Context) bool {
		return testkit.One[int](t, admin, "SELECT count(*)::int FROM pg_stat_activity WHERE usename = 'watch'") == 3
	})
	for range 5 {
		testkit.Connect(t, p.DSN("postgres", "watch"))
	}

	late := open(t, pg.Config{DSN: p.DSN("postgres", "watch")})
	_, err := read(t.Context(), late.Fast(), "SELECT 1::bigint AS n")
	wantFail(t, err, model.Full, "remaining connection slots")

	backend(t, s.Fast()) // those that were kept go on
	backend(t, s.Slow())
	conn, err := s.Action(within(t, 5*time.Second)) // the spare one
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestServerRefuses(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, withSettings(nil, "host all locked 127.0.0.1/32 scram-sha-256", "host all shut 127.0.0.1/32 reject"))
	admin := testkit.Connect(t, p.DSN("postgres", "postgres"))
	testkit.Exec(t, admin, "SET password_encryption = 'scram-sha-256'",
		"CREATE ROLE locked LOGIN PASSWORD 'right'", "CREATE ROLE shut LOGIN", "CREATE ROLE plain LOGIN",
		"CREATE TABLE secret (n bigint)")
	wrong := func(context.Context) (string, error) { return "wrong", nil }
	unknown := func(context.Context) (string, error) { return "", fmt.Errorf("vault is sealed") }
	tests := []struct {
		name, db, role, sql string
		password            func(context.Context) (string, error)
		class               model.Class
		part                string
	}{
		{name: "password", db: "postgres", role: "locked", password: wrong, class: model.Denied, part: `check the password of role "locked"`},
		{name: "no password", db: "postgres", role: "locked", password: unknown, class: model.Denied, part: "vault is sealed"},
		{name: "pg_hba.conf", db: "postgres", role: "shut", class: model.Denied, part: "pg_hba.conf"},
		{name: "role", db: "postgres", role: "nobody", class: model.Denied, part: "nobody"},
		{name: "database", db: "nowhere", role: "plain", class: model.Missing, part: "check the database name"},
		{name: "right", db: "postgres", role: "plain", sql: "SELECT n FROM secret", class: model.Denied, part: `GRANT pg_monitor TO "plain"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, pg.Config{DSN: p.DSN(tt.db, tt.role), Password: tt.password})
			sql := tt.sql
			if sql == "" {
				sql = "SELECT 1::bigint AS n"
			}
			_, err := read(within(t, 5*time.Second), s.Fast(), sql)
			wantFail(t, err, tt.class, tt.part)
		})
	}
	right := func(context.Context) (string, error) { return "right", nil }
	backend(t, open(t, pg.Config{DSN: p.DSN("postgres", "locked"), Password: right}).Fast())
}

// A secret that does not come must not hold what ends.
func TestPasswordEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	s := open(t, pg.Config{DSN: "host=127.0.0.1 port=1 user=dash", Password: func(ctx context.Context) (string, error) {
		asked <- struct{}{}
		<-ctx.Done()
		return "", ctx.Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := read(ctx, s.Fast(), "SELECT 1::bigint AS n"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A secret that does not come in time says nothing about the server.
func TestPasswordTakesTooLong(t *testing.T) {
	t.Parallel()
	s := open(t, pg.Config{DSN: "host=127.0.0.1 port=1 user=dash", Password: func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}})
	_, err := read(within(t, 100*time.Millisecond), s.Fast(), "SELECT 1::bigint AS n")
	wantFail(t, err, model.Denied, "get the password")
}

func TestReadEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	s := open(t, pg.Config{DSN: p.DSN("postgres", "postgres")})
	backend(t, s.Fast())
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	if _, err := read(ctx, s.Fast(), "SELECT 1::bigint AS n FROM pg_sleep(1.4)"); err == nil {
		t.Error("the read was not ended")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestCapsFollowTheServer(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	name := servers.Database(t, p)
	testkit.Exec(t, testkit.Connect(t, p.DSN(name, "postgres")), `CREATE SCHEMA "E"`, `CREATE EXTENSION pg_stat_statements SCHEMA "E"`)
	s := open(t, pg.Config{DSN: p.DSN(name, "postgres")})
	got, err := pg.Read(t.Context(), s.Slow(), func(_ context.Context, s *pg.Session) (pg.Caps, error) { return s.Caps(), nil })
	if err != nil {
		t.Fatal(err)
	}
	if got.Major() < 13 || got.Role != "postgres" || !got.ReadStats || got.Pooled || got.Standby || got.PgssAt != "E" || got.PgssMajor() < 13 {
		t.Errorf("caps: %+v", got)
	}
}
