// Package notify tells of alerts beyond the screen: over a webhook, PagerDuty or
// a command. Each crossing is told once; what cannot be delivered waits on disk,
// in order and bounded, while the network is down. It never holds up who hands
// it the alerts, and must not know where its files are or what a rule means.
package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// Event is one thing to tell, ready to be sent.
type Event struct {
	Kind      alert.PageKind `json:"kind"` // trigger, acknowledge, resolve
	Target    string         `json:"target"`
	Host      string         `json:"host"` // on which tocsin runs
	Key       string         `json:"key"`  // of the alert; the same from trigger to resolve
	Rule      string         `json:"rule"`
	Group     string         `json:"group,omitempty"` // of the rule, by which who pages may bundle
	Severity  alert.Severity `json:"severity"`
	Summary   string         `json:"summary"` // one line that says all of it
	Value     string         `json:"value,omitempty"`
	Threshold string         `json:"threshold,omitempty"`
	Runbook   string         `json:"runbook,omitempty"`
	Since     time.Time      `json:"since"` // when the trouble began
	At        time.Time      `json:"at"`    // when this was to be told
}

// Channel is one way to tell.
type Channel struct {
	Name  string
	Least alert.Severity // the mildest that is told
	Send  func(ctx context.Context, e Event) error
}

// Options are what a [Notifier] works with. Load and Save keep its state; Lead
// tells whether it is for this program to tell, of all that watch the target. It
// is asked until it says so, and means it from then on.
type Options struct {
	Target   string
	Host     string
	Channels []Channel
	Load     func() ([]byte, error) // nil where nothing was kept
	Save     func([]byte) error
	Lead     func() bool
}

const (
	// queueMax bounds what waits for each channel; the oldest are dropped.
	queueMax = 100
	// tooOld is the age after which nobody needs to be woken any more.
	tooOld = 24 * time.Hour
)

// box is what is kept: what was told and is not over, and what waits.
type box struct {
	Version int                `json:"version"`
	Told    alert.Pages        `json:"told"`
	Waiting map[string][]Event `json:"waiting"` // by channel, oldest first
	Dropped map[string]int     `json:"dropped,omitempty"`
	// Channels is how each one is, for the programs that do not tell.
	Channels map[string]model.NoticeChannel `json:"channels,omitempty"`
}

const boxVersion = 1

// Notifier tells of crossings. Make it with New.
type Notifier struct {
	o     Options
	wakes map[string]chan struct{}

	mu      sync.Mutex
	leading bool
	box     box
	lost    error // why the state is not on disk; nil when it is
}

// New makes a notifier that has told nothing.
func New(o Options) *Notifier {
	n := &Notifier{o: o, wakes: map[string]chan struct{}{}}
	n.box = box{
		Version: boxVersion, Told: alert.Pages{}, Waiting: map[string][]Event{}, Dropped: map[string]int{}, Channels: map[string]model.NoticeChannel{},
	}
	for _, c := range o.Channels {
		n.wakes[c.Name] = make(chan struct{}, 1)
	}
	return n
}

// See looks at the newest alerts and queues what is to be told. It waits for
// the disk at most. One goroutine calls it.
func (n *Notifier) See(now time.Time, alerts []alert.Alert) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.lead() {
		return
	}
	next, pages := n.box.Told.Next(now, alerts)
	if len(pages) == 0 && maps.Equal(next, n.box.Told) {
		return
	}
	n.box.Told = next
	for _, p := range pages {
		e := n.event(p, now)
		for _, c := range n.o.Channels {
			if e.Severity <= c.Least {
				n.queue(c.Name, e)
			}
		}
	}
	n.save()
}

// lead tells whether it is for this program to tell. It takes up what the one
// before it left. The lock is held.
func (n *Notifier) lead() bool {
	if n.leading {
		return true
	}
	if !n.o.Lead() {
		return false
	}
	n.leading = true
	kept, err := n.load()
	n.lost = err
	n.takeUp(kept)
	return true
}

