package alert

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
)

// number writes a reading with three significant digits and a unit that suits
// its size: 4830 ms is "4.8 s".
func number(value float64, unit model.Unit) string {
	switch unit {
	case model.Millis, model.Seconds, model.Hours:
		s, _ := scaleOf(string(unit))
		return span(value * s.factor)
	case model.Bytes, model.BytesPerS:
		return size(value) + strings.TrimPrefix(string(unit), "B")
	case model.None:
		return digits(value)
	default:
		return digits(value) + " " + string(unit)
	}
}

// digits gives three significant digits, all of them of a whole number.
func digits(value float64) string {
	switch size := math.Abs(value); {
	case value == math.Trunc(value), size >= 100:
		return strconv.FormatFloat(value, 'f', 0, 64)
	case size >= 10:
		return strconv.FormatFloat(value, 'f', 1, 64)
	default:
		return strconv.FormatFloat(value, 'f', 2, 64)
	}
}

// span writes seconds: "210 ms", "4.8 s", "6m12s", "9 h".
func span(seconds float64) string {
	switch {
	case seconds != 0 && seconds < 1:
		return digits(math.Round(seconds*1000)) + " ms"
	case seconds < 10:
		return strconv.FormatFloat(math.Round(seconds*10)/10, 'f', -1, 64) + " s"
	default:
		return ago(time.Duration(seconds * float64(time.Second)))
	}
}

// ago writes an age: "45s", "6m12s", "9 h", "3 d".
func ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Hour:
		return d.Truncate(time.Second).String()
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " h"
	default:
		return strconv.Itoa(int(d.Hours()/24)) + " d"
	}
}

// size writes bytes: "41.5 MiB".
func size(value float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for value >= 1024 && i < len(units)-1 {
		value, i = value/1024, i+1
	}
	return digits(value) + " " + units[i]
}

// values gives the values of labels in the order of their names.
func values(labels model.Labels) string {
	var out []string
	for _, name := range names(labels) {
		out = append(out, labels[name])
	}
	return strings.Join(out, " ")
}

// names gives the names of labels in order.
func names(labels model.Labels) []string { return slices.Sorted(maps.Keys(labels)) }
