package cli

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/incident"
	"tocsin/internal/runbook"
)

func (in *incidents) message() *cobra.Command {
	sent := false
	cmd := &cobra.Command{
		Use: "message AUDIENCE", Short: "Print a text for " + strings.Join(incident.Audiences(), ", ") + ", filled with what is known",
		Long: "Nothing is sent. Read it; when you send it where your people are, print it with --sent: what that prints goes into the\n" +
			"timeline as well, and the clock of the next update starts.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.FixedCompletions(incident.Audiences(), cobra.ShellCompDirectiveNoFileComp),
	}
	cmd.Flags().BoolVar(&sent, "sent", false, "write into the timeline that it was sent")
	return in.run(cmd, func(args []string) error {
		if err := oneOf("audience", args[0], incident.Audiences()); err != nil {
			return err
		}
		s, err := in.state()
		if err != nil {
			return err
		}
		text := s.Message(args[0], time.Now())
		out := in.page()
		for line := range strings.Lines(text) {
			out.line("%s", strings.TrimSuffix(line, "\n"))
		}
		if err := in.putPage(out); err != nil || !sent {
			return err
		}
		return in.write(incident.CommsSent{Audience: args[0], Text: text, Next: s.Interval()})
	})
}

func (in *incidents) postmortem() *cobra.Command {
	return in.run(&cobra.Command{
		Use: "postmortem [INCIDENT]", Short: "Write postmortem.md; what stands between its keep marks survives", Args: cobra.MaximumNArgs(1),
	}, func(args []string) error {
		if len(args) > 0 {
			in.id = args[0]
		}
		return in.writePostmortem()
	})
}

// evidenceLimit is the largest file that is kept as evidence.
const evidenceLimit = 64 << 20

func (in *incidents) evidence() *cobra.Command {
	return in.run(&cobra.Command{
		Use: "evidence FILE [WHAT]", Short: "Keep a copy of a file as evidence, with its SHA-256", Args: cobra.MinimumNArgs(1),
	}, func(args []string) error {
		text, err := readEvidence(args[0])
		if err != nil {
			return &exit{exitFailed, err}
		}
		s, err := in.state()
		if err != nil {
			return err
		}
		e, err := in.folder.KeepEvidence(s.ID, filepath.Base(args[0]), strings.Join(args[1:], " "), text)
		if err != nil {
			return &exit{exitFailed, err}
		}
		out := in.page()
		out.line("%s: %s", s.ID, e.Says())
		return in.putPage(out)
	})
}

// readEvidence reads a file that is to be kept.
func readEvidence(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file: a copy of one is kept", path)
	case info.Size() > evidenceLimit:
		return nil, fmt.Errorf("%s has %d MiB, %d are kept at most: note where it lies instead", path, info.Size()>>20, evidenceLimit>>20)
	}
	return os.ReadFile(path)
}

func (in *incidents) contacts() *cobra.Command {
	return in.run(&cobra.Command{Use: "contacts", Short: "List whom to call", Args: cobra.NoArgs}, func([]string) error {
		out := in.page()
		var rows []row
		for _, c := range in.people {
			rows = append(rows, row{cells: []string{c.Name, c.For, c.Hours, c.Reach}})
		}
		if len(rows) == 0 {
			out.line("nobody is listed: contacts: [{name, for, reach, hours}] under the target in the configuration")
			return in.putPage(out)
		}
		out.table([]string{"WHO", "FOR", "WHEN", "HOW"}, rows)
		return in.putPage(out)
	})
}

// ledger prints which action helped against which alert.
func (in *incidents) ledger() *cobra.Command {
	cmd := &cobra.Command{Use: "ledger", Short: "List which action helped against which alert, how often and by how much", Args: cobra.NoArgs}
	return in.run(cmd, func([]string) error {
		all, err := in.folder.List()
		if err != nil {
			in.warn(errors.New(clean(err.Error()))) // the others count
		}
		all = slices.DeleteFunc(all, func(s incident.State) bool { return s.Hidden || s.Opening.Target != in.target })
		out := in.page()
		var rows []row
		for _, h := range incident.Ledger(all) {
			change := ""
			if h.Before != nil && h.After != nil {
				change = h.Metric + " " + alert.Number(*h.Before, h.Unit) + " to " + alert.Number(*h.After, h.Unit)
			}
			rows = append(rows, row{cells: []string{h.Rule, h.Action, fmt.Sprintf("%d of %d", h.Helped, h.Runs), fmt.Sprint(h.Worse), stamp(h.Last), change}})
		}
		if len(rows) == 0 {
			out.line("no action was measured in an incident yet")
			return in.putPage(out)
		}
		out.table([]string{"ALERT", "ACTION", "HELPED", "WORSE", "LAST", "BY HOW MUCH (MEDIAN)"}, rows)
		return in.putPage(out)
	})
}

func (in *incidents) writePostmortem() error {
	s, err := in.state()
	if err != nil {
		return err
	}
	path, err := writePostmortem(in.folder, s)
	if err != nil {
		return &exit{exitFailed, err}
	}
	out := in.page()
	out.line("%s", path)
	return in.putPage(out)
}

// writePostmortem writes the file anew, with what people kept in the old one.
// Where they changed the rest of it, that stays as a file of its own, which what
// is given for people says behind the path.
func writePostmortem(f incident.Folder, s incident.State) (said string, err error) {
	if s, err = caughtUp(f, s); err != nil {
		return "", err
	}
	path := filepath.Join(f.In(s.ID), incident.PostmortemName)
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	said = path
	if len(before) > 0 && !incident.Sealed(string(before)) {
		aside := fmt.Sprintf("postmortem.%.4x.md", sha256.Sum256(before))
		if err := f.Keep(s.ID, aside, before); err != nil {
			return "", err
		}
		said += "; it was changed outside the keep marks, that is in " + aside
	}
	return said, errors.Join(f.Keep(s.ID, incident.PostmortemName, []byte(s.Postmortem(string(before)))), writeProposal(f, s))
}

// writeProposal writes the runbook with what it should learn; where that is
// nothing, or nothing any more, there is no such file.
func writeProposal(f incident.Folder, s incident.State) error {
	if !s.Proposes() {
		err := os.Remove(filepath.Join(f.In(s.ID), incident.ProposalName))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	text, err := os.ReadFile(filepath.Join(f.In(s.ID), filepath.Base(s.Book.File)))
	if err != nil {
		return err
	}
	proposed, err := proposal(s, string(text))
	if err != nil {
		return err
	}
	return f.Keep(s.ID, incident.ProposalName, []byte(proposed))
}

// proposal is the text of a book with what it should learn.
func proposal(s incident.State, text string) (string, error) {
	book, err := runbook.Parse(s.Book.Runbook+".md", []byte(text))
	if err != nil {
		return "", err
	}
	line := map[string]int{}
	for _, step := range book.Steps() {
		line[step.Name()] = step.Line
	}
	return s.Propose(text, line, func(run incident.ActionRun) string {
		if _, taken := line[runbook.ProposedName(run.Action)]; taken {
			return "" // by an earlier proposal
		}
		return actionStep(run)
	}), nil
}

// actionStep writes an action that helped as a step.
func actionStep(run incident.ActionRun) string {
	why := "It helped with: " + cmp.Or(strings.Join(strings.Fields(run.Target), " "), "no arguments") + ". Say when it is right."
	all := Actions()
	at := slices.IndexFunc(all, func(a actions.Action) bool { return a.ID == run.Action })
	if at < 0 {
		return runbook.HandStep(run.Action, why) // of another version
	}
	return runbook.ActionStep(all[at], why)
}
