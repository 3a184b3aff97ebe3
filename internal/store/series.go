package store

import (
	"maps"
	"sync"
	"time"

	"tocsin/internal/model"
)

const (
	// pointEvery is the least distance of two points of a series; a newer
	// reading within it is left out.
	pointEvery = 5 * time.Second
	// pointsKept covers half an hour.
	pointsKept = 360
	// seriesPerMetric bounds the memory when a metric has a label for each of
	// thousands of tables: only the first ones (the largest) are kept, each
	// until it has no point left to show.
	seriesPerMetric = 24
)

// series keeps the last half hour of each number, in a ring that grows as it
// is filled. It has a lock of its own because views read it after the store's
// lock was given back.
type series struct {
	mu    sync.Mutex
	rings map[string]map[string]*ring // metric, labels
}

type ring struct {
	points []model.Point
	next   int // where the next point goes, once the ring is full
}

func newSeries() *series { return &series{rings: map[string]map[string]*ring{}} }

func (s *series) add(at time.Time, facts []model.Fact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range facts {
		if f.Known {
			s.ringOf(f, at).add(model.Point{At: at, Value: f.Value})
		}
	}
}

// begin takes in what was before the first point of a number; where there is a
// point already, it is left out.
func (s *series) begin(courses []model.Course) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range courses {
		if len(c.Points) == 0 {
			continue
		}
		r := s.ringOf(model.Fact{Name: c.Metric, Labels: c.Labels}, c.Points[0].At)
		if !r.newest().IsZero() {
			continue
		}
		for _, p := range c.Points {
			r.add(p)
		}
	}
}

// ringOf gives the ring of a fact, a throw-away one where there are too many.
func (s *series) ringOf(f model.Fact, at time.Time) *ring {
	of, ok := s.rings[f.Name]
	if !ok {
		of = map[string]*ring{}
		s.rings[f.Name] = of
	}
	labels := f.Labels.String()
	r, ok := of[labels]
	if !ok {
		r = &ring{}
		if len(of) >= seriesPerMetric {
			maps.DeleteFunc(of, func(_ string, old *ring) bool { return at.Sub(old.newest()) > pointsKept*pointEvery })
		}
		if len(of) < seriesPerMetric {
			of[labels] = r
		}
	}
	return r
}

func (s *series) between(metric string, labels model.Labels, from, to time.Time) []model.Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rings[metric][labels.String()]
	if !ok {
		return nil
	}
	var out []model.Point
	for i := range r.points {
		p := r.points[(r.next+i)%len(r.points)]
		if !p.At.Before(from) && !p.At.After(to) {
			out = append(out, p)
		}
	}
	return out
}

// newest is the instant of the last point; zero when there is none.
func (r *ring) newest() time.Time {
	n := len(r.points)
	if n == 0 {
		return time.Time{}
	}
	return r.points[(r.next+n-1)%n].At
}

func (r *ring) add(p model.Point) {
	if p.At.Sub(r.newest()) < pointEvery {
		return
	}
	if len(r.points) < pointsKept {
		r.points = append(r.points, p)
		return
	}
	r.points[r.next] = p
	r.next = (r.next + 1) % pointsKept
}
