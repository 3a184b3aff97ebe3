package term

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/rivo/tview"
)

// frames is what a loop has drawn.
type frames struct {
	start time.Time
	at    []time.Duration
	data  []bool
}

func (f *frames) update(changed bool) {
	f.at = append(f.at, time.Since(f.start))
	f.data = append(f.data, changed)
}

// startLoop starts a loop on a full second of the bubble's clock.
func startLoop() (*Loop, *frames) {
	f := &frames{start: time.Now()}
	l := NewLoop(func(update func()) { update() }, f.update)
	l.Start()
	return l, f
}

// loopCase is what happens to a loop, and when it draws.
type loopCase struct {
	name string
	act  func(l *Loop)
	at   []time.Duration
	data []bool
}

func loopCases() []loopCase {
	const ms = time.Millisecond
	return []loopCase{
		{
			name: "the clock alone", act: func(*Loop) { <-time.After(2500 * ms) },
			at: []time.Duration{1000 * ms, 2000 * ms}, data: []bool{false, false},
		},
		{
			name: "many changes are one", act: func(l *Loop) {
				for range 500 {
					l.Changed()
				}
				<-time.After(2500 * ms)
			},
			at: []time.Duration{1000 * ms, 2000 * ms}, data: []bool{true, false},
		},
		{
			name: "at once, but four a second", act: func(l *Loop) {
				<-time.After(100 * ms)
				for range 60 {
					l.Now()
					<-time.After(10 * ms)
				}
				<-time.After(200 * ms)
			},
			at: []time.Duration{100 * ms, 350 * ms, 600 * ms, 850 * ms}, data: []bool{true, true, true, true},
		},
		{
			name: "a tick during the pause is drawn after it", act: func(l *Loop) {
				<-time.After(900 * ms)
				l.Now()
				<-time.After(1400 * ms)
			},
			at: []time.Duration{900 * ms, 1150 * ms, 2000 * ms}, data: []bool{true, false, false},
		},
		{
			name: "a dropped frame is no news", act: func(l *Loop) {
				<-time.After(300 * ms)
				l.again()
				<-time.After(300 * ms)
			},
			at: []time.Duration{300 * ms}, data: []bool{false},
		},
		{
			name: "a dropped frame may be the answer to a key, and waits for no other", act: func(l *Loop) {
				<-time.After(1010 * ms)
				l.again()
				<-time.After(10 * ms)
				l.Now()
				<-time.After(300 * ms)
			},
			at: []time.Duration{1000 * ms, 1010 * ms, 1250 * ms}, data: []bool{false, false, true},
		},
	}
}

func TestLoopDraws(t *testing.T) {
	for _, tt := range loopCases() {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, f := startLoop()
				tt.act(l)
				if !l.Stop(time.Second) {
					t.Error("did not stop")
				}
				if diff := cmp.Diff(tt.at, f.at); diff != "" {
					t.Errorf("frames (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.data, f.data); diff != "" {
					t.Errorf("changed (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestLoopStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		l := NewLoop(func(func()) { <-stuck }, nil)
		l.Start()
		l.Now()
		synctest.Wait()
		begin := time.Now()
		if l.Stop(200 * time.Millisecond) {
			t.Error("a loop whose event loop is stuck: Stop got true, want false")
		}
		if took := time.Since(begin); took != 200*time.Millisecond {
			t.Errorf("Stop took %v, want 200ms", took)
		}
		for range 1000 { // callers never block, nothing piles up
			l.Changed()
			l.Now()
		}
		close(stuck)
		for range 2 {
			if !l.Stop(time.Second) {
				t.Error("Stop again: got false, want true")
			}
		}
	})
	if l := NewLoop(nil, nil); !l.Stop(0) {
		t.Error("Stop before Start: got false, want true")
	}
}

// TestLoopDrivesTview runs tview's own event loop on a simulated screen.
func TestLoopDrivesTview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		under := tcell.NewSimulationScreen("UTF-8")
		if err := under.Init(); err != nil {
			t.Fatal(err)
		}
		view := tview.NewTextView()
		app := tview.NewApplication().SetScreen(NewScreen(under, false, true)).SetRoot(view, true)
		l := NewLoop(func(update func()) { app.QueueUpdateDraw(update) }, func(bool) {
			view.SetText(time.Now().UTC().Format("15:04:05Z"))
		})
		done := make(chan error)
		go func() { done <- app.Run() }()
		l.Start()
		<-time.After(3500 * time.Millisecond)
		synctest.Wait()
		if got, want := readText(under, 9), time.Now().UTC().Truncate(time.Second).Format("15:04:05Z"); got != want {
			t.Errorf("clock: got %q, want %q", got, want)
		}
		if !l.Stop(time.Second) {
			t.Error("did not stop")
		}
		app.Stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// readText returns the first n cells of the first line.
func readText(screen tcell.Screen, n int) string {
	s := ""
	for x := range n {
		text, _, _ := screen.Get(x, 0)
		s += text
	}
	return s
}
