package term

import (
	"math"
	"strings"
)

// The levels of a sparkline, lowest first.
const (
	sparkLevels      = "▁▂▃▄▅▆▇█"
	sparkLevelsASCII = "_.:-=+*#"
)

// SparklineWithin draws values, oldest first, in width cells, the newest at the
// right, on the scale lo to hi; values beyond it stay on its edge. NaN is
// unknown and leaves a gap. Where values are more than cells, each cell shows
// the highest of its share, so that no peak is lost.
func (g Glyphs) SparklineWithin(values []float64, width int, lo, hi float64) string {
	if width <= 0 {
		return ""
	}
	levels := []rune(sparkLevels)
	if g.ASCII {
		levels = []rune(sparkLevelsASCII)
	}
	var b strings.Builder
	for _, v := range fit(values, width) {
		if level, ok := level(v, lo, hi, len(levels)); ok {
			b.WriteRune(levels[level])
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// extent returns the scale for values: zero is always on it. NaN and infinite
// values do not count.
func extent(values []float64) (lo, hi float64) {
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

// level returns which of n levels v is on. It is not ok for NaN. On a scale
// without extent everything is on the lowest level.
func level(v, lo, hi float64, n int) (int, bool) {
	switch {
	case math.IsNaN(v):
		return 0, false
	case v <= lo || hi <= lo:
		return 0, true
	case v >= hi:
		return n - 1, true
	}
	return int(math.Round((v - lo) / (hi - lo) * float64(n-1))), true
}

// fit returns n values: the highest of each share where there are more, gaps on
// the left where there are fewer.
func fit(values []float64, n int) []float64 {
	out := make([]float64, n)
	if len(values) <= n {
		for i := range n - len(values) {
			out[i] = math.NaN()
		}
		copy(out[n-len(values):], values)
		return out
	}
	for i := range out {
		out[i] = highest(values[i*len(values)/n : (i+1)*len(values)/n])
	}
	return out
}

// highest returns the highest known value, or NaN.
func highest(values []float64) float64 {
	top := math.NaN()
	for _, v := range values {
		if math.IsNaN(top) || v > top {
			top = v
		}
	}
	return top
}
