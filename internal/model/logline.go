package model

import "time"

// LogLine is one line of a log that is followed.
type LogLine struct {
	At     time.Time // zero where the log does not tell
	Level  string    // error, warning, info; "" where the log does not tell
	Status int       // HTTP status of the request it belongs to; 0 for none
	Text   string
	Own    bool // said by the one who follows the log, not by the log
	Cut    bool // a part of it was left out
}
