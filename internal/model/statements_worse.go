package model

import (
	"cmp"
	"slices"
	"time"
)

// What makes a statement clearly worse. A mean of few calls is chance; and what
// costs less than a thousandth of the time that passed hurts nobody.
const (
	worseCalls  = 5   // at least, before and since
	worseFactor = 1.5 // of the mean since to the mean before, at least
	worseCost   = 1000
)

// Regression is a statement whose calls take clearly longer since a reading
// than they took before it.
type Regression struct {
	Statement               // the work since
	Before    StatementWork // all work up to the reading, as far back as the server counts
}

// Factor is how many times longer a call takes.
func (r Regression) Factor() float64 {
	return float64(r.Mean()) / float64(max(r.Before.Mean(), 1))
}

// Extra is the time that the calls since took beyond what they would have taken
// before.
func (r Regression) Extra() time.Duration {
	return r.Total - time.Duration(float64(r.Calls)*r.Before.exactMean())
}

// exactMean is the mean in nanoseconds, not rounded: it is multiplied.
func (w StatementWork) exactMean() float64 { return float64(w.Total) / float64(max(w.Calls, 1)) }

// Worse gives the statements that became clearly slower with the reading from,
// those that cost most first. s is the work since that reading.
func (s Statements) Worse(from *StatementCounts) []Regression {
	var out []Regression
	for _, row := range s.Rows {
		r := Regression{Statement: row, Before: from.Of(row.StatementID)}
		if r.Calls < worseCalls || r.Before.Calls < worseCalls || r.exactMean() < worseFactor*r.Before.exactMean() ||
			r.Extra() < s.Elapsed/worseCost {
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Regression) int {
		return cmp.Or(cmp.Compare(b.Extra(), a.Extra()), a.compare(b.StatementID))
	})
	return out
}

// Of is what an entry had counted; nothing where it was not there, or there is
// no reading.
func (c *StatementCounts) Of(id StatementID) StatementWork {
	if c == nil {
		return StatementWork{}
	}
	i, ok := slices.BinarySearchFunc(c.Entries, id, func(e StatementCount, id StatementID) int { return e.compare(id) })
	if !ok {
		return StatementWork{}
	}
	return c.Entries[i].StatementWork
}
