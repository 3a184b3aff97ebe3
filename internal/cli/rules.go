package cli

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/internal/alert"
	"tocsin/internal/strict"
	"tocsin/internal/trial"
)

func (c *command) rules() *cobra.Command {
	cmd := groupOf(&cobra.Command{
		Use: "rules", Short: "Check, test and replay the alert rules",
		Long: "The rules are those of the configuration where there is one, else the shipped ones.",
	})
	lint := &cobra.Command{
		Use: "lint", Short: "Find what contradicts itself in the rules", Args: cobra.NoArgs,
		Long: "lint ends with 1 when it finds a fault: rules that fire for the same, what is worse firing at less, a rule\n" +
			"without its runbook, thresholds for errors that contradict the goal of availability. What is worth knowing\n" +
			"is listed as a note.",
	}
	lint.RunE = func(*cobra.Command, []string) error { return oneShot(c.rulesLint) }
	test := &cobra.Command{
		Use: "test FILE…", Short: "Run unit tests of rules", Args: cobra.MinimumNArgs(1),
		Long: "test runs the rules over readings that a file makes up, and says where an alert stands otherwise than the\n" +
			"file expects: docs/rules.md shows one. It ends with 1 when a test fails, or when there is none.",
	}
	test.RunE = func(_ *cobra.Command, files []string) error {
		return oneShot(func() error { return c.rulesTest(files) })
	}
	cmd.AddCommand(lint, test, c.rulesReplay())
	return cmd
}

func (c *command) rulesLint() error {
	lib, rules, err := c.books()
	if err != nil {
		return err
	}
	out, faults, notes := c.page(), 0, 0
	for _, f := range trial.Lint(rules, func(id string) bool { _, ok := lib.Find(id); return ok }) {
		word := "fault"
		if f.Note {
			notes, word = notes+1, "note"
		} else {
			faults++
		}
		out.line("%s: %s", word, f)
	}
	out.line("%d rules, %d faults, %d notes", len(rules.Rules), faults, notes)
	if err := c.putPage(out); err != nil || faults == 0 {
		return err
	}
	return &exit{code: exitFailed}
}

func (c *command) rulesTest(files []string) error {
	_, rules, err := c.books()
	if err != nil {
		return err
	}
	out, all, failed := c.page(), 0, 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return &exit{exitUsage, err}
		}
		units, err := trial.Test(path, data, rules)
		if err != nil {
			return &exit{exitUsage, err}
		}
		for _, u := range units {
			all++
			if len(u.Faults) > 0 {
				failed++
				out.line("%s: %s failed", path, u.Name)
			}
			for _, f := range u.Faults {
				out.line("  %s", f)
			}
		}
	}
	if all == 0 {
		return &exit{exitFailed, fmt.Errorf("there is nothing to test: no tests in %s", strings.Join(files, ", "))}
	}
	out.line("%d tests, %d failed", all, failed)
	if err := c.putPage(out); err != nil || failed == 0 {
		return err
	}
	return &exit{code: exitFailed}
}

// tried is a change of one rule that a replay tries out.
type tried struct {
	rule, fire, clear, lasts string
	file                     string // of rules, in place of these
}

func (c *command) rulesReplay() *cobra.Command {
	var t tried
	cmd := &cobra.Command{
		Use: "replay FILE", Short: "Say what rules would have paged over recorded readings", Args: cobra.ExactArgs(1),
		Long: "replay reads what `tocsin status -o json` printed again and again into one file (- is standard input), and\n" +
			"tells for each rule how often it would have paged, beside how often it pages as it is:\n\n" +
			"  * * * * * tocsin status -o json | gzip >> /var/lib/tocsin/prod.gz\n" +
			"  tocsin rules replay /var/lib/tocsin/prod.gz --rule db.connections --fire \"> 70%\" --clear \"< 65%\"\n\n" +
			"What came and went between two documents is in none of them.",
	}
	flags := cmd.Flags()
	flags.StringVar(&t.rule, "rule", "", "rule to change, and to tell each page of")
	flags.StringVar(&t.fire, "fire", "", "its other threshold: \"> 70%\"")
	flags.StringVar(&t.clear, "clear", "", "where it clears then")
	flags.StringVar(&t.lasts, "for", "", "how long it has to last then")
	flags.StringVar(&t.file, "rules", "", "file of rules to try, over the shipped ones")
	cmd.MarkFlagsMutuallyExclusive("rules", "fire")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		return oneShot(func() error { return c.replayRules(args[0], t) })
	}
	return cmd
}

