package model

import (
	"fmt"
	"time"
)

// Notices says how the ways are by which alerts are told beyond the screen.
type Notices struct {
	Elsewhere bool   // another program on this machine tells of this target
	Lost      string // why what waits is not on disk; "" when it is
	Channels  []NoticeChannel
}

// NoticeChannel is one way.
type NoticeChannel struct {
	Name    string
	Waiting int // not delivered yet
	Dropped int // too many, too old or refused for what they are
	Sent    int // by this program
	At      time.Time
	Fail    string    // of the newest attempt; "" when it arrived
	Since   time.Time // since when attempts fail; zero when they do not
}

// Facts implements the snapshot of the store. Who does not tell knows nothing
// of whether it arrives.
func (n Notices) Facts() []Fact {
	if n.Elsewhere {
		return nil
	}
	var facts []Fact
	for _, c := range n.Channels {
		labels := Labels{"channel": c.Name}
		failing := Known("notify.failing", 0, None, labels)
		if c.Fail != "" {
			failing.Value = 1
			failing = failing.Saying(fmt.Sprintf("failing: %s", c.Fail))
		}
		facts = append(facts, failing, Known("notify.waiting", float64(c.Waiting), None, labels))
	}
	return facts
}
