package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/cli"
	"tocsin/internal/config"
	"tocsin/internal/runbook"
	"tocsin/internal/strict"
	"tocsin/internal/trial"
	"tocsin/ui"
)

// TestExamplesAreAccepted reads every YAML block of the documents as the
// program would read the file.
func TestExamplesAreAccepted(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	examples := 0
	for _, file := range append(files, "../../README.md", "../../ARCHITECTURE.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range block.FindAllStringSubmatch(string(text), -1) {
			examples++
			if err := read(found[1]); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	if examples < 3 {
		t.Errorf("found %d examples, want those of the configuration, the rules and the keys", examples)
	}
}

// read reads an example as the kind of file that it begins like.
func read(text string) error {
	switch {
	case strings.HasPrefix(text, "targets:"):
		file, err := config.Parse("example", []byte(text))
		if err != nil {
			return err
		}
		_, err = file.Validate()
		return err
	case strings.HasPrefix(text, "version: 1\ntests:"):
		units, err := trial.Test("example", []byte(text), alert.Defaults())
		for _, u := range units {
			if len(u.Faults) > 0 {
				err = errors.Join(err, errors.New(strings.Join(u.Faults, "; ")))
			}
		}
		return err
	case strings.HasPrefix(text, "version:"):
		_, err := alert.Load("example", []byte(text), alert.Defaults())
		return err
	}
	doc, err := strict.Parse("example", []byte(text))
	if err != nil {
		return err
	}
	return doc.Decode(&map[string]*string{})
}

func TestRunbookExampleIsAccepted(t *testing.T) {
	b, err := runbook.Parse("queue-grows.md", []byte(runbookExample))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range runbook.Lint([]runbook.Book{b}, runbook.Known{Actions: cli.Actions(), Now: b.Reviewed}) {
		if !f.Note {
			t.Error(f)
		}
	}
}

func TestEveryCommandHasItsKeys(t *testing.T) {
	commands := ui.Commands(cli.Actions())
	text := keysPage(commands)
	for _, c := range commands {
		if !strings.Contains(text, "| "+code(c.ID)+" |") {
			t.Errorf("%s of the group %q is not on the page", c.ID, c.Group)
		}
	}
}

func TestTable(t *testing.T) {
	got := table([]string{"key", "what"}, [][]string{{code("`"), "a | b"}, {code("|"), ""}})
	want := "| key | what |\n| --- | --- |\n| `` ` `` | a \\| b |\n| `\\|` |  |"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestFenced(t *testing.T) {
	if got, want := fenced("  a\n    b\n"), "```\na\n  b\n```"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
