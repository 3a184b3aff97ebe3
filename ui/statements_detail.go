package ui

import (
	"math"
	"strconv"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// statementDetail shows a statement in full: its numbers between the last two
// readings and since the mark with their part of the load, its course while
// watching, and its text.
func statementDetail(in In, key string) []Line {
	v := read(in.View, store.StatementsKey()).Value
	last, found := statementOf(v.Rows, key)
	since, foundSince := statementOf(in.Counted.Since.Rows, key)
	if !found && !foundSince {
		return []Line{{span(Muted, "this statement has not run since "+statementsFrom(in, v))}}
	}
	one := last
	if !found {
		one = since
	}
	lines := []Line{labelled("queryid", strconv.FormatInt(one.ID, 10)), labelled("run by", runBy(v.Names, one.StatementID))}
	lines = append(lines, loadLines(in, v, last, since)...)
	lines = append(lines, slowerLine(in, one.StatementID, since)...)
	lines = append(lines, courseLines(in, v.Past, one.StatementID)...)
	if in.Keys["pg.explain"] != "" {
		lines = append(lines, Line{}, labelled("plan", in.Keys["pg.explain"]+" shows how the server would run it, without running it"))
	}
	return append(lines, textLines(in, one)...)
}

// statementsFrom is since when statements are known.
func statementsFrom(in In, v model.Statements) string {
	if in.Counted.Counts != nil && in.Counted.Void == "" {
		return in.Counted.span(in)
	}
	return "the reading before, " + age(v.Elapsed) + " ago"
}

func statementOf(rows []model.Statement, key string) (model.Statement, bool) {
	for i := range rows {
		if rows[i].Key() == key {
			return rows[i], true
		}
	}
	return model.Statement{}, false
}

// runBy says who runs a statement, where, and on which level.
func runBy(names model.StatementNames, id model.StatementID) string {
	role, database := names.Roles[id.Role], names.Databases[id.Database]
	if role == "" {
		role = "with oid " + strconv.FormatInt(id.Role, 10)
	}
	if database == "" {
		database = "with oid " + strconv.FormatInt(id.Database, 10)
	}
	level := "sent by a client"
	if !id.TopLevel {
		level = "run inside a function"
	}
	return "role " + role + ", database " + database + ", " + level
}

// load is what one statement did in a span of time, beside what all did.
type load struct {
	model.StatementWork
	whole   model.StatementWork
	elapsed time.Duration
}

// loadKind is one kind of load: how it is told, and how much of it there is
// where a part of the whole says something.
type loadKind struct {
	label string
	tell  func(load) string
	much  func(model.StatementWork) int64 // nil where it does not
}

func loadKinds() []loadKind {
	type work = model.StatementWork
	return []loadKind{
		{"time", func(l load) string { return took(l.Total) }, func(w work) int64 { return int64(w.Total) }},
		{"mean", func(l load) string { return took(l.Mean()) }, nil},
		{"calls", func(l load) string { return rate(float64(l.Calls) / l.elapsed.Seconds()) }, func(w work) int64 { return w.Calls }},
		{"rows", func(l load) string { return count(l.Rows) }, func(w work) int64 { return w.Rows }},
		{"blocks touched", func(l load) string { return count(l.Blocks()) }, work.Blocks},
		{"blocks read", func(l load) string { return count(l.Reads) }, func(w work) int64 { return w.Reads }},
		{"found in cache", func(l load) string { return ratio(l.Hits, l.Blocks()).Text }, nil},
		{"temporary files", func(l load) string { return bytes(l.TempBytes) }, func(w work) int64 { return w.TempBytes }},
		{"WAL", func(l load) string { return bytes(l.WALBytes) }, func(w work) int64 { return w.WALBytes }},
	}
}

// loadLines are the numbers of a statement side by side: of the last step, and
// since the mark; each with its part of the load of all statements.
func loadLines(in In, v model.Statements, last, since model.Statement) []Line {
	var spans []load
	head := Line{field(16, Muted, "")}
	if v.Elapsed > 0 {
		spans = append(spans, load{last.StatementWork, v.Whole(), v.Elapsed})
		head = append(head, figure(spanWidth, Title, "last "+age(v.Elapsed)))
	}
	if c := in.Counted; c.Since.Elapsed > v.Elapsed {
		spans = append(spans, load{since.StatementWork, c.Since.Whole(), c.Since.Elapsed})
		head = append(head, figure(spanWidth, Title, "since "+in.clock(c.At)), gap(2), span(Muted, age(c.Since.Elapsed)))
	}
	lines := []Line{{}, head}
	for _, k := range loadKinds() {
		line := Line{field(16, Muted, k.label)}
		for _, l := range spans {
			line = append(line, figure(spanWidth-partWidth, Plain, k.tell(l)), figure(partWidth, Muted, k.part(l)))
		}
		lines = append(lines, line)
	}
	return lines
}

// The room for the numbers of one span of time, and of it for the part.
const (
	spanWidth = 20
	partWidth = 8
)

// part is the part of one statement in the load of all; "" where it did nothing
// of the kind.
func (k loadKind) part(l load) string {
	if k.much == nil || k.much(l.StatementWork) == 0 {
		return ""
	}
	return whole(100 * float64(k.much(l.StatementWork)) / float64(k.much(l.whole)))
}

// slowerLine compares the mean since the mark with the one before it.
func slowerLine(in In, id model.StatementID, since model.Statement) []Line {
	before := in.Counted.Counts.Of(id)
	if before.Calls == 0 || since.Calls == 0 {
		return nil
	}
	text := took(before.Mean()) + " a call up to " + in.clock(in.Counted.At) + ", " + plural(int(before.Calls), "call", "calls")
	switch f := float64(since.Mean()) / float64(max(before.Mean(), 1)); {
	case f >= 1.05:
		text += ": now x" + number(f) + " slower"
	case f <= 0.95 && f > 0:
		text += ": now x" + number(1/f) + " faster"
	}
	return []Line{labelled("mean before", text)}
}

// courseLines draw mean and calls of a statement over the time it was watched.
func courseLines(in In, past []model.StatementTick, id model.StatementID) []Line {
	if len(past) < 2 {
		return nil
	}
	width := max(in.Width-chartLabel-1, 1)
	mean := spreadOver(past, 2*width, func(t model.StatementTick) float64 {
		if w, ok := t.Of(id); ok && w.Calls > 0 {
			return float64(w.Mean()) / float64(time.Millisecond)
		}
		return math.NaN()
	})
	calls := spreadOver(past, 2*width, func(t model.StatementTick) float64 {
		if w, ok := t.Of(id); ok {
			return float64(w.Calls) / t.Elapsed.Seconds()
		}
		return math.NaN()
	})
	first := past[0]
	covers := age(past[len(past)-1].At.Sub(first.At.Add(-first.Elapsed)))
	t := spanned(past, 2*width)
	lines := []Line{{}, {span(Title, "mean"), span(Muted, "  last "+covers)}}
	lines = append(lines, timeChart(in, t, mean, model.Millis)...)
	lines = append(lines, Line{span(Title, "calls"), span(Muted, "  last "+covers)})
	return append(lines, timeChart(in, t, calls, model.PerSecond)...)
}

// spanned is the time under a chart of so many columns of what [spreadOver]
// gives.
func spanned(past []model.StatementTick, columns int) timeline {
	end, step := past[len(past)-1].At, stepOver(past, columns)
	return timeline{first: end.Add(-time.Duration(columns) * step), step: step, width: columns}
}

// stepOver is the time of a column: a second, or as long as it has to be for so
// many to hold all.
func stepOver(past []model.StatementTick, columns int) time.Duration {
	all := past[len(past)-1].At.Sub(past[0].At.Add(-past[0].Elapsed))
	return max(all/time.Duration(columns), time.Second)
}

// spreadOver gives the values of steps in columns of equal time, see
// [stepOver]; the newest is last. Where nothing was read it is NaN.
func spreadOver(past []model.StatementTick, columns int, value func(model.StatementTick) float64) []float64 {
	end := past[len(past)-1].At
	all := end.Sub(past[0].At.Add(-past[0].Elapsed))
	step := stepOver(past, columns)
	out := make([]float64, min(columns, int(all/step)+1))
	for i := range out {
		out[i] = math.NaN()
	}
	at := func(t time.Time) int { return max(len(out)-1-int(end.Sub(t)/step), 0) }
	for _, t := range past {
		v, last := value(t), at(t.At)
		for i := min(at(t.At.Add(-t.Elapsed))+1, last); i <= last; i++ {
			if math.IsNaN(out[i]) || v > out[i] {
				out[i] = v
			}
		}
	}
	return out
}

// textLines are the text of a statement as it is written.
func textLines(in In, s model.Statement) []Line {
	lines := []Line{{}, {span(Title, "statement")}}
	text := s.Text
	if text == "" {
		text = statementText(s)
	}
	for _, part := range wrap(text, in.Width) {
		lines = append(lines, Line{span(Plain, part)})
	}
	if len([]rune(text)) >= model.StatementTextMax {
		lines = append(lines, Line{span(Muted, "cut here after "+count(model.StatementTextMax)+" characters; its plan has all of it")})
	}
	return lines
}
