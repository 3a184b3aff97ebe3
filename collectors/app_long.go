package collectors

import (
	"time"

	"tocsin/internal/model"
)

// AppTick is what happened to an application within about a minute.
type AppTick struct {
	At       time.Time     `json:"at"`   // its end
	Span     time.Duration `json:"span"` // how long it is
	Requests float64       `json:"requests"`
	Errors   float64       `json:"errors"`
}

// AppPast is what is kept of an application for the next program, so that six
// hours do not have to pass before they are known.
type AppPast struct {
	At       time.Time `json:"at"`       // when its counters were read last
	Requests float64   `json:"requests"` // what they said
	Errors   float64   `json:"errors"`
	Ticks    []AppTick `json:"ticks"` // oldest first
}

// AppMemory keeps what was counted beyond the life of the program. What it
// cannot do it tells nobody: without it a burn rate is unknown for longer.
type AppMemory interface {
	Recall() (past AppPast, ok bool)
	Keep(p AppPast)
}

const (
	// tickEvery is the least length of a tick.
	tickEvery = time.Minute
	// tickSlack lets a window reach back further than its length by half a tick.
	tickSlack = tickEvery / 2
	// longestGap is the longest time that nobody watched over which counters
	// are compared: within it the application may have started anew and counted
	// past where it was.
	longestGap = time.Hour
)

// appLong counts requests by the minute for as long as the longest window.
type appLong struct {
	ticks []AppTick // oldest first
	at    time.Time // end of the last one; zero before the first reading
	sum   totals    // the account then
}

// rawOf is what the counters of an application say.
func rawOf(seen map[string]sample) totals {
	var out totals
	for _, s := range seen {
		if s.bucket {
			continue
		}
		out.requests += s.value
		if s.failed {
			out.errors += s.value
		}
	}
	return out
}

// count takes in a reading: the raw counters, and the account that they are in.
func (l *appLong) count(now time.Time, raw, sum totals, kept AppMemory) {
	switch {
	case l.at.IsZero():
		l.recall(now, raw, kept)
	case now.Sub(l.at) >= tickEvery:
		l.add(AppTick{At: now, Span: now.Sub(l.at), Requests: sum.requests - l.sum.requests, Errors: sum.errors - l.sum.errors})
	default:
		return
	}
	l.at, l.sum = now, totals{requests: sum.requests, errors: sum.errors}
	if kept != nil {
		kept.Keep(AppPast{At: now, Requests: raw.requests, Errors: raw.errors, Ticks: l.ticks})
	}
}

// recall takes up what an earlier program counted. What happened since is the
// growth of the counters, where they did not begin anew.
func (l *appLong) recall(now time.Time, raw totals, kept AppMemory) {
	if kept == nil {
		return
	}
	past, ok := kept.Recall()
	if !ok {
		return
	}
	for _, t := range past.Ticks {
		if !t.At.After(now) {
			l.add(t)
		}
	}
	gap := now.Sub(past.At)
	if gap > 0 && gap <= longestGap && raw.requests >= past.Requests && raw.errors >= past.Errors {
		l.add(AppTick{At: now, Span: gap, Requests: raw.requests - past.Requests, Errors: raw.errors - past.Errors})
	}
}

// add appends a tick and drops those that no window reaches any more.
func (l *appLong) add(t AppTick) {
	windows := model.LongWindows()
	longest := windows[len(windows)-1] + tickSlack
	first := 0
	for first < len(l.ticks) && t.At.Sub(l.ticks[first].At) > longest {
		first++
	}
	l.ticks = append(l.ticks[first:len(l.ticks):len(l.ticks)], t)
}

// windows are the long windows up to now: the ticks that lie within each, and
// what has happened since the last one.
func (l *appLong) windows(now time.Time, sum totals) []model.AppWindow {
	var out []model.AppWindow
	for _, window := range model.LongWindows() {
		w := model.AppWindow{Window: window, Elapsed: now.Sub(l.at)}
		requests, errors := sum.requests-l.sum.requests, sum.errors-l.sum.errors
		for _, t := range l.ticks {
			if now.Sub(t.At)+t.Span <= window+tickSlack {
				w.Elapsed, requests, errors = w.Elapsed+t.Span, requests+t.Requests, errors+t.Errors
			}
		}
		w.Requests, w.Errors = int64(requests+0.5), int64(errors+0.5)
		out = append(out, w)
	}
	return out
}
