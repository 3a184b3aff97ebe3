package cli

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/sched"
	"tocsin/internal/store"
)

// watch turns what the store hears into alerts and a first suspect, and tells
// the screen. It is the only writer of both.
type watch struct {
	p       *program
	past    *past
	timed   *timed
	events  *chronicle
	suspect atomic.Pointer[alert.Suspect]
	heard   time.Time            // when the state that was heard last was written
	stepped time.Time            // when the rules were last stepped
	asked   time.Time            // when those that are asked seldom were asked because users felt something
	written chan chan<- struct{} // the screen wrote into the record of an incident; closed once that shows
	changed func()               // new data
	urgent  func()               // another alert state or another suspect
}

const (
	// stepEvery is the least time between two steps of the rules: sources are
	// read once a second at most.
	stepEvery = 900 * time.Millisecond
	// together is how long what was read, or a source that fails or recovers,
	// waits for others that do the same at that time.
	together = 100 * time.Millisecond
	// keepEvery is how often the state of the rules goes to disk.
	keepEvery = 15 * time.Second
)

func newWatch(p *program, changed, urgent func()) *watch {
	events := newChronicle(p)
	w := &watch{p: p, past: newPast(p, events.acted), timed: newTimed(p.promises), events: events, written: make(chan chan<- struct{}), changed: changed, urgent: urgent}
	w.suspect.Store(&alert.Suspect{})
	return w
}

// Suspect is the newest first suspect.
func (w *watch) Suspect() alert.Suspect { return *w.suspect.Load() }

// run reads every source and steps the rules until ctx ends.
func (w *watch) run(ctx context.Context) {
	if err := w.p.state.recall(w.p.engine); err != nil {
		slog.Warn("the rules begin anew", "error", err)
	}
	done := make(chan struct{})
	go func() { sched.Run(ctx, w.p.jobs...); close(done) }()
	told := w.p.tell(ctx)
	w.reread()
	rules := time.NewTicker(w.p.every)
	defer rules.Stop()
	keep := time.NewTicker(keepEvery)
	defer keep.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-w.p.store.Changed():
			pause(ctx, together)
			w.step()
			w.changed()
			w.settle(ctx)
		case <-rules.C:
			w.hear()
			if time.Since(w.stepped) > stepEvery {
				w.step()
			}
			w.reread()
		case shown := <-w.written:
			w.wrote(shown)
		case <-keep.C:
			w.keep()
		}
	}
	<-done
	<-told
	w.keep()
}

// reread takes in what lies in the state folder, from this session and others.
func (w *watch) reread() {
	w.events.read()
	w.past.read(w.events.behind())
	w.timed.read(time.Now())
}

// step steps the rules over one view, and says so when their word changed.
func (w *watch) step() {
	v := w.p.store.View()
	w.stepped = v.Now()
	was := w.p.engine.Current()
	before := wordOf(was, w.Suspect())
	alerts := w.p.engine.Step(v)
	w.past.see(v, was, alerts)
	w.ask(v.Now(), alerts)
	suspect := alert.Diagnose(v, alerts, w.past.deeds...)
	w.suspect.Store(&suspect)
	w.events.step(v, alerts, suspect)
	if suspect.Found() {
		w.p.shelf.books(func() {}) // somebody may want to read one soon
	}
	if w.p.notifier != nil {
		w.p.notifier.See(v.Now(), alerts)
	}
	if wordOf(alerts, suspect) != before {
		w.urgent()
	}
}

// askEvery is how often those that are asked seldom are asked while users feel
// something.
const askEvery = 15 * time.Second

// ask asks those that are asked seldom while users feel something: they may
// know the cause already.
func (w *watch) ask(now time.Time, alerts []alert.Alert) {
	if !alert.Felt(alerts) || now.Sub(w.asked) < askEvery {
		return
	}
	w.asked = now
	for _, j := range w.p.jobs {
		for _, kind := range []string{store.StatusPageKey("").Name, store.SentryIssuesKey().Name, store.PaymentsKey().Name} {
			if strings.HasPrefix(j.Name, kind) {
				j.Wake()
			}
		}
	}
}

// wordOf is what must be seen at once: which alerts stand how, and the cause.
func wordOf(alerts []alert.Alert, s alert.Suspect) string {
	word := s.Rule + s.Action
	for _, a := range alerts {
		if a.Trouble() {
			word += "|" + a.Key() + string(a.State)
		}
	}
	return word
}

// hear takes in what people said of the alerts in other dashboards, when one of
// these has written.
func (w *watch) hear() {
	at, err := w.p.state.written()
	if err != nil || at.Equal(w.heard) {
		return
	}
	w.heard = at
	if err := w.p.state.read(w.p.engine.Merge); err != nil {
		slog.Warn("what others said of the alerts was not heard", "error", err)
	}
}

func (w *watch) keep() {
	err := w.p.state.keep(w.p.engine)
	if err != nil {
		slog.Warn("the state of the rules was not kept", "error", err)
	}
	w.past.kept(time.Now(), err)
}

// settle waits until the rules should look again at what changes all the time.
// A source that fails or recovers is news, and does not wait that long.
func (w *watch) settle(ctx context.Context) {
	t := time.NewTimer(stepEvery - together)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-w.p.store.Turned(): // which is a change, too
	case shown := <-w.written:
		w.wrote(shown)
	}
}

// wrote lets what was written show.
func (w *watch) wrote(shown chan<- struct{}) {
	w.reread()
	w.step()
	w.urgent()
	close(shown)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// storeFacts lets the runner read single numbers.
type storeFacts struct{ store *store.Store }

// Fact implements actions.Facts. A number of a source that fails or is stale
// is not known.
func (f storeFacts) Fact(metric string, labels model.Labels) (r actions.Reading, ok bool) {
	fact, src, found := store.Fact(f.store.View(), metric, labels)
	r = actions.Reading{Value: fact.Value, Unit: fact.Unit, Began: src.At.Add(-src.Took)}
	return r, found && fact.Known && src.State == store.OK
}
