package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// PostmortemName is the file of the postmortem beside the timeline.
const PostmortemName = "postmortem.md"

const keepBegin, keepEnd = "<!-- keep -->", "<!-- /keep -->"

// sections are the parts of a postmortem. What people write between the marks
// of a part survives when the file is written again.
func sections() []section {
	return []section{
		{"Summary", State.summary, "What happened, in three sentences."},
		{"Impact", State.impact, "Who could not do what, how many, for how long."},
		{"Times", State.times, ""},
		{"Severity", State.severityHistory, ""},
		{"Timeline", State.timeline, ""},
		{"Runbook", State.adherence, ""},
		{"Actions", State.actionTable, ""},
		{"Evidence", State.evidenceList, ""},
		{"Contributing factors", nothing, "What made it possible, what made it worse. No names."},
		{"What helped", State.helped, "What went well, and luck."},
		{"Follow-ups", State.followUps, ""},
		{"Proposed runbook changes", State.proposals, ""},
	}
}

type section struct {
	title string
	body  func(State) string
	ask   string // what people are asked to write; "" for a part that needs none
}

// Postmortem writes the postmortem. Of the one that was there before it keeps
// what stands between the marks, by part; kept text whose part is gone goes to
// the end.
func (s State) Postmortem(before string) string {
	kept := keptOf(before)
	var out strings.Builder
	fmt.Fprintf(&out, "# %s: %s\n\n", s.ID, s.Title())
	for _, part := range sections() {
		fmt.Fprintf(&out, "## %s\n%s", part.title, part.body(s))
		if text, ok := kept[part.title]; ok || part.ask != "" {
			fmt.Fprintf(&out, "%s\n%s\n%s\n", keepBegin, cmp.Or(text, part.ask), keepEnd)
			delete(kept, part.title)
		}
		out.WriteByte('\n')
	}
	for _, title := range slices.Sorted(maps.Keys(kept)) {
		fmt.Fprintf(&out, "## %s\n%s\n%s\n%s\n\n", title, keepBegin, kept[title], keepEnd)
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// keptOf reads the kept texts of a postmortem by the heading above them; several
// of one part are one text. Headings between the marks belong to the text. A mark
// that is not closed keeps the rest of its part.
func keptOf(text string) map[string]string {
	out, title := map[string]string{}, ""
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if heading, ok := strings.CutPrefix(lines[i], "## "); ok {
			title = heading
		}
		if strings.TrimSpace(lines[i]) != keepBegin {
			continue
		}
		n := keptLines(lines[i+1:])
		kept := slices.DeleteFunc(slices.Clone(lines[i+1:i+1+n]), isMark)
		out[title] = strings.Trim(out[title]+"\n\n"+strings.Trim(strings.Join(kept, "\n"), "\n"), "\n")
		i += n
	}
	return out
}

func isMark(line string) bool {
	line = strings.TrimSpace(line)
	return line == keepBegin || line == keepEnd
}

// keptLines counts the lines up to the mark that closes the text, or where that
// is missing, up to the next part.
func keptLines(lines []string) int {
	mark := slices.IndexFunc(lines, isMark)
	if mark >= 0 && strings.TrimSpace(lines[mark]) == keepEnd {
		return mark
	}
	next := slices.IndexFunc(lines, func(line string) bool {
		return slices.ContainsFunc(sections(), func(s section) bool { return line == "## "+s.title })
	})
	if next < 0 {
		return len(lines)
	}
	return next
}

// orElse is the time that was told, or else that of the event.
func orElse(told, event time.Time) time.Time {
	if told.IsZero() {
		return event
	}
	return told
}

func nothing(State) string { return "" }

func (s State) summary() string {
	text := fmt.Sprintf("%s, %s, on %s, opened by %s at %s: %s.", s.Severity, s.Status, s.Opening.Target, s.By, clock(s.At), s.Opening.Title)
	if s.Opening.Suspect != "" {
		text += " First suspect: " + s.Opening.Suspect + "."
	}
	if s.Opening.Cause == "" && len(s.Alerts) == 0 {
		text += " No alert saw this: it was opened by hand."
	}
	return text + "\n"
}

func (s State) impact() string {
	if len(s.Alerts) == 0 {
		return "No alert fired while it was open.\n"
	}
	var rows [][]string
	for _, a := range s.Alerts {
		if a.Is.State == "firing" {
			rows = append(rows, []string{clock(cmp.Or(a.Is.Since, a.At)), a.Is.Rule + labelled(a.Is.Labels.String()), a.Is.Severity, a.Is.Reading})
		}
	}
	return table([]string{"since", "alert", "severity", "reading"}, rows)
}

func (s State) times() string {
	acknowledged := ""
	if len(s.Events) > 1 {
		acknowledged = took(max(s.At.Sub(s.Began()), 0))
	}
	rows := [][]string{{"began", clock(s.Began()), ""}, {"opened (detected)", clock(s.At), acknowledged}}
	for _, status := range Statuses()[1:] {
		if d, ok := s.After(status); ok {
			rows = append(rows, []string{string(status), clock(s.Reached[status]), took(d)})
		} else {
			rows = append(rows, []string{string(status), "not yet", ""})
		}
	}
	return table([]string{"", "at", "after the beginning"}, rows)
}

func (s State) severityHistory() string {
	var rows [][]string
	for _, set := range s.Severities {
		rows = append(rows, []string{clock(set.At), set.Is.Severity, set.Who, set.Is.Why})
	}
	return table([]string{"at", "severity", "by", "why"}, rows)
}

func (s State) timeline() string {
	var rows [][]string
	for _, e := range s.Events {
		rows = append(rows, []string{e.At.UTC().Format("15:04:05Z"), e.Who, e.Says()})
	}
	return table([]string{"at", "who", "what"}, rows)
}

func (s State) adherence() string {
	if s.Book == nil {
		return "No runbook was followed.\n"
	}
	var rows [][]string
	for _, e := range s.Events {
		is := data[StepEvent](e)
		step, ok := s.Step(is.Runbook, is.Step)
		if !ok || step.At != e.At || step.Is.Ended != e.Kind {
			continue
		}
		late := ""
		if step.Is.Late {
			late = "late"
		}
		rows = append(rows, []string{is.Runbook, is.Step, strings.TrimPrefix(string(e.Kind), "step."), took(time.Duration(is.TookS) * time.Second), late, joinNonEmpty(is.Reading, is.Reason)})
	}
	return fmt.Sprintf("%s, SHA-256 %s.\n\n", s.Book.Runbook, s.Book.Sum) + table([]string{"runbook", "step", "became", "after", "", "with"}, rows)
}

func (s State) actionTable() string {
	if len(s.Actions) == 0 {
		return "Nothing was changed from here.\n"
	}
	var rows [][]string
	for _, a := range s.Actions {
		effect := s.Effects[a.Is.ID]
		rows = append(rows, []string{
			orElse(a.Is.At, a.At).UTC().Format("15:04:05Z"), cmp.Or(a.Is.By, a.Who), strings.TrimSpace(a.Is.Action + " " + a.Is.Target), a.Is.Outcome,
			joinNonEmpty(cmp.Or(effect.Verdict, "not measured"), effect.Text), a.Is.Reason, a.Is.ID,
		})
	}
	return table([]string{"at", "who", "action", "outcome", "effect", "reason", "audit"}, rows)
}

func (s State) evidenceList() string {
	if len(s.Evidence) == 0 {
		return "None was kept.\n"
	}
	var out strings.Builder
	for _, e := range s.Evidence {
		fmt.Fprintf(&out, "- `%s` %s, SHA-256 %s\n", e.File, e.What, e.Sum)
	}
	return out.String()
}

func (s State) helped() string {
	var out strings.Builder
	for _, a := range s.Actions {
		if e := s.Effects[a.Is.ID]; e.Verdict == "helped" {
			fmt.Fprintf(&out, "- %s: %s\n", strings.TrimSpace(a.Is.Action+" "+a.Is.Target), e.Text)
		}
	}
	return out.String()
}

func (s State) followUps() string {
	if len(s.FollowUps) == 0 {
		return "None yet.\n"
	}
	var out strings.Builder
	for _, f := range s.FollowUps {
		mark := " "
		if f.Done {
			mark = "x"
		}
		fmt.Fprintf(&out, "- [%s] %s\n", mark, f.Says())
	}
	return out.String()
}

// proposals are what the runbook should learn from how it was followed: steps
// that people skipped or did by their own judgement, and targets that were missed.
func (s State) proposals() string {
	var out strings.Builder
	for _, e := range s.Events {
		step := data[StepEvent](e)
		switch {
		case s.Book == nil:
		case e.Kind == KindStepSkipped || e.Kind == KindStepOverridden:
			fmt.Fprintf(&out, "- `%s`, step `%s` was %s: %s\n", step.Runbook, step.Step, strings.TrimPrefix(string(e.Kind), "step."), cmp.Or(step.Reason, "no reason given"))
		case step.Late && e.Kind == KindStepDone:
			fmt.Fprintf(&out, "- `%s`, step `%s` took %s: is its target right?\n", step.Runbook, step.Step, took(time.Duration(step.TookS)*time.Second))
		}
	}
	if s.Book != nil {
		for _, action := range s.unlisted() {
			fmt.Fprintf(&out, "- `%s`: `%s` helped; make it a step?\n", s.Book.Runbook, action)
		}
		if out.Len() > 0 {
			fmt.Fprintf(&out, "\nWritten out in `%s`, to compare with the book.\n", ProposalName)
		}
	}
	return cmp.Or(out.String(), "None.\n")
}

func joinNonEmpty(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "; ")
}

// table draws a Markdown table; what stands in a cell cannot break it.
func table(head []string, rows [][]string) string {
	if len(rows) == 0 {
		return "None.\n"
	}
	var out strings.Builder
	line := func(cells []string) {
		for _, c := range cells {
			fmt.Fprintf(&out, "| %s ", strings.ReplaceAll(strings.Join(strings.Fields(c), " "), "|", "\\|"))
		}
		out.WriteString("|\n")
	}
	line(head)
	out.WriteString(strings.Repeat("| --- ", len(head)) + "|\n")
	for _, row := range rows {
		line(row)
	}
	return out.String()
}
