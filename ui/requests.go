package ui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Room around the course of a number in the box of requests: label and value
// before it, and with the limit behind it.
const (
	chartLead  = 16
	chartAside = chartLead + 9
)

// gauge is one number of an application, and how to read it.
type gauge struct {
	label  string
	metric string // of the fact of the last minute
	text   string // the value now
}

// gauges are the numbers of an application's last minute.
func gauges(in In, w model.AppWindow, ok bool) []gauge {
	out := []gauge{{"errors", "http.error_rate", ""}, {"p95", "http.p95", ""}, {"p99", "http.p99", ""}, {"rate", "http.rate", ""}}
	for i := range out {
		out[i].text = in.glyphs().Unknown
	}
	if !ok {
		return out
	}
	if pct, ok := w.ErrorPct(); ok {
		out[0].text = percent(pct)
	}
	if w.P95 != nil {
		out[1].text = took(*w.P95)
	}
	if w.P99 != nil {
		out[2].text = took(*w.P99)
	}
	if r, ok := w.Rate(); ok {
		out[3].text = rate(r)
	}
	return out
}

// appAlert is the alert on a number of an application; the loudest where several
// rules look at it, of equals the one that fires first. Not ok when none does.
func appAlert(in In, source, metric string) (alert.Alert, bool) {
	var found alert.Alert
	ok := false
	for _, a := range in.Alerts {
		if a.Source != source || a.Metric != metric {
			continue
		}
		if !ok || cmp.Or(cmp.Compare(a.Level(), found.Level()), cmp.Compare(found.Threshold.Value, a.Threshold.Value)) > 0 {
			found, ok = a, true
		}
	}
	return found, ok
}

// busiest lists the applications: those in trouble first, then by requests.
func busiest(in In) []store.Named[model.App] {
	apps := store.All[model.App](in.View)
	slices.SortStableFunc(apps, func(a, b store.Named[model.App]) int {
		if c := cmp.Compare(appLevel(in, b), appLevel(in, a)); c != 0 {
			return c
		}
		return cmp.Compare(minuteRate(b), minuteRate(a))
	})
	return apps
}

func minuteRate(a store.Named[model.App]) float64 {
	w, _ := a.Sample.Value.Over(time.Minute)
	r, _ := w.Rate()
	return r
}

func appLevel(in In, a store.Named[model.App]) int {
	level := unknownLevel(a.Status)
	for _, t := range in.Alerts {
		if t.Source == a.Status.Name && t.Trouble() {
			level = max(level, int(t.Level()))
		}
	}
	return level
}

// requestsPanel is the box of the overview: the application that most needs a
// look, and a line for each of the others.
func requestsPanel(in In) Panel {
	apps := busiest(in)
	p := Panel{ID: "requests", Title: "Requests"}
	if len(apps) == 0 {
		note := span(Muted, "not configured: add apps:")
		p.Lines, p.Short, p.Void = []Line{{gap(1), note}}, Line{note}, true
		return p
	}
	first := apps[0]
	chart := timelineOf(in, in.Width-chartAside)
	p.Title = "Requests  " + bare(first.Status.Name) + "  " + chart.covers(in)
	p.Level = appLevel(in, first)
	w, ok := first.Sample.Value.Over(time.Minute)
	for _, g := range gauges(in, w, ok) {
		p.Lines = append(p.Lines, gaugeLine(in, first, g))
	}
	if under := chartMarks(in, chart, 1); under != "" && in.Width > chartAside {
		p.Lines = append(p.Lines, Line{gap(chartLead), span(Muted, under)})
	}
	p.Short = requestsShort(in, first, gauges(in, w, ok))
	p = panelOf(in, p, first.Status)
	for _, other := range apps[1:] {
		p.Lines = append(p.Lines, otherApp(in, other))
	}
	return p
}

