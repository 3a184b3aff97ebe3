package cli

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/internal/testkit"
)

// Two dashboards over one target on one machine tell once; the state folder says
// who does, and what was told.
func TestTwoDashboardsTellOnce(t *testing.T) {
	t.Setenv("TOCSIN_TEST_KEY", "0123456789abcdef0123456789abcdef")
	var mu sync.Mutex
	var got []string
	base, _ := testkit.Counted(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		for _, kind := range []string{"trigger", "resolve"} {
			if strings.Contains(string(body), `"event_action":"`+kind+`"`) {
				got = append(got, kind)
			}
		}
	})
	told := func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(got, " ")
	}
	dir := t.TempDir()
	open := func() *program {
		p := &program{state: folder{root: dir, dir: dir}, store: store.New(), target: config.Target{Name: "prod", Notify: []config.Notify{
			{Name: "duty", PagerDuty: &config.SecretRef{Env: "TOCSIN_TEST_KEY"}, Least: "P2", BaseURL: base},
		}}}
		p.lead = &lead{path: filepath.Join(dir, leadLock)}
		p.addNotify()
		return p
	}
	one, other := open(), open()
	ctx, cancel := context.WithCancel(t.Context())
	ended := []<-chan struct{}{one.tell(ctx), other.tell(ctx)}
	firing := alert.Alert{Rule: "db.down", State: alert.Firing, Severity: alert.P0, Since: time.Now()}
	mild := alert.Alert{Rule: "host.cpu", State: alert.Firing, Severity: alert.P3, Since: time.Now()}
	see := func(alerts ...alert.Alert) {
		one.notifier.See(time.Now(), alerts)
		other.notifier.See(time.Now(), alerts)
	}
	see(firing, mild)
	see(firing, mild)
	testkit.Until(t, 10*time.Second, "a page", func(context.Context) bool { return told() == "trigger" })
	firing.State = alert.OK
	see(firing, mild)
	testkit.Until(t, 10*time.Second, "its end", func(context.Context) bool { return told() == "trigger resolve" })
	cancel()
	for _, e := range ended {
		<-e
	}
	if one.lead.file == nil || other.lead.file != nil {
		t.Errorf("the first leads: %t, the other: %t", one.lead.file != nil, other.lead.file != nil)
	}
	if err := one.lead.file.Close(); err != nil { // as its end does
		t.Fatal(err)
	}
	third := open()
	third.notifier.See(time.Now(), []alert.Alert{firing, mild})
	if n, err := third.notifier.Collect(t.Context()); err != nil || n.Elsewhere || n.Lost != "" || n.Channels[0].Waiting != 0 {
		t.Errorf("who takes over: %+v, %v", n, err)
	}
}

// A job tells what a dashboard would, once, and what did not arrive with the next
// look; while a dashboard is open it tells nothing.
func TestAJobTells(t *testing.T) {
	t.Setenv("TOCSIN_TEST_KEY", "0123456789abcdef0123456789abcdef")
	down := true
	base, count := testkit.Counted(t, func(w http.ResponseWriter, _ *http.Request) {
		if down {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	dir := t.TempDir()
	firing := alert.Alert{Rule: "db.down", State: alert.Firing, Severity: alert.P0, Since: time.Now()}
	look := func() error {
		p := &program{state: folder{root: dir, dir: dir}, store: store.New(), target: config.Target{Name: "prod", Notify: []config.Notify{
			{Name: "duty", PagerDuty: &config.SecretRef{Env: "TOCSIN_TEST_KEY"}, Least: "P2", BaseURL: base},
		}}}
		p.lead = &lead{path: filepath.Join(dir, leadLock)}
		p.addNotify()
		err := p.tellOnce(time.Now(), []alert.Alert{firing})
		if p.lead.file != nil {
			_ = p.lead.file.Close() // as its end does
		}
		return err
	}
	if err := look(); err == nil || !strings.Contains(err.Error(), "notify duty: ") || !strings.HasSuffix(err.Error(), "it waits for the next time") {
		t.Errorf("while the other side is down: %v", err)
	}
	open := &lead{path: filepath.Join(dir, leadLock)}
	if !open.is(time.Now()) {
		t.Fatal("nobody leads, and it cannot be taken")
	}
	down = false
	if err := look(); err != nil || count.Load() != 1 {
		t.Errorf("while a dashboard is open: %v, %d requests", err, count.Load())
	}
	if err := open.file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := look(); err != nil || count.Load() != 2 {
			t.Errorf("once: %v, %d requests", err, count.Load())
		}
	}
}

// Where it cannot be kept what was told, that is said: it is told again.
func TestAJobThatCannotKeepSaysSo(t *testing.T) {
	t.Setenv("TOCSIN_TEST_KEY", "0123456789abcdef0123456789abcdef")
	base, count := testkit.Counted(t, func(http.ResponseWriter, *http.Request) {})
	dir := t.TempDir()
	p := &program{state: folder{root: dir, dir: filepath.Join(dir, "gone", "prod")}, store: store.New(), target: config.Target{Name: "prod", Notify: []config.Notify{
		{Name: "duty", PagerDuty: &config.SecretRef{Env: "TOCSIN_TEST_KEY"}, Least: "P2", BaseURL: base},
	}}}
	p.lead = &lead{path: filepath.Join(dir, leadLock)}
	p.addNotify()
	err := p.tellOnce(time.Now(), []alert.Alert{{Rule: "db.down", State: alert.Firing, Severity: alert.P0, Since: time.Now()}})
	if count.Load() != 1 || err == nil || !strings.Contains(err.Error(), "will be told again") {
		t.Errorf("%d requests, %v", count.Load(), err)
	}
}
