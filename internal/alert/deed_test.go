package alert

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func TestWhatHelpedIsNotOfferedAgain(t *testing.T) {
	const summary = "web gives content that is 1m20s old, 20s is allowed: purge page:*"
	tests := []struct {
		name   string
		deed   Deed
		before float64 // seconds over what is allowed, at the deed
		want   string
	}{
		{"falling", Deed{Action: "cache.purge", Args: map[string]string{"prefix": "page:"}}, 200, ", done 25s ago: wait"},
		{"as it was", Deed{Action: "cache.purge", Args: map[string]string{"prefix": "page:"}}, 60, ", done 25s ago: wait"},
		{"worse again", Deed{Action: "cache.purge", Args: map[string]string{"prefix": "page:"}}, 40, ""},
		{"another prefix", Deed{Action: "cache.purge", Args: map[string]string{"prefix": "cart:"}}, 200, ""},
		{"another action", Deed{Action: "cdn.purge", Args: map[string]string{"prefix": "page:"}}, 200, ""},
		{"long ago", Deed{Action: "cache.purge", Args: map[string]string{"prefix": "page:"}, At: time.Unix(1, 0)}, 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			calm(w)
			stale(w, "page:*")
			if tt.deed.At.IsZero() {
				tt.deed.At = w.now.Add(-25 * time.Second)
			}
			w.history("cache.stale", model.Labels{"service": "web"}, tt.before, 60, w.now.Add(-10*time.Second))
			got := Diagnose(w, New(Defaults()).Step(w), tt.deed)
			if got.Summary != summary+tt.want || (got.Action == "") != (tt.want != "") {
				t.Errorf("got %q with %q", got.Summary, got.Action)
			}
		})
	}
}

func TestNoSuspectNamesWhatHelped(t *testing.T) {
	w := newWorld()
	calm(w)
	deeds := []Deed{{Text: "Purge cache cart:", At: w.now.Add(-time.Minute)}, {Text: "Purge cache promo:", At: w.now.Add(-45 * time.Second)}}
	if got := Diagnose(w, New(Defaults()).Step(w), deeds...).Summary; !strings.HasSuffix(got, "over its threshold; Purge cache promo: helped 45s ago") {
		t.Errorf("got %q", got)
	}
}

// What is critical and not over for long enough comes before this machine.
func TestAClearingAlertComesBeforeThisMachine(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	calm(w)
	errorsSince(w, 15.6, time.Hour)
	stepped(w, e, 2*time.Minute)
	requests(w, 0.2, 50*time.Millisecond)
	put(w, store.HostKey(), model.Host{CPU: ptr(99.0), MemTotal: 100, MemFree: 60})
	w.history("host.cpu", nil, 20, 99, w.now.Add(-2*time.Minute))
	got := Diagnose(w, e.Step(w))
	if !strings.HasPrefix(got.Summary, "no suspect: http.error_rate") || !strings.Contains(got.Summary, "is fine again") || got.Level != Critical {
		t.Errorf("got %q, %s", got.Summary, got.Level)
	}
}
