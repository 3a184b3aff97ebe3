package trial

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
	"tocsin/internal/strict"
)

// unitFile is a file of unit tests as written.
type unitFile struct {
	Version int        `yaml:"version"`
	Tests   []unitTest `yaml:"tests"`
}

type unitTest struct {
	Name     string         `yaml:"name"`
	Every    time.Duration  `yaml:"every"` // between two readings; 10 s
	Readings []unitReadings `yaml:"readings"`
	Expect   []unitExpect   `yaml:"expect"`
	Pages    map[string]int `yaml:"pages"` // how often each rule pages in all
}

// unitReadings are the readings of one series, one for each step: a number in
// the unit of the metric, 85x6 for six of them, ? for one that is unknown, - for
// a series that is not there, ! for a source that does not answer.
type unitReadings struct {
	Metric string            `yaml:"metric"`
	Labels map[string]string `yaml:"labels"`
	Count  int               `yaml:"count"` // sample size; 1000
	Values string            `yaml:"values"`
}

type unitExpect struct {
	At        time.Duration     `yaml:"at"`
	Rule      string            `yaml:"rule"`
	Labels    map[string]string `yaml:"labels"`
	State     alert.State       `yaml:"state"`
	Severity  alert.Severity    `yaml:"severity"`
	Inhibited *bool             `yaml:"inhibited"`
	Flapping  *bool             `yaml:"flapping"`
}

// Unit is one unit test that was run.
type Unit struct {
	Name   string
	Faults []string // what was otherwise; none when it passed
}

const (
	unitVersion = 1
	unitEvery   = 10 * time.Second
	unitCount   = 1000
	// unitSteps bounds a test: a day of readings every ten seconds.
	unitSteps = 8640
)

// Test runs the unit tests of a file against a set of rules. A file with faults
// is an error that tells all of them, each with its place.
func Test(name string, data []byte, set alert.Set) ([]Unit, error) {
	doc, err := strict.Parse(name, data)
	if err != nil {
		return nil, err
	}
	var file unitFile
	if err := doc.Decode(&file); err != nil {
		return nil, err
	}
	r := reader{doc: doc, set: set}
	if file.Version != unitVersion {
		r.refuse([]any{"version"}, "version %d: this program reads version %d", file.Version, unitVersion)
	}
	var runs []run
	for i, t := range file.Tests {
		runs = append(runs, r.test([]any{"tests", i}, t))
	}
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	out := make([]Unit, len(runs))
	for i, one := range runs {
		out[i] = Unit{Name: one.test.Name, Faults: one.faults(set)}
	}
	return out, nil
}

// reader checks a file and collects its faults.
type reader struct {
	doc  *strict.Doc
	set  alert.Set
	errs []error
}

func (r *reader) refuse(path []any, format string, args ...any) {
	r.errs = append(r.errs, r.doc.Errorf(path, format, args...))
}

// run is a test that is ready to run.
type run struct {
	test   unitTest
	series []series
	steps  int
}

// series is one series of a test: its metric and what is read at each step.
type series struct {
	metric   alert.Metric
	readings unitReadings
	values   []string // a number, ?, - or !
}

func (r *reader) test(path []any, t unitTest) run {
	if t.Name == "" {
		r.refuse(path, "name is missing")
	}
	if t.Every < 0 {
		r.refuse(at(path, "every"), "every is above zero")
	}
	if t.Every == 0 {
		t.Every = unitEvery
	}
	out := run{test: t}
	for i, s := range t.Readings {
		one := r.series(at(path, "readings", i), s)
		out.series, out.steps = append(out.series, one), max(out.steps, len(one.values))
	}
	for i, e := range t.Expect {
		r.expect(at(path, "expect", i), e, out)
	}
	for id := range t.Pages {
		r.rule(at(path, "pages", id), id)
	}
	if len(t.Expect) == 0 && len(t.Pages) == 0 {
		r.refuse(path, "nothing is expected: give expect or pages")
	}
	return out
}

func at(path []any, more ...any) []any { return append(slices.Clone(path), more...) }

func (r *reader) series(path []any, s unitReadings) series {
	all := alert.Metrics()
	i := slices.IndexFunc(all, func(m alert.Metric) bool { return m.Name == s.Metric })
	if i < 0 {
		names := make([]string, len(all))
		for n, m := range all {
			names[n] = m.Name
		}
		r.errs = append(r.errs, r.doc.Unknown(at(path, "metric"), "metric", s.Metric, names))
		return series{}
	}
	for label := range s.Labels {
		if !slices.Contains(all[i].Labels, label) {
			r.errs = append(r.errs, r.doc.Unknown(at(path, "labels", label), "label", label, all[i].Labels))
		}
	}
	if s.Count == 0 {
		s.Count = unitCount
	}
	values, err := expand(s.Values)
	if err != nil {
		r.refuse(at(path, "values"), "%v", err)
	}
	return series{metric: all[i], readings: s, values: values}
}

