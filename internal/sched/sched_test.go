package sched

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// number is the smallest snapshot.
type number float64

func (n number) Facts() []model.Fact {
	return []model.Fact{model.Known("test.number", float64(n), model.None, nil)}
}

// sourceFunc makes a source of a function.
type sourceFunc func(context.Context) (number, error)

func (f sourceFunc) Collect(ctx context.Context) (number, error) { return f(ctx) }

func keyOf(name string) store.Key[number] { return store.Key[number]{Name: name, Version: 1} }

// run starts jobs and returns what ends them.
func run(t *testing.T, jobs ...Job) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { Run(ctx, jobs...); close(done) }()
	return func() { cancel(); <-done }
}

func TestAHangingSourceHangsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var reads atomic.Int64
		hang := sourceFunc(func(ctx context.Context) (number, error) { <-ctx.Done(); return 0, ctx.Err() })
		good := sourceFunc(func(context.Context) (number, error) { return number(reads.Add(1)), nil })
		timing := Timing{Every: time.Second, Timeout: 2 * time.Second}
		stop := run(t, NewJob(s, keyOf("hang"), hang, timing), NewJob(s, keyOf("good"), good, timing))
		defer stop()
		<-time.After(10 * time.Second)
		synctest.Wait()
		if n := reads.Load(); n < 9 || n > 12 {
			t.Errorf("the good source was read %d times in 10 s, want about 10", n)
		}
		hung, _ := store.Get(s.View(), keyOf("hang"))
		if hung.Fail == nil || hung.Fail.Class != model.Down || hung.Fail.Attempts < 2 {
			t.Errorf("the hanging source says %+v, want several attempts of class down", hung.Fail)
		}
	})
}

func TestAReadThatIgnoresItsDeadlineIsStuckAndNeverDoubled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		release := make(chan struct{})
		var began atomic.Int64
		src := sourceFunc(func(context.Context) (number, error) { began.Add(1); <-release; return 1, nil })
		stop := run(t, NewJob(s, keyOf("deaf"), src, Timing{Every: time.Second, Timeout: time.Second}))
		defer stop()
		<-time.After(20 * time.Second)
		synctest.Wait()
		got, _ := store.Get(s.View(), keyOf("deaf"))
		if got.Fail == nil || got.Fail.Class != model.Stuck {
			t.Fatalf("fail = %+v, want stuck", got.Fail)
		}
		if began.Load() != 1 {
			t.Errorf("%d reads began, want 1", began.Load())
		}
		close(release)
		synctest.Wait()
		if got, _ := store.Get(s.View(), keyOf("deaf")); got.Fail != nil || got.Value != 1 {
			t.Errorf("after the release: %+v, want the value", got)
		}
	})
}

func TestAPanicIsTheErrorOfItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		src := sourceFunc(func(context.Context) (number, error) { panic("index out of range") })
		stop := run(t, NewJob(s, keyOf("bad"), src, Timing{Every: time.Second, Timeout: time.Second}))
		defer stop()
		synctest.Wait()
		got, _ := store.Get(s.View(), keyOf("bad"))
		if got.Fail == nil || got.Fail.Class != model.Broken {
			t.Errorf("fail = %+v, want broken", got.Fail)
		}
	})
}

func TestTheLeadWakesItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var up atomic.Bool
		up.Store(true)
		src := sourceFunc(func(context.Context) (number, error) {
			if up.Load() {
				return 1, nil
			}
			return 0, &model.Fail{Class: model.Down, Text: "refused"}
		})
		lead := Timing{Every: 2 * time.Second, Timeout: time.Second, Retry: 250 * time.Millisecond, MaxWait: time.Second, Group: "pg"}
		slow := Timing{Every: 5 * time.Minute, Timeout: time.Second, MaxWait: 5 * time.Minute, Group: "pg"}
		stop := run(t, NewJob(s, keyOf("lead"), src, lead), NewJob(s, keyOf("slow"), src, slow))
		defer stop()
		state := func() store.State { return s.View().Sources()[1].State }
		<-time.After(10 * time.Second)
		up.Store(false)
		<-time.After(3 * time.Second)
		synctest.Wait()
		if state() != store.Error {
			t.Errorf("3 s after the server went the slow source is %s, want error", state())
		}
		<-time.After(time.Minute)
		up.Store(true)
		<-time.After(1500 * time.Millisecond)
		synctest.Wait()
		if state() != store.OK {
			t.Errorf("1.5 s after the server came back the slow source is %s, want ok", state())
		}
	})
}

func TestTwoThatDisagreeDoNotWakeEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var good, bad atomic.Int64
		fine := sourceFunc(func(context.Context) (number, error) { return number(good.Add(1)), nil })
		down := sourceFunc(func(context.Context) (number, error) {
			bad.Add(1)
			return 0, &model.Fail{Class: model.Down, Text: "refused"}
		})
		timing := Timing{Every: time.Second, Timeout: time.Second, MaxWait: time.Second, Group: "pg"}
		stop := run(t, NewJob(s, keyOf("fine"), fine, timing), NewJob(s, keyOf("down"), down, timing))
		defer stop()
		<-time.After(10 * time.Second)
		synctest.Wait()
		if good.Load() > 12 || bad.Load() > 12 {
			t.Errorf("%d and %d reads in 10 s, want about 10 each", good.Load(), bad.Load())
		}
	})
}

func TestWait(t *testing.T) {
	tests := []struct {
		name     string
		timing   Timing
		failures int
		want     time.Duration
	}{
		{"success", Timing{Every: 10 * time.Second}, 0, 10 * time.Second},
		{"first failure", Timing{Every: 10 * time.Second, Retry: time.Second, MaxWait: time.Minute}, 1, time.Second},
		{"doubles", Timing{Every: 10 * time.Second, Retry: time.Second, MaxWait: time.Minute}, 4, 8 * time.Second},
		{"is bounded", Timing{Every: 10 * time.Second, Retry: time.Second, MaxWait: time.Minute}, 1000, time.Minute},
		{"without retry", Timing{Every: 10 * time.Second}, 5, 10 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Job{Timing: tt.timing, pace: newPace(tt.timing)}.wait(tt.failures)
			if low, high := tt.want*9/10, tt.want*11/10; got < low || got > high {
				t.Errorf("wait = %s, want %s to %s", got, low, high)
			}
		})
	}
}

func TestAServerThatAsksToStayAwayIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var reads atomic.Int64
		src := sourceFunc(func(context.Context) (number, error) {
			reads.Add(1)
			return 0, &model.Fail{Class: model.Limited, Text: "too many requests", RetryAfter: time.Minute}
		})
		job := NewJob(s, keyOf("limited"), src, Timing{Every: 10 * time.Second, Timeout: time.Second, MaxWait: 10 * time.Second})
		stop := run(t, job)
		defer stop()
		for range 3 {
			<-time.After(59500 * time.Millisecond)
			synctest.Wait()
			before := reads.Load()
			job.Wake()
			synctest.Wait()
			if reads.Load() != before {
				t.Fatalf("read %d was woken before the time it was asked for", reads.Load())
			}
			<-time.After(600 * time.Millisecond)
			synctest.Wait()
			if got := reads.Load(); got != before+1 {
				t.Fatalf("%d reads after the time it was asked for, want %d", got, before+1)
			}
		}
	})
}

func TestOnceReadsRatesTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		var rates, plain, broken atomic.Int64
		count := func(n *atomic.Int64, err error) sourceFunc {
			return func(context.Context) (number, error) { return number(n.Add(1)), err }
		}
		began := time.Now()
		Once(t.Context(), 2*time.Second,
			NewJob(s, keyOf("rate"), count(&rates, nil), Timing{Every: time.Second, Timeout: time.Second, Rate: true}),
			NewJob(s, keyOf("plain"), count(&plain, nil), Timing{Every: time.Second, Timeout: time.Second}),
			NewJob(s, keyOf("broken"), count(&broken, errors.New("no")), Timing{Every: time.Second, Timeout: time.Second, Rate: true}))
		if rates.Load() != 2 || plain.Load() != 1 || broken.Load() != 1 {
			t.Errorf("reads: rate %d, plain %d, broken %d; want 2, 1, 1", rates.Load(), plain.Load(), broken.Load())
		}
		if took := time.Since(began); took < 2*time.Second {
			t.Errorf("took %s, want the two readings at least 2 s apart", took)
		}
	})
}
