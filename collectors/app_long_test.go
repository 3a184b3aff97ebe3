package collectors

import (
	"slices"
	"testing"
	"time"

	"tocsin/internal/model"
)

// memory keeps what was counted, as a file would.
type memory struct{ past *AppPast }

func (m *memory) Recall() (AppPast, bool) {
	if m.past == nil {
		return AppPast{}, false
	}
	return *m.past, true
}

func (m *memory) Keep(p AppPast) { m.past = &p }

// burnOf is the burn rate of a window, or why there is none.
func burnOf(a model.App, window string) (times float64, why string) {
	for _, f := range a.Facts() {
		if f.Name == "slo.burn" && f.Labels["window"] == window {
			return f.Value, f.Why
		}
	}
	return 0, "no such fact"
}

// day serves an application that answers a hundred requests a minute, of which
// so many per cent fail.
type day struct {
	*watched
	ok, failed int
}

func (d *day) minutes(n, pct int) model.App {
	var got model.App
	for range n {
		d.ok, d.failed = d.ok+100-pct, d.failed+pct
		got = d.after(time.Minute, requestLines(d.ok, d.failed))
	}
	return got
}

func (d *day) restart(kept *memory) { d.watched = restarted(d.watched, kept) }

// restarted is another program over the same endpoint at the same time.
func restarted(w *watched, kept *memory) *watched {
	next := watch(w.T, AppOptions{Kept: kept})
	next.now = w.now
	next.app.opts.Now = func() time.Time { return next.now }
	return next
}

func TestBurn(t *testing.T) {
	d := &day{watched: watch(t, AppOptions{})}
	got := d.minutes(40, 2)
	if _, why := burnOf(got, "1h"); why != "requests are known for 39m0s of the last 1h" {
		t.Errorf("after forty minutes: %q", why)
	}
	got = d.minutes(25, 2)
	if times, why := burnOf(got, "1h"); why != "" || times < 19.9 || times > 20.1 {
		t.Errorf("2 %% of errors for an hour: %v times, %q; want 20", times, why)
	}
	if _, why := burnOf(got, "6h"); why != "requests are known for 1h4m0s of the last 6h" {
		t.Errorf("six hours: %q", why)
	}
	if times, _ := burnOf(d.minutes(6, 0), "1h"); times != 0 {
		t.Errorf("five minutes after the last error: %v times; want 0", times)
	}
	if times, why := burnOf(d.minutes(300, 1), "6h"); why != "" || times < 9.9 || times > 10.1 {
		t.Errorf("six hours, of them the last half with 1 %%: %v times, %q; want 10", times, why)
	}
	if n := len(d.app.long.ticks); n > 365 {
		t.Errorf("%d ticks are kept", n)
	}
}

// What an earlier program counted is taken up, with the growth of the counters
// since; what cannot be compared is a hole and no quiet time.
func TestBurnOverARestart(t *testing.T) {
	tests := []struct {
		name  string
		gap   time.Duration
		grown bool // the counters went on meanwhile; else they began anew
		want  string
	}{
		{"at once", time.Minute, true, ""},
		{"a while nobody watched", 20 * time.Minute, true, "requests are known for 0s of the last 5m"},
		{"the application began anew", 20 * time.Minute, false, "requests are known for 40m0s of the last 1h"},
		{"nobody watched for too long", 2 * time.Hour, true, "requests are known for 0s of the last 1h"},
		{"the clock was set back", -3 * time.Hour, true, "requests are known for 0s of the last 1h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kept := &memory{}
			d := &day{watched: watch(t, AppOptions{Kept: kept})}
			d.minutes(70, 2)
			d.restart(kept)
			if tt.grown {
				d.ok, d.failed = d.ok+98*20, d.failed+2*20
			} else {
				d.ok, d.failed = 0, 0
			}
			times, why := burnOf(d.after(tt.gap, requestLines(d.ok, d.failed)), "1h")
			if why != tt.want || tt.want == "" && (times < 19 || times > 21) {
				t.Errorf("%v times, %q; want %q", times, why, tt.want)
			}
			_, why = burnOf(d.minutes(5, 2), "1h")
			if known := tt.grown && tt.gap > 0 && tt.gap <= longestGap; known != (why == "") {
				t.Errorf("five minutes later: %q", why)
			}
		})
	}
}

// Ticks are not changed once they are handed out: they are written meanwhile.
func TestTicksThatAreKeptStay(t *testing.T) {
	kept := &memory{}
	d := &day{watched: watch(t, AppOptions{Kept: kept})}
	d.minutes(400, 1)
	before := slices.Clone(kept.past.Ticks)
	given := kept.past.Ticks
	d.minutes(3, 5)
	if !slices.Equal(before, given) {
		t.Error("they changed")
	}
}
