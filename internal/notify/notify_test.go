package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/web"
)

// disk is what is kept, as the state folder would, and who tells.
type disk struct {
	mu     sync.Mutex
	data   []byte
	err    error
	leader *Notifier
}

func (d *disk) load() ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.data, nil
}

func (d *disk) save(data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.data = data
	}
	return d.err
}

// inbox is the other end of a channel: it refuses while err is set.
type inbox struct {
	mu  sync.Mutex
	got []string
	err error
	all int // attempts
}

func (b *inbox) send(_ context.Context, e Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all++
	if b.err != nil {
		return b.err
	}
	b.got = append(b.got, string(e.Kind)+" "+e.Key)
	return nil
}

func (b *inbox) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *inbox) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.got, ", ")
}

func (d *disk) open(channels ...Channel) *Notifier {
	var n *Notifier
	n = New(Options{
		Target: "prod", Host: "bastion", Channels: channels, Load: d.load, Save: d.save,
		Lead: func() bool {
			if d.leader == nil {
				d.leader = n
			}
			return d.leader == n
		},
	})
	return n
}

func firing(rule string, s alert.Severity) alert.Alert {
	return alert.Alert{Rule: rule, Metric: rule, State: alert.Firing, Severity: s, Since: time.Now()}
}

func fine(rule string) alert.Alert { return alert.Alert{Rule: rule, State: alert.OK} }

// started runs a notifier until the returned function is called.
func started(n *Notifier) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { n.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }

func status(n *Notifier) model.NoticeChannel {
	got, _ := n.Collect(context.Background())
	return got.Channels[0]
}

func TestEachCrossingIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, loud, d := &inbox{}, &inbox{}, &disk{}
		n := d.open(Channel{"all", alert.P3, b.send}, Channel{"loud", alert.P1, loud.send})
		stop := started(n)
		for range 5 {
			n.See(time.Now(), []alert.Alert{firing("a", alert.P2), firing("b", alert.P1)})
			synctest.Wait()
			pass(time.Second)
		}
		n.See(time.Now(), []alert.Alert{fine("a"), fine("b")})
		synctest.Wait()
		if got := b.text(); got != "trigger a, trigger b, resolve a, resolve b" {
			t.Errorf("got %s", got)
		}
		if got := loud.text(); got != "trigger b, resolve b" {
			t.Errorf("the loud one got %s", got)
		}
		stop()
	})
}

// While the network is down all of it waits, in order and on disk; whoever is
// started next delivers it, once.
func TestWhatWaitsSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := &inbox{err: &model.Fail{Class: model.Down, Text: "connection refused"}}, &disk{}
		n := d.open(Channel{"all", alert.P3, b.send})
		stop := started(n)
		n.See(time.Now(), []alert.Alert{firing("a", alert.P2)})
		pass(time.Hour)
		synctest.Wait()
		if s := status(n); s.Waiting != 1 || s.Fail != "connection refused" || time.Since(s.Since) != time.Hour || b.all < 15 || b.all > 20 {
			t.Errorf("after an hour: %+v, %d attempts", s, b.all)
		}
		n.See(time.Now(), []alert.Alert{fine("a"), firing("b", alert.P2)})
		stop()
		b.fail(nil)
		d.leader = nil
		next := d.open(Channel{"all", alert.P3, b.send})
		stop = started(next)
		next.See(time.Now(), []alert.Alert{fine("a"), firing("b", alert.P2)})
		synctest.Wait()
		if got := b.text(); got != "trigger a, resolve a, trigger b" {
			t.Errorf("got %s", got)
		}
		if s := status(next); s.Waiting != 0 || s.Sent != 3 || s.Fail != "" || !s.Since.IsZero() {
			t.Errorf("afterwards: %+v", s)
		}
		stop()
	})
}

// Of several who watch a target one tells; when that one ends another takes over
// where it was.
func TestOneOfSeveralTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := &inbox{}, &disk{}
		one, other := d.open(Channel{"all", alert.P3, b.send}), d.open(Channel{"all", alert.P3, b.send})
		stopOne, stopOther := started(one), started(other)
		see := func(alerts ...alert.Alert) {
			one.See(time.Now(), alerts)
			other.See(time.Now(), alerts)
			synctest.Wait()
		}
		see(firing("a", alert.P2))
		if got, _ := other.Collect(t.Context()); !got.Elsewhere || got.Channels[0].Sent != 1 || got.Facts()[0].Value != 0 {
			t.Errorf("the other says %+v", got)
		}
		stopOne()
		d.leader = nil
		pass(time.Minute)
		other.See(time.Now(), []alert.Alert{firing("a", alert.P2), firing("b", alert.P2)})
		synctest.Wait()
		if got := b.text(); got != "trigger a, trigger b" {
			t.Errorf("got %s", got)
		}
		stopOther()
	})
}

