package runbook

import (
	"math"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// Reading is what an expression saw: of all its series the one that decided,
// and of several that did the one closest to its limit.
type Reading struct {
	Of   string // the series: "db.dead_tuples.pct table=public.orders"
	Is   string // "312 ms of 1 s, 69 % left"; "" where there is no value
	Flaw string // why that does not tell; "" where it does

	room float64 // that is left to the limit, in shares of it; infinite without one, below 0 beyond it
}

// String is the whole of it, as the record keeps it.
func (r Reading) String() string {
	if r.Is == "" {
		return r.Of + ": " + r.Flaw
	}
	return joined(r.Of+" "+r.Is, ", ", r.Flaw)
}

// Brief is the whole of it with the value first, and behind that what was before:
// what is cut off says least.
func (r Reading) Brief(before string) string {
	if r.Is == "" {
		return r.String() + beside(before)
	}
	return joined(r.Is+beside(before), ", ", r.Flaw) + ": " + r.Of
}

// beside puts what there is in brackets.
func beside(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// Since takes from what was kept of an earlier reading what both have in common.
func (r Reading) Since(kept string) string { return strings.TrimPrefix(kept, r.Of+" ") }

// nothing is a reading without a value.
func nothing(of, flaw string) Reading { return Reading{Of: of, Flaw: flaw, room: math.Inf(1)} }

// flawed is the reading with the reason why it does not tell.
func (r Reading) flawed(why string) Reading {
	r.Flaw = why
	return r
}

// against is a reading that has to keep the limit, with what is left to it.
func (r Reading) against(limit alert.Threshold, value float64, unit model.Unit) Reading {
	most, err := limit.In(unit)
	upper, lower := strings.HasPrefix(limit.Op, "<"), strings.HasPrefix(limit.Op, ">")
	// A count that has to be none at all, or to be there, has no room.
	if err != nil || most <= 0 || !upper && !lower || unit == model.None && (lower || most <= 1) {
		return r
	}
	r.room = (most - value) / most
	if lower {
		r.room = -r.room
	}
	far, of := apart(value, most, unit), alert.Number(most, unit)
	switch {
	case lower && r.room < 0:
		r.Is += ", " + far + " below " + of
	case lower:
		r.Is += ", " + far + " above " + of
	case r.room < 0:
		r.Is += " of " + of + ", " + far + " over"
	case r.room == 0:
		r.Is += " of " + of + ", none left"
	default:
		r.Is += " of " + of + ", " + far + " left"
	}
	return r
}

// apart is how far a value is from a limit: as shares of that, but for what is
// a share itself, or counted.
func apart(value, limit float64, unit model.Unit) string {
	distance := math.Abs(limit - value)
	switch unit {
	case model.None:
		return alert.Number(distance, unit)
	case model.Percent:
		return alert.Number(coarse(distance), model.None) + " points"
	}
	return alert.Number(coarse(100*distance/limit), model.Percent)
}

// coarse leaves off the fraction where it says little.
func coarse(x float64) float64 {
	if x < 10 {
		return x
	}
	return math.Round(x)
}

func joined(a, between, b string) string {
	if b == "" {
		return a
	}
	return a + between + b
}
