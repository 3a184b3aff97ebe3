package pg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/internal/model"
)

func TestFail(t *testing.T) {
	t.Parallel()
	s, err := Open(Config{DSN: "host=db.internal port=5433 user=dash dbname=shop"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pgErr := func(code, message string) error { return &pgconn.PgError{Code: code, Message: message} }
	tests := []struct {
		name string
		err  error
		want model.Fail
	}{
		{"starting", pgErr("57P03", "the database system is starting up"),
			model.Fail{Class: model.Down, Text: "db.internal:5433: the database system is starting up"}},
		{"terminated", pgErr("57P01", "terminating connection"), model.Fail{Class: model.Down, Text: "db.internal:5433: terminating connection"}},
		{"dropped", io.ErrUnexpectedEOF, model.Fail{Class: model.Down, Text: "the connection to db.internal:5433 was lost: closed by the server"}},
		{"silent", context.DeadlineExceeded, model.Fail{Class: model.Down, Text: "db.internal:5433: no answer for 2 s"}},
		{"too long", pgErr("57014", "canceling statement"), model.Fail{Class: model.Broken, Text: "took longer than 2 s"}},
		{"locked", pgErr("55P03", "canceling statement due to lock timeout"),
			model.Fail{Class: model.Broken, Text: "gave up waiting for a lock: canceling statement due to lock timeout"}},
		{"full", pgErr("53300", "sorry, too many clients already"), model.Fail{
			Class: model.Full, Text: "sorry, too many clients already",
			Hint: `end a session, or raise the limit; from PostgreSQL 16 on, GRANT pg_use_reserved_connections TO "dash"`,
		}},
		{"denied", pgErr("42501", "permission denied for view x"),
			model.Fail{Class: model.Denied, Text: "permission denied for view x", Hint: `GRANT pg_monitor TO "dash"`}},
		{"not there", pgErr("42P01", `relation "x" does not exist`), model.Fail{Class: model.Missing, Text: `relation "x" does not exist`}},
		{"not loaded", pgErr("55000", `pg_stat_statements must be loaded via "shared_preload_libraries"`), model.Fail{
			Class: model.Missing, Text: `pg_stat_statements must be loaded via "shared_preload_libraries"`,
			Hint: "add pg_stat_statements to shared_preload_libraries and restart the server",
		}},
		{"not ready", pgErr("55000", `materialized view "x" has not been populated`),
			model.Fail{Class: model.Missing, Text: `materialized view "x" has not been populated`}},
		{"syntax", pgErr("42601", "syntax error"), model.Fail{Class: model.Broken, Text: "syntax error"}},
		{"ours", errors.New("cannot scan"), model.Fail{Class: model.Broken, Text: "cannot scan"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := asked{server: s, began: time.Now().Add(-2100 * time.Millisecond), limit: time.Second}
			got, ok := errors.AsType[*model.Fail](a.fail(t.Context(), fmt.Errorf("wrapped: %w", tt.err)))
			if !ok {
				t.Fatal("no model.Fail")
			}
			if tt.name == "ours" {
				tt.want.Text = "wrapped: " + tt.want.Text
			}
			if diff := cmp.Diff(&tt.want, got, cmpopts.EquateComparable()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A server that speaks German says WARNUNG, and means WARNING.
func TestNoticesHaveEnglishLevels(t *testing.T) {
	t.Parallel()
	got := textOf(&pgconn.Notice{Severity: "WARNUNG", SeverityUnlocalized: "WARNING", Message: "keine Berechtigung"})
	if got != "WARNING: keine Berechtigung" {
		t.Errorf("got %q", got)
	}
}

func TestConnectFail(t *testing.T) {
	t.Parallel()
	s, err := Open(Config{DSN: "host=db.internal user=dash"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tests := []struct {
		err   error
		class model.Class
		text  string
	}{
		{&pgconn.PgError{Code: "57P03", Message: "the database system is starting up"}, model.Down,
			"connect to db.internal:5432: the database system is starting up"},
		{&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, model.Down, "connect to db.internal:5432: no route to host"},
		{&net.DNSError{Name: "db.internal", Err: "no such host"}, model.Down,
			"connect to db.internal:5432: look up db.internal: no such host"},
		{errors.New("server refused TLS connection"), model.Broken, "connect to db.internal:5432: server refused TLS connection"},
	}
	for _, tt := range tests {
		fail, ok := errors.AsType[*model.Fail](s.connectFail(tt.err, time.Now()))
		if !ok || fail.Class != tt.class || fail.Text != tt.text {
			t.Errorf("%v: got %+v", tt.err, fail)
		}
	}
}

// On an action connection a missing right is not one to monitor, and nothing
// but a cancellation ends a statement early.
func TestFailOfAction(t *testing.T) {
	t.Parallel()
	s, err := Open(Config{DSN: "host=/run/postgresql user=dash"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := asked{server: s, began: time.Now().Add(-time.Hour)}
	tests := []struct {
		err        *pgconn.PgError
		text, hint string
	}{
		{&pgconn.PgError{Code: "57014", Message: "canceling"}, "cancelled by another session", ""},
		{&pgconn.PgError{Code: "42501", Message: "must be owner of table x"}, "must be owner of table x", ""},
		{&pgconn.PgError{Code: "42501", Message: "denied", Routine: "pg_terminate_backend"}, "denied", `GRANT pg_signal_backend TO "dash"`},
	}
	for _, tt := range tests {
		got, ok := errors.AsType[*model.Fail](a.fail(t.Context(), tt.err))
		if !ok || got.Text != tt.text || got.Hint != tt.hint {
			t.Errorf("%v: got %+v", tt.err, got)
		}
	}
}

func TestOpenRefusesNonsense(t *testing.T) {
	t.Parallel()
	if _, err := Open(Config{DSN: "port=many"}); err == nil {
		t.Error("a port that is no number was taken")
	}
}
