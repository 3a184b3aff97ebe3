package cli

import (
	"slices"
	"testing"

	"tocsin/actions"
	"tocsin/internal/sched"
)

func TestDoLineIsWhatAShellTakes(t *testing.T) {
	c := &command{config: "my file.yaml", target: "prod"}
	got := doLine(c.invocation(), "pg.terminate", map[string]string{"pid": "4711", "backend_start": "2026-11-23T03:04:02.5Z", "note": "it's"})
	want := `tocsin --config 'my file.yaml' --target prod do pg.terminate backend_start=2026-11-23T03:04:02.5Z note='it'\''s' pid=4711`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOnlyTheMeasuredSourcesAreRead(t *testing.T) {
	p := &program{}
	for _, name := range []string{"pg.connections", "pg.activity", "pg.tables", "app.shop", "app.admin", "host"} {
		p.jobs = append(p.jobs, sched.Job{Name: name})
	}
	tests := []struct {
		name    string
		metrics []string
		want    []string
	}{
		{"none", nil, nil},
		{"one", []string{"db.dead_tuples.pct"}, []string{"pg.tables"}},
		{"all applications", []string{"http.p95", "http.error_rate"}, []string{"app.shop", "app.admin"}},
		{"unheard of", []string{"no.such.metric"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var measures []actions.Measure
			for _, m := range tt.metrics {
				measures = append(measures, actions.Measure{Metric: m})
			}
			var got []string
			for _, j := range p.jobsFor(measures) {
				got = append(got, j.Name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
