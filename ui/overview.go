package ui

import (
	"slices"
	"strings"

	"tocsin/internal/model"
)

// Overview gives the panels of the overview, in rows of three. Each is made for
// in.Width cells inside its border.
func Overview(in In) []Panel {
	statements := statementsPanel(in)
	if tables := tablesPanel(in); tables.Level > 1 {
		statements.Lines = append(tables.Lines, statements.Lines...)
		statements.Level = max(statements.Level, tables.Level)
	}
	return []Panel{
		servicesPanel(in), charted(in, requestsPanel(in)), alertsPanel(in),
		charted(in, sessionsPanel(in)), statements, changesPanel(in),
		charted(in, hostPanel(in)), charted(in, cachePanel(in)), deploymentsPanel(in),
	}
}

// courses are the numbers whose course is worth looking at, by panel.
func courses(in In) map[string]course {
	out := map[string]course{
		"sessions": {"used slots", "db.connections.used", nil, model.Percent},
		"host":     {"cpu", "host.cpu", nil, model.Percent},
		"cache":    {"commands", "cache.ops", nil, model.PerSecond},
	}
	if apps := busiest(in); len(apps) > 0 {
		out["requests"] = course{"p95", "http.p95", minuteOf(apps[0]), model.Millis}
	}
	return out
}

// course is one number over time.
type course struct {
	title  string
	metric string
	labels model.Labels
	unit   model.Unit
}

// charted adds the chart of a panel's number where the panel has room for it
// and there is anything to draw.
func charted(in In, p Panel) Panel {
	c, ok := courses(in)[p.ID]
	width := in.Width - chartLabel - 2
	if !ok || p.Void || in.Height < len(p.Lines)+chartRows+1 || width < 20 {
		return p
	}
	t := timelineOf(in, 2*width)
	values := t.values(in, c.metric, c.labels)
	if !slices.ContainsFunc(values, func(v float64) bool { return v == v }) {
		return p
	}
	p.Lines = append(p.Lines, Line{gap(1), span(Muted, c.title+", last "+t.covers(in))})
	lines := timeChart(in, t, values, c.unit)
	p.Lines = append(p.Lines, lines[:min(len(lines), in.Height-len(p.Lines))]...) // what happened goes first for want of room
	return p
}

// listRows is how many lines a list in a panel may have.
func listRows(in In) int { return max(in.Height-1, 5) }

// shortName is the width of a panel's name on a small screen.
const shortName = 11

// SmallLines are the overview for a small screen: one line for each system, the
// most urgent first, then the alerts and what changed.
func SmallLines(in In) []Line {
	panels := []Panel{
		servicesPanel(in), requestsPanel(in), sessionsPanel(in), statementsPanel(in), tablesPanel(in),
		hostPanel(in), cachePanel(in), deploymentsPanel(in),
	}
	alerts := AlertLines(inset(in))
	lines := systemLines(in, panels, in.Height-len(alerts)-2)
	lines = append(lines, heading(in, "alerts"))
	for _, l := range alerts {
		lines = append(lines, append(Line{gap(1)}, l...))
	}
	lines = append(lines, heading(in, "what changed"))
	return append(lines, changesPanel(in).Lines...)
}

// inset is the input for lines that begin one cell further in.
func inset(in In) In {
	in.Width--
	return in
}

// systemLines are one line for each system, the most urgent first. Where there
// is not room for all, those in order share one.
func systemLines(in In, panels []Panel, room int) []Line {
	var lines []Line
	var fine []string
	for level := 3; level >= 0; level-- {
		for _, p := range panels {
			switch {
			case p.Level != level || len(p.Short) == 0:
			case len(panels) > room && level == 0 && !p.Void:
				fine = append(fine, p.ID)
			default:
				lines = append(lines, shortLine(in, p))
			}
		}
	}
	if len(fine) > 0 {
		lines = append(lines, Line{span(Muted, " "+in.mark(0)+" "), field(shortName, Muted, "in order"), gap(1),
			span(Muted, strings.Join(fine, ", "))})
	}
	return lines
}

func shortLine(in In, p Panel) Line {
	role := levelRole(p.Level, Muted)
	mark := in.mark(p.Level)
	if p.Void && p.Level == 0 {
		mark = " "
	}
	return append(Line{span(role, " "+mark+" "), field(shortName, role, p.ID), gap(1)}, p.Short...)
}

// heading is a line that divides a small screen.
func heading(in In, title string) Line {
	g := in.glyphs()
	line := Line{span(Muted, " "+repeat(g.Horizontal, 2)+" "), span(Title, title), gap(1)}
	return append(line, span(Muted, repeat(g.Horizontal, in.Width-cells(line...)-1)))
}

func repeat(s string, n int) string {
	out := ""
	for range max(n, 0) {
		out += s
	}
	return out
}
