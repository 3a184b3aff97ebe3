package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/internal/alert"
)

// The exit codes of a monitoring plugin, by level.
const (
	checkOK       = 0
	checkWarning  = 1
	checkCritical = 2
	checkUnknown  = 3
)

func (c *command) check() *cobra.Command {
	timeout, tell := defaultStatusTimeout, false
	cmd := &cobra.Command{
		Use: "check", Short: "Say in one line and the exit code how the target is (monitoring plugin)",
		Long: "check reads every source once and prints one line for Nagios, Icinga and their kin:\n" +
			"exit 0 OK, 1 WARNING (also what is not bad for long enough yet), 2 CRITICAL (P0 and P1), 3 UNKNOWN.\n" +
			"What has to be bad for some time counts across runs.\n\n" +
			"With --notify a job (cron, a timer) tells of alerts over the ways that `notify:` lists, as a dashboard does: each\n" +
			"crossing once, as long as the state folder can be written, and nothing while a dashboard that shares it is open.",
		Args: func(cmd *cobra.Command, args []string) error { return c.cannotCheck(cobra.NoArgs(cmd, args)) },
		RunE: func(*cobra.Command, []string) error {
			return oneShot(func() error { return c.checkOnce(timeout, tell) })
		},
	}
	// 2 means CRITICAL here: a slip on the command line must not page anybody.
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return c.cannotCheck(err) })
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "time to read all sources in")
	cmd.Flags().BoolVar(&tell, "notify", false, "tell of alerts as well, unless a dashboard does")
	return cmd
}

func (c *command) checkOnce(timeout time.Duration, tell bool) error {
	p, err := c.open()
	if err != nil {
		return c.cannotCheck(err)
	}
	defer p.close()
	if tell && p.notifier == nil {
		return c.cannotCheck(fmt.Errorf("--notify: nobody is to be told: `notify:` of %s lists no way", p.target.Name))
	}
	l, err := c.look(p, timeout)
	if err != nil {
		return err
	}
	if err := p.seen(l.view.Now(), l.alerts); err != nil {
		c.warn(fmt.Errorf("the record of the incident: %w", err))
	}
	if tell {
		if err := p.tellOnce(l.view.Now(), l.alerts); err != nil {
			c.warn(err)
		}
	}
	out := c.page()
	l.plugin(out)
	return errors.Join(c.putPage(out), codeOf(l.worst()))
}

// plugin writes the line of a monitoring plugin.
func (l look) plugin(p *page) {
	p.line("%s - %s | %s", strings.ToUpper(l.worst().String()), bar(l.sentence()), l.perfdata())
}

// cannotCheck says in the form of a plugin why there is nothing to say.
func (c *command) cannotCheck(err error) error {
	if err == nil {
		return nil
	}
	first, rest, _ := strings.Cut(err.Error(), "\n")
	if strings.Contains(rest, "\n") {
		first += " (`tocsin config check` shows all of it)"
	}
	out := c.page()
	out.line("UNKNOWN - %s", bar(first))
	return errors.Join(c.putPage(out), &exit{code: checkUnknown})
}

// codeOf is the exit code for a level; nil for 0.
func codeOf(level alert.Level) error {
	code := map[alert.Level]int{
		alert.Fine: checkOK, alert.Unclear: checkUnknown, alert.Warning: checkWarning, alert.Critical: checkCritical,
	}[level]
	if code == checkOK {
		return nil
	}
	return &exit{code: code}
}

// bar keeps text free of the bar that begins the perfdata.
func bar(text string) string { return strings.ReplaceAll(text, "|", "/") }

// sentence is what is wrong, worst first, in one line.
func (l look) sentence() string {
	said := []string{l.suspect.Summary}
	for _, level := range []alert.Level{alert.Critical, alert.Warning} {
		for _, a := range l.alerts {
			if weight(a) == level {
				said = append(said, fmt.Sprintf("%s %s %s (%s) %s", a.Severity, nameOf(a), a.Text(), a.Threshold, a.State))
			}
		}
	}
	return strings.Join(append(said, l.unknowns()...), "; ")
}

// unknowns names what cannot be told, once for each reason.
func (l look) unknowns() []string {
	var reasons []string
	names := map[string][]string{}
	add := func(name, reason string) {
		if names[reason] == nil {
			reasons = append(reasons, reason)
		}
		names[reason] = append(names[reason], name)
	}
	for _, a := range l.alerts {
		if weight(a) == alert.Unclear {
			add(nameOf(a), a.Why)
		}
	}
	for _, src := range l.sources() {
		if text, _ := l.fault(src); levelOf(src) == alert.Unclear {
			add(src.Name, text)
		}
	}
	out := make([]string, 0, len(reasons))
	for _, reason := range reasons {
		out = append(out, "unknown "+strings.Join(names[reason], ", ")+": "+reason)
	}
	return out
}

// nameOf is the rule with what the alert is about.
func nameOf(a alert.Alert) string { return strings.TrimSpace(a.Rule + " " + a.About()) }
