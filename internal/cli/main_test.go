package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tocsin/internal/testkit"
)

// servers are started by the first test that asks for one.
var servers testkit.Servers

// runner lets the shared servers end before testscript ends the process.
type runner struct{ m *testing.M }

func (r runner) Run() int { return servers.Main(r.m) }

func TestMain(m *testing.M) {
	testscript.Main(runner{m}, map[string]func(){
		"tocsin": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			for name, dir := range map[string]string{
				"HOME": "home", "XDG_CONFIG_HOME": "home/.config", "XDG_CONFIG_DIRS": "etc", "XDG_STATE_HOME": "home/.local/state",
			} {
				env.Setenv(name, filepath.Join(env.WorkDir, dir))
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits},
	})
}

// exits runs a program and checks its exit code: exits 2 tocsin status.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &failed):
		got = failed.ExitCode()
	default:
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// said is what one run of the command line gave.
type said struct {
	code     int
	out, err string
}

// run runs the command line in this process.
func run(args ...string) said {
	var out, errs bytes.Buffer
	code := Main(args, strings.NewReader(""), &out, &errs)
	return said{code, out.String(), errs.String()}
}

// configFile writes a configuration with one target, demo, of these lines.
func configFile(t *testing.T, target string) (path, state string) {
	t.Helper()
	dir := t.TempDir()
	path, state = filepath.Join(dir, "tocsin.yaml"), filepath.Join(dir, "state")
	text := fmt.Sprintf("state: %s\ntargets:\n  demo:\n    %s\n", state, target)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, state
}

// closed is a reader that has gone away.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// full is a file system without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestWhereTheOutputGoesWrong(t *testing.T) {
	config, _ := configFile(t, "postgres: {dsn: \"host=127.0.0.1 port=1 user=nobody dbname=none\"}")
	tests := []struct {
		name string
		out  io.Writer
		args []string
		want int
	}{
		{"a closed pipe is no failure", closed{}, []string{"config", "schema"}, exitOK},
		{"a closed pipe does not hide a failure", closed{}, []string{"--config", config, "do", "pg.vacuum", "table=t", "-o", "json"}, exitFailed},
		{"a closed pipe does not hide a verdict", closed{}, []string{"--config", "missing.yaml", "check"}, checkUnknown},
		{"a full disk is", full{}, []string{"config", "schema"}, exitFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Main(tt.args, strings.NewReader(""), tt.out, io.Discard); got != tt.want {
				t.Errorf("exit %d, want %d", got, tt.want)
			}
		})
	}
}
