package model

import (
	"fmt"
	"strconv"
	"time"
)

// AvailabilityGoal is the share of requests that should succeed, in percent,
// over thirty days; what is left of it is the budget for errors.
const AvailabilityGoal = 99.9

// burnPairs are the windows over which the budget is looked at: a long one,
// that tells how much of it is gone, and a short one, that tells whether it
// still goes.
func burnPairs() [][2]time.Duration {
	return [][2]time.Duration{{time.Hour, 5 * time.Minute}, {6 * time.Hour, 30 * time.Minute}}
}

// LongWindows are the windows that burn rates are made of, the longest last.
func LongWindows() []time.Duration {
	return []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour}
}

// Burn is how many times faster than evenly the budget for errors goes; 1 uses
// it up in exactly thirty days. Not ok when there was no request, or when those
// that failed are not known.
func (w AppWindow) Burn() (times float64, ok bool) {
	pct, ok := w.ErrorPct()
	return pct / (100 - AvailabilityGoal), ok
}

// BurnText says a burn rate in words.
func BurnText(times float64) string {
	text := strconv.FormatFloat(times, 'f', 1, 64) + "x"
	if times > 1 {
		text += " too fast"
	}
	return text
}

// burnFacts are those of every pair of windows. The smaller of two burns counts:
// so an error that is long over pages nobody, and one that has just begun waits
// until it costs something.
func (a App) burnFacts() []Fact {
	if len(a.Long) == 0 {
		return nil
	}
	var facts []Fact
	for _, pair := range burnPairs() {
		labels := Labels{"app": a.Name, "window": shortWindow(pair[0])}
		long, short := a.long(pair[0]), a.long(pair[1])
		why := long.burnless()
		if why == "" {
			why = short.burnless()
		}
		if why != "" {
			facts = append(facts, Unknown("slo.burn", None, labels, why))
			continue
		}
		over, _ := long.Burn()
		now, _ := short.Burn()
		f := Known("slo.burn", min(over, now), None, labels).Saying(BurnText(min(over, now)))
		f.Count = int(min(long.Requests, short.Requests))
		facts = append(facts, f)
	}
	return facts
}

func (a App) long(window time.Duration) AppWindow {
	for _, w := range a.Long {
		if w.Window == window {
			return w
		}
	}
	return AppWindow{Window: window}
}

// burnless says why there is no burn rate of a window; "" when there is one.
func (w AppWindow) burnless() string {
	switch {
	case w.Elapsed == 0 && w.Why != "":
		return w.Why
	case w.Elapsed < w.Window*4/5:
		return fmt.Sprintf("requests are known for %s of the last %s", w.Elapsed.Round(time.Second), shortWindow(w.Window))
	case w.NoErrors != "":
		return w.NoErrors
	case w.Requests == 0:
		return "no request in the last " + shortWindow(w.Window)
	}
	return ""
}
