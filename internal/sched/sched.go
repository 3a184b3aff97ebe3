// Package sched decides when a source is read: its interval, deadline, jitter
// and back-off. A slow, dead or stuck source never delays another. It must not
// know what the sources are.
package sched

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Source reads one kind of snapshot.
type Source[T store.Snapshot] interface {
	// Collect reads the source once. It honours ctx, and returns a snapshot or
	// an error. What the role may not see is an unknown reading inside the
	// snapshot that carries the reason and the grant; it is never left at zero.
	Collect(ctx context.Context) (T, error)
}

// Timing says when a source is read.
type Timing struct {
	Every   time.Duration // between the beginnings of two reads
	Timeout time.Duration // of one read
	Retry   time.Duration // first pause after a failure, doubled per failure in a row; 0 means Every
	MaxWait time.Duration // longest pause after failures; never under Retry
	Group   string        // the server it reads: its first job leads, the others fail and recover with it
	Rate    bool          // needs two readings to say anything
	Yields  bool          // is held back while its server is in trouble
	Rest    time.Duration // after a read, whoever asks for another; 0 for what its cost asks for
	// Cost is asked once after each read for what that cost its server; nil
	// where nobody knows better than by the time that the read took.
	Cost func() time.Duration
}

// Job reads one source again and again. Make it with NewJob.
type Job struct {
	Name   string
	Timing Timing
	read   func(ctx context.Context) *model.Fail
	tell   func(every time.Duration, note string) // publishes how often it is read
	pace   *pace                                  // of the job's goroutine
	wake   chan struct{}
}

// NewJob makes the job that reads src into its cell.
func NewJob[T store.Snapshot](s *store.Store, key store.Key[T], src Source[T], t Timing) Job {
	cell := store.NewCell(s, key, store.Source{Group: t.Group, Every: t.Every})
	collect := func(ctx context.Context) (put func(at time.Time, took time.Duration), err error) {
		value, err := src.Collect(ctx)
		return func(at time.Time, took time.Duration) { cell.Put(value, at, took) }, err
	}
	r := reader{collect: collect, cell: cell, timeout: t.Timeout, pace: newPace(t)}
	return Job{Name: key.Name, Timing: t, read: r.read, tell: cell.Pace, pace: r.pace, wake: make(chan struct{}, 1)}
}

// Wake makes the job read now instead of at its time, or as soon as its source
// can bear it: see [pace.rest]. A job that reads already reads once more when that
// ends, since what it reads may be of before; one whose server asked to stay away
// reads when that is over.
func (j Job) Wake() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Run reads all jobs, each in its own goroutine, until ctx ends, and returns
// when all have ended.
func Run(ctx context.Context, jobs ...Job) {
	var wg sync.WaitGroup
	g := newGroups(jobs)
	for _, j := range jobs {
		wg.Go(func() { j.run(ctx, g) })
	}
	wg.Wait()
}

// Once reads every job once, those that need two readings twice with the pause
// between, and returns when all have ended or ctx does.
func Once(ctx context.Context, pause time.Duration, jobs ...Job) {
	var wg sync.WaitGroup
	for _, j := range jobs {
		wg.Go(func() {
			if fail := j.read(ctx); fail == nil && j.Timing.Rate && sleep(ctx, pause, nil) {
				_ = j.read(ctx) // its failure is in the store
			}
		})
	}
	wg.Wait()
}

func (j Job) run(ctx context.Context, g *groups) {
	failures := 0
	for g.admit(ctx, j) {
		fail := j.read(ctx)
		failures++
		if fail == nil {
			failures = 0
		}
		g.told(j, fail)
		d := j.wait(failures)
		if fail == nil {
			d = g.beat.after(time.Now(), d)
		}
		if !j.pause(ctx, d, fail) {
			return
		}
	}
}

