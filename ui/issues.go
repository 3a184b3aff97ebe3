package ui

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// newIssue is how long an issue counts as new.
const newIssue = time.Hour

// around is how long before and after a deploy errors are compared.
const around = 30 * time.Minute

// deployed is when the live build began to serve, and its name; not ok when
// that is not known.
func deployed(in In) (at time.Time, name string, ok bool) {
	d := read(in.View, store.DeploymentsKey())
	if !d.has() {
		return time.Time{}, "", false
	}
	live, _ := d.Value.Live()
	at, _, ok = d.Value.LiveSince()
	return at, live.Name, ok
}

// beforeAfter is how many events there were a minute before and since the
// deploy; before is not ok where the minutes do not reach back to it.
func beforeAfter(in In, perMinute func(from, to time.Time) (float64, bool)) (before float64, beforeOK bool, after float64, afterOK bool) {
	now := in.View.Now()
	at, _, ok := deployed(in)
	if !ok || now.Sub(at) > around {
		after, afterOK = perMinute(now.Add(-around), now)
		return 0, false, after, afterOK
	}
	before, beforeOK = perMinute(at.Add(-around), at)
	after, afterOK = perMinute(at, now)
	return before, beforeOK, after, afterOK
}

// rateText writes both: "0.20 → 12".
func rateText(in In, perMinute func(from, to time.Time) (float64, bool)) string {
	before, known, after, ok := beforeAfter(in, perMinute)
	arrow := " → "
	if in.ASCII {
		arrow = " > "
	}
	switch {
	case !ok && !known:
		return "?"
	case !ok:
		return number(before) + arrow + "?"
	case !known:
		return number(after)
	}
	return number(before) + arrow + number(after)
}

// issues are those of Sentry: new ones first, then by what they do now.
func issues(in In, all []model.SentryIssue) []model.SentryIssue {
	out := slices.Clone(all)
	now := in.View.Now()
	slices.SortStableFunc(out, func(a, b model.SentryIssue) int {
		if x, y := isNew(a, now), isNew(b, now); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rateNow(in, b), rateNow(in, a)), cmp.Compare(events(b), events(a)))
	})
	return out
}

func isNew(i model.SentryIssue, now time.Time) bool {
	return !i.FirstSeen.IsZero() && now.Sub(i.FirstSeen) < newIssue
}

func rateNow(in In, i model.SentryIssue) float64 {
	_, _, after, _ := beforeAfter(in, ratesOf(in, i))
	return after
}

// ratesOf is how many events an issue has a minute; by its count while it is
// too young for whole minutes.
func ratesOf(in In, i model.SentryIssue) func(from, to time.Time) (float64, bool) {
	n, young := i.Young(read(in.View, store.SentryIssuesKey()).At)
	if !young {
		return i.PerMinute
	}
	return func(from, to time.Time) (float64, bool) {
		switch {
		case to.Before(i.FirstSeen):
			return 0, true
		case from.After(i.FirstSeen):
			return 0, false // its count is of all its time, not of the end of it
		}
		return n, true
	}
}

func events(i model.SentryIssue) int64 {
	if i.Count == nil {
		return -1
	}
	return *i.Count
}

// issuesFrame is the view of the unresolved issues at Sentry.
func issuesFrame(in In) Frame {
	r := read(in.View, store.SentryIssuesKey())
	t := &Table{
		Columns: []Column{
			{Name: "issue", Title: "  issue", Width: 14},
			{Name: "events", Title: "24 h", Width: 7, Right: true},
			{Name: "users", Title: "users", Width: 7, Right: true, Drop: 4},
			{Name: "minute", Title: "a minute", Width: 13, Right: true, Drop: 1},
			{Name: "first", Title: "first seen", Width: 10, Right: true},
			{Name: "release", Title: "in release", Width: 11, Drop: 2},
			{Name: "who", Title: "whose", Width: 10, Drop: 5},
			{Name: "where", Title: "where", Width: 16, Drop: 3},
			{Name: "title", Title: "title"},
		},
		Empty: "no unresolved issue within 24 h",
	}
	for _, i := range issues(in, r.Value.Rows) {
		t.Rows = append(t.Rows, issueRow(in, i))
	}
	f := Frame{Head: append(trafficLines(in), issuesHead(in, r)...), Table: t}
	f.Head = append(f.Head, hidden(in, r.Value.Hidden)...)
	return frameOf(in, f, r.status)
}

