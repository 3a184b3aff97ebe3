package cli

import (
	"slices"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/demo"
	"tocsin/internal/runbook"
)

// The shipped books name what there is, and every shipped rule has its book.
func TestShippedBooks(t *testing.T) {
	lib, err := runbook.Open("", known(alert.Defaults()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range runbook.Lint(lib.Books, known(alert.Defaults())) {
		if !f.Note {
			t.Error(f)
		}
	}
	for _, r := range alert.Defaults().Rules {
		if found := lib.For(r.ID, r.Metric, r.Runbook); len(found) == 0 || found[0].ID != r.Runbook {
			t.Errorf("rule %s does not lead to %s first: %v", r.ID, r.Runbook, found)
		}
	}
}

// Each way to break the demo has the book that says how to mend it, with a
// step that acts.
func TestEveryFaultHasItsBook(t *testing.T) {
	lib, err := runbook.Open("", known(alert.Defaults()))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range demo.Scenarios() {
		b, ok := lib.Find(name)
		if !ok {
			t.Errorf("fault %s has no book", name)
			continue
		}
		if !slices.ContainsFunc(b.Steps(), func(s runbook.Step) bool { return s.Block.Action != "" }) {
			t.Errorf("book %s has no step that acts", name)
		}
	}
}
