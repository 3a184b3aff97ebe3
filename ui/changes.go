package ui

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// change is something that happened: a build, an alert, a source that was lost.
type change struct {
	at   time.Time
	text string
	role Role
}

// changes lists what is known to have happened, the newest first.
func changes(in In) []change {
	out := append(deployChanges(in), alertChanges(in)...)
	out = append(out, sourceChanges(in)...)
	out = append(out, providerChanges(in)...)
	out = append(out, serverChanges(in)...)
	out = append(out, variableChanges(in)...)
	out = append(out, issueChanges(in)...)
	for _, e := range in.Past {
		out = append(out, change{at: e.At, text: e.Text, role: e.Role})
	}
	slices.SortStableFunc(out, func(a, b change) int { return b.at.Compare(a.at) })
	return out
}

func deployChanges(in In) []change {
	var out []change
	all := read(in.View, store.DeploymentsKey()).Value
	for _, d := range all.Rows {
		c := change{at: d.WentLive(), text: "deploy " + d.Name, role: Plain}
		if d.Author != "" {
			c.text += " by " + d.Author
		}
		switch word, _ := deployWord(all, d); {
		case d.State == "ERROR":
			c.text, c.role = c.text+" failed", Warn
		case word != "" && word != "candidate" && word != "previous":
			c.text += " (" + word + ")"
		}
		if !c.at.IsZero() {
			out = append(out, c)
		}
	}
	return out
}

// variablesSince is how long ago a variable was set to be told of.
const variablesSince = 7 * 24 * time.Hour

// variableChanges tell of the environment of production. A build has that of
// its time: what was set later it does not know.
func variableChanges(in In) []change {
	var out []change
	live, ok := read(in.View, store.DeploymentsKey()).Value.Live()
	for _, v := range read(in.View, store.DomainsKey()).Value.Variables {
		if v.Set.IsZero() || in.View.Now().Sub(v.Set) > variablesSince {
			continue
		}
		c := change{at: v.Set, text: "variable " + v.Name + " set", role: Plain}
		if ok && !live.Created.IsZero() && live.Created.Before(v.Set) {
			c.text += ", " + live.Name + " does not know it"
		}
		out = append(out, c)
	}
	return out
}

func alertChanges(in In) []change {
	var out []change
	for _, a := range in.Alerts {
		if !a.Trouble() || a.Since.IsZero() {
			continue
		}
		c := change{at: a.Since, text: alertName(a) + overLimitText(a), role: levelRole(int(a.Level()), Plain)}
		if a.Inhibited || a.Muted != nil {
			c.role = Muted
		}
		out = append(out, c)
	}
	return out
}

// overLimitText is what an alert went over; nothing of a server that is down.
func overLimitText(a alert.Alert) string {
	if strings.HasSuffix(a.Metric, ".down") {
		return ""
	}
	return " " + limitOf(a)
}

// alertName is the rule and what it is about.
func alertName(a alert.Alert) string {
	if s := a.About(); s != "" {
		return a.Rule + " " + s
	}
	return a.Rule
}

// sourceChanges are the sources that cannot be read, each server once.
func sourceChanges(in In) []change {
	var out []change
	seen := map[string]bool{}
	for _, s := range in.View.Sources() {
		if s.State != store.Error || s.Fail.Since.IsZero() || seen[serverOf(s)] {
			continue
		}
		seen[serverOf(s)] = true
		out = append(out, change{at: s.Fail.Since, text: serverOf(s) + " lost: " + cause(s.Fail), role: Unknown})
	}
	return out
}

// serverOf names what a source reads: its server, or itself when it stands alone
// or when a right is missing that the others may have.
func serverOf(s store.Status) string {
	if s.Group != "" && (s.Fail == nil || s.Fail.Class != model.Denied) {
		return s.Group
	}
	return s.Name
}

func providerChanges(in In) []change {
	var out []change
	for _, p := range store.All[model.StatusPage](in.View) {
		for _, i := range p.Sample.Value.Incidents {
			if i.Since.IsZero() {
				continue
			}
			out = append(out, change{at: i.Since, text: p.Sample.Value.Name + ": " + i.Name, role: Warn})
		}
	}
	return out
}

// whenWidth is the room for an instant to the minute.
func whenWidth(in In) int {
	if in.Local {
		return len("15:04+02")
	}
	return len("15:04Z")
}

// changesPanel is the box of the overview.
func changesPanel(in In) Panel {
	p := Panel{ID: "changes", Title: "What changed"}
	all := changes(in)
	for _, c := range all[:min(len(all), listRows(in)+1)] {
		at := in.when(c.at)
		p.Lines = append(p.Lines, Line{gap(1), field(whenWidth(in), Muted, at), gap(1), span(c.role, c.text)})
	}
	if len(p.Lines) == 0 {
		p.Lines = []Line{{gap(1), span(Muted, "nothing known")}}
	}
	return p
}
