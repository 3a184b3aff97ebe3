package model

import "time"

// Own is what tocsin itself costs a PostgreSQL server, as its own clock tells:
// what the server spent is at most that. Statements, bytes and time are those
// of the last minute, or since the start where that is shorter. Actions are not
// in it, but their connections are. The server's own figure is
// [Statements.OwnPct].
type Own struct {
	Connections int           // open now
	Statements  int           // sent to read the server
	Busy        time.Duration // from sending these until their last row was here
	Bytes       int64         // received
	Sources     []OwnSource   // most time first
}

// OwnSource is what one source had of the time.
type OwnSource struct {
	Name string
	Busy time.Duration
}

// OwnOver is the time over which the cost is told.
const OwnOver = time.Minute

// BusyPct is Busy in percent of a minute, which is that of one core at most.
func (o Own) BusyPct() float64 { return 100 * o.Busy.Seconds() / OwnOver.Seconds() }

// Facts implements the snapshot of the store.
func (o Own) Facts() []Fact {
	return []Fact{
		Known("db.own.connections", float64(o.Connections), None, nil),
		Known("db.own.statements", float64(o.Statements), None, nil),
		Known("db.own.time", o.BusyPct(), Percent, nil),
		Known("db.own.bytes", float64(o.Bytes), Bytes, nil),
	}
}

// OwnPct is what the server counts of the time of tocsin's own statements, of
// everybody who reads it so, in percent of one core. Not ok while their texts,
// by which they are known, are not.
func (s Statements) OwnPct() (pct float64, ok bool) {
	total := time.Duration(0)
	for _, row := range s.Rows {
		if row.Ours() {
			total += row.Total
			ok = true
		}
	}
	if s.Elapsed <= 0 {
		return 0, false
	}
	return 100 * total.Seconds() / s.Elapsed.Seconds(), ok
}

func (s Statements) ownFact() Fact {
	if pct, ok := s.OwnPct(); ok {
		return Known("db.own.exec", pct, Percent, nil)
	}
	why := s.NoTexts
	if why == "" {
		why = "tocsin's own statements are not known among the others yet"
	}
	return Unknown("db.own.exec", Percent, nil, why)
}
