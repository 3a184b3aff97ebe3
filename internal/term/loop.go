package term

import (
	"sync"
	"time"
)

// The pace of the loop.
const (
	tick     = time.Second            // the clock, and with it the data
	framePad = 250 * time.Millisecond // the shortest time between two frames
)

// Loop is the one place that decides when a frame is drawn besides those that
// keys cause. Newest wins: any number of reports between two frames is one
// frame. Its methods never block and may be called from any goroutine.
type Loop struct {
	draw   func(update func())
	update func(changed bool)
	wake   chan struct{} // size 1: something is urgent
	missed chan struct{} // size 1: a frame was dropped
	quit   chan struct{}
	ended  chan struct{}

	mu      sync.Mutex
	started bool
	stopped bool
	changed bool   // data has changed since the last frame
	before  func() // to run on the event loop before the next update
}

// NewLoop returns a loop that draws by calling draw on a goroutine of its own;
// draw hands update to the event loop and returns when the frame is drawn
// (tview's QueueUpdateDraw). Sessions make their own; tests may need one.
func NewLoop(draw func(update func()), update func(changed bool)) *Loop {
	return &Loop{
		draw: draw, update: update,
		wake: make(chan struct{}, 1), missed: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
	}
}

// Changed reports new data. It is drawn on the next tick of the clock.
func (l *Loop) Changed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed = true
}

// Now reports news that should be seen at once, such as an alert or the
// progress of an action. Such frames are at least 250 ms apart.
func (l *Loop) Now() { l.hurry(true) }

// again asks for the frame that was dropped while the terminal was busy. It may
// be the answer to a key, so it follows another one without a pause: there are
// no more of these than frames were dropped.
func (l *Loop) again() {
	select {
	case l.missed <- struct{}{}:
	default:
	}
}

// call runs f on the event loop, before the next update and soon.
func (l *Loop) call(f func()) {
	l.mu.Lock()
	l.before = f
	l.mu.Unlock()
	l.hurry(false)
}

func (l *Loop) hurry(changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed = l.changed || changed
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Start begins to draw. It does nothing the second time, and after Stop.
func (l *Loop) Start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started || l.stopped {
		return
	}
	l.started = true
	go l.run()
}

// Stop ends the drawing for good. It waits for a frame under way, for limit at
// most, so that the event loop must still be running, and tells whether it has
// ended. It must not be called on the event loop.
func (l *Loop) Stop(limit time.Duration) bool {
	l.mu.Lock()
	if !l.stopped {
		l.stopped = true
		close(l.quit)
	}
	started := l.started
	l.mu.Unlock()
	if !started {
		return true
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-l.ended:
		return true
	case <-timer.C:
		return false
	}
}

// run draws on each full second, and in between when something is urgent.
func (l *Loop) run() {
	defer close(l.ended)
	last := time.Now()
	next := last // what was dropped does not count: the pause goes on
	for l.await(last.Truncate(tick).Add(tick), next) {
		if last = time.Now(); !last.Before(next) {
			next = last.Add(framePad)
		}
		l.frame()
	}
}

// await waits for the second full, which may have passed, for something urgent,
// both not before next, or for a frame that was dropped. It returns false on
// Stop. It wakes up for nothing else: that would be felt in what a day costs.
func (l *Loop) await(full, next time.Time) bool {
	if full.Before(next) {
		full = next
	}
	timer := time.NewTimer(time.Until(full))
	defer timer.Stop()
	wake := l.wake
	for {
		select {
		case <-l.quit:
			return false
		case <-l.missed:
			return true
		case <-timer.C:
			return true
		case <-wake:
			wake = nil
			timer.Reset(time.Until(next))
		}
	}
}

// frame draws once.
func (l *Loop) frame() {
	l.draw(func() {
		before, changed := l.take()
		if before != nil {
			before()
		}
		l.update(changed)
	})
}

// take returns what is to be done for the next frame and forgets it.
func (l *Loop) take() (before func(), changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, changed = l.before, l.changed
	l.before, l.changed = nil, false
	select {
	case <-l.wake:
	default:
	}
	return before, changed
}
