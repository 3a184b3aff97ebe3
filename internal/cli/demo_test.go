package cli

import (
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A hang-up leaves no second for a world to clean up in; it does that alone.
func TestWorldIsNotWaitedForAfterHangUp(t *testing.T) {
	cmd := exec.Command("sleep", "60") // it does not heed the end of its input
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	began := time.Now()
	(&childWorld{cmd: cmd, alive: in}).end(&exit{code: exitSignal + int(syscall.SIGHUP)})
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}
