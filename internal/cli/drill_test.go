package cli

import (
	"testing"
	"time"
)

// What the world of a drill starts is the same for every fault.
func TestTheWorldOfADrillDoesNotTellItsFault(t *testing.T) {
	t.Parallel()
	for _, fault := range mendable() {
		got := drillWorld(fault, time.Minute, "dir")
		if got.scenario != fault || !got.standby {
			t.Errorf("%s: %+v", fault, got)
		}
		got.scenario = ""
		if want := (demoFlags{after: time.Minute, standby: true, dir: "dir", name: "DRILL"}); got != want {
			t.Errorf("%s: %+v, want %+v", fault, got, want)
		}
	}
}
