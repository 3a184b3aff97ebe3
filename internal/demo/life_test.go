package demo_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"tocsin/internal/demo"
	"tocsin/internal/local"
)

// TestMain runs a world instead of the tests where a test starts this binary
// again: ending a whole process is what those tests are about.
func TestMain(m *testing.M) {
	if registry := os.Getenv("DEMO_TEST_REGISTRY"); registry != "" {
		os.Exit(runWorld(registry))
	}
	os.Exit(m.Run())
}

func runWorld(registry string) int {
	err := demo.Run(context.Background(), demo.Options{
		Registry: registry,
		Parent:   os.Stdin,
		Ready:    func(w demo.World) { _ = json.NewEncoder(os.Stdout).Encode(w) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// child is a world in a process of its own.
type child struct {
	demo.World
	cmd   *exec.Cmd
	stdin io.Closer
}

func startChild(t *testing.T, registry string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), "DEMO_TEST_REGISTRY="+registry)
	c.cmd.Stderr = t.Output()
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin = stdin
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // ends it if the test has not
		_ = c.cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &c.World); err != nil {
		t.Fatal(err)
	}
	return c
}

// isGone checks that nothing of a world is left.
func isGone(t *testing.T, w demo.World, registry string) {
	t.Helper()
	for name, pid := range map[string]int{"postgres": w.PostgresPID, "redis-server": w.RedisPID} {
		waitFor(t, name+" to end", func() bool {
			id, err := local.Identify(pid, name)
			return err != nil || !id.Running()
		})
	}
	for _, path := range []string{w.ConfigPath, w.Dir} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
	records, err := filepath.Glob(filepath.Join(registry, "*"))
	if err != nil || len(records) > 0 {
		t.Errorf("registry holds %v (%v)", records, err)
	}
	for name, address := range map[string]string{"shop": w.ShopURL, "control": w.ControlURL, "provider": w.ProviderURL} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("tcp", u.Host); err == nil {
			conn.Close()
			t.Errorf("%s still listens", name)
		}
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(c *child) error
	}{
		{"hang-up", func(c *child) error { return c.cmd.Process.Signal(syscall.SIGHUP) }},
		{"terminate", func(c *child) error { return c.cmd.Process.Signal(syscall.SIGTERM) }},
		{"parent gone", func(c *child) error { return c.stdin.Close() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			registry := t.TempDir()
			c := startChild(t, registry)
			if err := tt.end(c); err != nil {
				t.Fatal(err)
			}
			if err := c.cmd.Wait(); err != nil {
				t.Errorf("it ended with %v, want exit code 0", err)
			}
			isGone(t, c.World, registry)
		})
	}
}

func TestKilledWorldIsCleanedUp(t *testing.T) {
	t.Parallel()
	registry := t.TempDir()
	killed := startChild(t, registry)
	if err := killed.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.cmd.Wait()
	if _, err := os.Stat(killed.ConfigPath); err != nil {
		t.Fatalf("a killed world should leave its files: %v", err)
	}
	next := startChild(t, registry)
	if err := next.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := next.cmd.Wait(); err != nil {
		t.Error(err)
	}
	isGone(t, killed.World, registry)
	isGone(t, next.World, registry)
}

// configuration is the part of the file that the test uses.
type configuration struct {
	State   string
	Targets map[string]struct {
		Postgres struct {
			DSN      string `yaml:"dsn"`
			Password struct{ File string }
		}
		Redis struct {
			URL      string `yaml:"url"`
			Password struct{ File string }
		}
		Probes []struct {
			URL string `yaml:"url"`
		}
		StatusPages []struct {
			URL  string `yaml:"url"`
			Form string `yaml:"form"`
		} `yaml:"status_pages"`
	}
}

// TestConfiguration uses what the configuration file says, as tocsin would.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, demo.Options{Dir: dir, ConfigOut: filepath.Join(dir, "tocsin.yaml"), InProcessRedis: true})
	info, err := os.Stat(r.ConfigPath)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("configuration: %v, %v, want mode 0600", info, err)
	}
	var config configuration
	text, err := os.ReadFile(r.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	target := config.Targets["demo"]
	conn, err := pgx.Connect(t.Context(), target.Postgres.DSN+" password="+contents(t, target.Postgres.Password.File))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer conn.Close(t.Context())
	if _, err := pgx.Connect(t.Context(), target.Postgres.DSN); err == nil {
		t.Error("the database lets in without a password")
	}
	options, err := redis.ParseURL(target.Redis.URL)
	if err != nil {
		t.Fatal(err)
	}
	options.Password = contents(t, target.Redis.Password.File)
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
	if !r.RedisInProcess {
		t.Error("Redis is not in process")
	}
	for _, probe := range target.Probes {
		if code, body := get(t, probe.URL); code != 200 {
			t.Errorf("%s: %d %s", probe.URL, code, body)
		}
	}
	for _, page := range target.StatusPages {
		path, calm := "/api/v2/summary.json", `"none"`
		if page.Form == "stripe" {
			path, calm = "/current", `"up"`
		}
		if code, body := get(t, page.URL+path); code != 200 || !strings.Contains(body, calm) {
			t.Errorf("%s: %d %s", page.URL, code, body)
		}
	}
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestScenario(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, demo.Options{Dir: dir, Scenario: "lock-pileup", ScenarioAfter: 100 * time.Millisecond})
	waitFor(t, "the scenario", func() bool { return len(r.state().Faults) == 1 })
	connected := r.number("SELECT extract(epoch FROM backend_start) FROM pg_stat_activity WHERE application_name = 'worker' AND state = 'idle in transaction'")
	r.control("POST", "/heal/lock-pileup")
	r.mended()
	log := contents(t, filepath.Join(dir, "world.jsonl"))
	for _, event := range []string{"ready", "fault.started", "fault.healed", "fault.ended"} {
		if !strings.Contains(log, `"event":"`+event+`"`) {
			t.Errorf("no %s in the world's log:\n%s", event, log)
		}
	}
	for line := range strings.Lines(log) {
		var e struct {
			At    time.Time
			Event string
			TookS float64 `json:"took_s"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if began := float64(e.At.UnixMicro()) / 1e6; e.Event == "fault.started" && (began > connected || e.TookS <= 0) {
			t.Errorf("by the log it began %.3f s after its first session: %s", began-connected, line)
		}
	}
}

func TestUnknownScenario(t *testing.T) {
	t.Parallel()
	err := demo.Run(t.Context(), demo.Options{Scenario: "no-such"})
	if err == nil || !strings.Contains(err.Error(), "lock-pileup") {
		t.Errorf("got %v, want an error that lists the faults", err)
	}
}
