package sched

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/store"
)

func TestPausesEndOnTheBeat(t *testing.T) {
	b, now := beat{7}, time.Now()
	for _, d := range []time.Duration{time.Second, 1830 * time.Millisecond, 2 * time.Second, 2195 * time.Millisecond, 10 * time.Second, 5 * time.Minute} {
		got := b.after(now, d)
		due := now.Round(0).Add(got)
		if off := due.Sub(due.Truncate(time.Second)); off != b.phase(now.Add(d)) {
			t.Errorf("a pause of %s ends %s after the full second, the beat is at %s", d, off, b.phase(now.Add(d)))
		}
		if moved := (got - d).Abs(); moved > time.Second/2 {
			t.Errorf("a pause of %s became %s", d, got)
		}
	}
	if got := b.after(now, 999*time.Millisecond); got != 999*time.Millisecond {
		t.Errorf("a short pause became %s", got)
	}
}

// Over hours the beat falls into every tenth of the second.
func TestTheBeatWanders(t *testing.T) {
	b, tenths := newBeat(), map[time.Duration]int{}
	for minute := range 240 {
		tenths[b.phase(time.Unix(int64(60*minute), 0))/(100*time.Millisecond)]++
	}
	for tenth := range time.Duration(10) {
		if tenths[tenth] == 0 {
			t.Errorf("never between %d00 and %d00 ms: %v", tenth, tenth+1, tenths)
		}
	}
}

// Jobs of different intervals are read together, and each as often as it asks for.
func TestReadsBeginTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var mu sync.Mutex
		bursts, reads := map[int64]bool{}, map[string]int{}
		job := func(name string, every time.Duration) Job {
			return NewJob(s, keyOf(name), sourceFunc(func(context.Context) (number, error) {
				mu.Lock()
				defer mu.Unlock()
				reads[name]++
				bursts[time.Now().UnixNano()] = true
				return 1, nil
			}), Timing{Every: every, Timeout: time.Second})
		}
		stop := run(t, job("two", 2*time.Second), job("too", 2*time.Second), job("five", 5*time.Second), job("ten", 10*time.Second))
		<-time.After(100 * time.Second)
		stop()
		if len(bursts) > 105 {
			t.Errorf("woken %d times in 100 s, want about once a second at most", len(bursts))
		}
		for name, want := range map[string]int{"two": 51, "too": 51, "five": 21, "ten": 11} {
			if got := reads[name]; got < want-3 || got > want+3 {
				t.Errorf("%s was read %d times in 100 s, want %d", name, got, want)
			}
		}
	})
}
