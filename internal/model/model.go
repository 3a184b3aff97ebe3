// Package model holds the facts tocsin knows about the world: typed snapshots
// of each kind of source, with units and with what is not known said in words.
// It is plain data that survives a round trip through JSON. It must not know
// how a fact is read, kept or shown, and imports the standard library only.
package model

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// Unit says what the number of a [Fact] counts.
type Unit string

// The units in use. A ratio is always given in percent.
const (
	None      Unit = ""
	Percent   Unit = "%"
	Millis    Unit = "ms"
	Seconds   Unit = "s"
	Hours     Unit = "h"
	Bytes     Unit = "B"
	PerSecond Unit = "/s"
	BytesPerS Unit = "B/s"
)

// Labels tell apart the series of one metric: {"table": "public.orders"}.
// Nil means that there is only one.
type Labels map[string]string

// String gives the labels in a fixed order, so that it can serve as a key.
func (l Labels) String() string {
	if len(l) == 0 {
		return ""
	}
	names := make([]string, 0, len(l))
	for name := range l {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name + "=" + l[name])
	}
	return b.String()
}

// Fact is one number of a snapshot. Facts are the only source of metric names,
// series, rules, `status -o json`, the metrics export and the table in docs/.
type Fact struct {
	Name   string // db.connections.used
	Labels Labels
	Value  float64 // meaningless while Known is false
	Unit   Unit
	Known  bool
	Why    string // while not Known: what is missing, and how to get it
	Count  int    // sample size behind a ratio or quantile; 0 where that has no meaning
	Says   string // the reading in words, its first the shortest, where the number alone misleads; ""
}

// Saying is the fact with its reading in words.
func (f Fact) Saying(text string) Fact {
	f.Says = text
	return f
}

// notAnswered is what so many failed attempts in a row say of a server.
func notAnswered(name string, attempts int) Fact {
	return Known(name, float64(attempts), None, nil).Saying(fmt.Sprintf("down: did not answer %d times", attempts))
}

// Known makes a fact that was measured.
func Known(name string, value float64, unit Unit, labels Labels) Fact {
	return Fact{Name: name, Labels: labels, Value: value, Unit: unit, Known: true}
}

// Unknown makes a fact that could not be measured, with the reason.
func Unknown(name string, unit Unit, labels Labels, why string) Fact {
	return Fact{Name: name, Labels: labels, Unit: unit, Why: why}
}

// Maybe makes a fact from a reading that may be absent; nil means unknown.
func Maybe(name string, value *float64, unit Unit, why string) Fact {
	if value == nil {
		return Unknown(name, unit, nil, why)
	}
	return Known(name, *value, unit, nil)
}

// Point is one instant of a series.
type Point struct {
	At    time.Time
	Value float64
}

// Rate is the change of a counter per second of real time between two
// readings. It is not ok when no time passed or the counter went back (reset).
func Rate(prev, cur int64, elapsed time.Duration) (perSecond float64, ok bool) {
	if elapsed <= 0 || cur < prev {
		return 0, false
	}
	return float64(cur-prev) / elapsed.Seconds(), true
}
