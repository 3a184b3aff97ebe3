package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// grace is how long a server may take over each step of ending.
const grace = 5 * time.Second

// command says what to run and as whom.
type command struct {
	path  string
	args  []string
	dir   string // working folder; the owner must be able to enter it
	owner Owner
}

// build makes the process ready to start, in a process group of its own, so
// that a Ctrl-C on the terminal reaches only us and we end it in order.
func (c command) build(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Dir = c.dir
	// A small environment: no PGDATA or PGOPTIONS of the user, messages in English.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner.credential(), Setpgid: true}
	return cmd
}

// run waits for a short command; its output is part of the error.
func (c command) run(ctx context.Context) error {
	out, err := c.build(ctx).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", c.path, err, lastLines(string(out), 3))
	}
	return nil
}

// process is a server that was started and is awaited in the background.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended and was reaped
}

// start runs a server whose output goes to logPath. deathSignal is what it
// gets when we die without ending it.
func (c command) start(logPath string, deathSignal syscall.Signal) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := c.build(context.Background())
	cmd.Stdout, cmd.Stderr = log, log
	endWithParent(cmd.SysProcAttr, deathSignal)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // a server we end always "fails"; ready reports an early end
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// ready polls until the server answers, ends by itself, or ctx is over.
func (p *process) ready(ctx context.Context, answers func() bool) error {
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for !answers() {
		select {
		case <-p.done:
			return errors.New("it ended while starting")
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// end sends the signals one after another, each with some time to act, and
// kills at last. A cancelled ctx shortens the waiting, never the ending.
func (p *process) end(ctx context.Context, signals ...syscall.Signal) error {
	for _, sig := range append(signals, syscall.SIGKILL) {
		if p.ended() {
			return nil
		}
		_ = p.cmd.Process.Signal(sig)
		if p.wait(ctx, grace) {
			return nil
		}
	}
	if p.wait(context.Background(), grace) {
		return nil
	}
	return fmt.Errorf("process %d did not end after SIGKILL", p.pid())
}

func (p *process) wait(ctx context.Context, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return p.ended()
}

// lastLines returns the last n lines that say something, on one line.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}

// logTail is the end of a server's log for an error message.
func logTail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return lastLines(string(text), 4)
}
