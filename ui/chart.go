package ui

import (
	"math"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
	"tocsin/internal/term"
)

// longest is the time that charts show at most, which is what the store keeps.
const longest = 30 * time.Minute

// chartRows is the height of a chart.
const chartRows = 4

// chartLabel is the room for the scale on the left of a chart.
const chartLabel = 10

// timeline is the stretch of time under a chart, in steps of one cell. The
// steps lie on fixed instants, so that a chart moves only when one is full.
type timeline struct {
	first time.Time // where the first cell begins
	step  time.Duration
	width int
}

// timelineOf fits the time since the start, half an hour at most, in width cells.
func timelineOf(in In, width int) timeline {
	width = max(width, 1)
	want := min(max(in.View.Now().Sub(in.Since), time.Minute), longest)
	step := stepFor(want, time.Duration(width))
	last := in.View.Now().Truncate(step)
	return timeline{first: last.Add(-time.Duration(width-1) * step), step: step, width: width}
}

// stepFor is the shortest step with which so many cells hold a time. While that
// grows it takes few values, so that a chart is seldom drawn anew.
func stepFor(want, cells time.Duration) time.Duration {
	if want == longest {
		return max((longest/cells).Truncate(time.Second)+time.Second, 5*time.Second)
	}
	for _, s := range []time.Duration{5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 180, 240, 300, 600, 900} {
		if s*time.Second*cells >= want {
			return s * time.Second
		}
	}
	return longest
}

// covers is the time from the first cell to now, as people say it.
func (t timeline) covers(in In) string {
	d := min(time.Duration(t.width)*t.step, max(in.View.Now().Sub(in.Since), time.Minute), longest)
	return count(int64(math.Round(d.Minutes()))) + " m"
}

// cell is the cell of an instant; not ok when it lies outside.
func (t timeline) cell(at time.Time) (int, bool) {
	i := int(math.Floor(float64(at.Sub(t.first)) / float64(t.step)))
	return i, i >= 0 && i < t.width
}

// values are the highest reading of each cell. A reading holds until the next
// one is due; NaN where nothing was known.
func (t timeline) values(in In, metric string, labels model.Labels) []float64 {
	out := make([]float64, t.width)
	for i := range out {
		out[i] = math.NaN()
	}
	points := in.View.Series(metric, labels, t.first.Add(-longest))
	_, from, _ := store.Fact(in.View, metric, labels)
	for _, p := range points {
		last, _ := t.cell(p.At.Add(from.Every))
		first, _ := t.cell(p.At)
		for i := max(first, 0); i <= min(last, t.width-1); i++ {
			if i == first && out[i] >= p.Value {
				continue
			}
			out[i] = p.Value
		}
	}
	return out
}

// sparkline draws the course of a number in width cells, on a scale that
// reaches to its limit: a full cell is news.
func sparkline(in In, width int, metric string, labels model.Labels) Span {
	if width <= 0 {
		return Span{}
	}
	values := timelineOf(in, width).values(in, metric, labels)
	hi := limitOn(in, metric, labels)
	for _, v := range values {
		if v == v {
			hi = max(hi, 1.25*v)
		}
	}
	return field(width, Plain, in.glyphs().SparklineWithin(values, width, 0, hi))
}

// limitOn is the lowest threshold of the alerts on a number, whatever their
// window; 0 where there is none.
func limitOn(in In, metric string, labels model.Labels) float64 {
	limit := 0.0
	for _, a := range in.Alerts {
		if a.Metric != metric || a.Labels["app"] != labels["app"] {
			continue
		}
		if v, err := a.Threshold.In(a.Unit); err == nil && v > 0 && (limit == 0 || v < limit) {
			limit = v
		}
	}
	return limit
}

// shareLine is the sparkline of a share, on the scale from nothing to all.
func shareLine(in In, width int, metric string, labels model.Labels) Span {
	if width <= 0 {
		return Span{}
	}
	values := timelineOf(in, width).values(in, metric, labels)
	return field(width, Plain, in.glyphs().SparklineWithin(values, width, 0, 100))
}

// chartMark is something that happened, by a short name under a chart.
type chartMark struct {
	at    time.Time
	name  string
	build bool // a build went live
}

// marks are the builds that went live and the actions that were carried out:
// builds first, the newest of each first.
func marks(in In) []chartMark {
	var out []chartMark
	for _, d := range read(in.View, store.DeploymentsKey()).Value.Rows {
		if d.State == "READY" {
			out = append(out, chartMark{at: d.WentLive(), name: d.Name, build: true})
		}
	}
	for _, e := range in.Past {
		if e.Mark != "" {
			out = append(out, chartMark{at: e.At, name: e.Mark})
		}
	}
	slices.SortStableFunc(out, func(a, b chartMark) int {
		switch {
		case a.build == b.build:
			return b.at.Compare(a.at)
		case a.build:
			return -1
		}
		return 1
	})
	return out
}

// chartMarks is the line under a chart that says what happened when; empty when
// nothing did in the time it shows. There are perCell steps of time in a cell.
// Everything has its marker; a name that finds no room on either side of it,
// with a blank to the next, is left out, that of an action before that of a build.
func chartMarks(in In, t timeline, perCell int) string {
	line := []rune(strings.Repeat(" ", t.width/perCell))
	marker := []rune(in.glyphs().Marker)
	names := map[int]string{}
	var cells []int // with a marker, those of builds first
	for _, m := range marks(in) {
		i, ok := t.cell(m.at)
		i /= perCell
		if ok && i < len(line) && names[i] == "" {
			names[i], cells = m.name, append(cells, i)
			copy(line[i:], marker)
		}
	}
	for _, i := range cells {
		name := []rune(names[i])
		switch left, right := i-len(name), i+1; {
		case blank(line, left-1, i):
			copy(line[left:], name)
		case blank(line, right, right+len(name)+1):
			copy(line[right:], name)
		}
	}
	return strings.TrimRight(string(line), " ")
}

// blank tells whether there is room from one cell up to another, of which the
// outermost blank may lie beyond the ends of the line.
func blank(line []rune, from, to int) bool {
	if from < -1 || to > len(line)+1 {
		return false
	}
	return !slices.ContainsFunc(line[max(from, 0):min(to, len(line))], func(r rune) bool { return r != ' ' })
}

// timeChart is a chart of values with what happened meanwhile under it. There
// are two steps of time in a cell.
func timeChart(in In, t timeline, values []float64, unit model.Unit) []Line {
	lines := chartLines(in, t.width/2, values, unit)
	if under := chartMarks(in, t, 2); under != "" {
		lines = append(lines, Line{gap(chartLabel + 1), span(Muted, under)})
	}
	return lines
}

// chartLines draws a number over time in width cells, with its scale on the
// left. There are two steps of time in a cell.
func chartLines(in In, width int, values []float64, unit model.Unit) []Line {
	hi := 0.0
	for _, v := range values {
		if v > hi {
			hi = v
		}
	}
	scale := make([]string, chartRows)
	scale[chartRows-1] = "0"
	if hi > 0 {
		scale[0] = value(hi, unit)
	}
	var lines []Line
	for i, row := range in.glyphs().Chart(values, term.ChartSize{Width: width, Height: chartRows, Hi: max(hi, 1e-9)}) {
		lines = append(lines, Line{figure(chartLabel, Muted, scale[i]), gap(1), span(Plain, row)})
	}
	return lines
}
