package model

import (
	"cmp"
	"slices"
)

// Fleet is every machine that a Prometheus knows of by its node exporters.
// Source: Prometheus, one query.
type Fleet struct {
	Total  *int64 // machines that are scraped, up or not; nil when it is not told
	Down   *int64 // of them those whose newest scrape failed
	CPU    FleetUse
	Memory FleetUse
	Disk   FleetUse    // the fullest file system of each machine
	Hosts  []FleetHost // the worst of each kind, all of them in a small fleet
	Listed int         // the most that is listed of each kind
}

// FleetUse is how one resource is used all over the fleet; nil where that is
// not known.
type FleetUse struct {
	Mean *float64 // percent
	Max  *float64 // percent
	Over *int64   // machines over the limit
}

// FleetHost is one machine. A number that is nil is not known, or not among
// the worst; see [Fleet.Least].
type FleetHost struct {
	Name   string
	Down   bool
	CPU    *float64 // busy, percent, over five minutes
	Memory *float64 // not available, percent
	Disk   *float64 // of the fullest file system, percent
}

// FleetLimit is the use in percent over which a machine is counted in
// FleetUse.Over; the same as the limits of the one that tocsin runs on.
const FleetLimit = 85

// Least is the least of what is listed of a kind, under which everything is
// that is not; not ok where all are listed.
func (f Fleet) Least(of func(FleetHost) *float64) (pct float64, ok bool) {
	var values []float64
	for _, h := range f.Hosts {
		if v := of(h); v != nil {
			values = append(values, *v)
		}
	}
	if len(values) < f.Listed || len(values) == 0 {
		return 0, false
	}
	return slices.Min(values), true
}

// Worst orders the machines: those down first, then by the highest of their
// numbers.
func (f Fleet) Worst() []FleetHost {
	out := slices.Clone(f.Hosts)
	slices.SortStableFunc(out, func(a, b FleetHost) int {
		if a.Down != b.Down {
			if a.Down {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.highest(), a.highest()), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (h FleetHost) highest() float64 {
	most := 0.0
	for _, v := range []*float64{h.CPU, h.Memory, h.Disk} {
		if v != nil {
			most = max(most, *v)
		}
	}
	return most
}

// Facts implements the snapshot of the store. Machines have no series of their
// own: there may be thousands.
func (f Fleet) Facts() []Fact {
	const why = "Prometheus has no such series"
	return []Fact{
		maybeCount("fleet.hosts", f.Total, why), maybeCount("fleet.down", f.Down, why),
		Maybe("fleet.cpu", f.CPU.Mean, Percent, why), Maybe("fleet.cpu.max", f.CPU.Max, Percent, why),
		Maybe("fleet.memory", f.Memory.Mean, Percent, why), Maybe("fleet.memory.max", f.Memory.Max, Percent, why),
		Maybe("fleet.disk", f.Disk.Mean, Percent, why), Maybe("fleet.disk.max", f.Disk.Max, Percent, why),
	}
}

// maybeCount makes a fact from a count that may be absent.
func maybeCount(name string, n *int64, why string) Fact {
	if n == nil {
		return Unknown(name, None, nil, why)
	}
	return Known(name, float64(*n), None, nil)
}

// Course is what a number was before tocsin began to read it, oldest first.
type Course struct {
	Metric string
	Labels Labels
	Points []Point
}
