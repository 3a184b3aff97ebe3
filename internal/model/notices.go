package model

import (
	"fmt"
	"time"
)

// Notices says how the ways are by which alerts are told beyond the screen.
type Notices struct {
	Elsewhere bool   // another program on this machine tells of this target; this is how that one last was
	Lost      string // why what waits is not on disk; "" when it is
	Channels  []NoticeChannel
}

// NoticeChannel is one way.
type NoticeChannel struct {
	Name    string    `json:"name"`
	Waiting int       `json:"waiting"` // not delivered yet
	Dropped int       `json:"dropped"` // too many, too old or refused for what they are
	Sent    int       `json:"sent"`
	At      time.Time `json:"at,omitzero"`    // when one arrived last; zero means never
	Fail    string    `json:"fail,omitempty"` // of the newest attempt; "" when it arrived
	Since   time.Time `json:"since,omitzero"` // since when attempts fail; zero when they do not
}

// Facts implements the snapshot of the store.
func (n Notices) Facts() []Fact {
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
