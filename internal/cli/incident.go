package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/config"
	"tocsin/internal/incident"
	"tocsin/internal/strict"
)

// incidentsDir is the folder of the incidents in the state folder.
const incidentsDir = "incidents"

// incidentsOf are the incidents of a state folder, for the person who runs us.
func incidentsOf(root string, redact func(string) string) incident.Folder {
	who := audit.Me()
	via := "console"
	if who.From != "" {
		via = "ssh"
	}
	return incident.Folder{Dir: filepath.Join(root, incidentsDir), Who: cmp.Or(who.User, fmt.Sprint(who.UID)), Via: via, Now: time.Now, Redact: redact}
}

// incidents is what the commands about incidents share.
type incidents struct {
	*command
	folder incident.Folder
	valid  config.Valid
	target string
	people []config.Contact
	id     string // --incident; "" for the one that is open
}

func (c *command) incident() *cobra.Command {
	in := &incidents{command: c}
	cmd := groupOf(&cobra.Command{
		Use: "incident", Short: "Keep the record of an incident: open, note, hand off, close, and its postmortem",
		Long: "An incident is one timeline in the state folder, which all who work on this machine share. The dashboard\n" +
			"fills it with alerts, actions and their effects; these commands work also when there is no dashboard.",
	})
	cmd.PersistentFlags().StringVar(&in.id, "incident", "", "name of the incident (else the one that is open)")
	cmd.AddCommand(in.open(), in.list(), in.show(), in.note(), in.severity(), in.status(), in.role(), in.handOff(), in.followUp(), in.message(), in.postmortem(), in.ledger(), in.contacts(), in.evidence())
	return cmd
}

// run makes a command that finds the folder first.
func (in *incidents) run(cmd *cobra.Command, do func(args []string) error) *cobra.Command {
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		return oneShot(func() error {
			valid, err := config.Load(in.config)
			if err != nil {
				return &exit{exitUsage, withAdvice(err)}
			}
			target, err := valid.Target(in.command.target)
			if err != nil {
				return &exit{exitUsage, err}
			}
			in.folder, in.target = incidentsOf(valid.StateDir(), audit.Redactor(func() []string { return nil })), target.Name
			in.valid, in.people = valid, target.Contacts
			return do(args)
		})
	}
	return cmd
}

// state is the incident that is meant.
func (in *incidents) state() (incident.State, error) {
	find := func() (incident.State, error) { return in.folder.Current(in.target) }
	if in.id != "" {
		find = func() (incident.State, error) { return in.folder.Get(in.id) }
	}
	s, err := find()
	if in.id != "" && errors.Is(err, fs.ErrNotExist) {
		ids, _ := in.folder.IDs()
		advice := "tocsin incident list names them"
		if near, ok := strict.Nearest(in.id, ids); ok {
			advice = fmt.Sprintf("did you mean %q?", near)
		}
		return s, &exit{exitFailed, fmt.Errorf("there is no incident %q: %s", clean(in.id), advice)}
	}
	if err != nil {
		return s, &exit{exitFailed, err}
	}
	return s, nil
}

// write appends to the incident that is meant, and prints what was written.
func (in *incidents) write(data incident.Data) error {
	s, err := in.state()
	if err != nil {
		return err
	}
	e, err := in.folder.Append(s.ID, data)
	if err != nil {
		return &exit{exitFailed, err}
	}
	out := in.page()
	out.line("%s: %s", s.ID, e.Says())
	return in.putPage(out)
}

// severities are what a person chooses from, with what makes it so.
func severities() string {
	out := ""
	for _, c := range incident.Criteria() {
		out += c.Severity + "  " + c.Means + "\n"
	}
	return out + "In doubt take the higher one."
}

// checkSeverity refuses what is no severity.
func checkSeverity(word string) error {
	if !slices.ContainsFunc(incident.Criteria(), func(c incident.Criterion) bool { return c.Severity == word }) {
		return &exit{exitUsage, fmt.Errorf("severity %q: it is one of\n%s", word, severities())}
	}
	return nil
}

