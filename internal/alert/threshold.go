package alert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/model"
)

// Threshold is a comparison with a number: "> 1%", ">= 3", "< 4h".
type Threshold struct {
	Op    string  // > >= < <= == !=
	Value float64 // in Unit
	Unit  string  // as it was written; "" means the unit of the reading
}

// scale says what kind of thing a unit measures, and how much of it one is.
type scale struct {
	of     string
	factor float64
}

// scaleOf gives the scale of a unit as people or facts write it. It is asked
// for each reading of each rule, so it allocates nothing.
func scaleOf(unit string) (scale, bool) {
	switch unit {
	case "":
		return scale{"count", 1}, true
	case "%":
		return scale{"share", 1}, true
	case "/s":
		return scale{"rate", 1}, true
	case "B/s":
		return scale{"byte rate", 1}, true
	}
	if seconds, ok := secondsIn(unit); ok {
		return scale{"time", seconds}, true
	}
	if bytes, ok := bytesIn(unit); ok {
		return scale{"size", bytes}, true
	}
	return scale{}, false
}

func secondsIn(unit string) (float64, bool) {
	switch unit {
	case "ms":
		return 1e-3, true
	case "s":
		return 1, true
	case "m":
		return 60, true
	case "h":
		return 3600, true
	case "d":
		return 86400, true
	}
	return 0, false
}

func bytesIn(unit string) (float64, bool) {
	switch unit {
	case "B":
		return 1, true
	case "KiB":
		return 1 << 10, true
	case "MiB":
		return 1 << 20, true
	case "GiB":
		return 1 << 30, true
	}
	return 0, false
}

// ParseThreshold reads a comparison as rules write it.
func ParseThreshold(text string) (Threshold, error) {
	rest := strings.TrimSpace(text)
	op := ""
	for _, candidate := range []string{">=", "<=", "==", "!=", ">", "<"} {
		if after, ok := strings.CutPrefix(rest, candidate); ok {
			op, rest = candidate, strings.TrimSpace(after)
			break
		}
	}
	if op == "" {
		return Threshold{}, fmt.Errorf("threshold %q: begin with one of > >= < <= == !=", text)
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("0123456789.-", r) })
	if end < 0 {
		end = len(rest)
	}
	value, err := strconv.ParseFloat(rest[:end], 64)
	if err != nil {
		return Threshold{}, fmt.Errorf("threshold %q: no number after %s", text, op)
	}
	unit := strings.TrimSpace(rest[end:])
	if _, ok := scaleOf(unit); !ok {
		return Threshold{}, fmt.Errorf("threshold %q: unknown unit %q: use %% ms s m h d B KiB MiB GiB /s", text, unit)
	}
	return Threshold{Op: op, Value: value, Unit: unit}, nil
}

// In is the number of the threshold in the unit of a reading.
func (t Threshold) In(unit model.Unit) (float64, error) {
	own, ok := scaleOf(t.Unit)
	other, known := scaleOf(string(unit))
	switch {
	case t.Unit == "":
		return t.Value, nil
	case !ok || !known || own.of != other.of:
		return 0, fmt.Errorf("threshold %q does not fit a reading in %q", t, unit)
	default:
		return t.Value * own.factor / other.factor, nil
	}
}

// Holds tells whether the comparison is true for a reading.
func (t Threshold) Holds(value float64, unit model.Unit) (bool, error) {
	limit, err := t.In(unit)
	if err != nil {
		return false, err
	}
	switch t.Op {
	case ">":
		return value > limit, nil
	case ">=":
		return value >= limit, nil
	case "<":
		return value < limit, nil
	case "<=":
		return value <= limit, nil
	case "==":
		return value == limit, nil
	case "!=":
		return value != limit, nil
	default:
		return false, fmt.Errorf("threshold without a comparison: %q", t.Op)
	}
}

// worse tells whether a value is further over the threshold than another. Where
// only a certain value counts none is.
func (t Threshold) worse(value, than float64) bool {
	if t.Falls() {
		return value < than
	}
	return (t.Op == ">" || t.Op == ">=") && value > than
}

// Falls tells whether lower is worse.
func (t Threshold) Falls() bool { return t.Op == "<" || t.Op == "<=" }

// String gives the threshold as rules write it.
func (t Threshold) String() string {
	if t.Op == "" {
		return ""
	}
	return t.Op + " " + strconv.FormatFloat(t.Value, 'f', -1, 64) + t.Unit
}

// MarshalText writes the threshold as rules do.
func (t Threshold) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote; nothing gives the zero threshold.
func (t *Threshold) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*t = Threshold{}
		return nil
	}
	got, err := ParseThreshold(string(text))
	if err == nil {
		*t = got
	}
	return err
}

// opposite is true exactly where the threshold is not.
func (t Threshold) opposite() Threshold {
	ops := []string{">", "<=", ">=", "<", "==", "!="}
	t.Op = ops[slices.Index(ops, t.Op)^1]
	return t
}