// load reads what is kept; the empty box where that is nothing.
func (n *Notifier) load() (kept box, err error) {
	data, err := n.o.Load()
	if err != nil || data == nil {
		return box{}, err
	}
	switch err := json.Unmarshal(data, &kept); {
	case err != nil:
		return box{}, fmt.Errorf("what was told before cannot be read: %w", err)
	case kept.Version != boxVersion:
		return box{}, fmt.Errorf("what was told before has form %d, this program reads %d", kept.Version, boxVersion)
	}
	return kept, nil
}

// takeUp goes on from what was kept. Channels that are gone are left out.
func (n *Notifier) takeUp(kept box) {
	if kept.Told != nil {
		n.box.Told = kept.Told
	}
	for name := range n.wakes {
		n.box.Waiting[name], n.box.Dropped[name], n.box.Channels[name] = kept.Waiting[name], kept.Dropped[name], kept.Channels[name]
		n.wake(name)
	}
}

// queue adds an event to what waits for a channel. The lock is held.
func (n *Notifier) queue(channel string, e Event) {
	waiting := append(n.box.Waiting[channel], e)
	if over := len(waiting) - queueMax; over > 0 {
		waiting = append([]Event(nil), waiting[over:]...)
		n.box.Dropped[channel] += over
	}
	n.box.Waiting[channel] = waiting
	n.wake(channel)
}

func (n *Notifier) wake(channel string) {
	select {
	case n.wakes[channel] <- struct{}{}:
	default:
	}
}

// save keeps the state. What cannot be kept is told all the same. The lock is held.
func (n *Notifier) save() {
	data, err := json.Marshal(n.box)
	if err == nil {
		err = n.o.Save(data)
	}
	n.lost = err
}

// event makes an event of a page.
func (n *Notifier) event(p alert.Page, now time.Time) Event {
	a := p.Alert
	e := Event{
		Kind: p.Kind, Target: n.o.Target, Host: n.o.Host, Key: a.Key(), Rule: a.Rule, Group: a.Group, Severity: a.Severity,
		Runbook: a.Runbook, Since: a.Since.UTC(), At: now.UTC(), Threshold: a.Threshold.String(),
	}
	if a.Known {
		e.Value = a.Text()
	}
	e.Summary = summary(e, a)
	return e
}

// summary is all of an event in a line.
func summary(e Event, a alert.Alert) string {
	name := strings.TrimSpace(e.Rule + " " + a.About())
	switch e.Kind {
	case alert.Resolve:
		return fmt.Sprintf("%s: %s is over after %s", e.Target, name, e.At.Sub(e.Since).Round(time.Second))
	case alert.Acknowledge:
		text := fmt.Sprintf("%s: %s taken on by %s", e.Target, name, a.Acked.Who)
		if a.Acked.Why != "" {
			text += ": " + a.Acked.Why
		}
		return text
	}
	text := fmt.Sprintf("%s: %s %s", e.Target, e.Severity, name)
	if e.Value != "" {
		text += " " + e.Value
	}
	if !strings.HasSuffix(a.Metric, ".down") && e.Threshold != "" {
		text += " (" + e.Threshold + ")"
	}
	text += " since " + e.Since.Format("15:04:05Z")
	if e.Runbook != "" {
		text += ", runbook " + e.Runbook
	}
	return text
}

// Collect tells how the channels are: from what is kept, where it is not for
// this program to tell.
func (n *Notifier) Collect(context.Context) (model.Notices, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, lost := n.box, n.lost
	if !n.leading {
		b, lost = n.load()
	}
	out := model.Notices{Elsewhere: !n.leading}
	if lost != nil {
		out.Lost = lost.Error()
	}
	for _, c := range n.o.Channels {
		s := b.Channels[c.Name]
		s.Name, s.Waiting, s.Dropped = c.Name, len(b.Waiting[c.Name]), b.Dropped[c.Name]
		out.Channels = append(out.Channels, s)
	}
	return out, nil
}
