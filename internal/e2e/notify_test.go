package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"tocsin/internal/testkit"
)

// hook is a chat's webhook, which may be out of reach.
type hook struct {
	mu    sync.Mutex
	down  bool
	tried int
	told  []string
}

// ServeHTTP implements http.Handler.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried++
	if h.down {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	var body struct{ Text string }
	if err := json.NewDecoder(r.Body).Decode(&body); err == nil {
		h.told = append(h.told, body.Text)
	}
	_, _ = io.WriteString(w, "ok")
}

func (h *hook) set(down bool) { h.mu.Lock(); defer h.mu.Unlock(); h.down = down }

func (h *hook) tries() int { h.mu.Lock(); defer h.mu.Unlock(); return h.tried }

// about counts what was told with these parts in it.
func (h *hook) about(parts ...string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return counted(h.told, parts)
}

func counted(lines, parts []string) int {
	n := 0
	for _, line := range lines {
		if containsAll(line, parts) {
			n++
		}
	}
	return n
}

// TestNotify loses the database under two dashboards, of which the one that
// tells is killed while the chat is out of reach: the other delivers what waits.
// Whoever listens hears of the trouble once, and once of its end.
func TestNotify(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	chat := &hook{down: true}
	server := httptest.NewServer(chat)
	t.Cleanup(server.Close)
	heard := filepath.Join(t.TempDir(), "heard")
	w.env = append(w.env, "TOCSIN_TEST_HOOK="+server.URL+"/services/T0/B0")
	w.configure(fmt.Sprintf("    notify:\n      - {name: chat, webhook: {env: TOCSIN_TEST_HOOK}}\n      - {name: pager, command: [tee, -a, %q]}\n", heard))

	until := func(what string, holds func() bool) {
		testkit.Until(t, limit, what, func(context.Context) bool { return holds() })
	}

	first := w.dashboard(160, 48)
	first.WaitFor("no suspect", limit)
	second := w.dashboard(80, 24)
	second.WaitFor("no suspect", limit)
	w.post("/postgres/stop")
	down := []string{"db.down", "P0"}
	until("the pager to be told, and the chat to have been tried", func() bool {
		return counted(w.delivered(heard), down) == 1 && chat.tries() > 0 && w.waiting("pager") == 0 && w.waiting("chat") > 0
	})
	first.Signal(syscall.SIGKILL)
	first.Wait(limit)
	chat.set(false)
	until("the chat to hear of it from the other", func() bool { return chat.about(down...) == 1 && w.waiting("chat") == 0 })
	w.post("/postgres/start")
	over := []string{"db.down", "is over after"}
	until("both to hear of its end", func() bool {
		return chat.about(over...) == 1 && counted(w.delivered(heard), over) == 1
	})
	if n, m := chat.about(down...), counted(w.delivered(heard), []string{`"trigger"`, `"db.down"`, `"group":"db"`}); n != 1 || m != 1 {
		t.Errorf("the chat was told %d times and the pager %d times, want once: %q", n, m, chat.told)
	}
	if strings.Contains(read(t, w.notices()), "/services/T0/B0") {
		t.Error("the secret of the webhook is on disk")
	}
}

// configure adds to the target of the world's configuration.
func (w *world) configure(text string) {
	w.t.Helper()
	before, after, found := strings.Cut(read(w.t, w.config), "  demo:\n")
	if !found {
		w.t.Fatal("the configuration has no target demo")
	}
	must(w.t, os.WriteFile(w.config, []byte(before+"  demo:\n"+text+after), 0o600))
}

// delivered are the lines that a command was given; none before the first.
func (w *world) delivered(path string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// notices is the file of what was told and what waits.
func (w *world) notices() string {
	found, err := filepath.Glob(filepath.Join(w.stateDir(), "*", "notify.json"))
	if err != nil || len(found) != 1 {
		return ""
	}
	return found[0]
}

// waiting counts what waits for a channel, by the disk; -1 before there is any.
func (w *world) waiting(channel string) int {
	text, err := os.ReadFile(w.notices())
	if err != nil {
		return -1
	}
	var kept struct{ Waiting map[string][]json.RawMessage }
	if json.Unmarshal(text, &kept) != nil {
		return -1
	}
	return len(kept.Waiting[channel])
}