// issuesHead says around which deploy the errors of a minute are compared.
func issuesHead(in In, r reading[model.SentryIssues]) []Line {
	if !r.has() || len(r.Value.Rows) == 0 {
		return nil
	}
	text := "a minute: over the last 30 m"
	if at, name, ok := deployed(in); ok && in.View.Now().Sub(at) <= around {
		text = "a minute: before and since " + name + ", live for " + age(in.View.Now().Sub(at))
	}
	if r.Value.More {
		text += "; there are more issues than are listed"
	}
	if b := r.Value.Calls; b != nil {
		text += "; " + count(int64(b.Left)) + " of " + count(int64(b.Limit)) + " calls left"
	}
	return []Line{{gap(1), span(Muted, text)}}
}

func issueRow(in In, i model.SentryIssue) Row {
	now := in.View.Now()
	mark, role := " ", Strong
	state := ""
	switch {
	case isNew(i, now):
		mark, role, state = in.glyphs().Warning, Warn, "new "
	case i.Substatus == "regressed" || i.Substatus == "escalating":
		mark, role, state = in.glyphs().Warning, Warn, i.Substatus+" "
	}
	count24 := Cell{Text: "?", Role: Unknown}
	if i.Count != nil {
		count24 = tally(*i.Count)
	}
	first := Cell{Text: "?", Role: Unknown}
	if !i.FirstSeen.IsZero() {
		d := now.Sub(i.FirstSeen)
		first = Cell{Text: age(d) + " ago", Num: -d.Seconds(), HasNum: true}
	}
	rate := Cell{Text: rateText(in, ratesOf(in, i)), Num: rateNow(in, i), HasNum: true}
	if rate.Text == "?" {
		rate = Cell{Text: "?", Role: Unknown}
	}
	return Row{Key: i.ID, Args: map[string]string{"issue": i.ID}, Cells: []Cell{
		{Text: mark + " " + i.ShortID, Role: role}, count24, tally(int64(i.Users)), rate, first,
		releaseCell(in, i), {Text: i.Assignee, Role: Muted}, {Text: i.Culprit, Role: Muted}, {Text: state + i.Title},
	}}
}

// releaseCell is the release in which an issue was first seen; it is news when
// that is the live one.
func releaseCell(in In, i model.SentryIssue) Cell {
	if i.FirstRelease == nil {
		return Cell{Text: in.glyphs().Ellipsis, Role: Muted}
	}
	c := Cell{Text: *i.FirstRelease}
	if _, name, ok := deployed(in); ok && name != "" && name == *i.FirstRelease {
		c.Role = Warn
	}
	return c
}

// trafficLines are what Sentry counts of errors and requests, above the issues.
func trafficLines(in In) []Line {
	r := read(in.View, store.SentryTrafficKey())
	if r.status.State == store.Unconfigured {
		return nil
	}
	v := r.Value
	line := Line{gap(1), span(Muted, "errors "), span(Strong, rateText(in, trafficRate(in, v))+"/min"), gap(1),
		minuteLine(in, v.Minutes, 30), gap(2)}
	if v.Hidden == "" {
		line = append(line, span(Muted, "failed "), span(roleOf(in, "sentry.failure_rate"), orUnknown(v.Failed, percent)),
			gap(2), span(Muted, "p50 "+tookOr(v.P50)+"  p95 "+tookOr(v.P95)+"  p99 "+tookOr(v.P99)))
	}
	lines := []Line{append(line, sessionSpans(in)...)}
	if note := trouble(in, r.status, in.Width-1); note != nil {
		head := append(Line{gap(1)}, note...)
		if !r.has() {
			return []Line{head}
		}
		return append([]Line{head}, fadedAll(lines)...)
	}
	return append(lines, hidden(in, v.Hidden)...)
}

// trafficRate is how many errors there are a minute; by now those of the newest
// whole minute, as they are told among the services.
func trafficRate(in In, t model.SentryTraffic) func(from, to time.Time) (float64, bool) {
	return func(from, to time.Time) (float64, bool) {
		if to.Before(in.View.Now()) {
			return t.PerMinute(from, to)
		}
		last, _ := t.Last()
		n, ok := errorsNow(in, t)
		return n, ok && !last.At.Before(from)
	}
}

