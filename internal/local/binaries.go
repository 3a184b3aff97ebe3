package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
)

// PostgresBinaries is one installed PostgreSQL server.
type PostgresBinaries struct {
	Dir     string // folder with initdb and postgres
	Version string // as the server prints it: "15.18", "17beta1"
	Major   int    // 15
}

// FindPostgres looks for a PostgreSQL server: in $TOCSIN_PG_BIN, on PATH, in
// the folders of distributions and of Homebrew; the newest of a place wins.
// The error says what to install.
func FindPostgres() (PostgresBinaries, error) {
	if dir := os.Getenv("TOCSIN_PG_BIN"); dir != "" {
		found, err := PostgresIn(dir)
		if err != nil {
			return PostgresBinaries{}, fmt.Errorf("TOCSIN_PG_BIN: %w", err)
		}
		return found, nil
	}
	if dir, ok := onPath("postgres"); ok {
		if found, err := PostgresIn(dir); err == nil {
			return found, nil
		}
	}
	if found, ok := newest(installed()); ok {
		return found, nil
	}
	return PostgresBinaries{}, errors.New("no PostgreSQL server found: " + installHint())
}

// PostgresIn looks at one bin folder.
func PostgresIn(dir string) (PostgresBinaries, error) {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return PostgresBinaries{}, fmt.Errorf("%s: no %s there", dir, name)
		}
	}
	out, err := exec.CommandContext(context.Background(), filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return PostgresBinaries{}, fmt.Errorf("%s/postgres --version: %w", dir, err)
	}
	match := regexp.MustCompile(`(\d+)[.\w]*`).FindStringSubmatch(string(out))
	if match == nil {
		return PostgresBinaries{}, fmt.Errorf("%s/postgres --version: no version in %q", dir, out)
	}
	major, err := strconv.Atoi(match[1])
	return PostgresBinaries{Dir: dir, Version: match[0], Major: major}, err
}

// onPath finds the real folder of a program: distributions put links on PATH,
// and the server's other files lie beside the real one.
func onPath(name string) (string, bool) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", false
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", false
	}
	return filepath.Dir(path), true
}

// installed lists the bin folders of servers that are not on PATH.
func installed() []string {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(pattern) // fails on a bad pattern only
		dirs = append(dirs, found...)
	}
	return dirs
}

func newest(dirs []string) (PostgresBinaries, bool) {
	var best PostgresBinaries
	for _, dir := range dirs {
		if found, err := PostgresIn(dir); err == nil && found.Major > best.Major {
			best = found
		}
	}
	return best, best.Major > 0
}

func installHint() string {
	if runtime.GOOS == "darwin" {
		return "run `make demo`, or `brew install postgresql@17`"
	}
	return "run `make demo`, or `apt-get install postgresql-15` (your distribution's PostgreSQL server package), or set TOCSIN_PG_BIN to its bin folder"
}

// hasStatements tells whether pg_stat_statements can be preloaded; naming a
// library that is missing would keep the server from starting.
func (b PostgresBinaries) hasStatements() bool {
	for _, pattern := range []string{
		"../lib/pg_stat_statements.*",
		"../lib/postgresql*/pg_stat_statements.*",
		"../lib64/pgsql/pg_stat_statements.*",
	} {
		found, _ := filepath.Glob(filepath.Join(b.Dir, pattern))
		if len(found) > 0 {
			return true
		}
	}
	return false
}
