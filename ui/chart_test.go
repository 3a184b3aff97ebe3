package ui

import (
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func TestChartMarks(t *testing.T) {
	s := store.New()
	now := time.Now()
	deploys := store.NewCell(s, store.DeploymentsKey(), store.Source{Every: time.Second})
	deploys.Put(model.Deployments{Rows: []model.Deployment{
		{Name: "v4", State: "READY", Ready: now.Add(-60 * time.Second)}, {Name: "v3", State: "READY", Ready: now.Add(-2 * time.Hour)},
		{Name: "bad", State: "ERROR", Ready: now.Add(-100 * time.Second)},
	}}, now, 0)
	line := timeline{first: now.Add(-200 * time.Second), step: 5 * time.Second, width: 40}
	tests := []struct {
		name string
		past []Event
		want string
	}{
		{"a build", nil, "                          v4▴"},
		{"an action after it", []Event{{At: now.Add(-20 * time.Second), Mark: "purge"}}, "                          v4▴  purge▴"},
		{"an action that touches it", []Event{{At: now.Add(-40 * time.Second), Mark: "rollback"}}, "                          v4▴   ▴"},
		{"an action that has room on its right", []Event{{At: now.Add(-40 * time.Second), Mark: "vacuum"}}, "                          v4▴   ▴vacuum"},
		{"an action in its cell", []Event{{At: now.Add(-60 * time.Second), Mark: "purge"}}, "                          v4▴"},
		{"two actions", []Event{{At: now.Add(-100 * time.Second), Mark: "purge"}, {At: now.Add(-90 * time.Second), Mark: "cancel"}}, "               purge▴ ▴   v4▴"},
		{"before the chart", []Event{{At: now.Add(-time.Hour), Mark: "purge"}}, "                          v4▴"},
		{"at its left end", []Event{{At: now.Add(-199 * time.Second), Mark: "purge"}}, "▴purge                    v4▴"},
		{"what is no action", []Event{{At: now.Add(-20 * time.Second), Text: "redis is back"}}, "                          v4▴"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := chartMarks(In{View: s.View(), Past: tt.past}, line, 1); got != tt.want {
				t.Errorf("got\n%q, want\n%q", got, tt.want)
			}
		})
	}
}
