package strict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/strict"
)

type file struct {
	Targets map[string]target `yaml:"targets"`
	State   string            `yaml:"state"`
}

type target struct {
	Postgres *database     `yaml:"postgres"`
	Apps     []database    `yaml:"apps"`
	Wait     time.Duration `yaml:"wait"`
	Count    int           `yaml:"count"`
}

type database struct {
	DSN string `yaml:"dsn"`
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string // what the error says, all of it; none: no error
	}{
		{name: "empty", text: ""},
		{name: "comment only", text: "# nothing\n"},
		{name: "good", text: "targets:\n  prod:\n    postgres: {dsn: x}\n    wait: 5s\nstate: /s\n"},
		{name: "one key", text: "state: /s\n"},
		{name: "anchor", text: "targets:\n  a: &a\n    wait: 5s\n  b: *a\n"},
		{
			name: "unknown key", text: "targets:\n  prod:\n    postgress: {dsn: x}\n",
			want: []string{"f.yaml:3:5: ", `unknown key "postgress": did you mean "postgres"?`, "    3 |     postgress: {dsn: x}\n      |     ^"},
		},
		{name: "far key", text: "zzzzzz: 1\n", want: []string{"f.yaml:1:1: ", `unknown key "zzzzzz": known are state, targets`}},
		{name: "two unknown keys", text: "stat: 1\ntarget: {}\n", want: []string{"f.yaml:1:1", "f.yaml:2:1"}},
		{name: "in a list", text: "targets: {p: {apps: [{dsn: a}, {dns: b}]}}\n", want: []string{"f.yaml:1:33: ", `did you mean "dsn"?`}},
		{name: "duplicate key", text: "state: a\nstate: b\n", want: []string{"f.yaml:2:1: ", `mapping key "state" already defined`}},
		{name: "duration", text: "targets: {p: {wait: 5 minutes}}\n", want: []string{"f.yaml:1:21: ", `"5 minutes" is not a length of time`}},
		{name: "bare number for a duration", text: "targets: {p: {wait: 60}}\n", want: []string{`"60" is not a length of time`}},
		{name: "not a mapping", text: "targets: {p: {postgres: here}}\n", want: []string{"f.yaml:1:25: ", "keys and values are wanted here: dsn"}},
		{name: "not a list", text: "targets: {p: {apps: here}}\n", want: []string{"a list is wanted here"}},
		{name: "not a value", text: "state: [a]\n", want: []string{"f.yaml:1:8", "a single value is wanted here"}},
		{name: "not a number", text: "targets: {p: {count: many}}\n", want: []string{"f.yaml:1:22: ", "does not fit here"}},
		{name: "broken", text: "targets: {\n", want: []string{"f.yaml:1:"}},
		{name: "tab", text: "targets:\n\tp: 1\n", want: []string{"f.yaml:2:"}},
		{name: "two documents", text: "state: a\n---\nstate: b\n", want: []string{"f.yaml:3:1: a second document"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var into file
			doc, err := strict.Parse("f.yaml", []byte(tt.text))
			if err == nil {
				err = doc.Decode(&into)
			}
			if len(tt.want) == 0 {
				if err != nil {
					t.Fatalf("got error %v, want none", err)
				}
				return
			}
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error\n%v\nwant in it %q", err, want)
				}
			}
		})
	}
}

func TestDecodeGivesTheValues(t *testing.T) {
	doc, err := strict.Parse("f.yaml", []byte("targets: {p: {wait: 1m30s, count: 3, apps: [{dsn: a}]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got file
	if err := doc.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := file{Targets: map[string]target{"p": {Wait: 90 * time.Second, Count: 3, Apps: []database{{DSN: "a"}}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestErrorfFindsThePlace(t *testing.T) {
	doc, err := strict.Parse("f.yaml", []byte("targets:\n  p:\n    apps:\n      - dsn: a\n      - dsn: b\n"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path []any
		want string
	}{
		{path: []any{"targets", "p", "apps", 1, "dsn"}, want: "f.yaml:5:14: bad"},
		{path: []any{"targets", "p", "apps", 1, "missing"}, want: "f.yaml:5:9: bad"},
		{path: []any{"targets", "q"}, want: "f.yaml:2:3: bad"},
		{path: nil, want: "f.yaml:1:1: bad"},
	}
	for _, tt := range tests {
		if got := doc.Errorf(tt.path, "bad").Error(); !strings.HasPrefix(got, tt.want) {
			t.Errorf("path %v: got %q, want %q", tt.path, got, tt.want)
		}
	}
}

func TestExcerptHidesSecrets(t *testing.T) {
	for _, text := range []string{
		"nope: {dsn: \"host=db password=hunter2 user=u\"}\n",
		"nope: postgres://u:hunter2@db/x\n",
		"nope: {token: hunter2, x: 1}\n",
		"nope: {password: hunter2}\n",
	} {
		doc, err := strict.Parse("f.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		err = doc.Decode(&file{})
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "***") {
			t.Errorf("got %v, want an error that hides the secret", err)
		}
	}
}
