package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"tocsin/internal/testkit"
)

// drillServers are PostgreSQL, its standby and Redis.
const drillServers = 3

// TestDrill mends a drill with what its screen says: the report is that of the
// world, and the screen never named the fault.
func TestDrill(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	cmd := exec.Command(servers.Program(t), "drill", "--fault", "lock-pileup", "--after", "1s")
	cmd.Env = append(environment(t), "XDG_STATE_HOME="+state)
	d := &demonstration{t: t, screen: testkit.Start(t, cmd, 120, 36), registry: filepath.Join(state, "tocsin", "worlds")}
	in := &incident{t: t, screen: d.screen}
	in.screen.WaitFor("DRILL", 2*limit)
	in.screen.WaitUntil("the verdict", 2*limit, func(screen string) bool { return strings.Contains(verdict(screen, "K end it"), "wait behind pid") })
	left := d.running(drillServers)
	in.screen.Keys("I")
	in.screen.WaitFor("open an incident", limit)
	in.screen.Keys("\r")
	in.screen.WaitFor("incident is open;", limit)
	in.screen.Keys("K")
	in.screen.WaitFor("type DRILL to arm", limit)
	in.screen.Keys("DRILL\r")
	in.screen.WaitFor("Tab reason", limit)
	in.screen.WaitUntil("that y counts", limit, func(screen string) bool { return !strings.Contains(screen, "in a second") })
	in.screen.Keys("y")
	in.screen.WaitUntil("the outcome", limit, func(screen string) bool {
		return strings.Contains(screen, "outcome") && strings.Contains(screen, "Esc closes")
	})
	in.screen.Keys("\x1b")
	in.screen.WaitUntil("the card to go", limit, func(screen string) bool { return !strings.Contains(screen, "Esc closes") })
	in.screen.Keys("q")
	if state := d.screen.Wait(limit); state.ExitCode() != 0 {
		t.Errorf("ended with %v", state)
	}
	d.gone(left)
	text := drillReport(t, state)
	for _, want := range []string{
		`# Drill: lock-pileup, passed`, `\| detected +\| \d+s +\| 5m0s +\| ok`, `\| helpful action +\| \d+s +\| 10m0s +\| ok`,
		`\| restored +\| \d+s +\| 15m0s +\| ok`, `0 of 1 failed`, `book lock-pileup`, `steps in time +\| +\| +\| ok`, `pg\.terminate: ok, helped`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if !strings.Contains(string(d.screen.Output()), "Drill: lock-pileup, passed") {
		t.Error("the report was not shown")
	}
	if !strings.Contains(string(d.screen.Output()), "I opens an incident; mend it (DRILL is what arms); q leaves.") {
		t.Error("the start does not say what to do")
	}
	if !strings.Contains(string(d.screen.Output()), "starting a standby") {
		t.Error("without a standby: what is started tells the fault")
	}
}

// drillReport is the report of the one drill in a state folder.
func drillReport(t *testing.T, state string) string {
	t.Helper()
	reports, err := filepath.Glob(filepath.Join(state, "tocsin", "drills", "*", "report.md"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports %v, %v", reports, err)
	}
	text, err := os.ReadFile(reports[0])
	must(t, err)
	return string(text)
}

// TestDrillCutOff ends a drill from outside: what is there is scored all the same.
func TestDrillCutOff(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  func(*testkit.Terminal)
		code int
	}{
		"hang-up": {(*testkit.Terminal).Hangup, 128 + int(syscall.SIGHUP)},
		"TERM":    {func(screen *testkit.Terminal) { screen.Signal(syscall.SIGTERM) }, 128 + int(syscall.SIGTERM)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			cmd := exec.Command(servers.Program(t), "drill", "--fault", "lock-pileup", "--after", "1s")
			cmd.Env = append(environment(t), "XDG_STATE_HOME="+state)
			d := &demonstration{t: t, screen: testkit.Start(t, cmd, 120, 36), registry: filepath.Join(state, "tocsin", "worlds")}
			d.screen.WaitFor("wait behind pid", 2*limit)
			left := d.running(drillServers)
			tt.end(d.screen)
			if state := d.screen.Wait(limit); state.ExitCode() != tt.code {
				t.Errorf("ended with %v, want %d", state, tt.code)
			}
			d.gone(left)
			if text := drillReport(t, state); !strings.Contains(text, "# Drill: lock-pileup, not passed") || !strings.Contains(text, "| detected       | never ") {
				t.Errorf("the report is\n%s", text)
			}
		})
	}
}
