package collectors

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// allowed are the texts that a read lane may send: what is in the embedded
// files, with our mark and without the comments; and what somebody wrote as a
// gauge, bounded and read-only.
func allowed(t *testing.T) map[string]string {
	t.Helper()
	comments := regexp.MustCompile(`(?m)^\s*(--.*)?\n`)
	texts := map[string]string{}
	for _, text := range []string{"begin read only", "SET LOCAL statement_timeout = 5000", "SET LOCAL lock_timeout = 250", gaugeSQL, "rollback"} {
		texts[text] = "a gauge of the configuration"
	}
	for _, files := range []fs.FS{queries, os.DirFS("../internal/pg")} {
		err := fs.WalkDir(files, "sql", func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := fs.ReadFile(files, path)
			verb, rest, _ := strings.Cut(oneSpace(comments.ReplaceAllString(string(text), "")), " ")
			texts[verb+" "+model.OwnMark+" "+strings.ReplaceAll(rest, "{schema}", `"public"`)] = path
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// oneSpace evens out what a log does to the lines of a text.
func oneSpace(text string) string { return strings.Join(strings.Fields(text), " ") }

// logged gives the statements that the log of a server has of an application,
// which began them.
func logged(t *testing.T, server *local.Postgres, app string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(server.Dir(), "data", "log", "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		rows := csv.NewReader(file)
		for {
			row, err := rows.Read()
			if errors.Is(err, io.EOF) || errors.Is(err, csv.ErrQuote) || errors.Is(err, csv.ErrFieldCount) {
				break // the rest is being written
			}
			if err != nil {
				t.Fatal(err)
			}
			const message, application = 13, 22
			if row[application] == app {
				out = append(out, row[message])
			}
		}
	}
	return out
}

// The server's own log of everything that reading sends says that it is what
// was embedded, and all of it with a limit.
func TestLanesSendOnlyWhatIsEmbedded(t *testing.T) {
	t.Parallel()
	for _, major := range []int{13, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			server := testkit.PostgresMajor(t, major, local.PostgresOptions{Settings: map[string]string{
				"logging_collector": "on", "log_destination": "csvlog", "log_statement": "all",
			}})
			d := database{server: server, name: "postgres", major: major}
			testkit.Exec(t, d.admin(t), "CREATE EXTENSION pg_stat_statements", "CREATE TABLE t (id bigserial PRIMARY KEY)")
			s := d.watch(t, "postgres")
			everyRead(t, s)
			var sent []string
			testkit.Until(t, 10*time.Second, "the log to be written", func(context.Context) bool {
				sent = logged(t, server, model.OwnApp)
				return slices.ContainsFunc(sent, func(text string) bool { return strings.Contains(text, "pg_stat_statements(showtext := true)") })
			})
			checkSent(t, sent, allowed(t))
		})
	}
}

// everyRead reads all there is of a server, twice: the second time brings the
// texts of statements.
func everyRead(t *testing.T, s *pg.Server) {
	t.Helper()
	for _, src := range sources() {
		read := src.open(s)
		for range 2 {
			if _, err := read(t.Context()); err != nil {
				t.Fatalf("%s: %v", src.name, err)
			}
		}
	}
}

// checkSent compares the log with what is allowed.
func checkSent(t *testing.T, sent []string, allowed map[string]string) {
	t.Helper()
	verb := regexp.MustCompile(`^(statement|execute [^:]*): `)
	files := map[string]bool{}
	for _, text := range sent {
		if !verb.MatchString(text) {
			continue // connections, durations
		}
		file, ok := allowed[oneSpace(verb.ReplaceAllString(text, ""))]
		if !ok {
			t.Errorf("it sent %s", text)
		}
		files[file] = true
	}
	if len(files) < 30 {
		t.Errorf("%d different statements were seen", len(files))
	}
}
