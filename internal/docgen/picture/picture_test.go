package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want [][]run
	}{
		{"plain", "ab\n", [][]run{{{text: "ab", width: 2}}}},
		{"ASCII and other characters part", "a──b", [][]run{{
			{text: "a", width: 1}, {text: "──", column: 1, width: 2}, {text: "b", column: 3, width: 1},
		}}},
		{"gaps part", "a b   c", [][]run{{{text: "a b   ", width: 6}, {text: "c", column: 6, width: 1}}}},
		{"a style lasts over the end of the line", "\x1b[1;91ma\nb\x1b[0mc", [][]run{
			{{text: "a", width: 1, style: style{fg: 10, bold: true}}},
			{{text: "b", width: 1, style: style{fg: 10, bold: true}}, {text: "c", column: 1, width: 1}},
		}},
		{"wide", "漢a", [][]run{{{text: "漢", width: 2}, {text: "a", column: 2, width: 1}}}},
		{"no code is zero", "\x1b[7m\x1b[ma", [][]run{{{text: "a", width: 1}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(run{}, style{})); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestParseRefusesWhatItCannotDraw(t *testing.T) {
	for _, in := range []string{"\x1b[38;5;1ma", "\x1b]0;title\x07", "\x1b[1"} {
		if got, err := parse(in); err == nil {
			t.Errorf("%q: got %v, want an error", in, got)
		}
	}
}

func TestSVG(t *testing.T) {
	got := svg([][]run{{{text: " <&> ", column: 1, width: 5, style: style{reverse: true}}, {text: " ", column: 6, width: 1}}})
	for _, want := range []string{`fill="` + foreground + `"/>`, `fill="` + background + `">&lt;&amp;&gt;</text>`, `x="28.8"`, `textLength="25.2"`} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it %s", got, want)
		}
	}
	if n := strings.Count(got, "<text"); n != 1 {
		t.Errorf("got %d texts, want 1: blanks draw nothing", n)
	}
}
