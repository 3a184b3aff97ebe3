package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/incident"
	"tocsin/internal/runbook"
)

// Duty is the incident that is open, the runbook that is followed in it, and
// what there is beside: books and past incidents.
type Duty struct {
	Incident *incident.State    // nil while none is open
	Book     *runbook.Book      // as it was pinned to the incident; nil while none is followed
	Steps    []runbook.Standing // of Book
	Past     []incident.State   // those that are closed, the newest first
	Trouble  string             // why the timeline could not be written; "" when it was
	Ledger   []incident.Helped  // which action helped against which alert, in Past
}

// incidentFrame is the incident that is open and its timeline, the newest on top.
func incidentFrame(in In) Frame {
	s := in.Duty.Incident
	t := &Table{
		Columns: []Column{
			{Name: "at", Title: "at", Width: 9},
			{Name: "who", Title: "who", Width: 10, Drop: 2},
			{Name: "kind", Title: "kind", Width: 15, Drop: 1},
			{Name: "what", Title: "what"},
		},
		Empty: "no incident is open",
	}
	if s == nil {
		return Frame{Head: noIncident(in), Table: t}
	}
	for i, e := range slices.Backward(s.Timeline()) {
		role := Plain
		if e.Kind == incident.KindAlert || e.Kind == incident.KindStepFailed {
			role = Warn
		}
		t.Rows = append(t.Rows, Row{Key: strconv.Itoa(e.N), Cells: []Cell{
			{Text: in.clock(e.Told()), Num: float64(i), HasNum: true, Role: Muted}, {Text: e.By(), Role: Muted}, {Text: string(e.Kind), Role: Muted}, {Text: oneLine(e.Says()), Role: role},
		}})
	}
	return Frame{Head: incidentLines(in, *s), Table: t}
}

// noIncident says how one is opened, and what the alerts would have you read.
func noIncident(in In) []Line {
	lines := []Line{{gap(1), span(Muted, "no incident is open: "), span(Strong, in.Keys["incident"]), span(Muted, " opens one, with the runbook of the verdict or alert")}}
	for _, a := range troubles(in) {
		if a.State == alert.Firing && a.Runbook != "" && !dimmed(a) {
			lines = append(lines, Line{gap(1), span(levelRole(int(a.Level()), Plain), in.mark(int(a.Level()))+" "), field(34, Plain, alertName(a)), gap(1), span(Muted, "runbook "+a.Runbook)})
		}
	}
	return lines
}

// incidentLines are the state of an incident above its timeline.
func incidentLines(in In, s incident.State) []Line {
	now := in.View.Now()
	lines := []Line{
		{gap(1), span(severityRole(s.Severity), s.Severity), gap(1), span(Strong, string(s.Status)), gap(2), span(Plain, age(max(now.Sub(s.Began()), 0))), gap(2), span(Strong, s.Title())},
	}
	var roles []string
	for _, role := range incident.Roles() {
		if who := s.Roles[role]; who != "" {
			roles = append(roles, role+" "+who)
		}
	}
	if len(roles) == 0 {
		roles = []string{"nobody leads yet"}
	}
	line := Line{gap(1), span(Muted, strings.Join(roles, " · ")), gap(2), updateSpan(in, s)}
	if in.Duty.Book != nil {
		line = append(line, gap(2), span(Muted, "runbook "+in.Duty.Book.ID+", "+progressText(in.Duty.Steps)))
	}
	lines = append(lines, line)
	if worse := worseLine(in, s); worse != nil {
		lines = append(lines, worse)
	}
	if in.Duty.Trouble != "" {
		lines = append(lines, Line{gap(1), span(Bad, in.glyphs().Critical+" not written, and tried again: "+in.Duty.Trouble)})
	}
	return lines
}

// worseLine names the worst alert that fires where that is worse than the
// incident is taken for; nil where none is.
func worseLine(in In, s incident.State) Line {
	worst := alert.Alert{Severity: alert.Severity(s.Severity)}
	for _, a := range in.Alerts {
		if a.State == alert.Firing && !dimmed(a) && a.Severity < worst.Severity {
			worst = a
		}
	}
	if worst.Rule == "" {
		return nil
	}
	text := in.mark(int(worst.Level())) + " " + string(worst.Severity) + " " + alertName(worst) + " fires: " + in.Keys["incident"] + " severity raises it"
	if b := in.Duty.Book; worst.Runbook != "" && (b == nil || b.ID != worst.Runbook) {
		text += "; runbook " + worst.Runbook
	}
	return Line{gap(1), span(Warn, text)}
}

func severityRole(severity string) Role {
	if severity == string(alert.P0) || severity == string(alert.P1) {
		return Bad
	}
	return Warn
}