// A channel that answers never does not hold up who sees, nor the other one.
func TestAStuckChannelHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := &inbox{}, &disk{}
		stuck := func(ctx context.Context, _ Event) error { <-ctx.Done(); return ctx.Err() }
		n := d.open(Channel{"stuck", alert.P3, stuck}, Channel{"good", alert.P3, b.send})
		stop := started(n)
		began := time.Now()
		n.See(time.Now(), []alert.Alert{firing("a", alert.P2)})
		synctest.Wait()
		if got := b.text(); got != "trigger a" || time.Since(began) != 0 {
			t.Errorf("got %s after %s", got, time.Since(began))
		}
		pass(sendWithin)
		synctest.Wait()
		if s := status(n); s.Waiting != 1 || s.Fail != "context deadline exceeded" {
			t.Errorf("the stuck one: %+v", s)
		}
		stop()
	})
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := &inbox{err: errors.New("down")}, &disk{}
		n := d.open(Channel{"all", alert.P3, b.send})
		stop := started(n)
		for i := range queueMax + 20 {
			n.See(time.Now(), []alert.Alert{firing(fmt.Sprint("a", i), alert.P2)})
		}
		synctest.Wait()
		if s := status(n); s.Waiting != queueMax || s.Dropped != 20 {
			t.Errorf("too many: %+v", s)
		}
		b.fail(nil)
		pass(tooOld + time.Minute)
		synctest.Wait()
		if s := status(n); s.Waiting != 0 || s.Sent != queueMax {
			t.Errorf("once it is back: %+v", s)
		}
		b.fail(errors.New("down"))
		n.See(time.Now(), []alert.Alert{firing("late", alert.P2)})
		pass(tooOld + 10*time.Minute)
		synctest.Wait()
		if s := status(n); s.Waiting != 0 {
			t.Errorf("a day later: %+v", s)
		}
		stop()
	})
}

// How long to wait, and what is not worth another attempt.
func TestFailures(t *testing.T) {
	limited := &model.Fail{Class: model.Limited, RetryAfter: 17 * time.Second}
	for _, tt := range []struct {
		failures int
		err      error
		want     time.Duration
	}{
		{0, errors.New("x"), 5 * time.Second}, {1, errors.New("x"), 10 * time.Second}, {60, errors.New("x"), longPause},
		{0, limited, 17 * time.Second}, {3, limited, 40 * time.Second}, {0, &model.Fail{RetryAfter: 240 * time.Hour}, time.Hour},
	} {
		if got := pauseAfter(tt.failures, tt.err); got != tt.want {
			t.Errorf("%d failures, %v: %s, want %s", tt.failures, tt.err, got, tt.want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		b, d := &inbox{err: &web.StatusError{Status: http.StatusBadRequest}}, &disk{}
		n := d.open(Channel{"all", alert.P3, func(ctx context.Context, e Event) error {
			if e.Rule == "odd" {
				return &refusal{status: &web.StatusError{Status: http.StatusBadRequest}, fail: &model.Fail{Text: "400: invalid_payload"}}
			}
			return b.send(ctx, e)
		}})
		b.fail(nil)
		stop := started(n)
		n.See(time.Now(), []alert.Alert{firing("odd", alert.P2), firing("a", alert.P2)})
		synctest.Wait()
		if s := status(n); b.text() != "trigger a" || s.Dropped != 1 || s.Waiting != 0 {
			t.Errorf("what is refused for what it is holds up the others: %s, %+v", b.text(), s)
		}
		stop()
	})
}

// A full disk keeps nobody from being woken, and is told.
func TestAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := &inbox{}, &disk{err: errors.New("no space left on device")}
		n := d.open(Channel{"all", alert.P3, b.send})
		stop := started(n)
		n.See(time.Now(), []alert.Alert{firing("a", alert.P2)})
		synctest.Wait()
		if got, _ := n.Collect(t.Context()); b.text() != "trigger a" || got.Lost != "no space left on device" {
			t.Errorf("got %s, %+v", b.text(), got)
		}
		stop()
	})
}

func TestWhatWasKeptCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		"{": "cannot be read: unexpected end", `{"version":7}`: "has form 7, this program reads 1",
	} {
		n := (&disk{data: []byte(text)}).open(Channel{"all", alert.P3, (&inbox{}).send})
		n.See(time.Now(), nil)
		if got, _ := n.Collect(t.Context()); !strings.Contains(got.Lost, want) {
			t.Errorf("%s: %q", text, got.Lost)
		}
	}
}

func TestSummaries(t *testing.T) {
	n := New(Options{Target: "prod", Host: "bastion"})
	now := time.Date(2026, 11, 23, 3, 12, 44, 0, time.UTC)
	a := alert.Alert{
		Rule: "db.connections", Metric: "db.connections.used", Severity: alert.P2, Runbook: "connections-exhausted", Since: now.Add(-6 * time.Minute),
		Reading: alert.Reading{Value: 86, Unit: model.Percent, Known: true}, Threshold: alert.Threshold{Op: ">", Value: 80, Unit: "%"},
		Labels: model.Labels{"db": "shop"}, Acked: &alert.Ack{Who: "ana", Why: "on it"},
	}
	var got []string
	for _, kind := range []alert.PageKind{alert.Trigger, alert.Acknowledge, alert.Resolve} {
		got = append(got, n.event(alert.Page{Kind: kind, Alert: a}, now).Summary)
	}
	want := []string{
		"prod: P2 db.connections shop 86 % (> 80%) since 03:06:44Z, runbook connections-exhausted",
		"prod: db.connections shop taken on by ana: on it",
		"prod: db.connections shop is over after 6m0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
