package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tocsin/internal/local"
	"tocsin/internal/testkit"
)

// endsWithin is how soon the dashboard is gone, whatever ends it.
const endsWithin = time.Second

// firstFrame is shown from the first frame on.
const firstFrame = "q quit"

// TestEndings leaves the dashboard in every way.
func TestEndings(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	fresh := freshSettings(t)
	for _, tt := range []struct {
		name string
		end  func(*testkit.Terminal)
		code int
	}{
		{"q", keys("q"), 0},
		{"Ctrl-C", keys("\x03"), 0},
		{"SIGHUP", signals(syscall.SIGHUP), 129},
		{"SIGINT", signals(syscall.SIGINT), 130},
		{"SIGQUIT", signals(syscall.SIGQUIT), 131},
		{"SIGTERM", signals(syscall.SIGTERM), 143},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := w.within(t)
			screen := w.dashboard(160, 48)
			screen.WaitFor(firstFrame, limit)
			tt.end(screen)
			if state := screen.Wait(endsWithin); state.ExitCode() != tt.code {
				t.Errorf("ended with %v, want code %d", state, tt.code)
			}
			restored(t, screen, fresh)
		})
	}
}

func keys(text string) func(*testkit.Terminal) {
	return func(screen *testkit.Terminal) { screen.Keys(text) }
}

func signals(s syscall.Signal) func(*testkit.Terminal) {
	return func(screen *testkit.Terminal) { screen.Signal(s) }
}

// within is the same world in a subtest.
func (w *world) within(t testing.TB) *world {
	sub := *w
	sub.t = t
	return &sub
}

// freshSettings are the modes of a terminal that nobody has touched.
func freshSettings(t testing.TB) testkit.Settings {
	t.Helper()
	screen := testkit.Start(t, exec.Command("sh", "-c", "echo ready; read x"), 80, 24)
	screen.WaitFor("ready", limit)
	settings := screen.Settings()
	screen.Keys("\r")
	screen.Wait(limit)
	return settings
}

// restored checks that a terminal whose program has ended is as it was.
func restored(t *testing.T, screen *testkit.Terminal, fresh testkit.Settings) {
	t.Helper()
	if !screen.Settings().Equal(fresh) {
		t.Error("the terminal has other modes than before")
	}
	out := screen.Output()
	for _, mode := range []struct{ name, on, off string }{
		{"alternate screen", "\x1b[?1049h", "\x1b[?1049l"},
		{"hidden cursor", "\x1b[?25l", "\x1b[?25h"},
		{"bracketed paste", "\x1b[?2004h", "\x1b[?2004l"},
	} {
		on, off := bytes.LastIndex(out, []byte(mode.on)), bytes.LastIndex(out, []byte(mode.off))
		if on > off {
			t.Errorf("%s is still on", mode.name)
		}
	}
}

// TestHangUp hangs up at many moments, with the link alive and with it gone.
func TestHangUp(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	fresh := freshSettings(t)
	for _, moment := range []struct {
		name  string
		reach func(*testkit.Terminal)
	}{
		{"at once", func(*testkit.Terminal) {}},
		{"before the first frame", awaitOutput(t)},
		{"calm", awaitText("usable")},
		{"card open", func(screen *testkit.Terminal) {
			tables(screen)
			screen.Keys("V")
			screen.WaitFor("type demo to arm", limit)
		}},
		{"filter open", func(screen *testkit.Terminal) {
			tables(screen)
			screen.Keys("/ord")
			screen.WaitFor(" /ord", limit)
		}},
	} {
		for _, link := range []struct {
			name  string
			drop  func(*testkit.Terminal)
			lives bool
		}{
			{"link alive", signals(syscall.SIGHUP), true},
			{"link gone", (*testkit.Terminal).Hangup, false},
		} {
			t.Run(moment.name+"/"+link.name, func(t *testing.T) {
				screen := w.within(t).dashboard(160, 48)
				moment.reach(screen)
				link.drop(screen)
				if state := screen.Wait(endsWithin); !hungUp(state) {
					t.Errorf("ended with %v", state)
				}
				if link.lives {
					restored(t, screen, fresh)
				}
			})
		}
	}
}

// hungUp tells whether a process ended by a hang-up: by itself, or, where it
// had not got hold of anything yet, by the signal.
func hungUp(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && (status.ExitStatus() == 129 || status.Signaled() && status.Signal() == syscall.SIGHUP)
}

func awaitText(text string) func(*testkit.Terminal) {
	return func(screen *testkit.Terminal) { screen.WaitFor(text, limit) }
}

// awaitOutput waits for the first byte: the terminal has been taken over, and
// nothing is drawn yet.
func awaitOutput(t *testing.T) func(*testkit.Terminal) {
	return func(screen *testkit.Terminal) {
		t.Helper()
		screen.WaitUntil("output", limit, func(string) bool { return !screen.Arrived().IsZero() })
	}
}

// tables goes to the view of the tables.
func tables(screen *testkit.Terminal) {
	screen.WaitFor("no suspect", limit)
	screen.Keys("3")
	screen.WaitFor("public.orders", limit)
}

