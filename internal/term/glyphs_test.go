package term

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var nan = math.NaN()

func TestSparkline(t *testing.T) {
	tests := []struct {
		name          string
		values        []float64
		width         int
		want, inASCII string
	}{
		{name: "rising", values: []float64{0, 1, 2, 3, 4, 5, 6, 7}, width: 8, want: "▁▂▃▄▅▆▇█", inASCII: "_.:-=+*#"},
		{name: "zero is the floor", values: []float64{100, 101}, width: 2, want: "██", inASCII: "##"},
		{name: "gap", values: []float64{1, nan, 2}, width: 3, want: "▅ █", inASCII: "= #"},
		{name: "fewer than cells", values: []float64{2}, width: 3, want: "  █", inASCII: "  #"},
		{name: "peaks are kept", values: []float64{0, 9, 0, 0, 0, 0}, width: 3, want: "█▁▁", inASCII: "#__"},
		{name: "a gap beside a value", values: []float64{nan, 3, nan, nan}, width: 2, want: "█ ", inASCII: "# "},
		{name: "all zero", values: []float64{0, 0}, width: 2, want: "▁▁", inASCII: "__"},
		{name: "negative", values: []float64{-7, 0}, width: 2, want: "▁█", inASCII: "_#"},
		{name: "infinite", values: []float64{math.Inf(1), 1, 0}, width: 3, want: "██▁", inASCII: "##_"},
		{name: "nothing", width: 2, want: "  ", inASCII: "  "},
		{name: "no room", values: []float64{1}, width: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lo, hi := extent(tt.values)
			if got := NewGlyphs(false).SparklineWithin(tt.values, tt.width, lo, hi); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got := NewGlyphs(true).SparklineWithin(tt.values, tt.width, lo, hi); got != tt.inASCII {
				t.Errorf("ASCII: got %q, want %q", got, tt.inASCII)
			}
		})
	}
	if got, want := NewGlyphs(false).SparklineWithin([]float64{50, 100, 200}, 3, 0, 100), "▅██"; got != want {
		t.Errorf("fixed scale: got %q, want %q", got, want)
	}
}

func TestBar(t *testing.T) {
	tests := []struct {
		fraction float64
		width    int
		want     string
	}{
		{0, 4, "░░░░"}, {0.001, 4, "█░░░"}, {0.5, 4, "██░░"}, {0.999, 4, "███░"}, {1, 4, "████"}, {1.7, 4, "████"},
		{-1, 4, "░░░░"}, {nan, 4, "????"}, {0.5, 1, "█"}, {0.5, 0, ""}, {0.5, -2, ""},
	}
	for _, tt := range tests {
		if got := NewGlyphs(false).Bar(tt.fraction, tt.width); got != tt.want {
			t.Errorf("Bar(%v, %d): got %q, want %q", tt.fraction, tt.width, got, tt.want)
		}
	}
}

func TestStack(t *testing.T) {
	tests := []struct {
		parts []float64
		width int
		want  string
	}{
		{[]float64{0.5, 0.25}, 8, "████▓▓  "},
		{[]float64{0.001, 0, 0.5, nan}, 8, "█▒▒▒▒   "},
		{[]float64{0.9, 0.9}, 4, "████"},
		{[]float64{5}, 4, "████"},
		{nil, 3, "   "},
		{[]float64{1}, -1, ""},
	}
	for _, tt := range tests {
		if got := NewGlyphs(false).Stack(tt.parts, tt.width); got != tt.want {
			t.Errorf("Stack(%v, %d): got %q, want %q", tt.parts, tt.width, got, tt.want)
		}
	}
}

func TestChart(t *testing.T) {
	tests := []struct {
		name   string
		ascii  bool
		values []float64
		size   ChartSize
		want   []string
	}{
		{name: "step", values: []float64{0, 0, 7, 7}, size: ChartSize{Width: 2, Height: 2}, want: []string{" ⡏", "⣀⠇"}},
		{name: "gap", values: []float64{0, nan, 0, 0}, size: ChartSize{Width: 2, Height: 1, Hi: 1}, want: []string{"⡀⣀"}},
		{name: "beyond the scale", values: []float64{-5, 50}, size: ChartSize{Width: 1, Height: 1, Hi: 1}, want: []string{"⡸"}},
		{name: "ascii", ascii: true, values: []float64{0, 1, 2}, size: ChartSize{Width: 3, Height: 3}, want: []string{"  *", " * ", "*  "}},
		{name: "nothing", size: ChartSize{Width: 2, Height: 2}, want: []string{"  ", "  "}},
		{name: "no room", values: []float64{1}, size: ChartSize{Width: 0, Height: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, NewGlyphs(tt.ascii).Chart(tt.values, tt.size)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestGlyphsFit checks that every mark takes one cell and passes the net, and
// that ASCII is ASCII.
func TestGlyphsFit(t *testing.T) {
	if a, b := utf8.RuneCountInString(asciiFrom), len(asciiTo); a != b {
		t.Errorf("%d marks, %d ASCII characters for them", a, b)
	}
	for _, ascii := range []bool{false, true} {
		g := NewGlyphs(ascii)
		for _, s := range []string{
			g.Critical, g.Warning, g.Unknown, g.Fine, g.Live, g.Arrow, g.Back, g.Up, g.Down, g.Marker, g.Caret,
			g.Ellipsis, g.Delta, g.Horizontal, g.Vertical, g.Branch, g.Last, g.Cross, g.Full, g.Dark, g.Medium, g.Light,
		} {
			if Show(s, -1) != Shown(s) || Width(Shown(s)) != 1 {
				t.Errorf("%q: shown as %q, %d cells", s, Show(s, -1), Width(Shown(s)))
			}
			if ascii && strings.Map(asciiRune, s) != s {
				t.Errorf("%q is not ASCII", s)
			}
		}
	}
}
