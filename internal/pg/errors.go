package pg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/internal/model"
)

// connectFail says why there is no connection. An end of the program stays
// what it is.
func (s *Server) connectFail(err error, began time.Time) error {
	where := "connect to " + s.Address() + ": "
	var fail *model.Fail
	switch pgErr, answered := errors.AsType[*pgconn.PgError](err); {
	case errors.As(err, &fail), errors.Is(err, context.Canceled):
		return err
	case answered:
		fail = s.serverFail(pgErr)
		fail.Text = where + fail.Text
		return fail
	case timedOut(err):
		return &model.Fail{Class: model.Down, Text: where + noAnswer(began)}
	case unreachable(err):
		return &model.Fail{Class: model.Down, Text: where + cause(err)}
	default:
		return &model.Fail{Class: model.Broken, Text: where + cause(err)}
	}
}

// waitFail says that a read did not get its turn.
func (s *Server) waitFail(err error, began time.Time) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	waited := seconds(time.Since(began))
	return &model.Fail{Class: model.Broken, Text: "the connection to " + s.Address() + " was busy for " + waited}
}

// asked is a statement, or a read of several, that may fail.
type asked struct {
	server *Server
	began  time.Time
	limit  time.Duration // the server's, of one statement; 0 on action connections, which have none
}

// fail says why it failed. The text does not name the statement, which the
// caller knows. An end of the program stays what it is.
func (a asked) fail(ctx context.Context, err error) error {
	var fail *model.Fail
	where := a.server.Address()
	switch pgErr, answered := errors.AsType[*pgconn.PgError](err); {
	case errors.As(err, &fail), errors.Is(ctx.Err(), context.Canceled):
		return err
	case answered && pgErr.Code == "57014":
		// The server did answer: it ended the statement, so it is not down.
		return &model.Fail{Class: model.Broken, Text: a.ended(ctx)}
	case answered:
		fail = a.server.serverFail(pgErr)
		if fail.Class == model.Denied && fail.Hint == "" && a.limit > 0 {
			fail.Hint = grantMonitor(a.server.base.User)
		}
		if fail.Class == model.Down {
			fail.Text = where + ": " + fail.Text
		}
		if a.limit == 0 {
			return stated{fail, pgErr.Code}
		}
		return fail
	case timedOut(err) || ctx.Err() != nil:
		return &model.Fail{Class: model.Down, Text: where + ": " + noAnswer(a.began)}
	case unreachable(err):
		return &model.Fail{Class: model.Down, Text: "the connection to " + where + " was lost: " + cause(err)}
	default:
		return &model.Fail{Class: model.Broken, Text: err.Error()}
	}
}

// stated is a failure on an action connection with the code that the server
// gave it.
type stated struct {
	*model.Fail
	code string
}

func (s stated) Unwrap() error { return s.Fail }

// SQLState is the code with which the server refused a statement of a [Conn]:
// 55P03; "" where it did not, or only because somebody cancelled it.
func SQLState(err error) string {
	s, _ := errors.AsType[stated](err)
	return s.code
}

// ended words SQLSTATE 57014, which stands for our own limits as well as for
// somebody's pg_cancel_backend; the server's text may be in any language.
func (a asked) ended(ctx context.Context) string {
	took := time.Since(a.began)
	if ctx.Err() == nil && (a.limit == 0 || took < a.limit) {
		return "cancelled by another session"
	}
	return "took longer than " + seconds(took)
}

// serverFail puts an error the server reported into its class.
func (s *Server) serverFail(e *pgconn.PgError) *model.Fail {
	fail := &model.Fail{Class: classOf(e.Code), Text: e.Message, Hint: s.hint(e)}
	if e.Code == "55P03" {
		fail.Text = "gave up waiting for a lock: " + e.Message
	}
	return fail
}

// classOf maps an SQLSTATE. https://www.postgresql.org/docs/current/errcodes-appendix.html
func classOf(code string) model.Class {
	switch code {
	case "57P01", "57P02", "57P03": // shut down, crash, starting up
		return model.Down
	case "53300": // too many connections
		return model.Full
	case "42501": // insufficient privilege
		return model.Denied
	case "3D000", "42P01", "42703", "42883", "55000": // database, table, column, function, prerequisite
		return model.Missing
	}
	switch code[:min(2, len(code))] {
	case "08": // connection exception
		return model.Down
	case "28": // authorization
		return model.Denied
	}
	return model.Broken
}

// hint says what would help against an error.
func (s *Server) hint(e *pgconn.PgError) string {
	role := quoteRole(s.base.User)
	switch e.Code {
	case "28P01":
		return "check the password of role " + role
	case "28000":
		return "let role " + role + " in by a line of pg_hba.conf"
	case "3D000":
		return "check the database name in the connection string"
	case "42501":
		if e.Routine == "pg_terminate_backend" || e.Routine == "pg_cancel_backend" {
			return "GRANT pg_signal_backend TO " + role
		}
	case "53300":
		return "end a session, or raise the limit; from PostgreSQL 16 on, GRANT pg_use_reserved_connections TO " + role
	case "55000": // stands for any object that is in no state for it
		if strings.Contains(e.Message, "shared_preload_libraries") {
			return "add pg_stat_statements to shared_preload_libraries and restart the server"
		}
	}
	return e.Hint
}

func timedOut(err error) bool {
	return pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// unreachable tells the failures of the network and of the server's processes
// from those of our own making.
func unreachable(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// cause is the innermost reason in plain words.
func cause(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("look up %s: %s", dns.Name, dns.Err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, pgconn.ErrConnClosed) {
		return "closed by the server"
	}
	if connect, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		err = connect.Unwrap() // less user and database, which are no news
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

func noAnswer(began time.Time) string { return "no answer for " + seconds(time.Since(began)) }

// seconds rounds down to what people say: "2 s", "0.4 s".
func seconds(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
