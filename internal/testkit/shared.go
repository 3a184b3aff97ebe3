package testkit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/local"
)

// Servers are what the tests of one package share: PostgreSQL servers, one
// per major version asked for, mocks of providers, and the built program. All
// start on first use.
// A package declares one, and lets its Main run the tests:
//
//	var servers testkit.Servers
//
//	func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }
type Servers struct {
	mu        sync.Mutex
	postgres  map[int]*local.Postgres // by major; 0 is the machine's own
	mocks     map[string]*mock        // by provider
	dir       string                  // holds the program; "" until it is built
	databases int                     // made so far: each gets a name of its own
	running   bool
}

// Main runs the tests, ends what they shared, and returns the exit code.
func (s *Servers) Main(m *testing.M) int {
	s.running = true
	code := m.Run()
	if err := s.end(); err != nil {
		fmt.Fprintln(os.Stderr, "end the shared servers:", err)
		return 1
	}
	return code
}

// Postgres returns the shared PostgreSQL server of this machine. A test must
// leave it as it was: see [Postgres] for one to break.
func (s *Servers) Postgres(t testing.TB) *local.Postgres {
	t.Helper()
	return s.server(t, 0)
}

// PostgresMajor is [Servers.Postgres] of one major version out of [Majors].
func (s *Servers) PostgresMajor(t testing.TB, major int) *local.Postgres {
	t.Helper()
	return s.server(t, major)
}

// Database makes an empty database on a shared server, dropped when the test
// ends, and returns its name: the DSN is server.DSN(name, "postgres").
func (s *Servers) Database(t testing.TB, server *local.Postgres) string {
	t.Helper()
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("test%d", s.databases)
	s.mu.Unlock()
	Exec(t, Connect(t, server.DSN("postgres", "postgres")), "CREATE DATABASE "+name)
	atEnd(t, func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, server.DSN("postgres", "postgres"))
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		return errors.Join(err, conn.Close(ctx))
	})
	return name
}

// Program returns the path of the tocsin program, built from the tree as it
// is, without cgo as it is shipped.
func (s *Servers) Program(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRun(t)
	if s.dir == "" {
		dir, err := buildProgram()
		if err != nil {
			t.Fatal(err)
		}
		s.dir = dir
	}
	return filepath.Join(s.dir, "tocsin")
}

func buildProgram() (dir string, err error) {
	if err := readSources(); err != nil {
		return "", err
	}
	if dir, err = local.MkdirTemp("tocsin-program"); err != nil {
		return "", err
	}
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", filepath.Join(dir, "tocsin"), "tocsin") // as it is released
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("go build: %w: %s", err, out), os.RemoveAll(dir))
	}
	return dir, nil
}

// readSources looks at every file that the program may be built from, so that
// go test knows that a result depends on them and takes none from its cache
// when one has changed: it cannot see what another go does.
func readSources() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata" || entry.Name() == "bin"):
			return fs.SkipDir
		case !entry.IsDir():
			_, err = os.Stat(path)
		}
		return err
	})
}

// moduleRoot is the folder of go.mod, at or above the one a test runs in.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above this folder")
		}
	}
	return "", err
}

func (s *Servers) server(t testing.TB, major int) *local.Postgres {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRun(t)
	if server, ok := s.postgres[major]; ok {
		return server
	}
	server, err := startMajor(major)
	if err != nil {
		t.Fatal(err)
	}
	if s.postgres == nil {
		s.postgres = map[int]*local.Postgres{}
	}
	s.postgres[major] = server
	return server
}

// startMajor starts a server that outlives the test which asked first.
func startMajor(major int) (*local.Postgres, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*endWithin)
	defer cancel()
	var opts local.PostgresOptions
	if major != 0 {
		binaries, err := binariesOf(major)
		if err != nil {
			return nil, err
		}
		opts.Binaries = binaries
	}
	return startPostgres(ctx, opts)
}

func (s *Servers) mustRun(t testing.TB) {
	t.Helper()
	if !s.running {
		t.Fatal("nobody would end the shared servers: call Servers.Main from TestMain")
	}
}

func (s *Servers) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	var errs []error
	for _, server := range s.postgres {
		errs = append(errs, server.Stop(ctx))
	}
	for _, m := range s.mocks {
		errs = append(errs, m.stop())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}
