package testkit

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/local"
)

// Prometheus starts a real Prometheus that reads the given addresses
// (host:port, by job) every second and ends with the test. It returns its
// address once it answers.
func Prometheus(t testing.TB, jobs map[string][]string) string {
	t.Helper()
	dir, port := tempDir(t, "tocsin-prom"), freePort(t)
	var conf strings.Builder
	conf.WriteString("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n")
	for job, targets := range jobs {
		fmt.Fprintf(&conf, "  - job_name: %s\n    static_configs: [{targets: [%q]}]\n", job, strings.Join(targets, `", "`))
	}
	file := filepath.Join(dir, "prometheus.yml")
	text := strings.ReplaceAll(conf.String(), `\"`, `"`)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	run(t, "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=error")
	awaitHTTP(t, "http://"+address+"/-/ready")
	return "http://" + address
}

// NodeExporter starts the node exporter of this machine, which ends with the
// test, and returns its host:port.
func NodeExporter(t testing.TB) string {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	name := "prometheus-node-exporter"
	if _, err := exec.LookPath(name); err != nil {
		name = "node_exporter"
	}
	run(t, name, "--web.listen-address="+address, "--log.level=error")
	awaitHTTP(t, "http://"+address+"/metrics")
	return address
}

func freePort(t testing.TB) int {
	t.Helper()
	port, err := local.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func tempDir(t testing.TB, prefix string) string {
	t.Helper()
	dir, err := local.MkdirTemp(prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// run starts a program that is killed when the test ends.
func run(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make setup installs it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says that it was killed
	})
}

func awaitHTTP(t testing.TB, address string) {
	t.Helper()
	Until(t, endWithin, address+" to answer", func(ctx context.Context) bool {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return false
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}
