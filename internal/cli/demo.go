package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tocsin/internal/demo"
)

// demoFlags are the flags of `tocsin demo`.
type demoFlags struct {
	scenario  string
	after     time.Duration
	headless  bool
	configOut string
	standby   bool
	dir       string // keeps the world's log and the state; "" for one that goes with it
	name      string // of the target; "" for demo
	child     bool   // started by a dashboard: ends when its standard input does
	secret    bool   // the scenario is told on standard input: a list of processes does not show it
}

func (c *command) demo() *cobra.Command {
	f := demoFlags{}
	cmd := &cobra.Command{
		Use: "demo", Short: "Start a small living company on this machine and look at it",
		Long: "demo starts a small company on loopback: PostgreSQL, Redis, a shop with customers and the providers around it.\n" +
			"Its faults have real consequences and its fixes really fix. Everything is gone when it ends.\n\nScenarios: " +
			strings.Join(demo.Scenarios(), ", ") + ".",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if f.secret {
				if _, err := fmt.Fscanln(c.in, &f.scenario); err != nil {
					return fmt.Errorf("read the scenario: %w", err)
				}
			}
			if names := demo.Scenarios(); f.scenario != "" && !slices.Contains(names, f.scenario) {
				return fmt.Errorf("there is no scenario %q: choose from %s", f.scenario, strings.Join(names, ", "))
			}
			if f.headless {
				return c.demoWorld(f)
			}
			return c.demoScreen(f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.scenario, "scenario", "", "break it on cue: "+strings.Join(demo.Scenarios(), ", "))
	flags.DurationVar(&f.after, "after", 5*time.Second, "time from ready to the scenario's fault")
	flags.BoolVar(&f.headless, "headless", false, "only the world, without the screen, until interrupted")
	flags.StringVar(&f.configOut, "config-out", "", "where the world writes the configuration for tocsin")
	flags.BoolVar(&f.standby, "standby", false, "give its database a hot standby, which takes seconds; replica-lag has one in any case")
	flags.BoolVar(&f.child, "child", false, "end when standard input ends")
	flags.StringVar(&f.dir, "dir", "", "folder that keeps the world's log and the state")
	flags.StringVar(&f.name, "name", "", "name of the target")
	flags.BoolVar(&f.secret, "secret", false, "read the scenario from standard input")
	for _, ours := range []string{"child", "dir", "name", "secret"} {
		_ = flags.MarkHidden(ours)
	}
	c.screenFlags(cmd)
	return cmd
}

// readyMark begins the line by which a world tells that it is in business, and
// where its configuration is.
const readyMark = "ready: tocsin --config "

// demoWorld runs the world in this process.
func (c *command) demoWorld(f demoFlags) error {
	o := demo.Options{
		ConfigOut: f.configOut, Scenario: f.scenario, ScenarioAfter: f.after, Standby: f.standby, Dir: f.dir, Name: f.name,
		Progress: func(text string) { say(c.out, text) },
		Ready:    func(w demo.World) { say(c.out, readyMark+w.ConfigPath) },
	}
	if f.child {
		o.Parent = c.in
	}
	if err := demo.Run(context.Background(), o); err != nil {
		return &exit{exitFailed, err}
	}
	return nil
}

// say tells progress; nobody may be listening any more.
func say(to io.Writer, text string) { _, _ = fmt.Fprintln(to, text) }

// demoScreen runs the world in a process of its own, and the dashboard on it.
func (c *command) demoScreen(f demoFlags) error {
	w, err := c.startWorld(f)
	if err != nil {
		return &exit{exitFailed, err}
	}
	path, err := w.ready(c.err)
	if err == nil {
		c.config, c.target = path, ""
		err = c.dashboard()
	} else {
		err = &exit{exitFailed, err}
	}
	w.end(err)
	return err
}

// childWorld is a demo world in a process of its own.
type childWorld struct {
	cmd   *exec.Cmd
	alive io.Closer // its standard input: closing it ends the world
	said  *bufio.Scanner
	// complaint is the end of what it said on standard error.
	complaint *tail
}

// startWorld starts this program again as the world. It gets a session of its
// own, so that a key or a hang-up reaches it through us alone.
func (c *command) startWorld(f demoFlags) (*childWorld, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the demo world: %w", err)
	}
	cmd := exec.Command(self, f.args()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	complaint := &tail{}
	cmd.Stderr = complaint
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		return nil, fmt.Errorf("start the demo world: %w", err)
	}
	if f.secret {
		say(in, f.scenario) // a world that is gone already tells why
	}
	return &childWorld{cmd: cmd, alive: in, said: bufio.NewScanner(out), complaint: complaint}, nil
}

// args are the arguments of the world's process.
func (f demoFlags) args() []string {
	args := []string{"demo", "--headless", "--child", "--after", f.after.String()}
	switch {
	case f.secret:
		args = append(args, "--secret")
	case f.scenario != "":
		args = append(args, "--scenario", f.scenario)
	}
	if f.configOut != "" {
		args = append(args, "--config-out", f.configOut)
	}
	if f.standby {
		args = append(args, "--standby")
	}
	if f.dir != "" {
		args = append(args, "--dir", f.dir, "--name", f.name)
	}
	return args
}

// ready passes on the progress of the world until it is in business, and gives
// the path of its configuration.
func (w *childWorld) ready(progress io.Writer) (string, error) {
	for w.said.Scan() {
		if path, ok := strings.CutPrefix(w.said.Text(), readyMark); ok {
			go func() {
				for w.said.Scan() { // so that it never blocks on a full pipe
				}
			}()
			return path, nil
		}
		say(progress, w.said.Text())
	}
	_ = w.cmd.Wait() // so that all it complained of is here
	return "", errors.New(nameOr(strings.TrimPrefix(w.complaint.String(), "tocsin: "), "the demo world ended and said nothing"))
}

// nameOr is text, or the other where there is none.
func nameOr(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// tailKept is how much of a complaint is worth reading.
const tailKept = 2 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(len(t.kept)-tailKept, 0):]
	return len(p), nil
}

// String is what was kept, without the blanks around it.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.kept))
}

// end ends the world and waits until it has cleaned up; a world that does not
// end in time is left to the next start, which cleans up after it. Where a
// signal ended the dashboard nobody waits: the world cleans up on its own.
func (w *childWorld) end(left error) {
	_ = w.alive.Close()
	var e *exit
	if errors.As(left, &e) && e.code > exitSignal {
		return
	}
	ended := make(chan struct{})
	go func() { _ = w.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		_ = w.cmd.Process.Signal(syscall.SIGTERM)
	}
}
