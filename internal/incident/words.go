package incident

import (
	"fmt"
	"strings"
	"time"
)

// contains compares without case.
func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// words are what a search looks through.
func (s State) words() []string {
	out := []string{s.ID, s.Opening.Title, s.Opening.Cause, s.Opening.Suspect}
	if s.Book != nil {
		out = append(out, s.Book.Runbook)
	}
	for _, a := range s.Alerts {
		out = append(out, a.Is.Rule)
	}
	for _, a := range s.Actions {
		out = append(out, a.Is.Action, a.Is.Target)
	}
	for _, e := range s.Events {
		if e.Kind == KindNote {
			out = append(out, data[Noted](e).Text)
		}
	}
	return out
}

// Says is an event in words, for a timeline that people read. One of an unknown
// kind is shown as it was written.
func (e Event) Says() string {
	switch e.Kind {
	case KindOpened:
		o := data[Opened](e)
		text := fmt.Sprintf("opened as %s: %s", o.Severity, o.Title)
		return joined(text, o.Criterion, o.Suspect)
	case KindTitle:
		return "title: " + data[Titled](e).Title
	case KindSeverity:
		s := data[SeveritySet](e)
		return joined("severity "+s.Severity, s.Why)
	case KindStatus:
		s := data[StatusSet](e)
		return joined(string(s.Status), s.Why)
	case KindRole:
		r := data[RoleTaken](e)
		return r.Role + " is " + r.Who
	case KindHandOff:
		h := data[HandedOff](e)
		return joined("handed off to "+h.To, h.Text)
	case KindNote:
		return data[Noted](e).Text
	case KindFact:
		f := data[FactFound](e)
		return f.Name + " = " + f.Value
	case KindPinned:
		p := data[Pinned](e)
		return fmt.Sprintf("runbook %s (%.8s)", p.Runbook, p.Sum)
	}
	return e.saysWork()
}

// saysWork is an event of the work on an incident in words.
func (e Event) saysWork() string {
	switch e.Kind {
	case KindStepStarted, KindStepDone, KindStepSkipped, KindStepFailed, KindStepOverridden:
		s := data[StepEvent](e)
		late := ""
		if s.Late {
			late = ", late"
		}
		text := fmt.Sprintf("step %s %s after %s%s", s.Step, strings.TrimPrefix(string(e.Kind), "step."), took(time.Duration(s.TookS)*time.Second), late)
		return joined(text, s.Reading, s.Reason)
	case KindAlert:
		a := data[AlertSeen](e)
		return joined(a.Rule+labelled(a.Labels.String())+" "+a.State, a.Reading)
	case KindAction:
		a := data[ActionRun](e)
		return joined(strings.TrimSpace(a.Action+" "+a.Target)+": "+a.Outcome, a.Detail, a.Reason)
	case KindEffect:
		f := data[EffectSeen](e)
		return joined(f.Action+" "+f.Verdict, f.Text)
	case KindEvidence:
		v := data[EvidenceKept](e)
		return joined("kept "+v.File, v.What)
	case KindLooked:
		return "looked at: " + data[LookedAt](e).What
	case KindComms:
		c := data[CommsSent](e)
		return joined("told "+c.Audience, strings.Join(strings.Fields(c.Text), " "))
	case KindFollowUp:
		return data[FollowUp](e).Says()
	}
	return string(e.Kind) + " " + string(e.Data)
}

// Says is a follow-up in words.
func (f FollowUp) Says() string {
	state := "to do"
	if f.Done {
		state = "done"
	}
	text := fmt.Sprintf("%s (%s): %s", f.ID, state, f.Text)
	if f.Owner != "" {
		text += ", " + f.Owner
	}
	if f.Due != "" {
		text += ", by " + f.Due
	}
	return text
}

func labelled(labels string) string {
	if labels == "" {
		return ""
	}
	return " " + labels
}

// joined puts the parts that are there behind each other.
func joined(first string, more ...string) string {
	var parts []string
	for _, m := range more {
		if m != "" {
			parts = append(parts, m)
		}
	}
	if len(parts) == 0 {
		return first
	}
	return first + ": " + strings.Join(parts, "; ")
}

// took is a duration for people, to the second: "1h05m", "42s".
func took(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}
