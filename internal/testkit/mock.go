package testkit

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tocsin/internal/local"
)

// contracts are the wire contracts of providers, reduced to what is read and
// changed there: OpenAPI documents made from those that the vendors publish.
//
//go:embed contracts
var contracts embed.FS

// stripeContract is the provider whose own mock has its contract inside; the
// document here is for what answers like it.
const stripeContract = "stripe"

// Contract returns a file of the wire contracts: "vercel.openapi.json".
func Contract(t testing.TB, file string) []byte {
	t.Helper()
	text, err := contracts.ReadFile("contracts/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// mock is a running third-party server that judges requests by a contract.
type mock struct {
	url string
	cmd *exec.Cmd
	dir string
}

// Mock returns the address of a shared third-party server that answers one
// provider's API from its contract, and refuses a request which that forbids:
// vercel, sentry, supabase, upstash-redis, … or stripe. It keeps no state; a
// header `Prefer: code=429` asks for a declared answer.
func (s *Servers) Mock(t testing.TB, provider string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRun(t)
	m, ok := s.mocks[provider]
	if !ok {
		var err error
		if m, err = startMock(provider); err != nil {
			t.Fatal(err)
		}
		if s.mocks == nil {
			s.mocks = map[string]*mock{}
		}
		s.mocks[provider] = m
	}
	Until(t, 4*endWithin, "the mock of "+provider+" to answer", func(ctx context.Context) bool {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.url[len("http://"):])
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	return m.url
}

func startMock(provider string) (*mock, error) {
	port, err := local.FreePort()
	if err != nil {
		return nil, err
	}
	dir, err := local.MkdirTemp("tocsin-mock")
	if err != nil {
		return nil, err
	}
	m := &mock{url: fmt.Sprintf("http://127.0.0.1:%d", port), dir: dir}
	if m.cmd, err = mockCommand(provider, dir, port); err == nil {
		err = m.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the mock of %s: %w: make setup fetches what it needs", provider, err), os.RemoveAll(dir))
	}
	return m, nil
}

// mockCommand runs node itself and no wrapper, whose child would be left alive.
func mockCommand(provider, dir string, port int) (*exec.Cmd, error) {
	cache, err := cacheDir("TOCSIN_MOCKS", "mocks")
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if provider == stripeContract {
		another, err := local.FreePort()
		plain, tls := fmt.Sprintf("127.0.0.1:%d", port), fmt.Sprintf("127.0.0.1:%d", another)
		return exec.CommandContext(ctx, filepath.Join(cache, "stripe-mock"), "-http-addr", plain, "-https-addr", tls), err
	}
	text, err := contracts.ReadFile("contracts/" + provider + ".openapi.json")
	if err != nil {
		return nil, err
	}
	document := filepath.Join(dir, provider+".json")
	if err := os.WriteFile(document, text, 0o600); err != nil {
		return nil, err
	}
	prism := filepath.Join(cache, "prism", "node_modules", "@stoplight", "prism-cli", "dist", "index.js")
	if _, err := os.Stat(prism); err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, "node", prism, "mock", "-h", "127.0.0.1", "-p", fmt.Sprint(port), document), nil
}

func (m *mock) stop() error {
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait() // says that it was killed
	return os.RemoveAll(m.dir)
}