func (in *incidents) open() *cobra.Command {
	var o incident.Opened
	began := ""
	cmd := &cobra.Command{
		Use: "open TITLE", Short: "Open an incident", Args: cobra.MinimumNArgs(1),
		Long:    "Severities:\n" + severities() + "\nThe title of a restricted incident is a code name: others see only that there is an incident.",
		Example: `  tocsin incident open "Checkout is slow" --severity P1 --why "4 % of requests fail since 02:10"`,
	}
	cmd.Flags().StringVar(&o.Severity, "severity", "", "P0, P1, P2 or P3")
	cmd.Flags().StringVar(&o.Criterion, "why", "", "what makes it so severe")
	cmd.Flags().StringVar(&began, "began", "", "when it began, in UTC: 02:10, or 2026-11-23T02:10:00Z (else its alerts tell)")
	cmd.Flags().BoolVar(&o.Restricted, "restricted", false, "only for those who open it, and root")
	return in.run(cmd, func(args []string) error {
		o.Severity = strings.ToUpper(o.Severity)
		if err := checkSeverity(o.Severity); err != nil {
			return err
		}
		if o.Criterion == "" {
			return &exit{exitUsage, errors.New("--why is missing: what makes it " + o.Severity + "?\n" + severities())}
		}
		var err error
		if o.Began, err = beganAt(began, time.Now()); err != nil {
			return &exit{exitUsage, err}
		}
		o.Title, o.Target = strings.Join(args, " "), in.target
		if err := folderOf(in.valid, in.target).begin(); err != nil {
			return &exit{exitFailed, err}
		}
		id, err := in.folder.Open(o)
		if err != nil {
			return &exit{exitFailed, errors.New(clean(err.Error()))}
		}
		now, err := in.kept()
		if err = cmp.Or(err, alertsInto(in.folder, id, now)); err != nil {
			in.warn(fmt.Errorf("the alerts are not in its timeline: %w", err))
		}
		out := in.page()
		out.line("%s is open, its files are in %s", id, in.folder.In(id))
		return in.putPage(out)
	})
}

// beganAt reads when an incident began: a time of day is the last such time; nil
// for "".
func beganAt(text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if clock, short := time.Parse("15:04", text); short == nil {
		y, m, d := now.UTC().Date()
		at, err = time.Date(y, m, d, clock.Hour(), clock.Minute(), 0, 0, time.UTC), nil
		if at.After(now) {
			at = at.AddDate(0, 0, -1)
		}
	}
	if err != nil || at.After(now) {
		return nil, fmt.Errorf("--began %s: it is a time of the past: 02:10, or 2026-11-23T02:10:00Z", text)
	}
	return &at, nil
}

func (in *incidents) list() *cobra.Command {
	search := ""
	cmd := &cobra.Command{Use: "list", Short: "List the incidents, newest first", Args: cobra.NoArgs}
	o := formFlag(cmd, formTable, formJSON)
	cmd.Flags().StringVar(&search, "search", "", "only those that mention a rule, runbook, action or word")
	return in.run(cmd, func([]string) error {
		all, err := in.folder.List()
		if err != nil {
			in.warn(errors.New(clean(err.Error()))) // the others are listed
		}
		if search != "" {
			all = slices.DeleteFunc(all, func(s incident.State) bool { return !s.Mentions(search) })
		}
		if o.word == formJSON {
			return in.putJSON(incidentsDocumentOf(all))
		}
		out := in.page()
		var rows []row
		for _, s := range all {
			level := alert.Fine
			if s.Live() {
				level = alert.Warning
			}
			rows = append(rows, row{level: level, cells: []string{
				s.ID, s.Severity, string(s.Status), s.Opening.Target, s.Title(), reachedAfter(s), plural(len(s.OpenFollowUps()), "follow-up", "follow-ups"),
			}})
		}
		out.table([]string{"INCIDENT", "SEVERITY", "STATUS", "TARGET", "TITLE", "MITIGATED AFTER", "TO DO"}, rows)
		return in.putPage(out)
	})
}

