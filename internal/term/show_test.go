package term

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/tview"
)

func TestShow(t *testing.T) {
	tests := []struct {
		name, in string
		width    int
		want     string // the guard is written as |
	}{
		{name: "plain", in: "shop.orders", width: 20, want: "shop.orders"},
		{name: "cut", in: "shop.orders", width: 6, want: "shop.…"},
		{name: "exact", in: "shop", width: 4, want: "shop"},
		{name: "no room", in: "shop", width: 0, want: ""},
		{name: "one cell", in: "shop", width: 1, want: "…"},
		{name: "unlimited", in: strings.Repeat("x", 3000), width: -1, want: strings.Repeat("x", 3000)},
		{name: "tag", in: "a[red]b", width: 20, want: "a[|red]b"},
		{name: "tag at the cut", in: "ab[red]", width: 4, want: "ab[|…"},
		{name: "lines", in: "SELECT 1\nFROM\tt\r", width: 20, want: "SELECT 1 FROM t "},
		{name: "escape", in: "\x1b[2J", width: 20, want: `\x1b[|2J`},
		{name: "c1", in: "\u009b2J", width: 20, want: `\x9b2J`},
		{name: "bidi", in: "a\u202eb", width: 20, want: "a‹202E›b"},
		{name: "separator", in: "a\u2028b", width: 20, want: "a‹2028›b"},
		{name: "zero width", in: "ad\u200bmin", width: 20, want: "ad‹200B›min"},
		{name: "tag characters", in: "a\U000e0041", width: 20, want: "a‹E0041›"},
		{name: "private use", in: "\ue000", width: 20, want: "‹E000›"},
		{name: "marks", in: "e\u0301\u0302\u0303\u0304x", width: 20, want: "e\u0301\u0302x"},
		{name: "mark alone", in: "\u0301x", width: 20, want: "‹0301›x"},
		{name: "mark after a bracket", in: "[\u0301", width: 20, want: "[|‹0301›"},
		{name: "broken", in: "a\xffb", width: 20, want: "a\uFFFDb"},
		{name: "wide", in: "漢字", width: 4, want: "漢字"},
		{name: "wide cut", in: "漢字漢", width: 4, want: "漢…"},
		{name: "emoji form", in: "⚠\ufe0f", width: 20, want: "⚠"},
		{name: "skin tone", in: "👍🏽", width: 20, want: "👍\uFFFD"},
		{name: "flag", in: "🇨🇭", width: 20, want: "🇨🇭"},
		{name: "half a flag", in: "🇨x", width: 20, want: "\uFFFDx"},
		{name: "new emoji", in: "🫨", width: 20, want: "\uFFFD"},
		{name: "spaces", in: "a\u00a0b\u3000c", width: 20, want: "a b c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.ReplaceAll(string(Show(tt.in, tt.width)), guard, "|")
			if got != tt.want {
				t.Errorf("got %+q, want %+q", got, tt.want)
			}
		})
	}
}

func TestPad(t *testing.T) {
	tests := []struct {
		in          Shown
		width       int
		right, left Shown
	}{
		{in: "ab", width: 4, right: "ab  ", left: "  ab"},
		{in: "漢", width: 4, right: "漢  ", left: "  漢"},
		{in: "[\u200bx]", width: 5, right: "[\u200bx]  ", left: "  [\u200bx]"},
		{in: "abcdef", width: 4, right: "abc…", left: "abc…"},
		{in: "ab", width: 0, right: "", left: ""},
		{in: "ab", width: -3, right: "", left: ""},
	}
	for _, tt := range tests {
		if got := Pad(tt.in, tt.width); got != tt.right {
			t.Errorf("Pad(%q, %d): got %q, want %q", tt.in, tt.width, got, tt.right)
		}
		if got := PadLeft(tt.in, tt.width); got != tt.left {
			t.Errorf("PadLeft(%q, %d): got %q, want %q", tt.in, tt.width, got, tt.left)
		}
	}
}

// TestShowIsBounded shows a very long text in a narrow column: the work must not
// grow with what is not shown.
func TestShowIsBounded(t *testing.T) {
	long := strings.Repeat("[:::a", 200_000)
	if got := testing.AllocsPerRun(10, func() { Show(long, 40) }); got > 20 {
		t.Errorf("a cut of 1 MB to 40 cells allocates %v times", got)
	}
}

func FuzzShow(f *testing.F) {
	for _, s := range hostileTexts() {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = min(max(width, -1), 500)
		got := Show(s, width)
		if !utf8.ValidString(string(got)) {
			t.Fatalf("not UTF-8: %q", got)
		}
		if width >= 0 && Width(got) > width {
			t.Errorf("width: got %d, want %d at most: %+q", Width(got), width, got)
		}
		if a, b := Width(got), tview.TaggedStringWidth(string(got)); a != b {
			t.Errorf("width: got %d, tview counts %d: %+q", a, b, got)
		}
		for _, r := range strings.ReplaceAll(string(got), guard, "") {
			if !unicode.IsGraphic(r) {
				t.Errorf("%U came through: %+q", r, got)
			}
		}
		if Width(Pad(got, 30)) != 30 {
			t.Errorf("Pad: got %d cells, want 30: %+q", Width(Pad(got, 30)), got)
		}
	})
}