// expand writes out 85x6.
func expand(text string) ([]string, error) {
	var out []string
	for _, word := range strings.Fields(text) {
		value, times, several := strings.Cut(word, "x")
		n := 1
		if several {
			var err error
			if n, err = strconv.Atoi(times); err != nil || n < 1 {
				return nil, fmt.Errorf("%q: how often stands after the x: 85x6", word)
			}
		}
		if _, err := strconv.ParseFloat(value, 64); err != nil && value != "?" && value != "-" && value != "!" {
			return nil, fmt.Errorf("%q: a number, ? (unknown), - (not there) or ! (its source does not answer)", word)
		}
		if len(out)+n > unitSteps {
			return nil, fmt.Errorf("more than %d readings", unitSteps)
		}
		out = append(out, slices.Repeat([]string{value}, n)...)
	}
	if len(out) == 0 {
		return nil, errors.New("no readings")
	}
	return out, nil
}

func (r *reader) rule(path []any, id string) {
	if _, ok := r.set.Rule(id); ok {
		return
	}
	var ids []string
	for _, rule := range r.set.Rules {
		ids = append(ids, rule.ID)
	}
	r.errs = append(r.errs, r.doc.Unknown(path, "rule", id, ids))
}

func (r *reader) expect(path []any, e unitExpect, in run) {
	r.rule(at(path, "rule"), e.Rule)
	if e.At < 0 || e.At%in.test.Every != 0 || int(e.At/in.test.Every) >= in.steps {
		r.refuse(at(path, "at"), "at %s: readings are at 0s and every %s up to %s", e.At, in.test.Every, in.test.Every*time.Duration(max(in.steps-1, 0)))
	}
	states := []alert.State{alert.OK, alert.Pending, alert.Firing, alert.Clearing, alert.Unknown}
	if !slices.Contains(states, e.State) {
		r.refuse(at(path, "state"), "state %q: ok, pending, firing, clearing or unknown", e.State)
	}
}

// faults runs the test and says what was otherwise than expected.
func (in run) faults(set alert.Set) []string {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	engine, pages, paged := alert.New(set), alert.Pages{}, map[string]int{}
	var out []string
	for n := range in.steps {
		after := time.Duration(n) * in.test.Every
		alerts := step(engine, in.moment(began, n))
		var news []alert.Page
		pages, news = pages.Next(began.Add(after), alerts)
		for _, p := range news {
			if p.Kind == alert.Trigger {
				paged[p.Alert.Rule]++
			}
		}
		for _, e := range in.test.Expect {
			if e.At == after {
				out = append(out, e.faults(alerts)...)
			}
		}
	}
	for _, r := range set.Rules {
		if want, ok := in.test.Pages[r.ID]; ok && paged[r.ID] != want {
			out = append(out, fmt.Sprintf("%s pages %d times, expected %d", r.ID, paged[r.ID], want))
		}
	}
	return out
}

// moment is what is read at step n.
func (in run) moment(began time.Time, n int) Moment {
	m := Moment{At: began.Add(time.Duration(n) * in.test.Every)}
	for i, s := range in.series {
		src := store.Status{Name: fmt.Sprintf("test.%d", i), Every: in.test.Every, State: store.OK, At: m.At}
		last := n
		for last > 0 && s.at(last) == "!" {
			last--
		}
		if last < n || s.at(n) == "!" {
			src.State, src.Fail = store.Error, &model.Fail{Class: model.Broken, Text: "no answer"}
			src.At = began.Add(time.Duration(last) * in.test.Every)
		}
		if f, ok := s.fact(last); ok {
			src.Facts = []model.Fact{f}
		}
		m.Sources = append(m.Sources, src)
	}
	return m
}

// at is the word of a step; a series that ends sooner stays as it was.
func (s series) at(n int) string { return s.values[min(n, len(s.values)-1)] }

func (s series) fact(n int) (model.Fact, bool) {
	word := s.at(n)
	if word == "-" || word == "!" {
		return model.Fact{}, false
	}
	f := model.Fact{Name: s.metric.Name, Labels: s.readings.Labels, Unit: s.metric.Unit, Count: s.readings.Count, Why: "unknown"}
	if v, err := strconv.ParseFloat(word, 64); err == nil {
		f.Value, f.Known, f.Why = v, true, ""
	}
	return f, true
}

// faults says where the alert that is meant is otherwise than expected.
func (e unitExpect) faults(alerts []alert.Alert) []string {
	var found []alert.Alert
	for _, a := range alerts {
		if a.Rule == e.Rule && (e.Labels == nil || a.Labels.String() == model.Labels(e.Labels).String()) {
			found = append(found, a)
		}
	}
	about := fmt.Sprintf("at %s %s", e.At, e.Rule)
	if len(found) > 1 {
		return []string{about + fmt.Sprintf(" has %d series: say with labels which is meant", len(found))}
	}
	got := alert.Alert{State: alert.OK} // nothing is known of it, and nothing is wrong
	if len(found) == 1 {
		got = found[0]
	}
	var out []string
	differ := func(what, got, want any) {
		out = append(out, fmt.Sprintf("%s is %v%v, expected %v", about, what, got, want))
	}
	if got.State != e.State {
		differ("", got.State, e.State)
	}
	if e.Severity != "" && got.Severity != e.Severity {
		differ("", got.Severity, e.Severity)
	}
	if e.Inhibited != nil && got.Inhibited != *e.Inhibited {
		differ("inhibited: ", got.Inhibited, *e.Inhibited)
	}
	if e.Flapping != nil && got.Flapping != *e.Flapping {
		differ("flapping: ", got.Flapping, *e.Flapping)
	}
	return out
}
