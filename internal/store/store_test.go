package store

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
)

// pair is a snapshot of which a failed read is a fact.
type pair struct{ A, B float64 }

func (p pair) Facts() []model.Fact {
	return []model.Fact{model.Known("pair.a", p.A, model.None, nil), model.Known("pair.down", 0, model.None, nil)}
}

func (pair) FailFacts(f *model.Fail) []model.Fact {
	return []model.Fact{model.Known("pair.down", float64(f.Attempts), model.None, nil)}
}

func pairKey() Key[pair] { return Key[pair]{Name: "pair", Version: 1} }

func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		cell := NewCell(s, pairKey(), Source{Every: time.Second})
		state := func() State { return s.View().Sources()[0].State }
		want := func(step string, wanted State) {
			t.Helper()
			if got := state(); got != wanted {
				t.Errorf("%s: %s, want %s", step, got, wanted)
			}
		}
		want("before the first read", Pending)
		cell.Put(pair{A: 1}, time.Now(), time.Millisecond)
		want("after a read", OK)
		<-time.After(4 * time.Second)
		want("after three intervals without one", Stale)
		cell.Fail(&model.Fail{Class: model.Down, Text: "refused"}, time.Now(), 0)
		want("after a failure", Error)
		cell.Fail(&model.Fail{Class: model.Unconfigured}, time.Now(), 0)
		want("without a configuration", Unconfigured)
		cell.Put(pair{A: 2}, time.Now(), 0)
		want("after it came back", OK)
	})
}

func TestAFailureKeepsTheValueAndCountsAttempts(t *testing.T) {
	s := New()
	cell := NewCell(s, pairKey(), Source{Every: time.Second})
	at := time.Now()
	cell.Put(pair{A: 7}, at, time.Millisecond)
	for range 3 {
		cell.Fail(&model.Fail{Class: model.Down, Text: "refused"}, at.Add(time.Second), 0)
	}
	got, ok := Get(s.View(), pairKey())
	if !ok || got.Value.A != 7 || !got.At.Equal(at) {
		t.Errorf("sample = %+v, want the last good value with its time", got)
	}
	if got.Fail.Attempts != 3 || !got.Fail.Since.Equal(at.Add(time.Second)) {
		t.Errorf("fail = %+v, want 3 attempts since the first failure", got.Fail)
	}
	down, _, ok := Fact(s.View(), "pair.down", nil)
	if !ok || down.Value != 3 {
		t.Errorf("pair.down = %+v, want 3: a failure is evidence", down)
	}
	if a, _, ok := Fact(s.View(), "pair.a", nil); !ok || a.Value != 7 {
		t.Errorf("pair.a = %+v, want the last value", a)
	}
}

func TestAViewDoesNotChange(t *testing.T) {
	s := New()
	cell := NewCell(s, pairKey(), Source{Every: time.Second})
	cell.Put(pair{A: 1}, time.Now(), 0)
	v := s.View()
	cell.Put(pair{A: 2}, time.Now().Add(time.Minute), 0)
	if got, _ := Get(v, pairKey()); got.Value.A != 1 {
		t.Errorf("the view moved on to %v", got.Value.A)
	}
	if points := v.Series("pair.a", nil, time.Time{}); len(points) != 1 {
		t.Errorf("the view has %d points, want the one it was taken with", len(points))
	}
}

func TestManyWritesAreOneSignal(t *testing.T) {
	var told []string
	s := New(func(name string) { told = append(told, name) })
	cell := NewCell(s, pairKey(), Source{Every: time.Second})
	for range 5 {
		cell.Put(pair{}, time.Now(), 0)
	}
	<-s.Changed()
	select {
	case <-s.Changed():
		t.Error("a second signal without a write between")
	default:
	}
	if diff := cmp.Diff([]string{"pair", "pair", "pair", "pair", "pair"}, told); diff != "" {
		t.Errorf("watchers (-want +got):\n%s", diff)
	}
}

func TestSeriesAreBounded(t *testing.T) {
	s := newSeries()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 2 * pointsKept {
		at := start.Add(time.Duration(i) * pointEvery)
		s.add(at, []model.Fact{model.Known("m", float64(i), model.None, nil)})
		s.add(at.Add(time.Second), []model.Fact{model.Known("m", -1, model.None, nil)})
	}
	points := s.between("m", nil, time.Time{}, start.Add(time.Hour*24))
	if len(points) != pointsKept || points[0].Value != pointsKept || points[len(points)-1].Value != 2*pointsKept-1 {
		t.Errorf("%d points from %v to %v, want the newest %d in order", len(points), points[0], points[len(points)-1], pointsKept)
	}
	for i := range 10 * seriesPerMetric {
		s.add(start, []model.Fact{model.Known("t", 1, model.None, model.Labels{"table": fmt.Sprint(i)})})
	}
	if n := len(s.rings["t"]); n != seriesPerMetric {
		t.Errorf("%d series of one metric, want %d", n, seriesPerMetric)
	}
	later := start.Add(time.Hour) // the tables of then are gone
	s.add(later, []model.Fact{model.Known("t", 2, model.None, model.Labels{"table": "new"})})
	if got := s.between("t", model.Labels{"table": "new"}, later, later); len(got) != 1 {
		t.Errorf("a new table has %d points: the dropped ones keep their places", len(got))
	}
}

func TestGetWantsTheRightType(t *testing.T) {
	s := New()
	NewCell(s, pairKey(), Source{})
	if _, ok := Get(s.View(), HostKey()); ok {
		t.Error("a source that is not there was found")
	}
	if _, ok := Get(s.View(), Key[model.Host]{Name: "pair"}); ok {
		t.Error("a source of another type was found")
	}
}

func TestASourceThatFailsOrRecoversIsNews(t *testing.T) {
	s := New()
	cell := NewCell(s, pairKey(), Source{Every: time.Second})
	turned := func() bool {
		select {
		case <-s.Turned():
			return true
		default:
			return false
		}
	}
	fail := func(c model.Class) func() {
		return func() { cell.Fail(&model.Fail{Class: c}, time.Now(), 0) }
	}
	good := func() { cell.Put(pair{}, time.Now(), 0) }
	steps := []struct {
		name string
		do   func()
		want bool
	}{
		{"the first value", good, false},
		{"another value", good, false},
		{"a failure", fail(model.Down), true},
		{"the same failure", fail(model.Down), false},
		{"another class of failure", fail(model.Denied), true},
		{"a recovery", good, true},
	}
	for _, step := range steps {
		step.do()
		if got := turned(); got != step.want {
			t.Errorf("%s: turned %t, want %t", step.name, got, step.want)
		}
	}
}
