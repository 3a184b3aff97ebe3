package alert

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// maxMute is the longest time for which an alert can be silenced.
const maxMute = 24 * time.Hour

// Engine follows every series of every rule. Make it with New. One goroutine
// steps it; the other methods may be called from any.
type Engine struct {
	set     Set
	metrics func() catalogue // made by the first step: the first frame does not wait for it
	mu      sync.Mutex
	series  map[string]series
	now     time.Time // of the last step
	current atomic.Pointer[[]Alert]
}

// New makes an engine that has seen nothing.
func New(set Set) *Engine {
	e := &Engine{set: set, metrics: sync.OnceValue(newCatalogue), series: map[string]series{}}
	e.current.Store(&[]Alert{})
	return e
}

// Current gives the alerts of the last step, those most worth a look first.
// The slice is shared: it must not be changed.
func (e *Engine) Current() []Alert { return *e.current.Load() }

// Step looks at a view and gives the alerts, those most worth a look first:
// trouble by severity, state and age, then what is unknown, then what is in
// order. The slice is shared: it must not be changed.
func (e *Engine) Step(v store.View) []Alert {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := newPass(e.set, e.metrics(), v, e.series)
	p.run()
	p.worsen()
	e.series, e.now = p.after, p.now
	return e.publish()
}

// publish makes the alerts from the series and hands them out.
func (e *Engine) publish() []Alert {
	alerts := make([]Alert, 0, len(e.series))
	for _, key := range slices.Sorted(maps.Keys(e.series)) {
		s := e.series[key]
		rule, _ := e.set.Rule(s.Rule)
		alerts = append(alerts, s.alert(rule, e.now))
	}
	inhibit(alerts, e.set)
	slices.SortStableFunc(alerts, compare)
	e.current.Store(&alerts)
	return alerts
}

// Ack takes an alert on. It is refused for an alert that is in order.
func (e *Engine) Ack(key string, ack Ack) error {
	return e.change(key, func(s *series) error {
		if s.standing() == OK {
			return fmt.Errorf("acknowledge %s: it is in order", key)
		}
		*s = s.acked(&ack, ack.At)
		return nil
	})
}

// Unack gives an alert back.
func (e *Engine) Unack(key string, at time.Time) error {
	return e.change(key, func(s *series) error { *s = s.acked(nil, at); return nil })
}

// Mute silences an alert for a while, a day at most; it needs a reason.
func (e *Engine) Mute(key string, m Mute) error {
	return e.change(key, func(s *series) error {
		switch lasting := m.Until.Sub(e.now); {
		case strings.TrimSpace(m.Why) == "":
			return fmt.Errorf("mute %s: say why", key)
		case lasting <= 0 || lasting > maxMute:
			return fmt.Errorf("mute %s: until %s is not within the next 24 h", key, m.Until.UTC().Format(time.RFC3339))
		}
		*s = s.muted(&m, m.At)
		return nil
	})
}

// Unmute ends the silence.
func (e *Engine) Unmute(key string, at time.Time) error {
	return e.change(key, func(s *series) error { *s = s.muted(nil, at); return nil })
}

// change changes one series and publishes at once, without a step.
func (e *Engine) change(key string, change func(*series) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.series[key]
	if !ok {
		return fmt.Errorf("no alert %s", key)
	}
	if err := change(&s); err != nil {
		return err
	}
	e.series[key] = s
	e.publish()
	return nil
}

// inhibit marks the alerts whose trouble that of another one explains.
func inhibit(alerts []Alert, set Set) {
	for i := range alerts {
		alerts[i].Inhibited = alerts[i].Trouble() && inhibited(alerts[i], alerts, set)
	}
}

func inhibited(a Alert, alerts []Alert, set Set) bool {
	rule, _ := set.Rule(a.Rule)
	return slices.ContainsFunc(alerts, func(by Alert) bool {
		return slices.Contains(rule.InhibitedBy, by.Rule) && by.Standing() == Firing && agree(by.Labels, a.Labels)
	})
}

// agree tells whether no label says that the two series are about different
// things. Windows do not count.
func agree(a, b model.Labels) bool {
	for name, value := range a {
		if other, ok := b[name]; ok && other != value && name != windowLabel {
			return false
		}
	}
	return true
}

// compare puts what is most worth a look first.
func compare(a, b Alert) int {
	if d := place(a) - place(b); d != 0 {
		return d
	}
	if a.Trouble() {
		if d := strings.Compare(string(a.Severity), string(b.Severity)); d != 0 {
			return d
		}
		if d := slices.Index(urgency(), a.Standing()) - slices.Index(urgency(), b.Standing()); d != 0 {
			return d
		}
		if d := a.Since.Compare(b.Since); d != 0 {
			return d
		}
	}
	return strings.Compare(a.Key(), b.Key())
}

// place puts trouble before what is unknown before what is in order.
func place(a Alert) int {
	switch {
	case a.Trouble():
		return 0
	case a.State == Unknown:
		return 1
	default:
		return 2
	}
}

// urgency orders the states of trouble.
func urgency() []State { return []State{Firing, Pending, Clearing} }
