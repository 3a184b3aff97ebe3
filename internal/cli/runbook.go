package cli

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/internal/alert"
	"tocsin/internal/config"
	"tocsin/internal/incident"
	"tocsin/internal/runbook"
	"tocsin/internal/strict"
	"tocsin/ui"
)

func (c *command) runbook() *cobra.Command {
	cmd := groupOf(&cobra.Command{
		Use: "runbook", Short: "List, read and check the runbooks",
		Long: "The shipped runbooks work without any configuration. Files in the folder runbooks beside the\n" +
			"configuration are a team's own, and stand over shipped ones of the same name.",
	})
	list := &cobra.Command{Use: "list", Short: "List the runbooks and what leads to them", Args: cobra.NoArgs}
	list.RunE = func(*cobra.Command, []string) error { return oneShot(c.runbookList) }
	show := &cobra.Command{Use: "show BOOK", Short: "Print a runbook", Args: cobra.ExactArgs(1), ValidArgsFunction: c.completeBook}
	show.RunE = func(_ *cobra.Command, args []string) error {
		return oneShot(func() error { return c.runbookShow(args[0]) })
	}
	lint := &cobra.Command{
		Use: "lint", Short: "Check the runbooks against the rules, metrics and actions there are", Args: cobra.NoArgs,
		Long: "lint ends with 1 when it finds a fault: a file that is no book, a metric, action or step that does not\n" +
			"exist, a rule without its book. A step that is done by hand until its action exists, and a book that\n" +
			"nobody has reviewed for 180 days, are listed as notes.",
	}
	lint.RunE = func(*cobra.Command, []string) error { return oneShot(c.runbookLint) }
	run := &cobra.Command{
		Use: "run BOOK", Short: "Follow a runbook in the dashboard", Args: cobra.ExactArgs(1), ValidArgsFunction: c.completeBook,
		Long: "The runbook is followed in the incident that is open; while none is, the dashboard asks how severe it is\n" +
			"and opens one. Its steps tick themselves and run registered actions; shell in it is shown, never run.",
	}
	run.RunE = func(_ *cobra.Command, args []string) error { return c.runbookRun(args[0]) }
	cmd.AddCommand(list, show, lint, run)
	return cmd
}

// books opens the library, with the rules of the configuration where there is one.
func (c *command) books() (runbook.Library, alert.Set, error) {
	dir, rules := "", alert.Defaults()
	if path, err := config.Find(c.config); err == nil {
		valid, err := config.Load(path)
		if err != nil {
			return runbook.Library{}, rules, &exit{exitUsage, withAdvice(err)}
		}
		if rules, err = loadRules(valid.Rules); err != nil {
			return runbook.Library{}, rules, &exit{exitUsage, err}
		}
		dir = booksDir(path)
	} else if c.config != "" {
		return runbook.Library{}, rules, &exit{exitUsage, withAdvice(err)}
	}
	lib, err := runbook.Open(dir, known(rules))
	if err != nil {
		return lib, rules, &exit{exitFailed, err}
	}
	return lib, rules, nil
}

// known is what the books may name.
func known(rules alert.Set) runbook.Known {
	return runbook.Known{Actions: Actions(), Rules: rules, Now: time.Now()}
}

// booksDir is where a team's own books are.
func booksDir(configPath string) string { return filepath.Join(filepath.Dir(configPath), "runbooks") }

func (c *command) runbookList() error {
	lib, _, err := c.books()
	if err != nil {
		return err
	}
	out := c.page()
	var rows []row
	for _, b := range lib.Books {
		level, reviewed := alert.Fine, b.Reviewed.Format(time.DateOnly)
		if b.Stale(time.Now()) {
			level, reviewed = alert.Warning, reviewed+" (stale)"
		}
		rows = append(rows, row{level: level, cells: []string{
			b.ID, string(b.Severity), b.Title, liveSteps(b), strings.Join(b.Triggers, " "), reviewed, originOf(b),
		}})
	}
	for _, path := range slices.Sorted(maps.Keys(lib.Broken)) {
		rows = append(rows, row{level: alert.Unclear, cells: []string{filepath.Base(path), "", "broken: see tocsin runbook lint", "", "", "", path}})
	}
	out.table([]string{"BOOK", "SEVERITY", "TITLE", "LIVE STEPS", "TRIGGERS", "REVIEWED", "FROM"}, rows)
	return c.putPage(out)
}

// liveSteps says how many steps a book does by itself: "4 of 7".
func liveSteps(b runbook.Book) string {
	live := 0
	for _, s := range b.Steps() {
		if !s.Manual() {
			live++
		}
	}
	return fmt.Sprintf("%d of %d", live, len(b.Steps()))
}

func originOf(b runbook.Book) string {
	if b.Path == "" {
		return "shipped"
	}
	return b.Path
}

// bookNamed finds a runbook.
func (c *command) bookNamed(id string) (runbook.Book, error) {
	lib, _, err := c.books()
	if err != nil {
		return runbook.Book{}, err
	}
	b, ok := lib.Find(id)
	if !ok {
		return b, &exit{exitUsage, noSuchBook(id, lib)}
	}
	return b, nil
}

// runbookRun is the dashboard with a runbook that is followed.
func (c *command) runbookRun(id string) error {
	book, err := c.bookNamed(id)
	if err != nil {
		return err
	}
	if !isTerminal(c.out) {
		return &exit{exitUsage, fmt.Errorf("a runbook is followed on a terminal (over SSH: ssh -t); tocsin runbook show %s prints it", id)}
	}
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.close()
	s, err := p.incidents.Current(p.target.Name)
	opens := errors.Is(err, incident.ErrNone)
	if err == nil {
		err = pinBook(p.incidents, s.ID, book)
	}
	if err != nil && !opens {
		return &exit{exitFailed, err}
	}
	return c.screen(p, &ui.Begin{Book: book, Opens: opens})
}

func (c *command) runbookShow(id string) error {
	b, err := c.bookNamed(id)
	if err != nil {
		return err
	}
	out := c.page()
	for line := range strings.Lines(b.Text) {
		out.line("%s", strings.TrimSuffix(line, "\n"))
	}
	return c.putPage(out)
}

// noSuchBook says what may have been meant.
func noSuchBook(id string, lib runbook.Library) error {
	var ids []string
	for _, b := range lib.Books {
		ids = append(ids, b.ID)
	}
	if near, ok := strict.Nearest(id, ids); ok {
		return fmt.Errorf("there is no runbook %s: did you mean %q?", id, near)
	}
	return fmt.Errorf("there is no runbook %s: tocsin runbook list names them", id)
}

func (c *command) runbookLint() error {
	lib, rules, err := c.books()
	if err != nil {
		return err
	}
	out := c.page()
	faults, notes := len(lib.Broken), 0
	for _, path := range slices.Sorted(maps.Keys(lib.Broken)) {
		for line := range strings.Lines("fault: " + lib.Broken[path].Error()) {
			out.line("%s", strings.TrimSuffix(line, "\n"))
		}
	}
	for _, f := range runbook.Lint(lib.Books, known(rules)) {
		word := "fault"
		if f.Note {
			notes, word = notes+1, "note"
		} else {
			faults++
		}
		out.line("%s: %s", word, f)
	}
	out.line("%d books, %d faults, %d notes", len(lib.Books), faults, notes)
	if err := c.putPage(out); err != nil || faults == 0 {
		return err
	}
	return &exit{code: exitFailed}
}
