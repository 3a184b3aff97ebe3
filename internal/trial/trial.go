// Package trial puts alert rules to the test without any server: it finds what
// contradicts itself, runs unit tests of rules over readings that somebody wrote
// down, and replays recorded readings to say what would have paged. It must not
// know how a reading is taken, nor decide what a rule means: the engine does.
package trial

import (
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Moment is all readings of one instant.
type Moment struct {
	At      time.Time
	Sources []store.Status // with their facts
}

// moment is a view for the engine. It has no samples and no series: rules look
// at facts alone.
type moment struct{ Moment }

func (m moment) Now() time.Time                                       { return m.At }
func (m moment) Sources() []store.Status                              { return m.Moment.Sources }
func (m moment) Sample(string) (any, bool)                            { return nil, false }
func (m moment) Series(string, model.Labels, time.Time) []model.Point { return nil }

// step lets an engine look at a moment.
func step(e *alert.Engine, m Moment) []alert.Alert { return e.Step(moment{m}) }
