package ui

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/store"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		name  string
		text  string
		width int
		want  []string
	}{
		{"empty", "", 10, []string{""}},
		{"fits", "one two", 7, []string{"one two"}},
		{"at a blank", "one two three", 8, []string{"one two", "three"}},
		{"blank at the edge", "one two", 3, []string{"one", "two"}},
		{"no blank", "abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"line breaks stay", "a\n  b\r\n", 10, []string{"a", "  b", ""}},
		{"wide characters", "中文中", 4, []string{"中文", "中"}},
		{"no room", "abc", 0, []string{"a", "b", "c"}},
		{"escapes count as shown", "\x1b\x1b", 4, []string{"\x1b", "\x1b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wrap(tt.text, tt.width)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	for _, width := range []int{3, 5, 8, 12, 30} {
		line := spread(width, Line{span(Plain, "left"), span(Bad, " side")}, span(Muted, "right"))
		if got := cells(line...); width >= 6 && got != width {
			t.Errorf("width %d: the line takes %d cells", width, got)
		}
		if last := line[len(line)-1]; last.Text != "right" {
			t.Errorf("width %d: ends with %q", width, last.Text)
		}
	}
}

// TestTimeline says that a chart holds all the time it should and moves by
// whole cells only.
func TestTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		since := time.Now()
		for range 40 {
			<-time.After(67 * time.Second)
			in := In{View: s.View(), Since: since}
			now := in.View.Now()
			for _, width := range []int{1, 7, 13, 40, 290} {
				line := timelineOf(in, width)
				if i, ok := line.cell(now); !ok || i != width-1 {
					t.Errorf("%v, width %d: now is in cell %d, %v", now.Sub(since), width, i, ok)
				}
				oldest := now.Add(min(line.step-min(now.Sub(since), longest), 0))
				if _, ok := line.cell(oldest); !ok {
					t.Errorf("%v, width %d: step %v does not reach back", now.Sub(since), width, line.step)
				}
			}
		}
	})
}