// TestHangUpLeavesVacuum hangs up while the server vacuums: that goes on, and
// the next session tells of it.
func TestHangUpLeavesVacuum(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	admin := w.admin()
	testkit.Exec(t, admin, "ALTER ROLE tocsin SET vacuum_cost_delay = 100",
		"ALTER ROLE tocsin SET vacuum_cost_limit = 1", "ALTER ROLE tocsin SET vacuum_cost_page_hit = 10000")
	screen := w.dashboard(160, 48)
	tables(screen)
	screen.Keys("/orders\r") // it always has rows to look at
	screen.WaitUntil("one table", limit, func(text string) bool {
		return strings.Contains(text, "/orders") && !strings.Contains(text, "public.events")
	})
	screen.Keys("V")
	fire(screen)
	screen.WaitFor("scanning heap", limit)
	screen.Hangup()
	if state := screen.Wait(endsWithin); !hungUp(state) {
		t.Errorf("ended with %v", state)
	}
	const working = "SELECT count(*) FROM pg_stat_progress_vacuum p JOIN pg_stat_activity USING (pid) WHERE usename = 'tocsin'"
	if n := testkit.One[int](t, admin, working); n != 1 {
		t.Errorf("%d vacuums of ours under way, want the one that was left", n)
	}
	w.orphaned("pg.vacuum")
}

// fire arms and confirms the card that is open.
func fire(screen *testkit.Terminal) {
	screen.WaitFor("type demo to arm", limit)
	screen.Keys("demo\r")
	screen.WaitUntil("that y counts", limit, func(text string) bool {
		return strings.Contains(text, "Tab reason") && !strings.Contains(text, "in a second")
	})
	screen.Keys("y")
}

// orphaned checks that an action that was left running is on record, and that
// the next session tells of it.
func (w *world) orphaned(action string) {
	w.t.Helper()
	if got, want := w.audit(), action+" intent,"+action+" result unknown"; got != want {
		w.t.Errorf("audit %q, want %q", got, want)
	}
	screen := w.dashboard(160, 48)
	screen.WaitFor("orphan: "+action, limit)
	screen.Keys("q")
	screen.Wait(endsWithin)
}

// TestHangUpLeavesCommand hangs up while a command of the operator's own rolls
// back: that lives on in its session, and its output with it.
func TestHangUpLeavesCommand(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	dir := t.TempDir()
	done := filepath.Join(dir, "done")
	w.deploysBy(dir, `echo began; echo $$ > pid; until [ -e done ]; do sleep 0.1; done; echo ended`)
	screen := w.dashboard(160, 48)
	screen.WaitFor("no suspect", limit)
	screen.Keys("5")
	screen.WaitFor("b-old", limit)
	screen.Keys("j")
	screen.Keys("R")
	fire(screen)
	output := func() string {
		found, err := filepath.Glob(filepath.Join(w.stateDir(), "demo", "rollback-*.log"))
		must(t, err)
		return try(strings.Join(found, "")) // there is one at most
	}
	testkit.Until(t, limit, "the command to begin", func(context.Context) bool { return strings.Contains(output(), "began") })
	screen.Hangup()
	if state := screen.Wait(endsWithin); !hungUp(state) {
		t.Errorf("ended with %v", state)
	}
	pid, err := strconv.Atoi(read(t, filepath.Join(dir, "pid")))
	must(t, err)
	command, err := local.Identify(pid, "until")
	if err != nil || !command.Running() {
		t.Errorf("the command went with the session: %v", err)
	}
	w.orphaned("deploy.rollback")
	must(t, os.WriteFile(done, nil, 0o600))
	testkit.Until(t, limit, "the command to end", func(context.Context) bool { return strings.Contains(output(), "ended") })
}

// deploysBy gives the dashboard commands in dir instead of a provider. rollback
// is a shell script that runs there.
func (w *world) deploysBy(dir, rollback string) {
	w.t.Helper()
	var file map[string]any
	must(w.t, yaml.Unmarshal([]byte(read(w.t, w.config)), &file))
	demo, _ := file["targets"].(map[string]any)["demo"].(map[string]any)
	delete(demo, "vercel")
	// Both are younger than the last migration, which b-old therefore knows.
	ago := func(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.RFC3339) }
	builds := fmt.Sprintf(`[{"id": "b-new", "state": "READY", "live": true, "created": %q},
		{"id": "b-old", "state": "READY", "candidate": true, "created": %q}]`, ago(time.Hour), ago(2*time.Hour))
	demo["deploy"] = map[string][]string{
		"list":     {"echo", builds},
		"rollback": {"sh", "-c", fmt.Sprintf("cd %s; %s", dir, rollback), "{id}"},
	}
	text, err := yaml.Marshal(file)
	must(w.t, err)
	w.config = filepath.Join(dir, "tocsin.yaml")
	must(w.t, os.WriteFile(w.config, text, 0o600))
}

// try reads a file that may not be there yet.
func try(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}