// set is the set to try; not ok when nothing is to be tried.
func (t tried) set(rules alert.Set) (set alert.Set, ok bool, err error) {
	if t.file != "" {
		if set, err = loadRules(t.file); err != nil {
			return set, false, err
		}
		return set, true, t.known(rules, set)
	}
	if err := t.known(rules); err != nil {
		return rules, false, err
	}
	switch {
	case t.fire == "" && t.clear == "" && t.lasts == "":
		return rules, false, nil
	case t.rule == "":
		return rules, false, errors.New("say with --rule which rule is to be changed")
	}
	text := "version: 1\nrules:\n  - id: " + strconv.Quote(t.rule) + "\n"
	for _, part := range []struct{ key, value string }{{"fire", t.fire}, {"clear", t.clear}, {"for", t.lasts}} {
		if part.value != "" {
			text += "    " + part.key + ": " + strconv.Quote(part.value) + "\n"
		}
	}
	set, err = alert.Load("the change", []byte(text), rules)
	return set, err == nil, err
}

// known refuses a rule that no set has.
func (t tried) known(sets ...alert.Set) error {
	var ids []string
	for _, set := range sets {
		for _, one := range set.Rules {
			ids = append(ids, one.ID)
		}
	}
	if t.rule == "" || slices.Contains(ids, t.rule) {
		return nil
	}
	text := "there is no rule " + t.rule
	if near, ok := strict.Nearest(t.rule, ids); ok {
		text += ": did you mean " + near + "?"
	}
	return errors.New(text)
}

func (c *command) replayRules(path string, t tried) error {
	_, rules, err := c.books()
	if err != nil {
		return err
	}
	other, trying, err := t.set(rules)
	if err != nil {
		return &exit{exitUsage, err}
	}
	recording := c.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return &exit{exitUsage, err}
		}
		defer file.Close()
		recording = io.Reader(file)
	}
	if recording, err = unpacked(recording); err != nil {
		return &exit{exitFailed, fmt.Errorf("%s: %w", path, err)}
	}
	sets := []alert.Set{rules}
	if trying {
		sets = append(sets, other)
	}
	report, err := trial.Replay(recording, sets...)
	if err != nil {
		return &exit{exitFailed, fmt.Errorf("%s: %w", path, err)}
	}
	out := c.page()
	out.replay(report, t.rule, sets)
	return c.putPage(out)
}

// unpacked is a recording that may be packed by gzip, also piece by piece.
func unpacked(recording io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(recording, 64<<10)
	if head, _ := in.Peek(2); string(head) != "\x1f\x8b" {
		return in, nil
	}
	return gzip.NewReader(in)
}

// replay prints what a replay found.
func (p *page) replay(r trial.Report, rule string, sets []alert.Set) {
	p.line("%s: %d documents from %s to %s (%s), at most %s apart", r.Target, r.Documents, r.From.UTC().Format(time.RFC3339),
		r.To.UTC().Format(time.RFC3339), r.To.Sub(r.From).Round(time.Second), r.Longest.Round(time.Second))
	if r.CutOff {
		p.line("the recording is cut off: what is whole of it is replayed")
	}
	heading := []string{"RULE", "SEVERITY", "FIRES", "PAGES", "UNKNOWN FOR"}
	if len(sets) > 1 {
		heading = append(heading, "WOULD FIRE", "WOULD PAGE")
	}
	var rows []row
	for _, id := range replayed(r, rule, sets) {
		rows = append(rows, replayRow(r, id, sets))
	}
	if len(rows) == 0 {
		p.line("nothing would have paged")
		return
	}
	p.table(heading, rows)
	if rule == "" {
		return
	}
	for _, f := range r.Outcomes[len(r.Outcomes)-1].Of(rule) {
		over := "not over at the end"
		if !f.Over.IsZero() {
			over = "for " + f.Over.Sub(f.At).Round(time.Second).String()
		}
		p.line("%s  %s %s  %s", f.At.UTC().Format(time.RFC3339), f.Severity, joinWords(f.Rule, f.About), over)
	}
}

// replayed are the rules that are worth a line: the one that was asked for, or
// all that page with any of the sets.
func replayed(r trial.Report, rule string, sets []alert.Set) []string {
	if rule != "" {
		return []string{rule}
	}
	var out []string
	for _, set := range sets {
		for _, one := range set.Rules {
			pages := slices.ContainsFunc(r.Outcomes, func(o trial.Outcome) bool { return len(o.Of(one.ID)) > 0 })
			if pages && !slices.Contains(out, one.ID) {
				out = append(out, one.ID)
			}
		}
	}
	return out
}

func replayRow(r trial.Report, id string, sets []alert.Set) row {
	now, _ := sets[0].Rule(id)
	outcome := r.Outcomes[0]
	cells := []string{
		id, string(now.Severity), now.Fire.String(), strconv.Itoa(len(outcome.Of(id))), outcome.Unknown[id].Round(time.Second).String(),
	}
	if len(sets) > 1 {
		then, _ := sets[1].Rule(id)
		cells = append(cells, then.Fire.String(), strconv.Itoa(len(r.Outcomes[1].Of(id))))
	}
	return row{level: now.Severity.Level(), cells: cells}
}

// joinWords joins what is not empty.
func joinWords(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}
