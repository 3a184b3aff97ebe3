package ui

import (
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// deployWord is how a build stands among all, in a word.
func deployWord(all model.Deployments, d model.Deployment) (word string, role Role) {
	live, _ := all.Live()
	switch {
	case d.Live:
		return "live", Good
	case d.State == "ERROR":
		return "failed", Warn
	case d.Candidate && all.PromotionOff && d.Created.After(live.Created):
		return "taken back", Muted
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
	if note := promotionNote(r.Value); note != nil {
		p.Lines = append(p.Lines, note)
	}
	for _, d := range r.Value.Rows[:min(len(r.Value.Rows), listRows(in))] {
		p.Lines = append(p.Lines, deployLine(in, r.Value, d))
	}
	p.Short = deployShort(in, r.Value)
	return panelOf(in, p, r.status)
}

func promotionNote(d model.Deployments) Line {
	if !d.PromotionOff {
		return nil
	}
	return Line{gap(1), span(Warn, "! new builds do not go live until one is promoted")}
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
		f.Head = []Line{promotionNote(r.Value)}
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
		if d.ID != key {
			continue
		}
		word, _ := deployWord(all, d)
		ready := "not yet"
		if !d.Ready.IsZero() {
			ready = in.ago(&d.Ready)
		}
		lines := []Line{
			labelled("build", d.Name+"  "+word), labelled("id", d.ID), labelled("state", d.State),
			labelled("created", in.ago(&d.Created)), labelled("ready", ready),
			labelled("author", d.Author), labelled("commit", d.Commit),
		}
		lines = append(lines, wrapped("message", d.Message, in.Width)...)
		lines = append(lines, labelled("address", d.URL), labelled("can go back to", yesNo(d.Candidate)))
		if d.Error != "" {
			lines = append(lines, wrapped("error", d.Error, in.Width)...)
		}
		return lines
	}
	return []Line{{span(Muted, "this build is no longer listed")}}
}
