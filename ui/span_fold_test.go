package ui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFolded(t *testing.T) {
	field16 := field(16, Muted, "storage")
	tests := []struct {
		name  string
		line  Line
		width int
		want  string
	}{
		{"what fits", Line{field16, span(Plain, "on")}, 30, "storage         on"},
		{"one span", Line{span(Plain, "a note as long as it is")}, 10, "a note as\nlong as it\nis"},
		{"a value", Line{field16, span(Plain, "off in the options of this table")}, 30, "storage         off in the\n                options of\n                this table"},
		{"a third span", Line{field16, span(Plain, "end the session"), span(Muted, "   blocked: no right")}, 40,
			"storage         end the session\n                blocked: no right"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			writeLines(&b, folded(tt.line, tt.width))
			if diff := cmp.Diff(tt.want, strings.TrimRight(b.String(), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
