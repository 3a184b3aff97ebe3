package ui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// service is what the screen says of one thing that can be reached: a probe,
// an application or a provider.
type service struct {
	status  store.Status
	kind    string // probe, app, provider
	name    string
	word    string // ok, slow, down, …
	info    string
	level   int
	latency time.Duration // 0 where there is none
	args    map[string]string
}

// services lists everything, the worst first.
func services(in In) []service {
	var out []service
	for _, p := range store.All[model.Probe](in.View) {
		out = append(out, settled(in, probeService(p), p.Sample.Fail))
	}
	for _, a := range store.All[model.App](in.View) {
		out = append(out, settled(in, appService(in, a), a.Sample.Fail))
	}
	for _, s := range store.All[model.StatusPage](in.View) {
		out = append(out, settled(in, pageService(s), s.Sample.Fail))
	}
	for _, s := range store.All[model.SupabaseProject](in.View) {
		out = append(out, settled(in, supabaseService(in, s), s.Sample.Fail))
	}
	out = append(out, watcherServices(in)...)
	slices.SortStableFunc(out, func(a, b service) int { return cmp.Compare(b.level, a.level) })
	return out
}

// configured are the services that somebody asked to watch.
func configured(all []service) []service {
	return slices.DeleteFunc(all, func(s service) bool { return s.status.State == store.Unconfigured })
}

// settled replaces what a service last said by what is wrong with its source:
// an old word is never shown as good.
func settled(in In, s service, fail *model.Fail) service {
	switch s.status.State {
	case store.OK:
		return s
	case store.Pending:
		s.word, s.info, s.level = in.glyphs().Ellipsis, "", 0
		return s
	case store.Unconfigured:
		s.word, s.info, s.level = "off", howTo(s.status), 0
		return s
	}
	s.word, s.level, s.args = "unknown", 1, nil
	s.info = "no answer in time"
	if fail != nil {
		s.info = cause(fail)
	}
	if d, ok := s.status.Age(in.View.Now()); ok {
		s.info = age(d) + " old: " + s.info
	}
	return s
}

func probeService(p store.Named[model.Probe]) service {
	v := p.Sample.Value
	s := service{status: p.Status, kind: "probe", name: bare(p.Status.Name), latency: v.Latency}
	switch {
	case !v.Up:
		s.word, s.level, s.info = "down", 3, v.Why
	case !v.Passed:
		s.word, s.level, s.info = "failing", 2, v.Why
	case v.Fresh != nil && v.Fresh.Why != "":
		s.word, s.level, s.info = "unknown", 1, v.Fresh.Why
	case v.Fresh != nil && v.Fresh.Age > v.Fresh.Max:
		s.word, s.level = "stale", 2
		s.info = "content " + age(v.Fresh.Age) + " old, limit " + age(v.Fresh.Max)
	default:
		s.word, s.info = "ok", answer(v)
	}
	s.args = purgeArgs(v)
	return s
}

// answer is what a service said when all was well.
func answer(p model.Probe) string {
	if p.Status > 0 {
		return "HTTP " + strconv.Itoa(p.Status)
	}
	return "answers"
}

// purgeArgs are what clears the stale content of a probe; nil when the
// configuration does not say.
func purgeArgs(p model.Probe) map[string]string {
	args := map[string]string{}
	if p.Fresh != nil && p.Fresh.Purge != "" {
		args["prefix"] = strings.TrimSuffix(p.Fresh.Purge, "*")
	}
	if p.Fresh != nil && p.Fresh.Tag != "" {
		args["tag"] = p.Fresh.Tag
	}
	if len(args) == 0 {
		return nil
	}
	return args
}

func appService(in In, a store.Named[model.App]) service {
	v := a.Sample.Value
	s := service{status: a.Status, kind: "app", name: bare(a.Status.Name), word: "ok"}
	w, ok := v.Over(time.Minute)
	if !ok {
		s.word, s.info = in.glyphs().Ellipsis, "needs two readings"
		return s
	}
	if w.P95 != nil {
		s.latency = *w.P95
	}
	if w.Requests == 0 {
		s.word = "idle"
	}
	for _, t := range in.Alerts {
		if t.Source == a.Status.Name && t.Trouble() && int(t.Level()) > s.level {
			s.level = int(t.Level())
			s.word = appWord(t)
		}
	}
	s.info = appInfo(w, s.word)
	return s
}

// appWord is what an alert on an application means in a word.
func appWord(a alert.Alert) string {
	switch {
	case a.Level() == alert.Unclear:
		return "unknown"
	case a.State == alert.Clearing:
		return "clearing"
	case a.Metric == "http.error_rate", a.Metric == "slo.burn":
		return "errors"
	default:
		return slowWord
	}
}

// slowWord is the state of an application whose latency is over its limit.
const slowWord = "slow"

// tellErrors is the share of errors from which on it is the first thing to say
// of an application.
const tellErrors = 0.1

// itemGap stands between the numbers of an application.
const itemGap = "  "

// appInfo are the numbers of an application, first the one that its state is about.
func appInfo(w model.AppWindow, word string) string {
	var parts []string
	if pct, ok := w.ErrorPct(); ok && pct >= tellErrors {
		parts = append(parts, "errors "+percent(pct))
	}
	if w.P95 != nil {
		parts = append(parts, "p95 "+took(*w.P95))
	}
	if word == slowWord {
		slices.Reverse(parts)
	}
	if r, ok := w.Rate(); ok {
		parts = append(parts, rate(r))
	}
	return strings.Join(parts, itemGap)
}