// sessionSpans tell how many sessions ended well, and of when that is.
func sessionSpans(in In) Line {
	r := read(in.View, store.SentrySessionsKey())
	if !r.has() || r.Value.CrashFree == nil {
		return nil
	}
	text := " of 24 h, whole hours"
	if d := in.View.Now().Sub(r.Value.To); d > time.Minute {
		text += " up to " + age(d) + " ago"
	}
	return Line{gap(2), span(Muted, "crash-free "), span(roleOf(in, "sentry.crash_free"), percent(*r.Value.CrashFree)), span(Muted, text)}
}

// tookOr is a measured time, or the mark for one that is not known.
func tookOr(d *time.Duration) string {
	if d == nil {
		return "?"
	}
	return took(*d)
}

// minuteLine draws the events of the last minutes, one cell for each.
func minuteLine(in In, minutes []model.Minute, width int) Span {
	width = min(width, max(in.Width/6, 0))
	if width == 0 {
		return Span{}
	}
	values := make([]float64, width)
	hi := 1.0
	for i := range values {
		values[i] = math.NaN()
	}
	first := in.View.Now().Truncate(time.Minute).Add(-time.Duration(width) * time.Minute)
	for _, m := range minutes {
		if i := int(m.At.Sub(first) / time.Minute); i >= 0 && i < width {
			values[i] = m.N
			hi = max(hi, 1.25*m.N)
		}
	}
	return field(width, Plain, in.glyphs().SparklineWithin(values, width, 0, hi))
}

// issueDetail shows an issue with its newest event.
func issueDetail(in In, key string) []Line {
	for _, i := range read(in.View, store.SentryIssuesKey()).Value.Rows {
		if i.ID == key {
			return append(issueLines(in, i), eventLines(in, i.Latest)...)
		}
	}
	return []Line{{span(Muted, "this issue is no longer listed: resolved, ignored, or not seen for 24 h")}}
}

func issueLines(in In, i model.SentryIssue) []Line {
	lines := []Line{labelled("issue", i.ShortID+"  "+strings.TrimSpace(i.Level+" "+i.Substatus)), labelled("id", i.ID)}
	lines = append(lines, wrapped("title", i.Title, in.Width)...)
	release := "not read yet"
	if i.FirstRelease != nil {
		release = nameOr(*i.FirstRelease, "none")
	}
	how := "?"
	if i.Count != nil {
		how = count(*i.Count)
	}
	lines = append(lines,
		labelled("where", joined(in.glyphs(), i.Project, i.Culprit)),
		labelled("within 24 h", how+" events, "+plural(i.Users, "user", "users")),
		labelled("a minute", rateText(in, ratesOf(in, i))),
		labelled("first seen", seen(in, i.FirstSeen)+", in release "+release),
		labelled("last seen", seen(in, i.LastSeen)),
		labelled("belongs to", nameOr(i.Assignee, "nobody")))
	return append(lines, wrapped("at Sentry", i.Link, in.Width)...)
}

// seen is an instant, or that it is not known.
func seen(in In, at time.Time) string {
	if at.IsZero() {
		return "?"
	}
	return in.ago(&at)
}

func eventLines(in In, e *model.SentryEvent) []Line {
	if e == nil {
		return []Line{{}, labelled("newest event", "not read yet")}
	}
	lines := append([]Line{{}, labelled("newest event", seen(in, e.At))}, wrapped("message", e.Message, in.Width)...)
	lines = append(lines, labelled("release", nameOr(e.Release, "none")), labelled("environment", nameOr(e.Environment, "none")))
	for n, f := range e.Frames {
		label := ""
		if n == 0 {
			label = "stack"
		}
		lines = append(lines, wrapped(label, f, in.Width)...)
	}
	for n, t := range e.Tags {
		label := ""
		if n == 0 {
			label = "tags"
		}
		lines = append(lines, wrapped(label, t.Key+" = "+t.Value, in.Width)...)
	}
	return append(lines, Line{}, Line{span(Muted, "values that may be somebody's data are left out: …")})
}

// issueChanges are the issues that are new.
func issueChanges(in In) []change {
	var out []change
	now := in.View.Now()
	for _, i := range read(in.View, store.SentryIssuesKey()).Value.Rows {
		if isNew(i, now) {
			out = append(out, change{at: i.FirstSeen, text: "new issue " + i.ShortID + ": " + i.Title, role: Warn})
		}
	}
	return out
}
