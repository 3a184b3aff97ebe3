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
	b := beat{700 * time.Millisecond}
	at := func(ms int) time.Time { return time.UnixMilli(1_764_000_000_000 + int64(ms)) }
	for _, tt := range []struct{ now, pause, want int }{
		{700, 2000, 2000},
		{731, 1830, 1969},     // ends at 2.561 s, the beat is at 2.7
		{731, 2195, 1969},     // ends at 2.926
		{731, 10_500, 10_969}, // ends at 11.231: the beat after it is nearer
		{210, 1000, 1490},
		{700, 999, 999},
		{731, 250, 250},
	} {
		got := b.after(at(tt.now), time.Duration(tt.pause)*time.Millisecond)
		if want := time.Duration(tt.want) * time.Millisecond; got != want {
			t.Errorf("at %d ms a pause of %d ms became %s, want %s", tt.now, tt.pause, got, want)
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
		if len(bursts) > 102 {
			t.Errorf("woken %d times in 100 s, want once a second at most", len(bursts))
		}
		for name, want := range map[string]int{"two": 51, "too": 51, "five": 21, "ten": 11} {
			if got := reads[name]; got < want-2 || got > want+2 {
				t.Errorf("%s was read %d times in 100 s, want %d", name, got, want)
			}
		}
	})
}
