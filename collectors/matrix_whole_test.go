package collectors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// everyQueryRan asks the server which statements it has run: all texts that fit
// its version must be among them.
func (p onePair) everyQueryRan(t *testing.T) {
	t.Helper()
	ran := map[string]bool{}
	for _, at := range []database{p.loaded, p.replica} {
		rows, err := at.admin(t).Query(t.Context(), "SELECT query FROM pg_stat_statements")
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			ran[skeleton(text)] = true
		}
	}
	for _, file := range fitting(t, p.loaded.major) {
		if strings.HasPrefix(file, "sql/standby/") {
			continue // TestStandby reads it
		}
		text, err := fs.ReadFile(queries, file)
		if err != nil {
			t.Fatal(err)
		}
		if !ran[skeleton(strings.ReplaceAll(string(text), "{schema}", `"public"`))] {
			t.Errorf("PostgreSQL %d has never run %s", p.loaded.major, file)
		}
	}
}

// fitting are the newest texts of all queries for a major version.
func fitting(t *testing.T, major int) []string {
	t.Helper()
	newest := map[string]int{}
	files, err := fs.Glob(queries, "sql/*/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		n, err := strconv.Atoi(strings.TrimSuffix(path.Base(file), ".sql"))
		if err != nil {
			t.Fatal(err)
		}
		if n <= major {
			newest[path.Dir(file)] = max(newest[path.Dir(file)], n)
		}
	}
	var out []string
	for dir, n := range newest {
		out = append(out, path.Join(dir, strconv.Itoa(n)+".sql"))
	}
	slices.Sort(out)
	return out
}

// skeleton is the names and words of a statement, by which it is known again
// after the server took the constants out.
func skeleton(sql string) string {
	noise := regexp.MustCompile(`(?m)^--.*$|/\*.*?\*/|'[^']*'`)
	word := regexp.MustCompile(`[A-Za-z_]\w*`)
	words := word.FindAllString(noise.ReplaceAllString(sql, ""), -1)
	words = slices.DeleteFunc(words, func(w string) bool { return slices.Contains([]string{"true", "false", "NULL", "epoch"}, w) })
	return strings.Join(words, " ")
}

// TestMatrixIsComplete compares the collectors of this package that read a
// server with those of the matrix.
func TestMatrixIsComplete(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, s := range sources() {
		listed = append(listed, s.name)
	}
	var declared []string
	for _, file := range sourceFiles(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && hasServer(spec) {
				declared = append(declared, spec.Name.Name)
			}
			return true
		})
	}
	slices.Sort(declared)
	declared = slices.DeleteFunc(declared, func(name string) bool { return name == "Standby" }) // TestStandby reads it on every pair
	if !slices.Equal(declared, listed) {
		t.Errorf("collectors with a server are %v, the matrix has %v", declared, listed)
	}
}

func sourceFiles(t *testing.T) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, file)
	}
	return out
}

// hasServer tells a struct with a field Server.
func hasServer(spec *ast.TypeSpec) bool {
	s, ok := spec.Type.(*ast.StructType)
	return ok && slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool {
		return len(f.Names) == 1 && f.Names[0].Name == "Server"
	})
}
