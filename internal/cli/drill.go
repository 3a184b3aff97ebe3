package cli

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"tocsin/internal/demo"
	"tocsin/internal/drill"
	"tocsin/internal/statedir"
)

// drillName is the target of a drill: it stands in the header of every screen,
// and is what is typed to arm.
const drillName = "DRILL"

// drillReport is the file of the report in the folder of a drill.
const drillReport = "report.md"

func (c *command) drill() *cobra.Command {
	fault, after := "", time.Duration(0)
	cmd := &cobra.Command{
		Use: "drill", Short: "Break a small living company without saying how, and score who mends it",
		Long: "drill starts the company of `tocsin demo` in a world of its own, breaks it after a while without saying how,\n" +
			"and scores what is done when the dashboard is left: detection, the first action that helped, restoration by the\n" +
			"world's own measure, harm, and the record. Open an incident (I), mend it, leave (q). The record and the report\n" +
			"stay in a folder of their own; no configured target is touched.\n\n" +
			"It ends with 0 when all was reached in time, and with 1 when the drill was not passed or left before the fault.\n" +
			"Ended by a signal it keeps the report of what is there, and does not print it.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if after < 0 {
				return fmt.Errorf("--after %s: the fault cannot come before the world is ready", after)
			}
			if fault != "" {
				if err := oneOf("fault", fault, mendable()); err != nil {
					return err
				}
			}
			return c.runDrill(fault, after)
		},
	}
	cmd.Flags().StringVar(&fault, "fault", "", "this one instead of one by lot, to practise it: "+strings.Join(mendable(), ", "))
	cmd.Flags().DurationVar(&after, "after", 0, "time from ready to the fault (else by lot, 20 s to 90 s)")
	_ = cmd.RegisterFlagCompletionFunc("fault", cobra.FixedCompletions(mendable(), cobra.ShellCompDirectiveNoFileComp))
	c.screenFlags(cmd)
	return cmd
}

// mendable are the faults that can be mended from here.
func mendable() []string {
	return slices.DeleteFunc(demo.Scenarios(), func(name string) bool { return name == "provider-outage" })
}

// runDrill runs one drill and prints its report.
func (c *command) runDrill(fault string, after time.Duration) error {
	if names := mendable(); fault == "" {
		fault = names[rand.IntN(len(names))]
	}
	if after == 0 {
		after = 20*time.Second + time.Duration(rand.Int64N(int64(70*time.Second)))
	}
	dir := filepath.Join(xdg.StateHome, "tocsin", "drills", time.Now().UTC().Format("20060102T150405Z"))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &exit{exitFailed, fmt.Errorf("the record of the drill: %w", err)}
	}
	say(c.err, drillBrief())
	w, err := c.startWorld(drillWorld(fault, after, dir))
	if err != nil {
		return &exit{exitFailed, err}
	}
	path, err := w.ready(quietly{c.err, fault})
	if err != nil {
		return &exit{exitFailed, err}
	}
	c.config, c.target = path, ""
	left := c.dashboard()
	w.end(left)
	if left != nil { // there may be no terminal any more to print it on
		if _, _, err := keepDrill(dir, fault); err != nil {
			c.warn(err)
		}
		return left
	}
	return c.reportDrill(dir, fault)
}

// drillBrief is what to do in a drill; it is read while the world comes up.
func drillBrief() string {
	return fmt.Sprintf("A drill: this starts a small company of its own, and after a while breaks it.\n"+
		"When you see it: I opens an incident; mend it (%s is what arms); q leaves.\n"+
		"Targets: noticed within %.0f min, an action that helps within %.0f, whole within %.0f.\n",
		drillName, drill.DetectWithin.Minutes(), drill.ActWithin.Minutes(), drill.RestoreWithin.Minutes())
}

// drillWorld is the world of a drill. Each has a standby, so that what it starts
// does not tell which fault needs one, nor do the arguments of its process.
func drillWorld(fault string, after time.Duration, dir string) demoFlags {
	return demoFlags{scenario: fault, after: after, standby: true, dir: dir, name: drillName, secret: true}
}

// quietly passes on progress that does not tell the fault.
type quietly struct {
	to    io.Writer
	fault string
}

// Write implements io.Writer.
func (q quietly) Write(p []byte) (int, error) {
	if strings.Contains(string(p), q.fault) {
		return len(p), nil
	}
	return q.to.Write(p)
}

// keepDrill scores a drill by what it left, and keeps the report beside it.
func keepDrill(dir, fault string) (report drill.Report, path string, err error) {
	report, err = drill.Of(dir, fault, time.Now())
	if err != nil {
		return report, "", err
	}
	path = filepath.Join(dir, drillReport)
	if err := statedir.Replace(path, []byte(report.Markdown())); err != nil {
		return report, "", fmt.Errorf("keep the report: %w", err)
	}
	return report, path, nil
}

// reportDrill keeps the report of a drill and prints it.
func (c *command) reportDrill(dir, fault string) error {
	report, path, err := keepDrill(dir, fault)
	if err != nil {
		return &exit{exitFailed, err}
	}
	out := c.page()
	for line := range strings.Lines(report.Markdown()) {
		out.line("%s", strings.TrimSuffix(line, "\n"))
	}
	out.line("")
	out.line("kept in %s", path)
	if err := c.putPage(out); err != nil || report.Passed() {
		return err
	}
	return &exit{code: exitFailed}
}
