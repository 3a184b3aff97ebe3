package testkit_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"tocsin/internal/local"
	"tocsin/internal/testkit"
)

const limit = 10 * time.Second

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

func TestSharedPostgres(t *testing.T) {
	server := servers.Postgres(t)
	if again := servers.Postgres(t); again != server {
		t.Error("the second call started another server")
	}
	name := servers.Database(t, server)
	conn := testkit.Connect(t, server.DSN(name, "postgres"))
	testkit.Exec(t, conn, "CREATE TABLE things (id int)", "INSERT INTO things VALUES (7)")
	if got := testkit.One[int](t, conn, "SELECT id FROM things"); got != 7 {
		t.Errorf("got %d, want 7", got)
	}
}

func TestMajorsStart(t *testing.T) {
	for _, major := range testkit.Majors() {
		server := testkit.PostgresMajor(t, major, local.PostgresOptions{})
		conn := testkit.Connect(t, server.DSN("postgres", "postgres"))
		testkit.Exec(t, conn, "CREATE EXTENSION pg_stat_statements")
		if got := testkit.One[int](t, conn, "SELECT current_setting('server_version_num')::int / 10000"); got != major {
			t.Errorf("server says %d, want %d", got, major)
		}
	}
}

func TestRedis(t *testing.T) {
	if testkit.Redis(t, local.RedisOptions{}).PID() == 0 {
		t.Error("not a server of its own")
	}
}

func TestProgram(t *testing.T) {
	if _, err := exec.LookPath(servers.Program(t)); err != nil {
		t.Error(err)
	}
}

func TestScreenText(t *testing.T) {
	screen := tcell.NewSimulationScreen("UTF-8")
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	defer screen.Fini()
	screen.SetSize(12, 2)
	screen.PutStr(0, 0, "a 世界 ▲ z")
	screen.Show()
	testkit.Golden(t, "screen", testkit.ScreenText(screen))
}

func TestTerminalTypesAndShows(t *testing.T) {
	term := testkit.Start(t, exec.Command("sh", "-c", `printf 'size '; stty size; read x; echo "▲ got $x"`), 30, 5)
	term.WaitFor("size 5 30", limit)
	term.Keys("abc\r")
	term.WaitFor("▲ got abc", limit)
	if state := term.Wait(limit); state.ExitCode() != 0 {
		t.Errorf("ended with %v", state)
	}
	if !strings.Contains(string(term.Output()), "▲ got abc\r\n") {
		t.Errorf("output %q lacks what the screen showed", term.Output())
	}
}

func TestTerminalResizes(t *testing.T) {
	term := testkit.Start(t, exec.Command("sh", "-c", `trap 'stty size' WINCH; echo ready; while :; do read x; done`), 30, 5)
	term.WaitFor("ready", limit)
	term.Resize(40, 6)
	term.Keys("\r")
	term.WaitFor("6 40", limit)
	term.Signal(syscall.SIGKILL)
}

func TestTerminalHangsUp(t *testing.T) {
	term := testkit.Start(t, exec.Command("sh", "-c", `echo ready; read x`), 30, 5)
	term.WaitFor("ready", limit)
	term.Hangup()
	status, ok := term.Wait(limit).Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGHUP {
		t.Errorf("ended with %v, want SIGHUP", status)
	}
}

// A writer that outruns a stalled terminal is held back, and goes on with it.
func TestTerminalStalls(t *testing.T) {
	term := testkit.Start(t, exec.Command("sh", "-c", `echo ready; read x; seq 1 100000; echo done`), 30, 5)
	term.WaitFor("ready", limit)
	term.Stall()
	term.Keys("\r")
	testkit.Until(t, limit, "the writer asleep in its write", func(context.Context) bool {
		return len(term.Output()) > len("ready\r\n") && asleep(t, term.PID())
	})
	if got := len(term.Output()); got > 100<<10 {
		t.Errorf("a stalled terminal read %d bytes", got)
	}
	term.Flow()
	term.WaitFor("done", limit)
}

// asleep tells whether the one child of a shell waits in the kernel.
func asleep(t *testing.T, shell int) bool {
	t.Helper()
	for _, child := range local.Children(shell) {
		out, err := exec.CommandContext(t.Context(), "ps", "-o", "stat=", "-p", strconv.Itoa(child)).Output()
		return err == nil && strings.HasPrefix(string(out), "S")
	}
	return false
}

// What a program leaves behind is met while the program lives, and awaited.
func TestTerminalEndsWhatWasStarted(t *testing.T) {
	var child local.Identity
	t.Run("program", func(t *testing.T) {
		term := testkit.Start(t, exec.Command("sh", "-c", `sh -c 'trap "" HUP; sleep 0.3; :' & echo ready; read x`), 30, 5)
		term.WaitFor("ready", limit)
		children := local.Children(term.PID())
		if len(children) != 1 {
			t.Fatalf("children %v, want one", children)
		}
		var err error
		if child, err = local.Identify(children[0], "trap"); err != nil {
			t.Fatal(err)
		}
		term.Keys("\r")
	})
	if child.Running() {
		t.Error("the child still runs after its program's test")
	}
}
