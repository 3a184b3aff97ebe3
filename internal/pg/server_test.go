package pg_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// servers are for the tests that leave a server as it was.
var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

// open makes a server that is closed with the test.
func open(t *testing.T, cfg pg.Config) *pg.Server {
	t.Helper()
	s, err := pg.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// within gives a context that ends in time.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// read reads one number.
func read(ctx context.Context, l *pg.Lane, sql string, args ...any) (int64, error) {
	return pg.Read(ctx, l, func(ctx context.Context, s *pg.Session) (int64, error) {
		row, err := pg.One[struct{ N int64 }](ctx, s, pg.Text(sql), args...)
		return row.N, err
	})
}

// backend is the pid that a lane reads on now.
func backend(t *testing.T, l *pg.Lane) int64 {
	t.Helper()
	pid, err := read(within(t, 10*time.Second), l, "SELECT pg_backend_pid()::bigint AS n")
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// wantFail checks the class of an error and a part of its text and hint.
func wantFail(t *testing.T, err error, class model.Class, part string) {
	t.Helper()
	fail, ok := errors.AsType[*model.Fail](err)
	if !ok {
		t.Errorf("got error %v, want a failure of class %s", err, class)
		return
	}
	if fail.Class != class || !strings.Contains(err.Error()+" "+fail.Hint, part) {
		t.Errorf("got class %s, text %q, hint %q, want class %s with %q", fail.Class, err, fail.Hint, class, part)
	}
}

func withSettings(settings map[string]string, hba ...string) local.PostgresOptions {
	return local.PostgresOptions{Settings: settings, HBA: hba}
}
