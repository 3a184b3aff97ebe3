package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Audiences lists those who are told of an incident.
func Audiences() []string { return []string{"team", "management", "customers", "support"} }

// Message is a text for an audience, filled with what is known. It is shown
// before anybody copies or sends it. Customers hear of effects and times, never
// of names, causes or systems; of a restricted incident nobody outside hears
// more than that it is worked on.
func (s State) Message(audience string, now time.Time) string {
	if s.Opening.Restricted && audience != "team" {
		return fmt.Sprintf("We are looking into an issue since %s. %s", clock(s.At), s.promise(now))
	}
	switch audience {
	case "customers", "support":
		return s.outward(audience, now)
	}
	lines := []string{
		fmt.Sprintf("%s %s: %s (%s), since %s, %s so far.", s.Severity, s.Status, s.Opening.Title, s.Opening.Target, clock(s.Began()), took(max(now.Sub(s.Began()), 0))),
	}
	if s.Opening.Suspect != "" {
		lines = append(lines, "First suspect at the opening: "+s.Opening.Suspect+".")
	}
	if firing := s.Firing(); len(firing) > 0 {
		lines = append(lines, "Firing: "+strings.Join(firing, ", ")+".")
	}
	for _, a := range s.Actions[max(0, len(s.Actions)-3):] {
		text := "Done: " + strings.TrimSpace(a.Is.Action+" "+shown(a.Is.Target)) + " at " + clock(cmp.Or(a.Is.At, a.At)) + ", " + a.Is.Outcome
		if e, ok := s.Effects[a.Is.ID]; ok {
			text += ", " + e.Verdict
		}
		lines = append(lines, text+".")
	}
	if lead := s.Roles["lead"]; lead != "" {
		lines = append(lines, "Lead: "+lead+".")
	}
	return strings.Join(append(lines, s.promise(now)), "\n")
}

// shown is what an action was run on, for people: without when its session was
// started, which only tells it from a later one of that number.
func shown(target string) string {
	words := slices.DeleteFunc(strings.Fields(target), func(w string) bool { return strings.HasPrefix(w, "backend_start=") })
	return strings.Join(words, " ")
}

// outward is the text for those outside.
func (s State) outward(audience string, now time.Time) string {
	state := "Some requests fail or are slow. We are working on it."
	if s.Severity == "P0" {
		state = "The service cannot be reached, or not by everybody. We are working on it."
	}
	switch s.Status {
	case StatusMitigated:
		state = "Service is back to normal since " + clock(s.Reached[StatusMitigated]) + ". We are watching it and removing the cause."
	case StatusResolved, StatusClosed:
		state = "This is resolved since " + clock(cmp.Or(s.Reached[StatusResolved], s.Reached[StatusClosed])) + "."
	}
	text := fmt.Sprintf("Since %s there has been a disruption. %s", clock(s.Began()), state)
	if audience == "support" {
		text += " Please collect the reports of users with time and address, and point them to the status page."
	}
	return strings.TrimSpace(text + " " + s.promise(now))
}

// promise says when the next update comes; "" once nobody waits for one.
func (s State) promise(now time.Time) string {
	if s.calm() {
		return ""
	}
	return "Next update by " + clock(now.Add(firstUpdate(s.Severity))) + "."
}

// Interval is how long after one update the next is promised.
func (s State) Interval() time.Duration { return firstUpdate(s.Severity) }

// Firing lists the rules of the timeline that are not in order: they fire, clear,
// or fired before they were unknown.
func (s State) Firing() []string {
	newest := map[string]string{}
	var order []string
	for _, a := range s.Alerts {
		key := a.Is.Rule + labelled(a.Is.Labels.String())
		if _, seen := newest[key]; !seen {
			order = append(order, key)
		}
		newest[key] = a.Is.State
	}
	return slices.DeleteFunc(order, func(key string) bool { return newest[key] == alertOK })
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04Z") }

// stamped is a time to the second.
func stamped(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05Z") }
