package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// noSuspect says that no cause is known, and what was ruled out. What this
// machine is short of is no trouble of the users', so it stands below.
func (s *scene) noSuspect() Suspect {
	out := Suspect{Level: Fine, Against: lines(append([]string{s.aftermathLine()}, s.ruledOut()...)...)}
	var felt, here []hot
	for _, h := range s.hot {
		out.note(h.loud(), h.began)
		if strings.HasPrefix(h.Metric, "host.") {
			here = append(here, h)
		} else {
			felt = append(felt, h)
		}
	}
	lasting := s.lasting(&out)
	if len(felt) == 0 && len(lasting) == 0 {
		felt, here = here, nil
	}
	slices.SortStableFunc(felt, func(a, b hot) int { return cmp.Compare(unfelt(a), unfelt(b)) })
	dark, waiting, before := s.unreadable(), s.waiting(), s.firedBefore()
	switch {
	case len(felt) > 0:
		// The course of the worst: a slow quantile stays until its window has passed.
		readings := texts(felt)
		readings[0] = s.course(felt[0])
		out.Summary = "no suspect for " + strings.Join(atMost(readings, 2), ", ")
	case len(lasting) > 0:
		out.Summary = "no suspect: " + strings.Join(atMost(lasting, 2), ", ")
	case len(before) > 0:
		out.Summary = "no suspect so far; not known now: " + strings.Join(atMost(before, 2), ", ") + " fired before"
		out.note(Unclear, time.Time{})
	case waiting > 0:
		out.Summary = "no suspect so far: " + plural(waiting, "source") + " still to be read"
	case len(dark) > 0:
		out.Summary = "no suspect: " + plural(len(dark), "source") + " cannot be read"
		out.Level = Unclear
	default:
		out.Summary = "no suspect: no reading is over its threshold"
	}
	out.Summary += s.helped()
	out.Evidence = dark
	out.Against = append(out.Against, texts(here)...)
	return out
}

// unfelt is 0 for what users feel, which is named first, and 1 for the rest.
func unfelt(h hot) int {
	if slices.Contains(symptomRules(), h.Rule) {
		return 0
	}
	return 1
}

// note takes one trouble into the account: the loudest level and the earliest
// beginning stay.
func (s *Suspect) note(level Level, began time.Time) {
	s.Level = max(s.Level, level)
	if !began.IsZero() && (s.Since.IsZero() || began.Before(s.Since)) {
		s.Since = began
	}
}

// lasting says of the alerts whose trouble is not that of the last minute why
// they still stand, and notes them in a suspect.
func (s *scene) lasting(out *Suspect) []string {
	var says []string
	for _, a := range s.alerts {
		isHot := slices.ContainsFunc(s.hot, func(h hot) bool { return h.Rule == a.Rule && h.Subject() == a.Subject() })
		if isHot || a.Inhibited || !a.Trouble() || a.State == Unknown {
			continue
		}
		out.note(a.Level(), a.Since)
		says = append(says, a.name()+" "+a.Text()+" "+s.standing(a))
	}
	return says
}

// firedBefore names the alerts that fired when their readings were known last.
func (s *scene) firedBefore() []string {
	var names []string
	for _, a := range s.alerts {
		if a.State == Unknown && (a.Former == Firing || a.Former == Clearing) && !a.Inhibited {
			names = append(names, string(a.Severity)+" "+a.name())
		}
	}
	return names
}

// standing says how an alert stands whose last minute is not over its limit.
func (s *scene) standing(a Alert) string {
	over, _ := a.Threshold.Holds(a.Value, a.Unit)
	switch {
	case !over:
		return "is fine again, not yet for long enough"
	case a.Labels[windowLabel] == "":
		return "for less than a minute"
	}
	f, _, ok := store.Fact(s.v, a.Metric, lastMinute(a.Labels))
	switch {
	case a.Metric == "slo.burn":
		return "is over its limit" // by its own short window: nobody takes it over a minute
	case !ok || !f.Known:
		return "is over its limit, the last minute is unknown"
	}
	return "is still over its limit, the last minute is fine"
}

// lastMinute are the labels of the same reading over one minute.
func lastMinute(labels model.Labels) model.Labels {
	out := model.Labels{}
	for name, value := range labels {
		out[name] = value
	}
	out[windowLabel] = suspectWindow
	return out
}

// waiting counts the sources that were not read yet.
func (s *scene) waiting() int {
	n := 0
	for _, src := range s.v.Sources() {
		if src.State == store.Pending {
			n++
		}
	}
	return n
}

// atMost keeps the first few texts and counts the others.
func atMost(texts []string, n int) []string {
	if len(texts) <= n {
		return texts
	}
	return append(slices.Clone(texts[:n]), fmt.Sprintf("%d more", len(texts)-n))
}
