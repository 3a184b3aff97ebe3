package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tocsin/internal/local"
	"tocsin/internal/testkit"
)

// TestDemo starts the whole by one command and leaves it in two ways: nothing
// of it may be left.
func TestDemo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		leave func(*testkit.Terminal)
		ends  func(*os.ProcessState) bool
	}{
		{
			name: "quit", leave: func(screen *testkit.Terminal) { screen.Keys("q") },
			ends: func(s *os.ProcessState) bool { return s.ExitCode() == 0 },
		},
		{
			name: "hang-up", leave: (*testkit.Terminal).Hangup,
			ends: func(s *os.ProcessState) bool { return s.ExitCode() == 128+int(syscall.SIGHUP) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := startDemo(t)
			d.screen.WaitUntil("progress", limit, func(text string) bool {
				return strings.Contains(text, "starting PostgreSQL") && !strings.Contains(text, "READ-ONLY")
			})
			d.screen.WaitFor("READ-ONLY", limit)
			d.screen.WaitFor("wait behind pid", 2*limit)
			left := d.running(2) // PostgreSQL and Redis
			tt.leave(d.screen)
			if state := d.screen.Wait(limit); !tt.ends(state) {
				t.Errorf("ended with %v", state)
			}
			d.gone(left)
		})
	}
}

// demonstration is `tocsin demo` in a terminal.
type demonstration struct {
	t        *testing.T
	screen   *testkit.Terminal
	registry string // where running worlds are noted
}

func startDemo(t *testing.T) *demonstration {
	t.Helper()
	state := t.TempDir()
	cmd := exec.Command(servers.Program(t), "demo", "--scenario", "lock-pileup", "--after", "1s")
	cmd.Env = append(environment(t), "XDG_STATE_HOME="+state)
	return &demonstration{t: t, screen: testkit.Start(t, cmd, 120, 36), registry: filepath.Join(state, "tocsin", "worlds")}
}

// left is what the demo has started, by its own record.
type left struct {
	World   local.Identity
	Folder  string
	Servers []local.Identity
}

// running reads the record of the one world, of which so many servers run. What
// made the copy of a standby is in the record too, and has ended.
func (d *demonstration) running(servers int) left {
	d.t.Helper()
	records := d.records()
	if len(records) != 1 {
		d.t.Fatalf("records of worlds: %v, want one", records)
	}
	var l left
	must(d.t, json.Unmarshal([]byte(read(d.t, records[0])), &l))
	l.Servers = slices.DeleteFunc(l.Servers, func(id local.Identity) bool { return !id.Running() })
	if len(l.Servers) != servers {
		d.t.Errorf("%d servers run, want %d", len(l.Servers), servers)
	}
	if !l.World.Running() {
		d.t.Errorf("the world, process %d, does not run", l.World.PID)
	}
	return l
}

func (d *demonstration) records() []string {
	d.t.Helper()
	records, err := filepath.Glob(filepath.Join(d.registry, "*.json"))
	must(d.t, err)
	return records
}

// gone checks that nothing is left. After a hang-up the world cleans up on its own.
func (d *demonstration) gone(l left) {
	d.t.Helper()
	testkit.Until(d.t, limit, "the end of the world", func(context.Context) bool {
		return !slices.ContainsFunc(append(l.Servers, l.World), local.Identity.Running)
	})
	if _, err := os.Stat(l.Folder); !os.IsNotExist(err) {
		d.t.Errorf("%s is left (%v)", l.Folder, err)
	}
	if records := d.records(); len(records) > 0 {
		d.t.Errorf("records are left: %v", records)
	}
}
