package incident

import (
	"testing"
	"time"
)

// What has fired for long, or began after the opening, does not say when an
// incident began; its cause does, and a person before all.
func TestBegan(t *testing.T) {
	t.Parallel()
	said := began.Add(-2 * time.Hour)
	for _, tt := range []struct {
		name  string
		cause string
		said  *time.Time
		rule  string
		since time.Duration
		want  time.Duration
	}{
		{"a short while before", "", nil, "http.p95", -3 * time.Minute, -3 * time.Minute},
		{"for days", "", nil, "host.disk.used", -50 * time.Hour, 0},
		{"for days, and the cause", "host.disk.used", nil, "host.disk.used", -50 * time.Hour, -50 * time.Hour},
		{"after the opening", "", nil, "http.p95", time.Minute, 0},
		{"as somebody said", "http.p95", &said, "http.p95", -3 * time.Minute, -2 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := folder(t)
			o := slow()
			o.Cause, o.Began = tt.cause, tt.said
			id := opened(t, f, o)
			put(t, f, id, AlertSeen{Rule: tt.rule, State: "firing", Since: began.Add(tt.since)})
			if got := state(t, f, id).Began().Sub(began); got != tt.want {
				t.Errorf("began %s from the opening, want %s", got, tt.want)
			}
		})
	}
}
