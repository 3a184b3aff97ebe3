package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the world of a drill starts is the same for every fault.
func TestTheWorldOfADrillDoesNotTellItsFault(t *testing.T) {
	t.Parallel()
	for _, fault := range mendable() {
		got := drillWorld(fault, time.Minute, "dir")
		if got.scenario != fault || !got.standby {
			t.Errorf("%s: %+v", fault, got)
		}
		got.scenario = ""
		if want := (demoFlags{after: time.Minute, standby: true, dir: "dir", name: "DRILL", secret: true}); got != want {
			t.Errorf("%s: %+v, want %+v", fault, got, want)
		}
		if args := strings.Join(drillWorld(fault, time.Minute, "dir").args(), " "); strings.Contains(args, fault) {
			t.Errorf("%s: a list of processes shows %s", fault, args)
		}
	}
}

// A drill that was not passed ends with 1, also one that was left too early.
func TestADrillThatIsNotPassed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ world, says string }{
		{`{"at":"2026-11-23T02:00:00Z","event":"ready"}`, "left before the fault came"},
		{`{"at":"2026-11-23T02:00:00Z","event":"fault.started","name":"bloat"}`, "| detected       | never "},
	} {
		dir, out := t.TempDir(), &bytes.Buffer{}
		if err := os.WriteFile(filepath.Join(dir, "world.jsonl"), []byte(tt.world+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := (&command{out: out, err: out}).reportDrill(dir, "bloat")
		if e := (*exit)(nil); !errors.As(err, &e) || e.code != exitFailed || e.err != nil {
			t.Errorf("ended with %v", err)
		}
		kept, _ := os.ReadFile(filepath.Join(dir, drillReport))
		if !strings.Contains(string(kept), tt.says) || !strings.Contains(out.String(), tt.says) {
			t.Errorf("no %q in\n%s\nand\n%s", tt.says, kept, out)
		}
	}
}

func TestADrillRefusesAFaultBeforeItsWorld(t *testing.T) {
	t.Parallel()
	out := &bytes.Buffer{}
	cmd := (&command{out: out, err: out}).drill()
	cmd.SetArgs([]string{"--fault", "bloat", "--after", "-5s"})
	cmd.SetOut(out)
	cmd.SetErr(out)
	if got := errText(cmd.Execute()); !strings.Contains(got, "--after -5s: the fault cannot come before") {
		t.Errorf("got %q", got)
	}
}
