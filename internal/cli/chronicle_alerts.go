package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/incident"
)

// news leaves out the alerts of which nothing is known because this program has
// just begun.
func (c *chronicle) news(alerts []alert.Alert) []alert.Alert {
	return slices.DeleteFunc(slices.Clone(alerts), func(a alert.Alert) bool {
		if a.State != alert.Unknown {
			c.met[a.Key()] = true
		}
		return !c.met[a.Key()]
	})
}

// see writes how the alerts stand, where the timeline does not know it yet.
func (c *chronicle) see(alerts []alert.Alert) {
	_ = c.extend(func(s incident.State) []incident.Data { // the next step tries again
		return append(turned(s, alerts), c.gone(s, alerts)...)
	})
}

// gone are the alerts that fired and are there no more: what they were about, a
// table, say, is gone. One that was never seen here may only not be read yet.
func (c *chronicle) gone(s incident.State, alerts []alert.Alert) []incident.Data {
	here := map[string]bool{}
	for _, a := range alerts {
		here[a.Key()] = true
	}
	var out []incident.Data
	newest := newestOf(s)
	for _, key := range slices.Sorted(maps.Keys(newest)) {
		a := newest[key]
		if a.State != string(alert.OK) && c.met[key] && !here[key] {
			a.Was, a.State, a.Since, a.Reading = a.State, string(alert.OK), time.Time{}, "no longer there"
			out = append(out, a)
		}
	}
	return out
}

// newestOf is the newest word of a timeline on each alert, by their keys.
func newestOf(s incident.State) map[string]incident.AlertSeen {
	newest := map[string]incident.AlertSeen{}
	for _, a := range s.Alerts {
		newest[alert.Alert{Rule: a.Is.Rule, Labels: a.Is.Labels}.Key()] = a.Is
	}
	return newest
}

// turned are the alerts whose state the timeline does not have: those that fire
// or are not known any more, and those that are in order again.
func turned(s incident.State, alerts []alert.Alert) []incident.Data {
	newest := newestOf(s)
	var out []incident.Data
	for _, a := range alerts {
		was := newest[a.Key()]
		fires := a.Standing() == alert.Firing || a.Standing() == alert.Clearing
		state := string(alert.OK)
		switch {
		case fires && a.State == alert.Unknown:
			state = string(alert.Unknown)
		case fires && a.State == alert.Clearing && was.State != string(alert.Firing):
			state = string(alert.Clearing) // what it fired at was not seen
		case fires:
			state = string(alert.Firing)
		}
		if state == was.State && (!fires || string(a.Severity) == was.Severity) || !fires && was.State == "" {
			continue
		}
		out = append(out, incident.AlertSeen{
			Rule: a.Rule, Labels: a.Labels, Severity: string(a.Severity), State: state, Since: a.Since.UTC(), Fired: a.Alerted.UTC(),
			Reading: readingOf(a), Worst: worstOf(a), Was: was.State,
		})
	}
	return out
}

// worstOf is the worst that an alert saw; nil while it saw none, and where its
// number tells nothing to people.
func worstOf(a alert.Alert) *incident.Worst {
	if a.Worst == nil || a.Says != "" {
		return nil
	}
	return &incident.Worst{Value: *a.Worst, Low: a.Threshold.Falls(), Text: alert.Number(*a.Worst, a.Unit)}
}

// readingOf is what an alert saw: "91 % (> 80%)".
func readingOf(a alert.Alert) string {
	if !a.Known {
		return a.Why
	}
	return fmt.Sprintf("%s (%s)", a.Text(), a.Threshold)
}

// alertsInto writes how the alerts stand into the timeline of an incident, where
// that does not know it yet: no dashboard may have been there.
func alertsInto(f incident.Folder, id string, alerts []alert.Alert) error {
	f.Who, f.Via = ourName, ""
	_, err := f.Extend(id, func(s incident.State) []incident.Data { return turned(s, alerts) })
	if errors.Is(err, incident.ErrClosed) {
		return nil
	}
	return err
}

// seen writes how the alerts stand into the incident that is open, unless a
// dashboard does.
func (p *program) seen(now time.Time, alerts []alert.Alert) error {
	s, err := p.incidents.Current(p.target.Name)
	if errors.Is(err, incident.ErrNone) {
		return nil
	}
	if err != nil || !p.lead.is(now) {
		return err
	}
	return alertsInto(p.incidents, s.ID, alerts)
}
