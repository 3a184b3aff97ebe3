package demo_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tocsin/internal/demo"
)

// running is a world under test.
type running struct {
	demo.World
	t     *testing.T
	admin *pgxpool.Pool
}

// start runs a world until the test ends, and checks that it ended well.
func start(t *testing.T, opts demo.Options) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan demo.World, 1)
	ended := make(chan error, 1)
	began := time.Now()
	opts.Registry = t.TempDir()
	opts.Progress = func(text string) { t.Logf("%5d ms  %s", time.Since(began).Milliseconds(), text) }
	opts.Ready = func(w demo.World) { ready <- w }
	go func() { ended <- demo.Run(ctx, opts) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the world ended with: %v", err)
		}
	})
	select {
	case w := <-ready:
		t.Logf("%5d ms  ready", time.Since(began).Milliseconds())
		admin, err := pgxpool.New(t.Context(), w.DSN)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(admin.Close)
		return &running{World: w, t: t, admin: admin}
	case err := <-ended:
		ended <- nil
		t.Fatalf("the world did not come up: %v", err)
	}
	return nil
}

// number runs a query that gives one number.
func (r *running) number(sql string, args ...any) float64 {
	r.t.Helper()
	var n float64
	if err := r.admin.QueryRow(r.t.Context(), sql, args...).Scan(&n); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// control asks the control address and returns the status and the state.
func (r *running) control(method, path string) (int, demo.State) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.ControlURL+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.ControlToken)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		r.t.Logf("%s %s: %s", method, path, body)
	}
	var state demo.State
	if err := json.Unmarshal(body, &state); err != nil {
		r.t.Fatalf("%s %s: %v: %s", method, path, err, body)
	}
	return answer.StatusCode, state
}

func (r *running) state() demo.State {
	r.t.Helper()
	_, state := r.control(http.MethodGet, "/state")
	return state
}

// breaks starts a fault and checks that a second start is refused.
func (r *running) breaks(name string) {
	r.t.Helper()
	if code, _ := r.control(http.MethodPost, "/fault/"+name); code != http.StatusOK {
		r.t.Fatalf("start %s: status %d", name, code)
	}
	if code, _ := r.control(http.MethodPost, "/fault/"+name); code != http.StatusConflict {
		r.t.Errorf("second start of %s: status %d, want 409", name, code)
	}
	if got := r.state().Faults; !slices.Equal(got, []string{name}) {
		r.t.Errorf("faults = %v, want %s alone", got, name)
	}
}

// mended waits until the world itself finds nothing broken.
func (r *running) mended() {
	r.t.Helper()
	waitFor(r.t, "the fault to end", func() bool { return len(r.state().Faults) == 0 })
}

// errorShare is the share of answers with a 5xx among the next 100 requests.
func (r *running) errorShare() float64 {
	r.t.Helper()
	before := r.state()
	var after demo.State
	waitFor(r.t, "100 requests", func() bool {
		after = r.state()
		return after.Requests >= before.Requests+100
	})
	return float64(after.Errors-before.Errors) / float64(after.Requests-before.Requests)
}

// waitFor polls a condition of the real world for at most 20 seconds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	waitWithin(t, 20*time.Second, what, holds)
}

func waitWithin(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}
