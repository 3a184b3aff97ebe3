// Package cli holds the commands, one file each, and wire.go, the map of the
// program: the only place that knows collectors, actions and views together.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"tocsin/internal/config"
	"tocsin/internal/strict"
)

// The exit codes that scripts rely on, besides those of `check` and `do`.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitSignal = 128 // and the number of the signal
)

// exit is an error that says which code the program ends with. Its err may be
// nil: then nothing is printed.
type exit struct {
	code int
	err  error
}

// Error implements error.
func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap gives what is behind the code.
func (e *exit) Unwrap() error { return e.err }

// command is what all commands share: the streams, and the flags of the root.
type command struct {
	in       io.Reader
	out      io.Writer
	err      io.Writer
	config   string // --config
	target   string // --target
	readOnly bool   // --readonly
	write    bool   // --write
	ascii    bool   // --ascii
	theme    string // --theme
}

// Main runs the command line and returns the exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	redis.SetLogger(redisLog{})
	c := &command{in: stdin, out: stdout, err: stderr}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return c.code(root.Execute())
}

// redisLog keeps what the Redis client says of its connections away from
// standard error: that may be the terminal with the screen on it. What counts
// comes as the error of a read.
type redisLog struct{}

// Printf implements the logger of the Redis client.
func (redisLog) Printf(_ context.Context, format string, v ...any) {
	slog.Debug("redis", "said", fmt.Sprintf(format, v...))
}

// code says what went wrong and gives the exit code for it.
func (c *command) code(err error) int {
	var e *exit
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, syscall.EPIPE):
		return exitOK // `… | head` is no failure
	case !errors.As(err, &e):
		e = &exit{code: exitUsage, err: err} // cobra's own: wrong usage
	}
	if e.err != nil {
		c.warn(e.err)
	}
	return e.code
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tocsin",
		Short: "What is wrong, since when, why, and the safe fix on one key",
		Long: "tocsin shows what is wrong with a system, since when and why, offers the safe fix on one key,\n" +
			"and writes down what was done. Without a command it is the dashboard; `tocsin demo` needs no configuration.",
		Args: cobra.NoArgs, SilenceErrors: true, SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error { return c.dashboard() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&c.config, "config", "", "configuration file (else $"+config.EnvPath+", then the usual places)")
	flags.StringVar(&c.target, "target", "", "target to look at, where the configuration has several")
	flags.BoolVar(&c.readOnly, "readonly", false, "forbid every change in this session, arming too")
	flags.BoolVar(&c.write, "write", false, "allow arming (the default; nothing runs before it was armed and confirmed)")
	root.MarkFlagsMutuallyExclusive("readonly", "write")
	c.screenFlags(root)
	root.Args = noSuchCommand
	root.AddCommand(c.demo(), c.drill(), c.initialise(), c.status(), c.check(), c.actions(), c.do(), c.expire(), c.runbook(), c.rules(), c.incident(), c.audit(), c.configuration(), c.version())
	root.InitDefaultCompletionCmd()
	if cmd, _, err := root.Find([]string{"completion"}); err == nil {
		groupOf(cmd)
	}
	_ = root.RegisterFlagCompletionFunc("target", c.completeTarget)
	return root
}

// groupOf makes a command that only holds others: called without one of them it
// is wrong usage, which a script must not take for success.
func groupOf(cmd *cobra.Command) *cobra.Command {
	cmd.Args = noSuchCommand
	cmd.RunE = func(*cobra.Command, []string) error {
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return fmt.Errorf("%s needs one of %s", cmd.CommandPath(), strings.Join(names, ", "))
	}
	return cmd
}

// noSuchCommand refuses a word that is no command, with the nearest that is.
func noSuchCommand(cmd *cobra.Command, words []string) error {
	if len(words) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	text := fmt.Sprintf("%s has no command %q", cmd.CommandPath(), words[0])
	if near, ok := strict.Nearest(words[0], names); ok {
		return fmt.Errorf("%s: did you mean %q?", text, near)
	}
	return fmt.Errorf("%s: %s --help lists them", text, cmd.CommandPath())
}

// screenFlags are the flags of the commands that open the screen.
func (c *command) screenFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.ascii, "ascii", false, "draw with ASCII only")
	cmd.Flags().StringVar(&c.theme, "theme", "", "dark, light, contrast or none")
}

// load reads the configuration and finds the target.
func (c *command) load() (config.Valid, config.Target, error) {
	valid, err := config.Load(c.config)
	if err != nil {
		return valid, config.Target{}, &exit{exitUsage, withAdvice(err)}
	}
	target, err := valid.Target(c.target)
	if err != nil {
		return valid, target, &exit{exitUsage, err}
	}
	return valid, target, nil
}

// withAdvice says what to do where there is no configuration at all.
func withAdvice(err error) error {
	var none *config.NotFoundError
	if !errors.As(err, &none) {
		return err
	}
	return fmt.Errorf("%w; `tocsin init` writes one to begin with, `tocsin demo` needs none", err)
}

// open loads the configuration and puts the target together.
func (c *command) open() (*program, error) {
	valid, target, err := c.load()
	if err != nil {
		return nil, err
	}
	p, err := wire(valid, target, c.readOnly)
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	return p, nil
}

// interruptible ends with the signals that end a one-shot command; code gives
// the exit code once it has ended by one.
func interruptible() (ctx context.Context, code func() int, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	got := make(chan int, 1)
	go func() {
		select {
		case s := <-signals:
			if n, ok := s.(syscall.Signal); ok {
				got <- exitSignal + int(n)
			}
			cancel()
		case <-ctx.Done():
		}
	}()
	code = func() int {
		select {
		case n := <-got:
			return n
		default:
			return 0
		}
	}
	return ctx, code, func() { signal.Stop(signals); cancel() }
}