func plural(n int, one, many string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func reachedAfter(s incident.State) string {
	if d, ok := s.After(incident.StatusMitigated); ok {
		return age(d)
	}
	return ""
}

func (in *incidents) show() *cobra.Command {
	cmd := &cobra.Command{Use: "show [INCIDENT]", Short: "Print an incident and its timeline", Args: cobra.MaximumNArgs(1)}
	o := formFlag(cmd, formTable, formJSON)
	return in.run(cmd, func(args []string) error {
		if len(args) > 0 {
			in.id = args[0]
		}
		s, err := in.state()
		if err != nil {
			return err
		}
		if o.word == formJSON {
			return in.putJSON(incidentDocument{documentVersion, incidentOf(s), s.Events})
		}
		out := in.page()
		out.line("%s  %s  %s  %s", s.ID, s.Severity, s.Status, s.Title())
		for _, role := range incident.Roles() {
			if who := s.Roles[role]; who != "" {
				out.line("%s: %s", role, who)
			}
		}
		if at, due := s.NextUpdate(); due {
			out.line("next update by %s", stamp(at))
		}
		var rows []row
		for _, e := range s.Timeline() {
			rows = append(rows, row{cells: []string{stamp(e.Told()), e.By(), e.Says()}})
		}
		out.table([]string{"AT", "WHO", "WHAT"}, rows)
		return in.putPage(out)
	})
}

func (in *incidents) note() *cobra.Command {
	return in.run(&cobra.Command{Use: "note TEXT", Short: "Write a note into the timeline", Args: cobra.MinimumNArgs(1)},
		func(args []string) error { return in.write(incident.Noted{Text: strings.Join(args, " ")}) })
}

func (in *incidents) severity() *cobra.Command {
	return in.run(&cobra.Command{Use: "severity P0|P1|P2|P3 WHY", Short: "Change the severity", Long: severities(), Args: cobra.MinimumNArgs(2)},
		func(args []string) error {
			severity := strings.ToUpper(args[0])
			if err := checkSeverity(severity); err != nil {
				return err
			}
			return in.write(incident.SeveritySet{Severity: severity, Why: strings.Join(args[1:], " ")})
		})
}

func (in *incidents) status() *cobra.Command {
	anyway := false
	cmd := &cobra.Command{
		Use: "status open|mitigated|resolved|closed [WHY]", Short: "Say how far it is",
		Long: "mitigated: users are no longer affected. resolved: the cause is gone. closed: that writes the postmortem.\n" +
			"All three are refused while an alert fires, by the state that a dashboard or check kept last, unless --anyway\n" +
			"and a reason are given.",
		Args: cobra.MinimumNArgs(1), ValidArgsFunction: cobra.FixedCompletions(statusWords(), cobra.ShellCompDirectiveNoFileComp),
	}
	cmd.Flags().BoolVar(&anyway, "anyway", false, "although alerts fire; needs a reason")
	return in.run(cmd, func(args []string) error {
		to, why := incident.Status(args[0]), strings.Join(args[1:], " ")
		if !slices.Contains(statusWords(), args[0]) {
			return &exit{exitUsage, fmt.Errorf("status %q: it is one of %s", args[0], strings.Join(statusWords(), ", "))}
		}
		s, err := in.state()
		if err != nil {
			return err
		}
		firing, err := in.firing(s.ID)
		if err != nil {
			return &exit{exitFailed, err}
		}
		if to != incident.StatusOpen && len(firing) > 0 && (!anyway || why == "") {
			return &exit{exitFailed, fmt.Errorf("not %s, while this fires: %s (--anyway and a reason say otherwise)", to, clean(strings.Join(firing, ", ")))}
		}
		if err := in.write(incident.StatusSet{Status: to, Why: why}); err != nil || to != incident.StatusClosed {
			return err
		}
		in.id = s.ID
		return in.writePostmortem()
	})
}

// firing lists what fires by the state of the rules that was kept last, and
// what the timeline has of it. What turned since goes into the timeline first.
func (in *incidents) firing(id string) ([]string, error) {
	now, err := in.kept()
	if err != nil {
		return nil, err
	}
	if err := alertsInto(in.folder, id, now); err != nil {
		return nil, err
	}
	s, err := in.folder.Get(id)
	return alert.StillFiring(now, s.Firing()), err
}

// kept are the alerts as a dashboard or a check kept them last.
func (in *incidents) kept() ([]alert.Alert, error) {
	rules, err := loadRules(in.valid.Rules)
	if err != nil {
		return nil, err
	}
	engine := alert.New(rules)
	if err := folderOf(in.valid, in.target).recall(engine); err != nil {
		return nil, err
	}
	return engine.Current(), nil
}

func statusWords() []string {
	var out []string
	for _, s := range incident.Statuses() {
		out = append(out, string(s))
	}
	return out
}

func (in *incidents) role() *cobra.Command {
	return in.run(&cobra.Command{
		Use: "role ROLE WHO", Short: "Say who is responsible for what: " + strings.Join(incident.Roles(), ", "), Args: cobra.ExactArgs(2),
		ValidArgsFunction: cobra.FixedCompletions(incident.Roles(), cobra.ShellCompDirectiveNoFileComp),
	}, func(args []string) error {
		if err := oneOf("role", args[0], incident.Roles()); err != nil {
			return err
		}
		return in.write(incident.RoleTaken{Role: args[0], Who: args[1]})
	})
}

// oneOf refuses a word that is none of some, and names the nearest.
func oneOf(what, word string, words []string) error {
	if slices.Contains(words, word) {
		return nil
	}
	if near, ok := strict.Nearest(word, words); ok {
		return &exit{exitUsage, fmt.Errorf("there is no %s %q: did you mean %q?", what, word, near)}
	}
	return &exit{exitUsage, fmt.Errorf("there is no %s %q: it is one of %s", what, word, strings.Join(words, ", "))}
}

func (in *incidents) handOff() *cobra.Command {
	return in.run(&cobra.Command{Use: "handoff WHO TEXT", Short: "Give the lead to somebody else, with what they must know", Args: cobra.MinimumNArgs(2)},
		func(args []string) error {
			return in.write(incident.HandedOff{To: args[0], Text: strings.Join(args[1:], " ")})
		})
}

func (in *incidents) followUp() *cobra.Command {
	var f incident.FollowUp
	cmd := &cobra.Command{
		Use: "followup TEXT | --done NAME", Short: "Write down work that remains, or that it is done", Args: cobra.ArbitraryArgs,
		Example: "  tocsin incident followup \"index on orders.state\" --owner ben --due 2026-12-01\n  tocsin incident followup --done f1",
	}
	cmd.Flags().StringVar(&f.Owner, "owner", "", "who does it")
	cmd.Flags().StringVar(&f.Due, "due", "", "by which day: 2026-12-01")
	cmd.Flags().StringVar(&f.ID, "done", "", "name of one that is done")
	return in.run(cmd, func(args []string) error {
		f.Text = strings.Join(args, " ")
		s, err := in.state()
		if err != nil {
			return err
		}
		if f, err = followUpOf(s, f); err != nil {
			return &exit{exitUsage, err}
		}
		return in.write(f)
	})
}

// followUpOf checks a new follow-up, or marks the one that is named as done.
func followUpOf(s incident.State, f incident.FollowUp) (incident.FollowUp, error) {
	if f.Due != "" {
		if _, err := time.Parse(time.DateOnly, f.Due); err != nil {
			return f, fmt.Errorf("--due %s: a day is written 2026-12-01", f.Due)
		}
	}
	switch {
	case f.ID == "" && f.Text == "":
		return f, errors.New("what is to be done? tocsin incident followup TEXT, or --done NAME")
	case f.ID == "":
		return f, nil
	}
	at := slices.IndexFunc(s.FollowUps, func(old incident.FollowUp) bool { return old.ID == f.ID })
	if at < 0 {
		return f, fmt.Errorf("%s has no follow-up %s", s.ID, f.ID)
	}
	done := s.FollowUps[at]
	done.Done = true
	return done, nil
}