// wait is the pause before the next read: the interval after a success, after
// failures a pause that doubles up to MaxWait. A source that is dear is not
// asked sooner because it fails. It is spread by ±10 % so that programs that
// were started together do not stay in step.
func (j Job) wait(failures int) time.Duration {
	d := j.pace.every()
	if failures > 0 {
		first := j.Timing.Retry
		if first <= 0 {
			first = j.Timing.Every
		}
		d = min(first<<min(failures-1, 10), max(j.Timing.MaxWait, first))
		if j.pace.slowed() {
			d = max(d, j.pace.every())
		}
	}
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// pause waits for d, or less where the job is woken, but not less than the
// server asked for in its refusal, nor than the rest that its reads leave the
// server. False means the end of ctx.
func (j Job) pause(ctx context.Context, d time.Duration, fail *model.Fail) bool {
	least := min(j.pace.rest(), d)
	if fail != nil {
		least = max(least, fail.RetryAfter)
	}
	if least > 0 && !sleep(ctx, least, nil) {
		return false
	}
	return sleep(ctx, d-least, j.wake)
}

// sleep waits for d, a wake-up or the end of ctx; false means the end.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-t.C:
	}
	return ctx.Err() == nil
}

// groups lets the jobs of one server fail and recover together: the first job
// of a group leads, and when it meets a server that is down or full, or is back,
// it wakes the others. Only the lead does, or two jobs that disagree would wake
// each other for ever.
type groups struct {
	jobs   []Job
	beat   beat
	down   map[string]bool // written by the lead of each group only
	strain map[string]*strain
	mu     sync.Mutex
}

func newGroups(jobs []Job) *groups {
	return &groups{down: map[string]bool{}, strain: map[string]*strain{}, jobs: jobs, beat: newBeat()}
}

func (g *groups) told(j Job, fail *model.Fail) {
	g.felt(j, fail)
	down := fail != nil && (fail.Class == model.Down || fail.Class == model.Full)
	if !g.leads(j) || fail != nil && !down {
		return
	}
	g.mu.Lock()
	turned := g.down[j.Timing.Group] != down
	g.down[j.Timing.Group] = down
	g.mu.Unlock()
	for _, other := range g.jobs {
		if turned && other.Name != j.Name && other.Timing.Group == j.Timing.Group {
			other.Wake()
		}
	}
}

// leads tells whether the job is the first of its group.
func (g *groups) leads(j Job) bool {
	i := slices.IndexFunc(g.jobs, func(other Job) bool { return other.Timing.Group == j.Timing.Group })
	return j.Timing.Group != "" && g.jobs[i].Name == j.Name
}

// reader reads one source into its cell. It does not know the type of either:
// there are many, and each would have all of this once more.
type reader struct {
	collect func(context.Context) (put func(at time.Time, took time.Duration), err error)
	cell    interface {
		Fail(fail *model.Fail, at time.Time, took time.Duration)
		Pace(every time.Duration, note string)
	}
	timeout time.Duration
	pace    *pace
}

// outcome is what one call of Collect gave.
type outcome struct {
	put func(at time.Time, took time.Duration) // publishes the value
	err error
}

// grace is how long a read may overstay its deadline before it counts as stuck.
const grace = 500 * time.Millisecond

// read reads once. A source that ignores its deadline is reported as stuck and
// waited for: no second read of it begins.
func (r reader) read(ctx context.Context) *model.Fail {
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		put, err := r.safely(limited)
		done <- outcome{put, err}
	}()
	late := time.NewTimer(r.timeout + grace)
	defer late.Stop()
	for {
		select {
		case got := <-done:
			return r.publish(ctx, got, start)
		case <-late.C:
			text := fmt.Sprintf("still reading after %s; it ignored its deadline of %s", r.timeout+grace, r.timeout)
			r.cell.Fail(&model.Fail{Class: model.Stuck, Text: text}, time.Now(), time.Since(start))
		case <-ctx.Done():
			// The program ends: a stuck read must not hold it up.
			select {
			case got := <-done:
				return r.publish(ctx, got, start)
			case <-time.After(grace):
				return model.FailOf(ctx.Err())
			}
		}
	}
}

func (r reader) publish(ctx context.Context, got outcome, start time.Time) *model.Fail {
	now := time.Now()
	fail := model.FailOf(got.err)
	r.pace.note(fail, now.Sub(start))
	switch {
	case fail == nil:
		got.put(now, now.Sub(start))
	case ctx.Err() == nil:
		r.cell.Fail(fail, now, now.Sub(start))
	}
	r.cell.Pace(r.pace.every(), r.pace.text())
	return fail
}

// safely turns a panic of a source into its error, so that it fails alone.
func (r reader) safely(ctx context.Context) (put func(at time.Time, took time.Duration), err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &model.Fail{Class: model.Broken, Text: fmt.Sprintf("the reader broke: %v", p)}
		}
	}()
	return r.collect(ctx)
}
