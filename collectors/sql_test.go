package collectors

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// What the read lanes may send is reads, one per file, and nothing that waits
// for the lock of a table or writes in spite of a read-only session.
func TestQueriesAreHarmless(t *testing.T) {
	t.Parallel()
	comment := regexp.MustCompile(`(?m)^--.*\n`)
	forbidden := regexp.MustCompile(`(?i)::regclass|pg_(total_)?relation_size|pg_table_size|pg_indexes_size|pg_get_indexdef|` +
		`pg_(terminate|cancel)_backend|_reset\(|\b(insert|update|delete|vacuum|analyze|lock|set)\b[^']`) // a wait may be called 'Lock'
	err := fs.WalkDir(queries, "sql", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(queries, path)
		if err != nil {
			return err
		}
		sql := comment.ReplaceAllString(string(text), "")
		if !strings.HasPrefix(sql, "SELECT") && !strings.HasPrefix(sql, "WITH") {
			t.Errorf("%s begins with %.20q", path, sql)
		}
		if strings.Contains(sql, ";") {
			t.Errorf("%s has more than one statement", path)
		}
		if found := forbidden.FindString(sql); found != "" {
			t.Errorf("%s has %q", path, found)
		}
		if len(sql) == len(text) {
			t.Errorf("%s does not say what it is for", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
