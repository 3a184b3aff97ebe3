package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tocsin/internal/alert"
	"tocsin/internal/store"
)

// defaultStatusTimeout bounds the reading of all sources together.
const defaultStatusTimeout = 10 * time.Second

// statusFlags are the flags of `tocsin status`.
type statusFlags struct {
	format  string
	timeout time.Duration
}

func (c *command) status() *cobra.Command {
	f := statusFlags{}
	cmd := &cobra.Command{
		Use: "status", Short: "Read every source once and print what is wrong",
		Long: "status reads every source once, what is a rate twice, and prints the first suspect, the alerts and the sources.\n" +
			"It ends with 0 whatever it finds; `tocsin check` has exit codes for monitoring.",
		Args: cobra.NoArgs,
	}
	o := formFlag(cmd, formTable, formJSON, formPrometheus)
	cmd.Flags().DurationVar(&f.timeout, "timeout", defaultStatusTimeout, "time to read all sources in")
	cmd.RunE = func(*cobra.Command, []string) error {
		f.format = o.word
		return oneShot(func() error {
			p, err := c.open()
			if err != nil {
				return err
			}
			defer p.close()
			return c.statusOf(p, f)
		})
	}
	return cmd
}

// statusOf looks at a program once and prints what it sees.
func (c *command) statusOf(p *program, f statusFlags) error {
	l, err := c.look(p, f.timeout)
	if err != nil {
		return err
	}
	switch f.format {
	case formJSON:
		return c.putJSON(l.document())
	case formPrometheus:
		return c.put([]byte(l.exposition()))
	}
	out := c.page()
	l.show(out, c.invocation())
	return c.putPage(out)
}

// look is a look that ends with the signals of a one-shot command.
func (c *command) look(p *program, limit time.Duration) (look, error) {
	ctx, code, stop := interruptible()
	defer stop()
	l := p.look(ctx, limit, c.warn)
	if n := code(); n != 0 {
		return l, &exit{code: n}
	}
	return l, nil
}

// show writes the look for people: the verdict, then what is wrong, worst
// first, then the rest.
func (l look) show(p *page, invocation string) {
	l.printHead(p)
	l.printSuspect(p, invocation)
	p.line("")
	p.table([]string{"ALERT", "SEV", "STATE", "RULE", "ABOUT", "VALUE", "FIRES", "SINCE", "NOTE"}, l.alertRows())
	p.line("")
	p.table([]string{"SOURCE", "STATE", "AGE", "TOOK", "ERROR", "HINT"}, l.sourceRows())
}

func (l look) printHead(p *page) {
	n := l.counts()
	p.line("tocsin  %s  %s  %d critical, %d warning, %d unknown", l.target, stamp(l.view.Now()),
		n[alert.Critical], n[alert.Warning], n[alert.Unclear])
}

// printSuspect writes the verdict with what speaks for and against it, and the
// command that ends it.
func (l look) printSuspect(p *page, invocation string) {
	s := l.suspect
	p.table(nil, []row{{level: l.worst(), cells: []string{l.worst().String(), s.Summary}}})
	if !s.Since.IsZero() {
		p.line("  since %s, for %s", stamp(s.Since), age(l.view.Now().Sub(s.Since)))
	}
	for _, text := range s.Evidence {
		p.line("  + %s", text)
	}
	for _, text := range s.Against {
		p.line("  - %s", text)
	}
	if s.Action != "" {
		p.line("  do: %s", doLine(invocation, s.Action, s.Args))
	}
}

// alertRows are the alerts, worst first. Those in order have one line a rule.
func (l look) alertRows() []row {
	fine := map[string]int{}
	for _, a := range l.alerts {
		if a.State == alert.OK {
			fine[a.Rule]++
		}
	}
	var rows []row
	for _, a := range l.alerts {
		r := row{level: a.Level(), cells: l.alertCells(a)}
		if n := fine[a.Rule]; a.State == alert.OK && n != 1 {
			if n == 0 {
				continue // its rule has its line
			}
			fine[a.Rule] = 0
			r.cells = []string{a.Word(), string(a.Severity), string(a.State), a.Rule, fmt.Sprintf("%d series", n), "", a.Threshold.String()}
		}
		rows = append(rows, r)
	}
	return rows
}

func (l look) alertCells(a alert.Alert) []string {
	value, note, since := a.Text(), a.Runbook, ""
	switch {
	case a.Muted != nil:
		note = "silenced: " + a.Muted.Why
	case a.Acked != nil:
		note = "taken on by " + a.Acked.Who
	case a.State == alert.OK:
		note = ""
	}
	if !a.Known {
		value, note = "unknown", a.Why
	}
	if !a.Since.IsZero() {
		since = age(a.Age(l.view.Now()))
	}
	return []string{a.Word(), string(a.Severity), string(a.State), a.Rule, a.About(), value, a.Threshold.String(), since, note}
}

func (l look) sourceRows() []row {
	var rows []row
	for _, src := range l.sources() {
		text, hint := l.fault(src)
		if text == "" {
			hint = src.Note
		}
		old, took := "", ""
		if d, ok := src.Age(l.view.Now()); ok {
			old = age(d)
		}
		if src.State != store.Unconfigured && src.State != store.Pending {
			took = fmt.Sprintf("%d ms", src.Took.Milliseconds())
		}
		rows = append(rows, row{level: levelOf(src), cells: []string{src.Name, string(src.State), old, took, text, hint}})
	}
	return rows
}

// stamp writes an instant for people: UTC, to the second.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// age writes a length of time to the second.
func age(d time.Duration) string { return max(d, 0).Truncate(time.Second).String() }
