// Package store keeps the newest sample of every source and a short series of
// every number, tells that something changed, and hands out views of one
// instant. It must not know how a source is read or what a number means.
package store

import (
	"sync"
	"time"

	"tocsin/internal/model"
)

// Snapshot is what a source gives: typed, immutable once published, and with
// its numbers as facts.
type Snapshot interface {
	Facts() []model.Fact
}

// failer is a snapshot type for which a failed read is itself a fact.
type failer interface {
	FailFacts(*model.Fail) []model.Fact
}

// rememberer is a snapshot type whose source knows how numbers were before it
// was first read.
type rememberer interface {
	Past() []model.Course
}

// Key names a kind of snapshot; Version rises when its JSON form changes.
type Key[T Snapshot] struct {
	Name    string // pg.activity, host, app.shop
	Version int
}

// Sample is the outcome of the newest attempt to read a source, together with
// the newest value that was read. It is plain data.
type Sample[T Snapshot] struct {
	Value T         // last good value; zero until At is set
	At    time.Time // when Value was read; zero means never
	Took  time.Duration
	Fail  *model.Fail // of the newest attempt; nil when Value is current
}

// State says in one word how a source is.
type State string

// The states of a source.
const (
	Pending      State = "pending"      // not read yet
	OK           State = "ok"           // the newest attempt gave a value in time
	Stale        State = "stale"        // no attempt ended for three intervals
	Error        State = "error"        // the newest attempt failed
	Unconfigured State = "unconfigured" // nobody said where it is
)

// staleAfter is the number of intervals after which a value is old.
const staleAfter = 3

// Status is what can be said of a source without knowing its type.
type Status struct {
	Name  string
	Group string        // the server it reads: "postgres"; sources of one group fail and recover together
	Every time.Duration // interval between two reads, as it is kept now
	Note  string        // why it is read less often than it should be; "" while it is not
	State State
	At    time.Time // of the newest value; zero means never
	Took  time.Duration
	Fail  *model.Fail
	Facts []model.Fact // of the newest value, and what a failure itself tells
	Told  []model.Fact // those of Facts that the newest failure tells: as new as that attempt
}

// Age is how old the newest value is at that instant; not ok when there is none.
func (s Status) Age(now time.Time) (age time.Duration, ok bool) {
	if s.At.IsZero() {
		return 0, false
	}
	return max(now.Sub(s.At), 0), true
}

// View is everything that was known at one instant. One View serves a whole
// frame, rule pass, suspect or status, so that no two panels disagree.
type View interface {
	// Now is the instant of the view.
	Now() time.Time
	// Sources lists every source in the order in which they were made.
	Sources() []Status
	// Sample gives the Sample[T] of a source.
	Sample(name string) (any, bool)
	// Series gives the points of a number since an instant, oldest first.
	Series(metric string, labels model.Labels, from time.Time) []model.Point
}

// Get gives the sample of a key; not ok when the view has no such source or
// another type under its name.
func Get[T Snapshot](v View, k Key[T]) (Sample[T], bool) {
	got, ok := v.Sample(k.Name)
	if !ok {
		return Sample[T]{}, false
	}
	s, ok := got.(Sample[T])
	return s, ok
}

// Fact finds one number by its name and labels among all sources, with the
// status of the source it comes from. Not ok when nobody gives it.
func Fact(v View, name string, labels model.Labels) (model.Fact, Status, bool) {
	want := labels.String()
	for _, src := range v.Sources() {
		for _, f := range src.Facts {
			if f.Name == name && f.Labels.String() == want {
				return f, src, true
			}
		}
	}
	return model.Fact{}, Status{}, false
}

// Store keeps the newest samples. Make it with New; it may be used from any
// goroutine.
type Store struct {
	mu      sync.RWMutex
	order   []string
	entries map[string]entry
	series  *series
	changed chan struct{}
	turned  chan struct{}
	watch   []func(name string)
}

// entry is what the store holds of a source; replaced as a whole, never changed.
type entry struct {
	sample any
	status Status
}

// New makes an empty store. Each of the watchers is called, outside any lock,
// with the name of a source after a sample of it was published.
func New(watchers ...func(name string)) *Store {
	return &Store{
		entries: map[string]entry{},
		series:  newSeries(),
		changed: make(chan struct{}, 1),
		turned:  make(chan struct{}, 1),
		watch:   watchers,
	}
}

// Changed gives a signal after any number of writes since the last one was
// taken. It has one taker.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// Turned gives a signal after any number of sources began to fail, failed
// otherwise or recovered since the last one was taken. It has one taker.
func (s *Store) Turned() <-chan struct{} { return s.turned }

// View gives all that is known now.
func (s *Store) View() View {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v := view{now: time.Now(), series: s.series, samples: make(map[string]any, len(s.entries))}
	v.sources = make([]Status, 0, len(s.order))
	for _, name := range s.order {
		e := s.entries[name]
		v.samples[name] = e.sample
		e.status.State = stateAt(e.status, v.now)
		v.sources = append(v.sources, e.status)
	}
	return v
}

// stateAt derives the state of a source at an instant.
func stateAt(s Status, now time.Time) State {
	switch {
	case s.Fail != nil && s.Fail.Class == model.Unconfigured:
		return Unconfigured
	case s.Fail != nil:
		return Error
	case s.At.IsZero():
		return Pending
	case now.Sub(s.At) > staleAfter*s.Every+s.Took:
		return Stale
	default:
		return OK
	}
}

// add makes the place of a source.
func (s *Store) add(name string, e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, name)
	s.entries[name] = e
}

func (s *Store) put(name string, e entry, points []model.Fact) {
	s.mu.Lock()
	turned := failing(s.entries[name]) != failing(e)
	s.entries[name] = e
	s.series.add(e.status.At, points)
	s.mu.Unlock()
	signal(s.changed)
	if turned {
		signal(s.turned)
	}
	for _, f := range s.watch {
		f(name)
	}
}

// change changes what is said of a source whose sample stays.
func (s *Store) change(name string, f func(*Status)) {
	s.mu.Lock()
	e := s.entries[name]
	f(&e.status)
	s.entries[name] = e
	s.mu.Unlock()
	signal(s.changed)
}

// failing is the class of failure that a source is in; "" for none.
func failing(e entry) model.Class {
	if e.status.Fail == nil {
		return ""
	}
	return e.status.Fail.Class
}

// signal leaves a signal where none waits.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// view is a View of the store at one instant.
type view struct {
	now     time.Time
	sources []Status
	samples map[string]any
	series  *series
}

func (v view) Now() time.Time    { return v.now }
func (v view) Sources() []Status { return v.sources }

func (v view) Sample(name string) (any, bool) {
	got, ok := v.samples[name]
	return got, ok
}

func (v view) Series(metric string, labels model.Labels, from time.Time) []model.Point {
	return v.series.between(metric, labels, from, v.now)
}
