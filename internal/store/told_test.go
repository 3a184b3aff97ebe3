package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func TestAFailureTellsItsOwnFacts(t *testing.T) {
	s := store.New()
	cell := store.NewCell(s, store.ConnectionsKey(), store.Source{Every: time.Second})
	cell.Put(model.Connections{Max: 10, Clients: 4}, time.Now(), 0)
	if told := s.View().Sources()[0].Told; told != nil {
		t.Errorf("a good reading: got %v", told)
	}
	cell.Fail(&model.Fail{Class: model.Down, Text: "refused"}, time.Now(), 0)
	cell.Fail(&model.Fail{Class: model.Down, Text: "refused"}, time.Now(), 0)
	want := []model.Fact{model.Known("db.down", 2, model.None, nil).Saying("down: did not answer 2 times")}
	if diff := cmp.Diff(want, s.View().Sources()[0].Told); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if f, _, ok := store.Fact(s.View(), "db.down", nil); !ok || f.Value != 2 {
		t.Errorf("got %v, %t", f, ok)
	}
	if f, _, ok := store.Fact(s.View(), "db.connections.clients", nil); !ok || f.Value != 4 {
		t.Errorf("the last good value is gone: got %v, %t", f, ok)
	}
}

func TestOnlyFailuresOfOneClassAddUp(t *testing.T) {
	tests := []struct {
		name    string
		classes []model.Class
		want    int
	}{
		{"one class", []model.Class{model.Down, model.Down, model.Down}, 3},
		{"denied before", []model.Class{model.Denied, model.Denied, model.Denied, model.Down}, 1},
		{"stuck, then ended", []model.Class{model.Down, model.Stuck, model.Down}, 2},
		{"stuck each time", []model.Class{model.Stuck, model.Down, model.Stuck, model.Down, model.Stuck, model.Down}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := store.New()
			cell := store.NewCell(s, store.ConnectionsKey(), store.Source{Every: time.Second})
			for _, class := range tt.classes {
				cell.Fail(&model.Fail{Class: class, Text: "no"}, time.Now(), 0)
			}
			if f, _, ok := store.Fact(s.View(), "db.down", nil); !ok || f.Value != float64(tt.want) {
				t.Errorf("db.down is %v, want %d", f.Value, tt.want)
			}
		})
	}
}