// gaugeLine is label, value, course and limit.
func gaugeLine(in In, app store.Named[model.App], g gauge) Line {
	role, limit := Strong, ""
	if a, ok := appAlert(in, app.Status.Name, g.metric); ok {
		limit = limitOf(a)
		if a.Trouble() {
			role = levelRole(int(a.Level()), Strong)
			limit += " " + in.mark(int(a.Level()))
		}
	}
	return Line{gap(1), field(6, Muted, g.label), figure(8, role, g.text), gap(chartLead - 15),
		sparkline(in, in.Width-chartAside, g.metric, minuteOf(app)), gap(1), span(Muted, limit)}
}

// minuteOf are the labels of an application's last minute.
func minuteOf(app store.Named[model.App]) model.Labels {
	return model.Labels{"app": bare(app.Status.Name), "window": "1m"}
}

func requestsShort(in In, app store.Named[model.App], g []gauge) Line {
	role := func(metric string) Role {
		if a, ok := appAlert(in, app.Status.Name, metric); ok && a.Trouble() {
			return levelRole(int(a.Level()), Strong)
		}
		return Strong
	}
	return Line{span(Muted, "p95 "), figure(7, role("http.p95"), g[1].text), gap(1),
		sparkline(in, min(max(in.Width-62, 0), 20), "http.p95", minuteOf(app)), gap(1),
		span(Muted, "errors "), span(role("http.error_rate"), g[0].text), gap(2), span(Plain, g[3].text)}
}

func otherApp(in In, app store.Named[model.App]) Line {
	s := settled(in, appService(in, app), app.Sample.Fail)
	return Line{span(levelRole(s.level, Plain), in.mark(s.level)+" "), field(10, Plain, s.name), gap(1), span(Muted, s.info)}
}

// errorsFrame is the view of error shares and latencies by window.
func errorsFrame(in In) Frame {
	t := &Table{
		Columns: []Column{
			{Name: "app", Title: "app", Width: 14},
			{Name: "window", Title: "window", Width: 8, Right: true},
			{Name: "requests", Title: "requests", Width: 9, Right: true, Drop: 3},
			{Name: "rate", Title: "rate", Width: 9, Right: true},
			{Name: "errors", Title: "errors", Width: 8, Right: true, Drop: 2},
			{Name: "share", Title: "share", Width: 8, Right: true},
			{Name: "p50", Title: "p50", Width: 8, Right: true, Drop: 4},
			{Name: "p95", Title: "p95", Width: 8, Right: true},
			{Name: "p99", Title: "p99", Width: 8, Right: true, Drop: 1},
			{Name: "note", Title: ""},
		},
		Empty: "no application is configured: add apps: [{name, metrics}] to the target",
	}
	var head []Line
	for _, app := range busiest(in) {
		t.Rows = append(t.Rows, appRows(in, app)...)
		if len(head) == 0 {
			head = append(errorCharts(in, app), budgetLine(in, app)...)
		}
	}
	return Frame{Head: head, Table: t}
}

func appRows(in In, app store.Named[model.App]) []Row {
	note := Cell{}
	for i, s := range trouble(in, app.Status, 60) {
		note.Text += s.Text
		if i == 0 {
			note.Role = s.Role
		}
	}
	if !app.Sample.At.IsZero() {
		var rows []Row
		for _, w := range app.Sample.Value.Windows {
			rows = append(rows, windowRow(in, app, w, note))
		}
		if app.Status.State != store.OK {
			return fadedRows(rows)
		}
		return rows
	}
	cells := make([]Cell, 10)
	cells[0] = Cell{Text: bare(app.Status.Name), Role: Strong}
	cells[9] = note
	return []Row{{Key: app.Status.Name, Cells: cells}}
}

func windowRow(in In, app store.Named[model.App], w model.AppWindow, note Cell) Row {
	r, known := w.Rate()
	pct, some := w.ErrorPct()
	failed := tally(w.Errors)
	switch {
	case w.NoErrors != "":
		failed = Cell{Text: "?", Role: Unknown}
		note.Text, note.Role = nameOr(note.Text, w.NoErrors), Unknown
	case w.Why != "":
		note.Text, note.Role = nameOr(note.Text, w.Why), Unknown
	}
	return Row{Key: app.Status.Name + "/" + w.Window.String(), Cells: []Cell{
		{Text: bare(app.Status.Name), Role: Strong},
		{Text: covered(w), Role: Muted, Num: w.Window.Seconds(), HasNum: true},
		tally(w.Requests), maybe(r, known, rate), failed,
		over(in, maybe(pct, some, percent), app.Status.Name, "http.error_rate"),
		latency(w.P50), over(in, latency(w.P95), app.Status.Name, "http.p95"),
		over(in, latency(w.P99), app.Status.Name, "http.p99"), note,
	}}
}

