package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
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

	_ "tocsin/internal/cli" // the program is made of it: without this, results would be cached across changes of it
	"tocsin/internal/demo"
	"tocsin/internal/testkit"
)

// limit is for what has no limit of its own: starts, ends, answers.
const limit = 30 * time.Second

var servers testkit.Servers

// TestMain lets more worlds live at a time than there are processors, unless
// -parallel says how many: the tests mostly wait for numbers that take time.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(servers.Main(m))
}

// world is a demo world without a screen, in a process of its own.
type world struct {
	t      testing.TB
	config string // the configuration that it wrote
	dir    string // world.jsonl, control.json and the dashboard's state
	target target
	env    []string // for everything started on this world

	control struct{ URL, Token string }
}

// target is what the tests need of the configuration that a world writes.
type target struct {
	Postgres struct {
		DSN      string
		Password struct{ File string }
		Standbys []struct{ DSN string }
	}
	Redis struct {
		URL      string
		Password struct{ File string }
	}
	Probes []struct{ Name, URL string }
	Vercel struct {
		BaseURL string `yaml:"base_url"`
		Token   struct{ File string }
	}
	Supabase struct {
		Project string
		BaseURL string `yaml:"base_url"`
		Token   struct{ File string }
	}
	Sentry struct {
		Org     string
		BaseURL string `yaml:"base_url"`
		Token   struct{ File string }
	}
}

// startWorld starts `tocsin demo --headless` with these arguments; it ends with
// the test, and also when the test is killed: its standard input then closes.
func startWorld(t testing.TB, args ...string) *world {
	t.Helper()
	w := &world{t: t, config: filepath.Join(t.TempDir(), "tocsin.yaml"), env: environment(t)}
	cmd := exec.Command(servers.Program(t), append([]string{"demo", "--headless", "--child", "--config-out", w.config}, args...)...)
	cmd.Env = w.env
	cmd.Stderr = t.Output()
	alive, err := cmd.StdinPipe()
	must(t, err)
	said, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		alive.Close()
		endProgram(t, cmd)
	})
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "ready: ") {
		t.Log(lines.Text())
	}
	if !strings.HasPrefix(lines.Text(), "ready: ") {
		t.Fatal("the world ended before it was ready")
	}
	w.readConfig()
	return w
}

// environment is that of a terminal, with the state of all programs in a
// folder of the test.
func environment(t testing.TB) []string {
	return append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "NO_COLOR=",
		"XDG_STATE_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
}

// endProgram waits for a program that was told to end.
func endProgram(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	kill := time.AfterFunc(limit, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	kill.Stop()
}

func (w *world) readConfig() {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	must(w.t, err)
	var file struct {
		State   string
		Targets map[string]target
	}
	must(w.t, yaml.Unmarshal(text, &file))
	w.target, w.dir = file.Targets["demo"], filepath.Dir(file.State)
	must(w.t, json.Unmarshal([]byte(read(w.t, filepath.Join(w.dir, "control.json"))), &w.control))
}

// stateDir is where the dashboard of this world keeps its state.
func (w *world) stateDir() string { return filepath.Join(w.dir, "state") }

// dashboard starts `tocsin --config` on the world, in a terminal.
func (w *world) dashboard(columns, rows int, args ...string) *testkit.Terminal {
	w.t.Helper()
	cmd := exec.Command(servers.Program(w.t), append([]string{"--config", w.config}, args...)...)
	cmd.Env = w.env
	return testkit.Start(w.t, cmd, columns, rows)
}

// command runs one of tocsin's commands on the world to its end.
func (w *world) command(args ...string) (out string, code int) {
	w.t.Helper()
	return w.commandWithin(2*limit, args...)
}

// commandWithin is command for one that may take so long.
func (w *world) commandWithin(most time.Duration, args ...string) (out string, code int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), most)
	defer cancel()
	cmd := exec.CommandContext(ctx, servers.Program(w.t), append([]string{"--config", w.config}, args...)...)
	cmd.Env = w.env
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// breaks starts a fault and returns when its consequence is there.
func (w *world) breaks(fault string) { w.t.Helper(); w.post("/fault/" + fault) }

// post asks the control endpoint to do something.
func (w *world) post(path string) {
	w.t.Helper()
	if code, body := w.ask(http.MethodPost, path); code != http.StatusOK {
		w.t.Fatalf("POST %s: %d %s", path, code, body)
	}
}

// state is what the world itself says of its state.
func (w *world) state() demo.State {
	w.t.Helper()
	_, body := w.ask(http.MethodGet, "/state")
	var s demo.State
	must(w.t, json.Unmarshal(body, &s))
	return s
}

func (w *world) ask(method, path string) (code int, body []byte) {
	w.t.Helper()
	return fetch(w.t, method, w.control.URL+path, w.control.Token)
}

// shopURL is the address of the shop.
func (w *world) shopURL() string { return strings.TrimSuffix(w.target.Probes[0].URL, "/health") }

// admin opens a connection to the shop's database as the superuser, by the
// socket, for which no password is needed.
func (w *world) admin() *pgx.Conn { w.t.Helper(); return w.adminOf(w.target.Postgres.DSN) }

// adminOf does so on the server of an address.
func (w *world) adminOf(dsn string) *pgx.Conn {
	w.t.Helper()
	password := read(w.t, w.target.Postgres.Password.File)
	folder := testkit.One[string](w.t, testkit.Connect(w.t, dsn+" password="+password),
		"SELECT current_setting('unix_socket_directories')")
	config, err := pgx.ParseConfig(dsn)
	must(w.t, err)
	return testkit.Connect(w.t, fmt.Sprintf("host=%s port=%d user=postgres dbname=shop", folder, config.Port))
}

// cache opens a client of the shop's Redis.
func (w *world) cache() *redis.Client {
	w.t.Helper()
	options, err := redis.ParseURL(w.target.Redis.URL)
	must(w.t, err)
	options.Password = read(w.t, w.target.Redis.Password.File)
	client := redis.NewClient(options)
	w.t.Cleanup(func() { client.Close() })
	return client
}

// fetch asks an HTTP server; token "" is for none.
func fetch(t testing.TB, method, url, token string) (code int, body []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	must(t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	code, _, text := answerOf(t, request)
	return code, []byte(text)
}

// answerOf sends a request and reads its answer to the end.
func answerOf(t testing.TB, request *http.Request) (code int, header http.Header, body string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, answer.Header, string(text)
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return strings.TrimSpace(string(text))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
