package incident

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/model"
)

// Helped is what one action did against one alert, over many incidents.
type Helped struct {
	Rule    string // the alert that fired when it was run
	Action  string
	Runs    int // that were measured
	Helped  int
	Worse   int
	Last    time.Time
	Metric  string // of the number below; "" where no run was measured by one
	Unit    model.Unit
	Before  *float64 // median before it was run; nil where that is not known
	After   *float64 // median after it
	changes []audit.Change
}

// Ledger tells which action helped against which alert, how often and by how
// much: those that helped most often first. An action counts for every alert
// that fired when it was run, and for what the incident was opened for.
func Ledger(incidents []State) []Helped {
	type pair struct{ rule, action string }
	all := map[pair]*Helped{}
	for _, s := range incidents {
		for _, a := range s.Actions {
			effect, measured := s.Effects[a.Is.ID]
			if !measured || effect.Verdict == "unknown" {
				continue
			}
			for _, rule := range s.firedAt(cmp.Or(a.Is.At, a.At)) {
				key := pair{rule, a.Is.Action}
				if all[key] == nil {
					all[key] = &Helped{Rule: rule, Action: a.Is.Action}
				}
				all[key].count(effect)
			}
		}
	}
	var out []Helped
	for _, h := range all {
		h.settle()
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b Helped) int {
		return cmp.Or(cmp.Compare(b.Helped, a.Helped), cmp.Compare(a.Runs, b.Runs), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Action, b.Action))
	})
	return out
}

// firedAt lists the rules that fired at a time, and the one that the incident
// was opened for.
func (s State) firedAt(at time.Time) []string {
	firing := map[string]bool{}
	if s.Opening.Cause != "" {
		firing[s.Opening.Cause] = true
	}
	for _, a := range s.Alerts {
		if a.At.After(at) {
			break
		}
		if a.Is.Rule != s.Opening.Cause {
			firing[a.Is.Rule] = a.Is.State != "ok"
		}
	}
	maps.DeleteFunc(firing, func(_ string, fires bool) bool { return !fires })
	return slices.Sorted(maps.Keys(firing))
}

func (h *Helped) count(e EffectSeen) {
	h.Runs++
	switch e.Verdict {
	case "helped":
		h.Helped++
	case "worse":
		h.Worse++
	}
	if e.At.After(h.Last) {
		h.Last = e.At
	}
	h.changes = append(h.changes, e.Changes...)
}

// settle takes the number that most runs were measured by.
func (h *Helped) settle() {
	times := map[string]int{}
	for _, c := range h.changes {
		times[c.Metric]++
	}
	for _, name := range slices.Sorted(maps.Keys(times)) {
		if times[name] > times[h.Metric] {
			h.Metric = name
		}
	}
	var before, after []float64
	for _, c := range h.changes {
		if c.Metric == h.Metric && c.Before != nil && c.After != nil {
			before, after, h.Unit = append(before, *c.Before), append(after, *c.After), c.Unit
		}
	}
	h.Before, h.After = median(before), median(after)
}

func median(list []float64) *float64 {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return &list[len(list)/2]
}