// covered is the time of a window, and what it really covers while that is less.
func covered(w model.AppWindow) string {
	name := count(int64(w.Window.Minutes())) + " m"
	if w.Elapsed < w.Window-w.Window/10 {
		return name + " so far " + age(w.Elapsed)
	}
	return name
}

// over gives a cell the role of the alert on its number while that is over the limit.
func over(in In, c Cell, source, metric string) Cell {
	a, ok := appAlert(in, source, metric)
	if !ok || !c.HasNum {
		return c
	}
	unit := model.Percent
	if metric != "http.error_rate" {
		unit = model.Seconds
	}
	if holds, err := a.Threshold.Holds(c.Num, unit); err == nil && holds {
		c.Role = levelRole(int(max(a.Level(), alert.Warning)), Strong)
	}
	return c
}

// tally is a cell with a number of things.
func tally(n int64) Cell { return Cell{Text: count(n), Num: float64(n), HasNum: true} }

// maybe is a cell with a number that may not be known.
func maybe(v float64, known bool, format func(float64) string) Cell {
	if !known {
		return Cell{Text: "?", Role: Unknown}
	}
	return Cell{Text: format(v), Num: v, HasNum: true}
}

// latency is a cell with a measured time, in seconds; nil is not known.
func latency(d *time.Duration) Cell {
	if d == nil {
		return Cell{Text: "?", Role: Unknown}
	}
	return Cell{Text: took(*d), Num: d.Seconds(), HasNum: true}
}

// burns are the burn rates of the budget for errors of an application.
func burns(a model.App) []model.Fact {
	var out []model.Fact
	for _, f := range a.Facts() {
		if f.Name == "slo.burn" {
			out = append(out, f)
		}
	}
	return out
}

// budgetLine says how fast the budget for errors of an application goes; nothing
// where no long windows are kept.
func budgetLine(in In, app store.Named[model.App]) []Line {
	all := burns(app.Sample.Value)
	if len(all) == 0 {
		return nil
	}
	line := Line{gap(1), span(Title, bare(app.Status.Name)+", budget for errors:")}
	for _, f := range all {
		text, role := in.glyphs().Unknown+" "+f.Why, Unknown
		if f.Known {
			text, role = f.Says, Plain
		}
		if a, ok := alertOn(in, f.Name, f.Labels); ok {
			role = alertRole(a, role)
		}
		line = append(line, gap(2), span(Muted, f.Labels["window"]+" "), span(role, text))
	}
	return []Line{line, {}}
}

// errorCharts draws the error share and the p95 of one application where there
// is room, with the builds that went live.
func errorCharts(in In, app store.Named[model.App]) []Line {
	if in.Height < 20 || in.Width < 40 {
		return nil
	}
	width := in.Width - chartLabel - 2
	t := timelineOf(in, 2*width)
	title := bare(app.Status.Name) + ", last " + t.covers(in) + ": "
	lines := []Line{{gap(1), span(Title, title+"share of errors")}}
	lines = append(lines, timeChart(in, t, t.values(in, "http.error_rate", minuteOf(app)), model.Percent)...)
	lines = append(lines, Line{gap(1), span(Title, title+"p95")})
	lines = append(lines, timeChart(in, t, t.values(in, "http.p95", minuteOf(app)), model.Millis)...)
	return append(lines, Line{})
}

// errorsDetail shows how the application of a line is read, with its numbers.
func errorsDetail(in In, key string) []Line {
	source, _, _ := strings.Cut(key, "/")
	return serviceDetail(in, source)
}
