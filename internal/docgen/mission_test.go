package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/cli"
	"tocsin/internal/runbook"
	"tocsin/ui"
)

// missionRow is one row of docs/mission.md.
type missionRow struct{ id, what, where, tests string }

// missionRows reads the rows of the page, of which the first cell is a number.
func missionRows(t *testing.T) []missionRow {
	t.Helper()
	text, err := os.ReadFile("../../docs/mission.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []missionRow
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+\.\d+) \| (.*) \| (.*) \| (.*) \|$`).FindAllStringSubmatch(string(text), -1) {
		out = append(out, missionRow{m[1], m[2], m[3], m[4]})
	}
	return out
}

// TestMissionRows: every row of the mission is there, once and in order.
func TestMissionRows(t *testing.T) {
	want, err := os.ReadFile("testdata/mission-rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range missionRows(t) {
		got = append(got, r.id)
	}
	if diff := cmp.Diff(strings.Fields(string(want)), got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// placePattern is one place: its kind in words, and its name.
func placePattern() *regexp.Regexp {
	return regexp.MustCompile("(manual step of|step of|book|view|action|rule|metric|command) `([^`]+)`")
}

// TestMissionPlaces: every place that a row names is there, and a step that
// people do is called one.
func TestMissionPlaces(t *testing.T) {
	found := newPlaces(t)
	for _, r := range missionRows(t) {
		places := placePattern().FindAllStringSubmatch(r.where, -1)
		if 2*len(places) != strings.Count(r.where, "`") || len(places) == 0 {
			t.Errorf("%s: not every name has its kind before it: %s", r.id, r.where)
		}
		for _, p := range places {
			if why := found.fault(p[1], p[2]); why != "" {
				t.Errorf("%s: %s %s: %s", r.id, p[1], p[2], why)
			}
		}
	}
}

// places are what a row may name.
type places struct {
	books   []runbook.Book
	names   map[string][]string // by kind
	command string              // the page of the commands
}

func newPlaces(t *testing.T) places {
	t.Helper()
	books, err := runbook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	p := places{books: books, names: map[string][]string{}, command: commandsPage(cli.Root())}
	for _, b := range books {
		p.names["book"] = append(p.names["book"], b.ID)
	}
	for _, page := range ui.Pages() {
		for _, tab := range page.Tabs {
			p.names["view"] = append(p.names["view"], page.Name+"/"+tab.Name)
		}
	}
	for _, a := range cli.Actions() {
		p.names["action"] = append(p.names["action"], a.ID)
	}
	for _, r := range alert.Defaults().Rules {
		p.names["rule"] = append(p.names["rule"], r.ID)
	}
	for _, m := range alert.Metrics() {
		p.names["metric"] = append(p.names["metric"], m.Name)
	}
	return p
}

// fault says what is wrong with a place; "" when it is there.
func (p places) fault(kind, name string) string {
	switch kind {
	case "command":
		if !strings.Contains(p.command, "\n## "+name+"\n") {
			return "there is no such command"
		}
		return ""
	case "step of", "manual step of":
		return p.stepFault(kind, name)
	}
	if !slices.Contains(p.names[kind], name) {
		return "it is not there"
	}
	return ""
}

func (p places) stepFault(kind, name string) string {
	id, step, ok := strings.Cut(name, "#")
	i := slices.IndexFunc(p.books, func(b runbook.Book) bool { return b.ID == id })
	if !ok || i < 0 {
		return "there is no such book"
	}
	s, ok := p.books[i].Step(step)
	switch {
	case !ok:
		return "the book has no such step"
	case s.Manual() != (kind == "manual step of"):
		return "whether people do it is told wrongly"
	}
	return ""
}

// TestMissionTests: every row has a test, and each that it names exists.
func TestMissionTests(t *testing.T) {
	name := regexp.MustCompile("`([^` ]+)(?: (Test\\w+))?`")
	for _, r := range missionRows(t) {
		tests := name.FindAllStringSubmatch(r.tests, -1)
		if len(tests) == 0 {
			t.Errorf("%s has no test", r.id)
		}
		for _, m := range tests {
			if !testExists(t, m[1], m[2]) {
				t.Errorf("%s: there is no test %s %s", r.id, m[1], m[2])
			}
		}
	}
}

// testExists tells whether a package has a test, or a script is there.
func testExists(t *testing.T, at, test string) bool {
	t.Helper()
	if test == "" {
		_, err := os.Stat(filepath.Join("../..", at))
		return strings.HasSuffix(at, ".txtar") && err == nil
	}
	files, err := filepath.Glob(filepath.Join("../..", at, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), "\nfunc "+test+"(t *testing.T)")
	})
}