func pageService(p store.Named[model.StatusPage]) service {
	v := p.Sample.Value
	s := service{status: p.Status, kind: "provider", name: bare(p.Status.Name), word: "ok", info: "provider page"}
	level, known := v.Severity()
	switch {
	case !known:
		s.word, s.level, s.info = "unknown", 1, "says "+v.Indicator
	case level > 0:
		s.word, s.level, s.info = v.Indicator, 2, v.Text
	}
	if len(v.Incidents) > 0 {
		s.info = v.Incidents[0].Name
	}
	return s
}

// mark is the glyph of a service; none while it was not read.
func (s service) mark(in In) string {
	if s.status.State == store.Pending || s.status.State == store.Unconfigured {
		return " "
	}
	return in.mark(s.level)
}

// bare is the name of a source without its kind.
func bare(source string) string {
	_, name, _ := strings.Cut(source, ".")
	return name
}

// servicesPanel is the box of the overview.
func servicesPanel(in In) Panel {
	all := configured(services(in))
	p := Panel{ID: "services", Title: "Services"}
	if len(all) == 0 {
		note := span(Muted, "not configured: add probes: or apps:")
		p.Lines, p.Short, p.Void = []Line{{gap(1), note}}, Line{note}, true
		return p
	}
	good, waiting := 0, 0
	for _, s := range all {
		p.Level = max(p.Level, s.level)
		p.Lines = append(p.Lines, serviceLine(in, s))
		if s.status.State == store.OK && s.level == 0 {
			good++
		}
		if s.status.State == store.Pending {
			waiting++
		}
	}
	if waiting == len(all) {
		p.Short, p.Void = Line{span(Muted, in.glyphs().Ellipsis)}, true
		return p
	}
	tally := count(int64(good)) + " of " + count(int64(len(all))) + " ok"
	p.Title += "  " + tally
	p.Short = Line{span(levelRole(p.Level, Plain), tally)}
	if bad := all[0]; bad.level > 0 {
		p.Short = append(p.Short, span(Muted, " "+in.glyphs().Fine+" "),
			span(levelRole(bad.level, Plain), bad.name+" "+bad.word), gap(1), span(Plain, strings.TrimPrefix(bad.info, bad.word+" ")))
	}
	return p
}

func serviceLine(in In, s service) Line {
	name := 10
	if in.Width >= 48 {
		name = 14
	}
	info, text := Muted, s.info
	if s.level > 1 {
		info = Plain
	}
	if s.kind == "probe" && s.word == "ok" {
		text = took(s.latency)
	}
	role := levelRole(s.level, Plain)
	line := Line{span(role, s.mark(in)+" "), field(name, Plain, s.name), gap(1), field(8, role, s.word), gap(1)}
	if s.kind == "app" {
		text = wholeItems(text, in.Width-cells(line...))
	}
	return append(line, span(info, text))
}

// wholeItems leaves out the items at the end of a list that do not fit whole: half
// a number with half its unit is another number.
func wholeItems(items string, width int) string {
	for cells(span(Plain, items)) > width {
		i := strings.LastIndex(items, itemGap)
		if i < 0 {
			return items
		}
		items = items[:i]
	}
	return items
}

// mark is the glyph of a level.
func (in In) mark(level int) string {
	g := in.glyphs()
	return [...]string{g.Fine, g.Unknown, g.Warning, g.Critical}[min(max(level, 0), 3)]
}

func servicesFrame(in In) Frame {
	t := &Table{
		Columns: []Column{
			{Name: "state", Title: "state", Width: 10},
			{Name: "name", Title: "name", Width: 14},
			{Name: "kind", Title: "kind", Width: 9, Drop: 2},
			{Name: "latency", Title: "latency", Width: 8, Right: true, Drop: 1},
			{Name: "what", Title: "what it says"},
			{Name: "checked", Title: "checked", Width: 9, Right: true, Drop: 3},
		},
		Empty: "no service is configured: add probes, apps or status_pages to the target",
	}
	all := services(in)
	if len(configured(slices.Clone(all))) == 0 {
		all = nil
	}
	for _, s := range all {
		t.Rows = append(t.Rows, serviceRow(in, s))
	}
	return Frame{Table: t}
}

func serviceRow(in In, s service) Row {
	role := levelRole(s.level, Plain)
	latency, checked := Cell{}, Cell{Text: "never", Role: Muted}
	if s.latency > 0 {
		latency = Cell{Text: took(s.latency), Num: s.latency.Seconds(), HasNum: true}
	}
	if d, ok := s.status.Age(in.View.Now()); ok {
		checked = Cell{Text: age(d) + " ago", Role: Muted, Num: d.Seconds(), HasNum: true}
	}
	return Row{Key: s.status.Name, Args: s.args, Cells: []Cell{
		{Text: s.mark(in) + " " + s.word, Role: role, Num: float64(s.level), HasNum: true},
		{Text: s.name, Role: Strong}, {Text: s.kind, Role: Muted}, latency, {Text: s.info}, checked,
	}}
}
