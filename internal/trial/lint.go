package trial

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// Finding is something wrong with a set of rules, or worth knowing.
type Finding struct {
	Rule string // id; "" where it is about several
	Text string
	Note bool // worth knowing, and no fault
}

// String is the finding in a line.
func (f Finding) String() string { return strings.TrimPrefix(f.Rule+": "+f.Text, ": ") }

// Lint finds what contradicts itself in a set that was loaded: by then each
// rule by itself fits its metric, and does not clear where it fires.
func Lint(set alert.Set, hasBook func(id string) bool) []Finding {
	var out []Finding
	for _, r := range set.Rules {
		out = append(out, alone(r, hasBook)...)
	}
	out = append(out, pairs(set)...)
	out = append(out, circles(set)...)
	return append(out, budget(set)...)
}

// alone is what one rule lacks.
func alone(r alert.Rule, hasBook func(id string) bool) []Finding {
	var out []Finding
	switch {
	case r.Runbook == "":
		out = append(out, Finding{Rule: r.ID, Text: "names no runbook: who is woken by it does not know what to do"})
	case !hasBook(r.Runbook):
		out = append(out, Finding{Rule: r.ID, Text: "there is no runbook " + r.Runbook})
	}
	if r.Window != "" && r.MinCount == 0 {
		out = append(out, Finding{Rule: r.ID, Note: true, Text: "has no min_count: one failed request of two is 50 %"})
	}
	if r.For == 0 && r.ClearFor == 0 && touching(r) && measured(r.Metric) {
		out = append(out, Finding{Rule: r.ID, Note: true, Text: fmt.Sprintf("fires at %s and clears at %s, both at once: a reading near it flaps", r.Fire, r.Clear)})
	}
	return out
}

// touching tells whether a reading needs no way between firing and clearing.
func touching(r alert.Rule) bool {
	unit := unitOf(r.Metric)
	fire, err := r.Fire.In(unit)
	clear, other := r.Clear.In(unit)
	return err == nil && other == nil && fire == clear
}

// measured tells whether a metric moves by itself: shares, times and sizes do,
// what is counted in whole things or set by somebody does not. A burn rate is
// steadied by its long window.
func measured(metric string) bool { return unitOf(metric) != model.None }

func unitOf(metric string) model.Unit {
	for _, m := range alert.Metrics() {
		if m.Name == metric {
			return m.Unit
		}
	}
	return model.None
}

// pairs compares the rules that look at the same number.
func pairs(set alert.Set) []Finding {
	var out []Finding
	for i, a := range set.Rules {
		for _, b := range set.Rules[i+1:] {
			if a.Metric != b.Metric || a.Window != b.Window {
				continue
			}
			worse, lesser := a, b
			if b.Severity < a.Severity {
				worse, lesser = b, a
			}
			out = append(out, pair(worse, lesser)...)
		}
	}
	return out
}

// pair is what contradicts between two rules on one number, the first of which
// is worse, or as bad.
func pair(worse, lesser alert.Rule) []Finding {
	upper, direction := limit(worse)
	lower, other := limit(lesser)
	about := fmt.Sprintf("%s (%s, %s) and %s (%s, %s)", worse.ID, worse.Severity, worse.Fire, lesser.ID, lesser.Severity, lesser.Fire)
	switch {
	case direction != other || direction == 0:
		return nil // a number may be too high and too low
	case upper == lower && worse.For == lesser.For:
		return []Finding{{Text: about + " fire for the same: one of them says nothing"}}
	case worse.Severity == lesser.Severity:
		return nil
	case upper*direction < lower*direction:
		return []Finding{{Text: about + ": what is worse fires at less"}}
	case !slices.Contains(lesser.InhibitedBy, worse.ID):
		return []Finding{{Note: true, Text: about + " page twice for one trouble: inhibited_by of the lesser does not name the worse"}}
	}
	return nil
}

// limit is where a rule fires, in the unit of its metric, and which way: 1 above
// it, -1 below it, 0 where there is no way.
func limit(r alert.Rule) (value, direction float64) {
	value, err := r.Fire.In(unitOf(r.Metric))
	switch {
	case err != nil:
		return 0, 0
	case strings.HasPrefix(r.Fire.Op, ">"):
		return value, 1
	case strings.HasPrefix(r.Fire.Op, "<"):
		return value, -1
	}
	return value, 0
}

// circles finds rules that explain each other away.
func circles(set alert.Set) []Finding {
	var out []Finding
	for i, a := range set.Rules {
		for _, b := range set.Rules[i+1:] {
			if slices.Contains(a.InhibitedBy, b.ID) && slices.Contains(b.InhibitedBy, a.ID) {
				out = append(out, Finding{Text: a.ID + " and " + b.ID + " explain each other: both are dimmed while both fire"})
			}
		}
	}
	return out
}

// budget compares thresholds for errors with the goal of availability.
func budget(set alert.Set) []Finding {
	var burns []alert.Rule
	for _, r := range set.Rules {
		if r.Metric == "slo.burn" {
			burns = append(burns, r)
		}
	}
	var out []Finding
	for _, r := range set.Rules {
		pct, direction := limit(r)
		if r.Metric != "http.error_rate" || direction <= 0 {
			continue
		}
		times := pct / (100 - model.AvailabilityGoal)
		f := Finding{Rule: r.ID, Note: true}
		switch {
		case times <= 1:
			f.Text = fmt.Sprintf("fires at %g %% of errors, within the goal of %g %%: there is nothing to repair", pct, model.AvailabilityGoal)
		case len(burns) == 0:
			f.Note = false
			f.Text = fmt.Sprintf("%g %% of errors and the goal of %g %% contradict: just under it nothing fires, and the budget of 30 days is gone in %s; a rule on slo.burn is missing",
				pct, model.AvailabilityGoal, days(times))
		default:
			f.Text = fmt.Sprintf("%g %% of errors use up the budget of 30 days (goal %g %%) in %s: %g times too fast; under it %s",
				pct, model.AvailabilityGoal, days(times), round(times), watched(times, burns))
		}
		out = append(out, f)
	}
	return out
}

// watched says which of the rules on the burn see errors that stay just under a
// threshold.
func watched(times float64, burns []alert.Rule) string {
	var see, blind []string
	for _, b := range burns {
		if fires, _ := limit(b); fires < times {
			see = append(see, b.ID)
		} else {
			blind = append(blind, b.ID)
		}
	}
	var said []string
	if len(see) > 0 {
		said = append(said, "what still fires is "+strings.Join(see, " and "))
	}
	if len(blind) > 0 {
		said = append(said, strings.Join(blind, " and ")+" stays quiet")
	}
	return strings.Join(said, ", ")
}

// days is how long the budget of thirty days lasts.
func days(times float64) string {
	if d := 30 / times; d >= 1 {
		return fmt.Sprintf("%.3g days", d)
	}
	return fmt.Sprintf("%.3g h", 24*30/times)
}

func round(times float64) float64 { return float64(int(times*10+0.5)) / 10 }
