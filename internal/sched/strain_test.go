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

// patient is a server with a frequent job and one that yields.
type patient struct {
	store       *store.Store
	cost        atomic.Int64               // of the frequent job
	refuses     atomic.Pointer[model.Fail] // the one that yields; nil for none
	fast, heavy atomic.Int64               // reads
	stop        func()
}

func newPatient(t *testing.T) *patient {
	p := &patient{store: store.New()}
	heavy := sourceFunc(func(context.Context) (number, error) {
		p.heavy.Add(1)
		if fail := p.refuses.Load(); fail != nil {
			return 0, fail
		}
		return 1, nil
	})
	timing := Timing{Every: 2 * time.Second, Timeout: 3 * time.Second, MaxWait: 30 * time.Second, Group: "pg"}
	yields := timing
	yields.Yields = true
	p.stop = run(t,
		NewJob(p.store, keyOf("fast"), dearFor(&p.cost, &p.fast), timing),
		NewJob(p.store, keyOf("heavy"), heavy, yields),
		NewJob(p.store, keyOf("elsewhere"), heavyElsewhere(), Timing{Every: time.Second, Timeout: time.Second, Group: "other", Yields: true}))
	return p
}

func heavyElsewhere() sourceFunc {
	return func(context.Context) (number, error) { return 1, nil }
}

// over lets time pass and gives how often each was read meanwhile.
func (p *patient) over(d time.Duration) (fast, heavy int64) {
	synctest.Wait()
	fast, heavy = p.fast.Load(), p.heavy.Load()
	<-time.After(d)
	synctest.Wait()
	return p.fast.Load() - fast, p.heavy.Load() - heavy
}

func (p *patient) note(i int) string { return p.store.View().Sources()[i].Note }

func TestASlowServerIsSparedWhatYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		defer p.stop()
		if fast, heavy := p.over(20 * time.Second); fast < 9 || heavy < 9 {
			t.Errorf("in peace: %d and %d reads in 20 s", fast, heavy)
		}
		p.cost.Store(int64(1200 * time.Millisecond))
		p.over(15 * time.Second) // until it was seen twice
		fast, heavy := p.over(2 * time.Minute)
		if fast < 4 || heavy != 0 {
			t.Errorf("in trouble: %d and %d reads in two minutes", fast, heavy)
		}
		if got, want := p.note(1), "held back: the server is slow: fast takes 1.2 s"; got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
		if got := p.note(2); got != "" {
			t.Errorf("a source of another server says %q", got)
		}
		if state := p.store.View().Sources()[1].State; state != store.Stale {
			t.Errorf("it is %s, want stale", state)
		}
		p.cost.Store(int64(time.Millisecond))
		p.over(30 * time.Second)
		if _, heavy := p.over(20 * time.Second); heavy < 9 || p.note(1) != "" {
			t.Errorf("after the trouble: %d reads in 20 s, it says %q", heavy, p.note(1))
		}
	})
}

func TestOneLateReadIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		defer p.stop()
		p.over(5 * time.Second)
		p.cost.Store(int64(1500 * time.Millisecond))
		p.over(2 * time.Second)
		p.cost.Store(0)
		if _, heavy := p.over(20 * time.Second); heavy < 9 {
			t.Errorf("%d reads in 20 s", heavy)
		}
	})
}

func TestAFullServerIsSparedWhatYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		defer p.stop()
		p.over(10 * time.Second)
		p.refuses.Store(&model.Fail{Class: model.Full, Text: "sorry, too many clients already"})
		p.over(10 * time.Second)
		fast, heavy := p.over(time.Minute)
		if fast < 27 || heavy < 3 || heavy > 13 {
			t.Errorf("%d and %d reads in a minute, want about 30 and one each 5 s or more", fast, heavy)
		}
		if got := p.store.View().Sources()[1]; got.Fail == nil || got.Fail.Class != model.Full {
			t.Errorf("it says %+v", got.Fail)
		}
		p.refuses.Store(nil)
		p.over(40 * time.Second)
		if _, heavy := p.over(20 * time.Second); heavy < 9 || p.note(1) != "" {
			t.Errorf("with room again: %d reads in 20 s, it says %q", heavy, p.note(1))
		}
	})
}