// TestMissionWalk: the walk itself notices what it is there for.
func TestMissionWalk(t *testing.T) {
	found := newPlaces(t)
	tests := []struct{ kind, name, want string }{
		{"book", "lock-pileup", ""},
		{"book", "lock-pile", "it is not there"},
		{"step of", "lock-pileup#end-root", ""},
		{"step of", "lock-pileup#end-rot", "the book has no such step"},
		{"step of", "lock-pileup#who-is-at-the-root", "whether people do it is told wrongly"},
		{"manual step of", "lock-pileup#end-root", "whether people do it is told wrongly"},
		{"manual step of", "nothing#end-root", "there is no such book"},
		{"view", "sessions/Locks", ""},
		{"view", "sessions", "it is not there"},
		{"action", "pg.vacum", "it is not there"},
		{"command", "tocsin audit", ""},
		{"command", "tocsin audits", "there is no such command"},
	}
	for _, tt := range tests {
		if got := found.fault(tt.kind, tt.name); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.kind, tt.name, got, tt.want)
		}
	}
	if testExists(t, "internal/docgen", "TestMission") || !testExists(t, "internal/docgen", "TestMissionWalk") {
		t.Error("a test is found by a part of its name, or not at all")
	}
}

// TestMissionThresholds: the rules as shipped fire at the thresholds of the
// mission, each once.
func TestMissionThresholds(t *testing.T) {
	for id, want := range map[string]string{
		"http.error_rate": "> 1%", "http.p95": "> 1000ms", "http.p99": "> 2000ms", "db.connections": "> 80%",
		"db.query.slow": "> 5000ms", "host.disk.used": "> 85%", "host.cpu": "> 80%", "host.memory": "> 85%",
		"http.error_rate.high": "> 2%", "slo.fast": "> 14.4", "slo.slow": "> 6",
	} {
		rule, ok := alert.Defaults().Rule(id)
		if !ok || rule.Fire.String() != want {
			t.Errorf("%s fires at %q, want %q", id, rule.Fire, want)
		}
	}
}

// TestBooksSpeakOfWhatThereIs: views, tabs, books, actions, rules, metrics and
// commands that the prose of a book names are there.
func TestBooksSpeakOfWhatThereIs(t *testing.T) {
	found := newPlaces(t)
	tabs := map[string][]string{}
	for _, page := range ui.Pages() {
		tabs[string(page.Key)] = []string{""}
		for _, tab := range page.Tabs {
			tabs[string(page.Key)] = append(tabs[string(page.Key)], tab.Name)
		}
	}
	view := regexp.MustCompile(`[Vv]iew (\d)(?:, ([A-Z]\w+))?`)
	name := regexp.MustCompile("`([a-z]+(?:-[a-z]+)+|(?:pg|deploy|cache|db|http|host|alert)\\.[a-z_.]+|tocsin [a-z ]+)`")
	for _, b := range found.books {
		for _, m := range view.FindAllStringSubmatch(b.Text, -1) {
			// The name after a view may begin a sentence of its own.
			if tab := m[2]; !slices.Contains(tabs[m[1]], tab) && tab != "Enter" {
				t.Errorf("%s: there is no view %s, %s", b.ID, m[1], tab)
			}
		}
		for _, m := range name.FindAllStringSubmatch(b.Text, -1) {
			if !found.there(m[1]) {
				t.Errorf("%s: there is no %s", b.ID, m[1])
			}
		}
	}
}

// there tells whether anything has the name.
func (p places) there(name string) bool {
	for _, kind := range []string{"book", "action", "rule", "metric"} {
		if p.fault(kind, name) == "" {
			return true
		}
	}
	return p.fault("command", name) == "" || slices.Contains([]string{"no-store", "s-maxage", "stale-while-revalidate"}, name)
}
