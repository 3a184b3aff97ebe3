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
// the end. What was changed outside the marks is not in it: see [Sealed].
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
	return seal(strings.TrimRight(out.String(), "\n") + "\n")
}

func nothing(State) string { return "" }

func (s State) summary() string {
	text := fmt.Sprintf("%s, %s, on %s, opened by %s at %s: %s.", s.Severity, s.Status, s.Opening.Target, s.By, clock(s.At), s.Opening.Title)
	if s.Opening.Suspect != "" {
		text += " First suspect: " + s.Opening.Suspect + "."
	}
	if s.Opening.Cause == "" && len(s.Alerts) == 0 {
		text += " It was opened by hand, and no alert is on record."
	}
	return text + "\n"
}

func (s State) impact() string {
	all := s.troubles()
	if len(all) == 0 {
		return "No alert is on record. One is where a dashboard was open or tocsin check ran.\n"
	}
	var rows [][]string
	for _, t := range all {
		until, times := "still", ""
		if !t.ended.IsZero() {
			until = stamped(t.ended)
		}
		if t.times > 1 {
			times = fmt.Sprintf("%d times", t.times)
		}
		rows = append(rows, []string{stamped(t.since), until, times, t.name, t.severity, t.worstText(), t.reading})
	}
	return table([]string{"since", "until", "", "alert", "severity", "worst", "fired at"}, rows)
}

func (s State) times() string {
	detected, by := s.Detected()
	after := func(at time.Time) string { return took(max(at.Sub(s.Began()), 0)) }
	rows := [][]string{{"began", stamped(s.Began()), ""}, {"detected by " + by, stamped(detected), after(detected)}, {"opened", stamped(s.At), after(s.At)}}
	for _, a := range s.Actions {
		if at := cmp.Or(a.Is.At, a.At); a.Is.Action == "alert.acknowledge" && a.Is.Outcome == "ok" {
			rows = append(rows, []string{"acknowledged by " + cmp.Or(a.Is.By, a.Who), stamped(at), after(at)})
			break
		}
	}
	for _, status := range Statuses()[1:] {
		if d, ok := s.After(status); ok {
			rows = append(rows, []string{string(status), stamped(s.Reached[status]), took(d)})
		} else {
			rows = append(rows, []string{string(status), s.unsaid(status), ""})
		}
	}
	return table([]string{"", "at", "after the beginning"}, rows)
}

// unsaid is why there is no time for a status.
func (s State) unsaid(status Status) string {
	if slices.Index(Statuses(), status) < slices.Index(Statuses(), s.Status) {
		return "not said"
	}
	return "not yet"
}

func (s State) severityHistory() string {
	var rows [][]string
	for _, set := range s.Severities {
		rows = append(rows, []string{stamped(set.At), set.Is.Severity, set.Who, set.Is.Why})
	}
	return table([]string{"at", "severity", "by", "why"}, rows)
}

func (s State) timeline() string {
	var rows [][]string
	for _, e := range s.Timeline() {
		rows = append(rows, []string{stamped(e.Told()), e.By(), e.Says()})
	}
	return table([]string{"at", "who", "what"}, rows)
}

func (s State) adherence() string {
	if s.Book == nil {
		return "No runbook was followed.\n"
	}
	never, _ := s.Missed(time.Time{}, s.Events[len(s.Events)-1].At)
	var rows [][]string
	listed := map[string]bool{}
	for _, step := range s.Book.Steps {
		target, missed := "", ""
		if due, ok := s.Due(step); ok {
			target = took(due.Sub(s.At))
		}
		if slices.Contains(never, step.Step) {
			missed = "missed"
		}
		listed[stepKey(s.Book.Runbook, step.Step)] = true
		if word, ok := s.Step(s.Book.Runbook, step.Step); ok {
			rows = append(rows, adhered(word.Is, target, missed))
			continue
		}
		rows = append(rows, []string{s.Book.Runbook, step.Step, "not done", "", target, missed, conditional(step)})
	}
	for _, is := range s.newestSteps() { // of another book, or an earlier version
		if !listed[stepKey(is.Runbook, is.Step)] {
			rows = append(rows, adhered(is, "", ""))
		}
	}
	return fmt.Sprintf("%s, SHA-256 %s.\n\n", s.Book.Runbook, s.Book.Sum) +
		table([]string{"runbook", "step", "became", "after", "target", "", "with"}, rows)
}

// conditional says that a step was only to be done under a condition.
func conditional(step PinnedStep) string {
	if step.When {
		return "only under its condition"
	}
	return ""
}

// adhered is the row of a step that was begun.
func adhered(is StepEvent, target, missed string) []string {
	if is.Late {
		missed = cmp.Or(missed, "late")
	}
	return []string{is.Runbook, is.Step, strings.TrimPrefix(string(is.Ended), "step."), took(time.Duration(is.TookS) * time.Second), target, missed, joinNonEmpty(is.Reading, is.Reason)}
}

func (s State) actionTable() string {
	if len(s.Actions) == 0 {
		return "Nothing was changed from here.\n"
	}
	var rows [][]string
	for _, a := range s.Actions {
		effect := s.Effects[a.Is.ID]
		rows = append(rows, []string{
			stamped(cmp.Or(a.Is.At, a.At)), cmp.Or(a.Is.By, a.Who), strings.TrimSpace(a.Is.Action + " " + a.Is.Target), a.Is.Outcome,
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

// proposals are what the runbooks should learn.
func (s State) proposals() string {
	var out strings.Builder
	for _, r := range s.remarks() {
		fmt.Fprintf(&out, "- `%s`, step `%s`: %s\n", r.Runbook, r.Step, r.text)
	}
	if s.Book != nil {
		for _, run := range s.unlisted() {
			fmt.Fprintf(&out, "- `%s`: `%s` helped; make it a step?\n", s.Book.Runbook, run.Action)
		}
	}
	if s.Proposes() {
		fmt.Fprintf(&out, "\nWritten out in `%s`, to compare with the book.\n", ProposalName)
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
