package ui

import (
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// deployWord is how a build stands among all, in a word.
func deployWord(all model.Deployments, d model.Deployment) (word string, role Role) {
	live, _ := all.Live()
	before, ok := all.Previous()
	switch {
	case d.Live:
		return "live", Good
	case d.State == "ERROR":
		return "failed", Warn
	case d.Candidate && all.PromotionOff && d.Created.After(live.Created):
		return "taken back", Muted
	case ok && before.ID == d.ID && d.State == "READY":
		return "previous", Plain
	case d.Candidate:
		return "candidate", Plain
	case d.State == "READY":
		return "", Muted
	default:
		return strings.ToLower(d.State), Plain
	}
}

func liveMark(in In, d model.Deployment) string {
	if d.Live {
		return in.glyphs().Live
	}
	return " "
}

// deploymentsPanel is the box of the overview.
func deploymentsPanel(in In) Panel {
	r := read(in.View, store.DeploymentsKey())
	p := Panel{ID: "deployments", Title: "Deployments"}
	if !r.has() {
		return panelOf(in, p, r.status)
	}
	if r.Value.PromotionOff {
		p.Lines = append(p.Lines, promotionNote(in, r.Value))
	}
	for _, d := range r.Value.Rows[:min(len(r.Value.Rows), listRows(in))] {
		p.Lines = append(p.Lines, deployLine(in, r.Value, d))
	}
	p.Short = deployShort(in, r.Value)
	return panelOf(in, p, r.status)
}

// promotionNote says what stays of a rollback, and who did it where there is
// room for that.
func promotionNote(in In, d model.Deployments) Line {
	line := Line{gap(1), span(Warn, in.glyphs().Warning+" new builds do not go live until one is promoted")}
	who := ""
	if _, by, ok := d.LiveSince(); ok && by == "rollback" {
		who = "rolled back " + age(in.View.Now().Sub(d.Switch.At)) + " ago"
	}
	if d.Rolled != nil && who != "" {
		who += " by " + d.Rolled.By
		if d.Rolled.Why != "" {
			who += ": " + d.Rolled.Why
		}
	}
	if who == "" || cells(line...)+cells(span(Muted, who))+2 > in.Width {
		return line
	}
	return append(line, gap(2), span(Muted, who))
}

func deployLine(in In, all model.Deployments, d model.Deployment) Line {
	word, role := deployWord(all, d)
	return Line{gap(1), field(2, Good, liveMark(in, d)), field(8, Strong, d.Name), gap(1),
		figure(6, Plain, age(in.View.Now().Sub(d.WentLive()))), gap(2), field(7, Muted, d.Author), gap(1), span(role, word)}
}

func deployShort(in In, v model.Deployments) Line {
	live, ok := v.Live()
	if !ok {
		return Line{span(Unknown, "no build is live")}
	}
	since, _, _ := v.LiveSince()
	line := Line{span(Strong, live.Name), span(Plain, " live "+age(in.View.Now().Sub(since))+" "), span(Muted, live.Author)}
	if v.PromotionOff {
		line = append(line, gap(2), span(Warn, "promotion off"))
	}
	return line
}

func deploymentsFrame(in In) Frame {
	r := read(in.View, store.DeploymentsKey())
	t := &Table{
		Columns: []Column{
			{Name: "build", Title: "  build", Width: 14},
			{Name: "age", Title: "age", Width: 7, Right: true},
			{Name: "stands", Title: "stands", Width: 10},
			{Name: "author", Title: "author", Width: 12, Drop: 2},
			{Name: "commit", Title: "commit", Width: 9, Drop: 3},
			{Name: "at", Title: "ready", Width: 13, Drop: 4},
			{Name: "message", Title: "message", Drop: 1},
		},
		Empty: "nothing was deployed to production",
	}
	for _, d := range r.Value.Rows {
		t.Rows = append(t.Rows, deployRow(in, r.Value, d))
	}
	f := Frame{Table: t}
	if r.Value.PromotionOff {
		f.Head = []Line{promotionNote(in, r.Value)}
	}
	return frameOf(in, f, r.status)
}

func deployRow(in In, all model.Deployments, d model.Deployment) Row {
	word, role := deployWord(all, d)
	d2 := in.View.Now().Sub(d.WentLive())
	message := Cell{Text: d.Message}
	if d.Error != "" {
		message = Cell{Text: d.Error, Role: Warn}
	}
	return Row{Key: d.ID, Args: switchArgs(d), Cells: []Cell{
		{Text: liveMark(in, d) + " " + d.Name, Role: Strong}, {Text: age(d2), Num: d2.Seconds(), HasNum: true},
		{Text: word, Role: role}, {Text: d.Author}, {Text: short(d.Commit), Role: Muted},
		{Text: in.when(d.WentLive()), Role: Muted, Num: float64(d.WentLive().Unix()), HasNum: true}, message,
	}}
}

// switchArgs are what a switch takes from a row: its build. From the live one
// there is only the way back, to the newest that served before it.
func switchArgs(d model.Deployment) map[string]string {
	if d.Live {
		return nil
	}
	return map[string]string{"deployment": d.ID}
}

// short is the beginning of a commit's hash.
func short(commit string) string {
	if len(commit) > 8 {
		return commit[:8]
	}
	return commit
}

func deploymentDetail(in In, key string) []Line {
	all := read(in.View, store.DeploymentsKey()).Value
	for _, d := range all.Rows {
		if d.ID == key {
			return deploymentLines(in, all, d)
		}
	}
	return []Line{{span(Muted, "this build is no longer listed")}}
}

func deploymentLines(in In, all model.Deployments, d model.Deployment) []Line {
	word, _ := deployWord(all, d)
	lines := []Line{
		labelled("build", d.Name+"  "+word), labelled("id", d.ID), labelled("state", d.State),
		labelled("created", in.ago(&d.Created)), labelled("built", buildTimes(in, d)),
		labelled("author", d.Author), labelled("commit", d.Commit),
	}
	lines = append(lines, wrapped("message", d.Message, in.Width)...)
	lines = append(lines, labelled("address", d.URL), labelled("can go back to", yesNo(d.Candidate)))
	if d.Error != "" {
		lines = append(lines, wrapped("error", d.Error, in.Width)...)
	}
	if d.Live {
		lines = append(lines, labelled("serves", strings.Join(servedNames(in), ", ")))
	}
	if names := read(in.View, store.DomainsKey()).Value.AliasesOf(d.ID); len(names) > 0 {
		lines = append(lines, wrapped("answers under", strings.Join(names, ", "), in.Width)...)
	}
	if key := in.Keys["logs"]; key != "" {
		lines = append(lines, labelled("log", key+" follows it"))
	}
	if d.Live && all.PromotionOff {
		lines = append(lines, Line{}, promotionNote(in, all))
	}
	return lines
}

// buildTimes says how long a build took, or how far it is.
func buildTimes(in In, d model.Deployment) string {
	switch {
	case d.Unfinished() && d.Building.IsZero():
		return "it has been waiting for " + age(in.View.Now().Sub(d.Created))
	case d.Unfinished():
		return "it has been building for " + age(in.View.Now().Sub(d.Building))
	case d.Ready.IsZero():
		return "no"
	case d.Building.IsZero():
		return in.ago(&d.Ready)
	}
	return in.ago(&d.Ready) + ", in " + age(d.Ready.Sub(d.Building))
}

// servedNames are the host names of production, as far as they are read.
func servedNames(in In) []string {
	var names []string
	for _, d := range read(in.View, store.DomainsKey()).Value.Rows {
		if d.Redirect == "" {
			names = append(names, d.Name)
		}
	}
	if len(names) == 0 {
		return []string{"production; its host names are not read"}
	}
	return names
}
