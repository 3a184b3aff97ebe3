package term

import (
	"io"
	"sync"
	"time"
)

// slack is how many bytes may be on their way while the terminal still counts as
// idle: a bell or the modes set at the start do not cost the frame after them.
const slack = 256

// pump writes to w from a goroutine of its own what it has been given.
type pump struct {
	w      io.Writer
	onIdle func()

	mu     sync.Mutex
	buf    []byte
	flight int           // bytes of the write under way
	failed bool          // the writer has ended; nothing is taken any more
	wake   chan struct{} // size 1
	quit   chan struct{}
	empty  chan struct{} // not nil while drain waits; closed when all is written
}

func newPump(w io.Writer, onIdle func()) *pump {
	p := &pump{w: w, onIdle: onIdle, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	go p.run()
	return p
}

// add buffers b and returns at once.
func (p *pump) add(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed {
		return
	}
	p.buf = append(p.buf, b...)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// idle tells whether the terminal takes what it is given: no frame is buffered,
// and none is being written. A pump that has failed is never idle: no frame can
// be shown.
func (p *pump) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.failed && p.flight+len(p.buf) <= slack
}

// run writes until close or an error.
func (p *pump) run() {
	for {
		select {
		case <-p.quit:
			return
		case <-p.wake:
		}
		if !p.flush() {
			return
		}
	}
}

// flush writes until nothing is buffered.
func (p *pump) flush() bool {
	var spare []byte
	for {
		out := p.take(spare)
		if out == nil {
			if spare != nil { // else there was nothing to write
				p.onIdle()
			}
			return true
		}
		if _, err := p.w.Write(out); err != nil {
			p.fail()
			return false
		}
		spare = out[:0]
	}
}

// take returns what is buffered, or nil, and buffers into spare from here on.
func (p *pump) take(spare []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flight = len(p.buf)
	if p.flight == 0 {
		if spare != nil {
			p.buf = spare
		}
		p.signalEmpty()
		return nil
	}
	out := p.buf
	p.buf = spare
	return out
}

// fail marks the pump as broken: the terminal is gone.
func (p *pump) fail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed, p.flight, p.buf = true, 0, nil
	p.signalEmpty()
}

// signalEmpty ends a drain that waits. The lock is held.
func (p *pump) signalEmpty() {
	if p.empty != nil {
		close(p.empty)
		p.empty = nil
	}
}

// drain waits until all is written, for limit at most, and tells whether it was.
func (p *pump) drain(limit time.Duration) bool {
	p.mu.Lock()
	if p.failed || p.flight+len(p.buf) == 0 {
		ok := !p.failed
		p.mu.Unlock()
		return ok
	}
	empty := make(chan struct{})
	p.empty = empty
	p.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-empty:
		p.mu.Lock()
		defer p.mu.Unlock()
		return !p.failed
	case <-timer.C:
		return false
	}
}

// close ends the writer. A write under way ends it when it returns.
func (p *pump) close() {
	close(p.quit)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed, p.buf = true, nil
}
