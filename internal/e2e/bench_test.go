package e2e_test

import (
	"flag"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/process"

	"tocsin/internal/testkit"
)

var span = flag.Duration("span", time.Minute, "how long BenchmarkMinute looks at each program")

// settled is how long a program runs before it is measured: the first frame
// and the first round of reads are not part of a minute's cost.
const settled = 5 * time.Second

// program is something to compare: the dashboard, or the least that a
// dashboard can cost.
type program struct {
	name  string
	start func(testing.TB) *testkit.Terminal
	shows string // when its first frame is whole
}

// programs are the dashboard on a demo world, and beside it a clock and twenty
// changing numbers: on what the dashboard draws with, and on tview alone.
func programs(b *testing.B) []program {
	w := startWorld(b)
	floor := filepath.Join(b.TempDir(), "floor")
	build := exec.Command("go", "build", "-o", floor, "./testdata/floor")
	build.Env = append(w.env, "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v: %s", err, out)
	}
	least := func(args ...string) func(testing.TB) *testkit.Terminal {
		return func(t testing.TB) *testkit.Terminal {
			cmd := exec.Command(floor, args...)
			cmd.Env = w.env
			return testkit.Start(t, cmd, 160, 48)
		}
	}
	dashboard := func(t testing.TB) *testkit.Terminal { w.t = t; return w.dashboard(160, 48) }
	return []program{
		{"dashboard", dashboard, "q quit"},
		{"floor", least(), "item 39.5"},
		{"stock", least("stock"), "item 39.5"},
	}
}

// BenchmarkStart reports the time from the start of the process to its first
// frame, which comes before any source was read: the median of ten starts.
func BenchmarkStart(b *testing.B) {
	for _, p := range programs(b) {
		b.Run(p.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				for range 10 {
					took = append(took, p.firstFrame(b))
				}
			}
			reportTimes(b, took)
		})
	}
}

// firstFrame starts the program, ends it, and returns how long its first frame
// took.
func (p program) firstFrame(b *testing.B) time.Duration {
	began := time.Now()
	terminal := p.start(b)
	terminal.WaitFor(p.shows, limit)
	took := terminal.Arrived().Sub(began)
	terminal.Keys("\x03")
	terminal.Wait(limit)
	return took
}

// reportTimes reports the middle and the longest of durations.
func reportTimes(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(took[len(took)/2]), "ms-median")
	b.ReportMetric(ms(took[len(took)-1]), "ms-longest")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkMinute reports what a minute costs: processor seconds, the resident
// memory at its end, and the bytes that went to the terminal each second.
func BenchmarkMinute(b *testing.B) {
	for _, p := range programs(b) {
		b.Run(p.name, func(b *testing.B) {
			terminal := p.start(b)
			terminal.WaitFor(p.shows, limit)
			wait(b, settled)
			before := costOf(b, terminal)
			for b.Loop() {
				wait(b, *span)
			}
			after := costOf(b, terminal)
			seconds := after.at.Sub(before.at).Seconds()
			b.ReportMetric((after.cpu-before.cpu)*60/seconds, "cpu-s/min")
			b.ReportMetric(float64(after.resident)/(1<<20), "MB-resident")
			b.ReportMetric(float64(after.sent-before.sent)/seconds, "B/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkHungDatabase reports how soon keys are answered while every process
// of the database server is stopped.
func BenchmarkHungDatabase(b *testing.B) {
	w := startWorld(b)
	screen := w.dashboard(160, 48)
	w.hang(screen)
	var took []time.Duration
	for b.Loop() {
		for _, p := range presses() {
			took = append(took, p.on(screen))
		}
	}
	reportTimes(b, took)
	w.post("/postgres/resume")
}

// BenchmarkStalledTerminal reports what half a minute on a terminal that takes
// nothing does to the dashboard.
func BenchmarkStalledTerminal(b *testing.B) {
	w := startWorld(b)
	screen := w.dashboard(160, 48)
	screen.WaitFor("no suspect", limit)
	for b.Loop() {
		s := w.stall(screen, 45) // three reads in two seconds
		b.ReportMetric(s.lasted.Seconds(), "s-stalled")
		b.ReportMetric(float64(s.grown)/(1<<20), "MB-grown")
		b.ReportMetric(float64(s.threads), "threads-more")
		b.ReportMetric(float64(s.answered.Microseconds())/1000, "ms-first-key")
	}
	b.ReportMetric(0, "ns/op")
}

// wait lets a program run.
func wait(t testing.TB, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// cost is what a program has used so far.
type cost struct {
	at       time.Time
	cpu      float64 // seconds
	resident uint64  // bytes
	threads  int32
	sent     int // bytes to the terminal
}

func costOf(t testing.TB, terminal *testkit.Terminal) cost {
	t.Helper()
	p, err := process.NewProcess(int32(terminal.PID()))
	must(t, err)
	times, err := p.Times()
	must(t, err)
	memory, err := p.MemoryInfo()
	must(t, err)
	threads, err := p.NumThreads()
	must(t, err)
	return cost{time.Now(), times.User + times.System, memory.RSS, threads, len(terminal.Output())}
}
