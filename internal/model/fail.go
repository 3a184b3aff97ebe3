package model

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Class says what kind of failure a read met, because each means something
// else to the reader: Down is evidence about the server, Denied and Missing are
// a right or a setting to get, the rest is our own trouble with the answer.
type Class string

// The classes of failure.
const (
	Down         Class = "down"         // refused, timed out, dropped, starting up or shutting down
	Full         Class = "full"         // the server has no connection left for us (53300)
	Denied       Class = "denied"       // a right, scope or password is missing
	Missing      Class = "missing"      // an extension, object or feature is not there
	Unconfigured Class = "unconfigured" // nobody said where it is; not an error
	Limited      Class = "limited"      // asked to come back later (429)
	Protocol     Class = "protocol"     // an answer that could not be understood
	Stuck        Class = "stuck"        // the read ignored its deadline and still runs
	Broken       Class = "broken"       // anything else, including our own faults
)

// Fail is the failure of the newest attempt to read a source. It is an error,
// and plain data.
type Fail struct {
	Class      Class
	Text       string        // what and where: "connect to 127.0.0.1:5432: connection refused"
	Hint       string        // what to do about it: a GRANT, a setting; "" where nothing is known
	RetryAfter time.Duration // how long the server asked us to stay away; 0 when it did not
	Attempts   int           // failures of this class in a row up to this one, counted by the store
	Since      time.Time     // when the first of them happened
}

// Error gives the text with the hint.
func (f *Fail) Error() string {
	if f.Hint == "" {
		return f.Text
	}
	return f.Text + ": " + f.Hint
}

// FailOf turns any error into a Fail: one made by a client as it is, with the
// text of all layers above it; a passed deadline as Down; all else as Broken.
func FailOf(err error) *Fail {
	var fail *Fail
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fail):
		own := *fail
		own.Text = textWithoutHint(err, fail)
		return &own
	case errors.Is(err, context.DeadlineExceeded):
		return &Fail{Class: Down, Text: fmt.Sprintf("no answer in time: %v", err)}
	default:
		return &Fail{Class: Broken, Text: err.Error()}
	}
}

// textWithoutHint is the text of err and its layers, less the hint of fail,
// which has a place of its own.
func textWithoutHint(err error, fail *Fail) string {
	text := err.Error()
	if fail.Hint == "" {
		return text
	}
	tail := ": " + fail.Hint
	if len(text) > len(tail) && text[len(text)-len(tail):] == tail {
		return text[:len(text)-len(tail)]
	}
	return text
}
