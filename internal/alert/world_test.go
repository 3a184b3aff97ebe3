package alert

import (
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// world is a view whose clock, sources and points a test sets.
type world struct {
	now     time.Time
	sources []store.Status
	samples map[string]any
	points  map[string][]model.Point
}

func newWorld() *world {
	return &world{
		now:     time.Date(2026, 11, 23, 3, 12, 44, 0, time.UTC),
		samples: map[string]any{}, points: map[string][]model.Point{},
	}
}

func (w *world) Now() time.Time          { return w.now }
func (w *world) Sources() []store.Status { return w.sources }

func (w *world) Sample(name string) (any, bool) {
	got, ok := w.samples[name]
	return got, ok
}

func (w *world) Series(metric string, labels model.Labels, from time.Time) []model.Point {
	var out []model.Point
	for _, p := range w.points[metric+labels.String()] {
		if !p.At.Before(from) && !p.At.After(w.now) {
			out = append(out, p)
		}
	}
	return out
}

// put publishes a good reading of now.
func put[T store.Snapshot](w *world, key store.Key[T], value T) {
	w.samples[key.Name] = store.Sample[T]{Value: value, At: w.now}
	w.set(store.Status{Name: key.Name, Group: group(key.Name), Every: 5 * time.Second, State: store.OK, At: w.now, Facts: value.Facts()})
}

// fail publishes a failure; the value before it stays. The sample of a key
// that was never put stays pending.
func fail[T store.Snapshot](w *world, key store.Key[T], f model.Fail) {
	sample, _ := w.samples[key.Name].(store.Sample[T])
	sample.Fail = &f
	w.samples[key.Name] = sample
	status := store.Status{
		Name: key.Name, Group: group(key.Name), Every: 5 * time.Second, State: store.Error,
		At: sample.At, Fail: &f,
	}
	if !sample.At.IsZero() {
		status.Facts = sample.Value.Facts()
	}
	if f.Class == model.Down {
		switch key.Name {
		case store.ConnectionsKey().Name:
			status.Told = model.Connections{}.FailFacts(&f)
		case store.RedisKey().Name:
			status.Told = model.Redis{}.FailFacts(&f)
		}
	}
	for _, told := range status.Told {
		kept := []model.Fact{told}
		for _, fact := range status.Facts {
			if fact.Name != told.Name {
				kept = append(kept, fact)
			}
		}
		status.Facts = kept
	}
	w.set(status)
}

func group(name string) string {
	if len(name) > 3 && name[:3] == "pg." {
		return "postgres"
	}
	return ""
}

func (w *world) set(status store.Status) {
	for i := range w.sources {
		if w.sources[i].Name == status.Name {
			w.sources[i] = status
			return
		}
	}
	w.sources = append(w.sources, status)
}

// remove takes a source away, as a changed configuration does.
func (w *world) remove(name string) {
	for i := range w.sources {
		if w.sources[i].Name == name {
			w.sources = append(w.sources[:i:i], w.sources[i+1:]...)
			break
		}
	}
	delete(w.samples, name)
}

// history gives a metric one value up to an instant and another one since, a
// point every ten seconds for half an hour.
func (w *world) history(metric string, labels model.Labels, before, since float64, turn time.Time) {
	var points []model.Point
	for at := w.now.Add(-30 * time.Minute); !at.After(w.now); at = at.Add(10 * time.Second) {
		value := before
		if !at.Before(turn) {
			value = since
		}
		points = append(points, model.Point{At: at, Value: value})
	}
	w.points[metric+labels.String()] = points
}

// pick finds an alert by its key.
func pick(t *testing.T, alerts []Alert, key string) Alert {
	t.Helper()
	for _, a := range alerts {
		if a.Key() == key {
			return a
		}
	}
	t.Fatalf("no alert %s among %d", key, len(alerts))
	return Alert{}
}

func ptr[T any](v T) *T { return &v }
