package term

import "time"

// resizePause keeps a storm of resizes from sending a whole frame for each.
const resizePause = 100 * time.Millisecond

// resizes passes changes of the terminal's size on to tcell, which answers each
// with a whole frame: not while the line is busy, and not too often. Any number
// of changes meanwhile is one.
type resizes struct {
	tell    func() // tcell's callback, nil for none
	pending bool
	armed   bool // a timer will try again
	last    time.Time
}

// NotifyResize sets what is called when the size has changed.
func (l *line) NotifyResize(f func()) {
	l.mu.Lock()
	l.resizes.tell = f
	l.mu.Unlock()
	if f == nil {
		l.Tty.NotifyResize(nil)
		return
	}
	l.Tty.NotifyResize(func() {
		l.mu.Lock()
		l.resizes.pending = true
		l.mu.Unlock()
		l.tellResize()
	})
}

// tellResize passes a pending change on if the time is right.
func (l *line) tellResize() {
	idle := l.idle()
	l.mu.Lock()
	tell := l.resizes.due(idle, l.retryResize)
	l.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// retryResize is called by the timer that due has armed.
func (l *line) retryResize() {
	l.mu.Lock()
	l.resizes.armed = false
	l.mu.Unlock()
	l.tellResize()
}

// due returns what to call now, or nil. When it is only too early it arms a
// timer for retry; a busy line tries again by itself.
func (r *resizes) due(idle bool, retry func()) func() {
	if !r.pending || !idle {
		return nil
	}
	if wait := resizePause - time.Since(r.last); wait > 0 {
		if !r.armed {
			r.armed = true
			time.AfterFunc(wait, retry)
		}
		return nil
	}
	r.pending, r.last = false, time.Now()
	return r.tell
}
