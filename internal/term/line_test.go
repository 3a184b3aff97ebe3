package term

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slowTty takes a write only when it is told to.
type slowTty struct {
	*fakeTty
	let  chan error // the outcome of one write
	stop chan struct{}
}

func newSlowTty() *slowTty {
	return &slowTty{fakeTty: newFakeTty(80, 24), let: make(chan error), stop: make(chan struct{})}
}

func (s *slowTty) Write(b []byte) (int, error) {
	select {
	case err := <-s.let:
		if err != nil {
			return 0, err
		}
	case <-s.stop:
		return 0, errors.New("closed")
	}
	return s.fakeTty.Write(b)
}

func (s *slowTty) Stop() error {
	close(s.stop)
	return nil
}

func TestLineNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := newSlowTty()
		var idled atomic.Int32
		l := newLine(tty, func() { idled.Add(1) })
		if err := l.Start(); err != nil {
			t.Fatal(err)
		}
		one, two := strings.Repeat("1", 1000), strings.Repeat("2", 1000)
		for _, s := range []string{one, two, "three"} {
			if n, err := l.Write([]byte(s)); n != len(s) || err != nil {
				t.Errorf("Write: got %d, %v", n, err)
			}
			synctest.Wait()
		}
		if l.idle() {
			t.Error("idle during a write: got true, want false")
		}
		tty.let <- nil
		synctest.Wait()
		if got := tty.take(); got != one || l.idle() {
			t.Errorf("after one write: got %q, idle %v", got, l.idle())
		}
		tty.let <- nil
		synctest.Wait()
		if got := tty.take(); got != two+"three" || !l.idle() || idled.Load() != 1 {
			t.Errorf("after all: got %q, idle %v, told %d times", got, l.idle(), idled.Load())
		}
		if err := l.Stop(); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
}

func TestLineStopIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := newSlowTty()
		l := newLine(tty, nil)
		if err := l.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = l.Write([]byte("never taken"))
		begin := time.Now()
		if err := l.Stop(); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if took := time.Since(begin); took != flushLimit {
			t.Errorf("Stop on a dead link took %v, want %v", took, flushLimit)
		}
		if !l.kill() {
			t.Error("lost: got false, want true")
		}
	})
}

func TestLineOnBrokenTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := newSlowTty()
		l := newLine(tty, nil)
		if err := l.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = l.Write([]byte("x"))
		tty.let <- errors.New("input/output error")
		synctest.Wait()
		_, _ = l.Write([]byte("more"))
		if l.idle() {
			t.Error("idle on a broken terminal: got true, want false")
		}
		if got := len(l.pump.buf); got != 0 {
			t.Errorf("buffered on a broken terminal: got %d bytes, want 0", got)
		}
		begin := time.Now()
		_ = l.Stop()
		if took := time.Since(begin); took != 0 {
			t.Errorf("Stop took %v, want 0", took)
		}
	})
}

func TestLineDelaysResizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := newSlowTty()
		l := newLine(tty, nil)
		if err := l.Start(); err != nil {
			t.Fatal(err)
		}
		var told atomic.Int32
		l.NotifyResize(func() { told.Add(1) })
		<-time.After(time.Second)
		_, _ = l.Write(make([]byte, 1000))
		for range 100 {
			tty.resize(80, 24)
		}
		if got := told.Load(); got != 0 {
			t.Errorf("while busy: told %d times, want 0", got)
		}
		tty.let <- nil
		synctest.Wait()
		if got := told.Load(); got != 1 {
			t.Errorf("when free: told %d times, want once", got)
		}
		for range 100 {
			tty.resize(80, 24)
		}
		<-time.After(time.Second)
		if got := told.Load(); got != 2 {
			t.Errorf("after the pause: told %d times, want twice", got)
		}
		l.NotifyResize(nil)
		_ = l.Stop()
	})
}
