package sched

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func TestPace(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	tests := []struct {
		name  string
		usual time.Duration
		costs []time.Duration
		want  []time.Duration // the interval after each read
		text  string
	}{
		{name: "a tenth is no more than it may cost", usual: 10 * time.Second, costs: []time.Duration{1000 * ms}, want: []time.Duration{10 * time.Second}},
		{
			name: "too dear doubles, repeatedly", usual: 10 * time.Second,
			costs: []time.Duration{1400 * ms, 1400 * ms, 2100 * ms, 2100 * ms},
			want:  []time.Duration{20 * time.Second, 20 * time.Second, 40 * time.Second, 40 * time.Second},
			text:  "read every 40 s instead of 10 s: one reading takes 2.1 s",
		},
		{
			name: "cheap again halves, step by step", usual: 2 * time.Second,
			costs: []time.Duration{900 * ms, 900 * ms, 900 * ms, 30 * ms, 30 * ms, 30 * ms},
			want:  []time.Duration{4 * time.Second, 8 * time.Second, 16 * time.Second, 8 * time.Second, 4 * time.Second, 2 * time.Second},
		},
		{
			name: "what is neither dear nor cheap stays", usual: 2 * time.Second,
			costs: []time.Duration{300 * ms, 150 * ms, 101 * ms, 100 * ms},
			want:  []time.Duration{4 * time.Second, 4 * time.Second, 4 * time.Second, 2 * time.Second},
		},
		{
			name: "not beyond the slowest", usual: 2 * time.Minute,
			costs: []time.Duration{time.Minute, time.Minute, time.Minute},
			want:  []time.Duration{4 * time.Minute, 5 * time.Minute, 5 * time.Minute},
			text:  "read every 5 min instead of 2 min: one reading takes 60 s",
		},
		{name: "what is rare stays as rare", usual: 10 * time.Minute, costs: []time.Duration{2 * time.Minute}, want: []time.Duration{10 * time.Minute}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPace(Timing{Every: tt.usual})
			for i, cost := range tt.costs {
				if p.note(nil, cost); p.every() != tt.want[i] {
					t.Fatalf("after reading %d of %s: every %s, want %s", i+1, cost, p.every(), tt.want[i])
				}
			}
			if p.text() != tt.text {
				t.Errorf("it says %q, want %q", p.text(), tt.text)
			}
		})
	}
}

func TestPaceOfFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		class model.Class
		want  time.Duration
	}{
		{model.Down, 10 * time.Second}, // the server did nothing
		{model.Full, 10 * time.Second},
		{model.Broken, 20 * time.Second}, // it was ended for taking too long
	}
	for _, tt := range tests {
		p := newPace(Timing{Every: 10 * time.Second})
		if p.note(&model.Fail{Class: tt.class}, 5*time.Second); p.every() != tt.want {
			t.Errorf("a failure of class %s: every %s, want %s", tt.class, p.every(), tt.want)
		}
	}
}

// What the server spent counts where it is known, not the wait for a turn.
func TestPaceByTheServersOwnTime(t *testing.T) {
	t.Parallel()
	spent := 20 * time.Millisecond
	p := newPace(Timing{Every: 10 * time.Second, Cost: func() time.Duration { return spent }})
	if p.note(nil, 5*time.Second); p.slowed() {
		t.Errorf("slowed down to %s by waiting", p.every())
	}
	spent = 3 * time.Second
	if p.note(nil, 5*time.Second); p.text() != "read every 20 s instead of 10 s: one reading takes 3.0 s" && p.text() != "read every 20 s instead of 10 s: one reading takes 3 s" {
		t.Errorf("it says %q", p.text())
	}
}

// dearFor is a source whose reads take as long as cost says.
func dearFor(cost *atomic.Int64, reads *atomic.Int64) sourceFunc {
	return func(ctx context.Context) (number, error) {
		select {
		case <-time.After(time.Duration(cost.Load())):
			return number(reads.Add(1)), nil
		case <-ctx.Done():
			return 0, &model.Fail{Class: model.Broken, Text: "took too long"}
		}
	}
}

func TestADearSourceIsReadLessOftenAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var cost, reads atomic.Int64
		cost.Store(int64(1500 * time.Millisecond))
		stop := run(t, NewJob(s, keyOf("dear"), dearFor(&cost, &reads), Timing{Every: 5 * time.Second, Timeout: 3 * time.Second}))
		defer stop()
		<-time.After(2 * time.Minute)
		synctest.Wait()
		got := s.View().Sources()[0]
		if got.Every != 20*time.Second || got.Note != "read every 20 s instead of 5 s: one reading takes 1.5 s" || got.State != store.OK {
			t.Errorf("every %s, %s, note %q", got.Every, got.State, got.Note)
		}
		if n := reads.Load(); n < 5 || n > 9 {
			t.Errorf("%d reads in two minutes", n)
		}
		cost.Store(int64(time.Millisecond))
		<-time.After(time.Minute)
		synctest.Wait()
		if got := s.View().Sources()[0]; got.Every != 5*time.Second || got.Note != "" {
			t.Errorf("cheap again: every %s, note %q", got.Every, got.Note)
		}
	})
}

// Somebody who leans on the key that refreshes costs the server no more than a
// tenth of its time.
func TestAWokenSourceIsLeftInPeaceForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var cost, reads atomic.Int64
		cost.Store(int64(100 * time.Millisecond))
		job := NewJob(s, keyOf("asked"), dearFor(&cost, &reads), Timing{Every: time.Minute, Timeout: time.Second})
		stop := run(t, job)
		defer stop()
		for range 100 {
			<-time.After(100 * time.Millisecond)
			job.Wake()
		}
		synctest.Wait()
		if n := reads.Load(); n < 9 || n > 11 {
			t.Errorf("%d reads of 100 ms within 10 s, want 10", n)
		}
	})
}

// A source whose calls are counted has its peace however cheap they are.
func TestARestIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var cost, reads atomic.Int64
		job := NewJob(s, keyOf("counted"), dearFor(&cost, &reads), Timing{Every: time.Hour, Timeout: time.Second, Rest: 20 * time.Second})
		stop := run(t, job)
		defer stop()
		for range 590 {
			<-time.After(100 * time.Millisecond)
			job.Wake()
		}
		synctest.Wait()
		if n := reads.Load(); n != 3 {
			t.Errorf("%d reads within a minute, want one in 20 s", n)
		}
	})
}
