package store_test

import (
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// TestWhatWasBefore: a source that remembers fills the series up to its first
// reading, once.
func TestWhatWasBefore(t *testing.T) {
	s := store.New()
	cell := store.NewCell(s, store.AppKey("shop"), store.Source{Every: time.Second})
	now, labels := time.Now(), model.Labels{"app": "shop", "window": "1m"}
	app := func(requests int64, before ...model.Course) model.App {
		return model.App{Name: "shop", Windows: []model.AppWindow{{Window: time.Minute, Elapsed: time.Minute, Requests: requests}}, Before: before}
	}
	course := model.Course{Metric: "http.rate", Labels: labels, Points: []model.Point{{At: now.Add(-2 * time.Minute), Value: 7}, {At: now.Add(-time.Minute), Value: 8}}}
	cell.Put(app(600, course), now, 0)
	course.Points[0].Value = 99
	cell.Put(app(1200, course), now.Add(10*time.Second), 0)
	var got []float64
	for _, p := range s.View().Series("http.rate", labels, now.Add(-time.Hour)) {
		got = append(got, p.Value)
	}
	if len(got) < 3 || got[0] != 7 || got[1] != 8 || got[2] != 10 {
		t.Errorf("got %v, want 7 and 8 from before, and 10", got)
	}
}
