package actions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"tocsin/internal/statedir"
)

const (
	// placeholder stands for the id of the build in a command.
	placeholder = "{id}"
	commandTerm = 5 * time.Second // between asking a command to end and ending it
)

// Commands switches builds with the operator's own programs. Each is an argv
// list: no shell reads it, and {id} becomes part of one argument.
type Commands struct {
	Rollback []string // exit status 0 means that the build serves
	Promote  []string // nil: Rollback
	Output   string   // folder for what the commands print; it outlives the session
}

// Busy knows of no switch but those that run in this session.
func (c Commands) Busy(context.Context) (string, error) { return "", nil }

// argv is the command of one direction, for one build.
func (c Commands) argv(kind SwitchKind, id string) []string {
	argv := slices.Clone(c.Rollback)
	if kind == Promote && len(c.Promote) > 0 {
		argv = slices.Clone(c.Promote)
	}
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], placeholder, id)
	}
	return argv
}

// Notes name the command: what it does beside the switch is its own affair.
func (c Commands) Notes(_ context.Context, s SwitchCase) []Note {
	return []Note{{"runs", strings.Join(c.argv(s.Kind, s.To.ID), " ")}}
}

// Switch runs the command of one direction. It runs in a session of its own
// with its output in a file of its own, so that a hang-up does not tear it.
func (c Commands) Switch(ctx context.Context, o SwitchOrder) error {
	argv := c.argv(o.Kind, o.ID)
	name := fmt.Sprintf("%s-%s.log", o.Kind, o.Call)
	file, err := statedir.Open(filepath.Join(c.Output, name), os.O_WRONLY|os.O_CREATE|os.O_APPEND)
	if err != nil {
		return fmt.Errorf("open the output of %s: %w", argv[0], err)
	}
	defer file.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	o.Tell("runs " + argv[0] + ", output in " + file.Name())
	return ended(ctx, cmd, argv[0])
}

// ended waits for a command, and ends it with its children when ctx does.
func ended(ctx context.Context, cmd *exec.Cmd, name string) error {
	var end error
	over := make(chan struct{})
	go func() {
		end = cmd.Wait()
		close(over)
	}()
	select {
	case <-over:
		if end != nil {
			return fmt.Errorf("%w: %s: %w", ErrUnsure, name, end)
		}
		return nil
	case <-ctx.Done():
	}
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-over:
	case <-time.After(commandTerm):
		err = errors.Join(err, syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL))
		<-over
	}
	return errors.Join(fmt.Errorf("%w: %s was ended before it was done", ErrUnsure, name), err)
}
