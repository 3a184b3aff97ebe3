package collectors

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
)

func TestCommandDeployments(t *testing.T) {
	const list = `[{"id":"b2","name":"v2","state":"READY","created":"2026-01-02T03:04:05Z","live":true},{"id":"b1","candidate":true}]`
	tests := []struct {
		name  string
		argv  []string
		want  []model.Deployment
		class model.Class
	}{
		{name: "a list", argv: []string{"/bin/sh", "-c", "echo '" + list + "'"}, want: []model.Deployment{
			{ID: "b2", Name: "v2", State: "READY", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Live: true},
			{ID: "b1", Name: "b1", Candidate: true},
		}},
		{name: "a list with much said beside it", argv: []string{"/bin/sh", "-c", "head -c 100000 /dev/zero >&2 && echo '[]'"}},
		{name: "no list", argv: []string{"/bin/sh", "-c", "echo hello"}, class: model.Protocol},
		{name: "a failure", argv: []string{"/bin/sh", "-c", "echo no such project >&2; exit 3"}, class: model.Broken},
		{name: "no such program", argv: []string{"/nonexistent/list"}, class: model.Broken},
		{name: "output without end", argv: []string{"/bin/sh", "-c", "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done"}, class: model.Protocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := CommandDeployments{Name: "shop", Argv: tt.argv}.Collect(t.Context())
			if tt.class != "" {
				if fail := model.FailOf(err); fail == nil || fail.Class != tt.class {
					t.Fatalf("error = %v, want class %s", err, tt.class)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got.Rows); err != nil || diff != "" {
				t.Errorf("rows: %v (-want +got):\n%s", err, diff)
			}
		})
	}
	_, err := CommandDeployments{Argv: []string{"/bin/sh", "-c", "echo no such project >&2; exit 3"}}.Collect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no such project") {
		t.Errorf("error = %v, want what the command said", err)
	}
}
