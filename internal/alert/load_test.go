package alert

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLoadOverrides(t *testing.T) {
	text := `version: 1
every: 10s
rules:
  - id: http.error_rate
    fire: "> 3%"
    clear: "< 2%"
    for: 30s
  - id: host.cpu
    off: true
  - id: cache.full
    metric: cache.memory
    fire: "> 90%"
    severity: P2
`
	set, err := Load("rules.yaml", []byte(text), Defaults())
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Defaults().Rule("http.error_rate")
	want.Fire, want.Clear, want.For = above(3, "%"), below(2, "%"), 30*time.Second
	got, _ := set.Rule("http.error_rate")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("override: want -, got +:\n%s", diff)
	}
	if _, ok := set.Rule("host.cpu"); ok {
		t.Error("a rule that is off is still there")
	}
	added, _ := set.Rule("cache.full")
	if diff := cmp.Diff(Rule{
		ID: "cache.full", Metric: "cache.memory", Fire: above(90, "%"),
		Clear: Threshold{Op: "<=", Value: 90, Unit: "%"}, OnUnknown: Keep, Severity: P2,
	}, added); diff != "" {
		t.Errorf("added: want -, got +:\n%s", diff)
	}
	if set.Every != 10*time.Second || set.StaleAfter != 3 || len(set.Rules) != len(Defaults().Rules) {
		t.Errorf("got every %s, stale after %d, %d rules", set.Every, set.StaleAfter, len(set.Rules))
	}
	if _, ok := Defaults().Rule("host.cpu"); !ok {
		t.Error("the base was changed")
	}
}

func TestLoadRefuses(t *testing.T) {
	rule := func(lines string) string { return "version: 1\nrules:\n  - " + lines + "\n" }
	tests := []struct {
		name string
		text string
		want []string
	}{
		{name: "version", text: "rules: []\n", want: []string{"r.yaml:1:", "version 0"}},
		{name: "unknown key", text: rule("{id: db.down, severty: P1}"), want: []string{"r.yaml:3:", `unknown key "severty": did you mean "severity"?`}},
		{name: "duplicate key", text: rule("{id: db.down, for: 1s, for: 2s}"), want: []string{"r.yaml:3:", "already defined"}},
		{name: "duplicate id", text: rule("{id: db.down}\n  - {id: db.down}"), want: []string{"r.yaml:4:10", `a rule "db.down" stands above`}},
		{name: "no id", text: rule("{for: 1s}"), want: []string{"r.yaml:3:", "id is missing"}},
		{name: "unknown metric", text: rule(`{id: x, metric: http.p96, window: 1m, fire: "> 1s", severity: P1}`), want: []string{"r.yaml:3:21", `unknown metric "http.p96": did you mean "http.p95"?`}},
		{name: "new rule without a metric", text: rule(`{id: db.dwn, for: 1s}`), want: []string{"fire is missing", "unknown metric", `severity ""`}},
		{name: "duration", text: rule("{id: db.down, for: soon}"), want: []string{`"soon" is not a length of time`}},
		{name: "threshold", text: rule(`{id: db.down, fire: "3"}`), want: []string{"r.yaml:3:25", "begin with one of"}},
		{name: "unit", text: rule(`{id: db.down, fire: "> 3%"}`), want: []string{"does not fit"}},
		{name: "severity", text: rule("{id: db.down, severity: P9}"), want: []string{`severity "P9"`}},
		{name: "on_unknown", text: rule("{id: db.down, on_unknown: ok}"), want: []string{"keep or fire"}},
		{name: "inhibited by", text: rule("{id: cache.down, inhibited_by: [db.don]}"), want: []string{`did you mean "db.down"?`}},
		{name: "inhibited by itself", text: rule("{id: cache.down, inhibited_by: [cache.down]}"), want: []string{"unknown rule"}},
		{name: "fire and clear overlap", text: rule(`{id: http.error_rate, fire: "> 0.5%"}`), want: []string{"both hold"}},
		{name: "overlap beyond clear", text: rule(`{id: host.cpu, fire: "> 70%", clear: "> 75%"}`), want: []string{`fire "> 70%" and clear "> 75%" both hold for 76 %`}},
		{name: "overlap below clear", text: rule(`{id: host.cpu, fire: "< 70%", clear: "< 65%"}`), want: []string{"both hold for 64 %"}},
		{name: "window", text: rule(`{id: http.error_rate, window: ""}`), want: []string{"window is missing"}},
		{name: "no window", text: rule(`{id: host.cpu, window: 5m}`), want: []string{"has no window"}},
		{name: "off but unknown", text: rule("{id: host.cpus, off: true}"), want: []string{`did you mean "host.cpu"?`}},
		{name: "below zero", text: rule("{id: host.cpu, min_count: -1}"), want: []string{"not below zero"}},
		{name: "broken", text: "version: [", want: []string{"r.yaml:1:"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load("r.yaml", []byte(tt.text), Defaults())
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got\n%v\nwant in it %q", err, want)
				}
			}
		})
	}
}

func TestAnEmptyRulesFileChangesNothing(t *testing.T) {
	set, err := Load("rules.yaml", []byte("version: 1\n"), Defaults())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Defaults(), set); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}