// updateSpan says when the next update is due to those who wait for it.
func updateSpan(in In, s incident.State) Span {
	at, due := s.NextUpdate()
	left := at.Sub(in.View.Now())
	switch {
	case !due:
		return span(Muted, "no update is due")
	case left < 0:
		return span(Warn, "update late by "+age(-left))
	}
	return span(Muted, "next update in "+age(left))
}

// progressText says how many steps are over: "3 of 9 steps".
func progressText(steps []runbook.Standing) string {
	over, all := 0, 0
	for _, s := range steps {
		if s.Course == runbook.CourseOff {
			continue
		}
		all++
		if s.Course.Over() {
			over++
		}
	}
	return fmt.Sprintf("%d of %d steps", over, all)
}

// incidentDetail is one event in full.
func incidentDetail(in In, key string) []Line {
	s := in.Duty.Incident
	if s == nil {
		return nil
	}
	i := slices.IndexFunc(s.Events, func(e incident.Event) bool { return strconv.Itoa(e.N) == key })
	if i < 0 {
		return nil
	}
	e := s.Events[i]
	lines := []Line{labelled("at", in.full(e.Told())), labelled("who", strings.TrimSpace(e.By()+" "+e.Via)), labelled("kind", string(e.Kind))}
	if told := e.Told(); !told.Equal(e.At) {
		lines = append(lines, labelled("written", in.full(e.At)))
	}
	return append(append(lines, Line{}), plainLines(e.Says(), in.Width)...)
}

// incidentSpan is the open incident in the header: its severity, clock and step.
func incidentSpan(in In) Span {
	s := in.Duty.Incident
	if s == nil {
		return Span{}
	}
	return span(severityRole(s.Severity), s.Severity+" incident "+age(max(in.View.Now().Sub(s.Began()), 0)))
}

// pastFrame is the incidents that are closed.
func pastFrame(in In) Frame {
	t := &Table{
		Columns: []Column{
			{Name: "opened", Title: "opened", Width: 16},
			{Name: "severity", Title: "sev", Width: 4},
			{Name: "took", Title: "mitigated in", Width: 12, Right: true, Drop: 1},
			{Name: "runbook", Title: "runbook", Width: 22, Drop: 2},
			{Name: "todo", Title: "to do", Width: 6, Right: true, Drop: 3},
			{Name: "title", Title: "title"},
		},
		Empty: "no incident was closed yet",
	}
	for _, s := range in.Duty.Past {
		took, book := "?", ""
		if d, ok := s.After(incident.StatusMitigated); ok {
			took = age(d)
		}
		if s.Book != nil {
			book = s.Book.Runbook
		}
		t.Rows = append(t.Rows, Row{Key: s.ID, Cells: []Cell{
			{Text: in.when(s.At), Num: float64(s.At.Unix()), HasNum: true}, {Text: s.Severity}, {Text: took}, {Text: book, Role: Muted},
			{Text: count(int64(len(s.OpenFollowUps())))}, {Text: s.Title()},
		}})
	}
	return Frame{Table: t}
}

// pastDetail is what was done in a past incident and what it did.
func pastDetail(in In, key string) []Line {
	i := slices.IndexFunc(in.Duty.Past, func(s incident.State) bool { return s.ID == key })
	if i < 0 {
		return nil
	}
	s := in.Duty.Past[i]
	lines := []Line{labelled("incident", s.ID), labelled("title", s.Title())}
	for _, f := range s.OpenFollowUps() {
		lines = append(lines, wrapped("to do", f.Says(), in.Width)...)
	}
	lines = append(lines, Line{})
	for _, e := range s.Timeline() {
		for i, part := range wrap(oneLine(e.Says()), max(in.Width-10, 8)) {
			at := ""
			if i == 0 {
				at = in.clock(e.Told())
			}
			lines = append(lines, Line{field(10, Muted, at), span(Plain, part)})
		}
	}
	return lines
}

// lastTimes are the newest closed incidents that mention something.
func lastTimes(in In, what string) []incident.State {
	var out []incident.State
	for _, s := range in.Duty.Past {
		if s.Mentions(what) {
			out = append(out, s)
		}
	}
	return out[:min(len(out), 3)]
}

// lateBy is how long after its target a step is, or how long before; "" where it
// has none, or was in time.
func lateBy(now time.Time, s runbook.Standing) string {
	switch {
	case s.Due.IsZero():
		return ""
	case s.Late && !s.Course.Over():
		return "late " + age(now.Sub(s.Due))
	case s.Late:
		return "was late"
	case s.Course.Over():
		return ""
	}
	return "in " + age(s.Due.Sub(now))
}
