package pg

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/model"
)

// Statement is a text that the read lanes may send. Only Pick makes one, from
// files that were embedded when the program was built: no text that came in
// from outside can become one.
type Statement struct {
	name string // of its folder: "activity"
	text string
	once bool // sent without preparing it
}

// unprepared is the statement as it may be sent before it is known whether a
// pooler gives the next one to another backend.
func (s Statement) unprepared() Statement {
	s.once = true
	return s
}

// Pick takes the newest text of sql/NAME/N.sql that fits a major version: the
// largest N that is not above it.
func Pick(files embed.FS, name string, major int) (Statement, error) {
	return pick(files, name, major)
}

func pick(files fs.FS, name string, major int) (Statement, error) {
	entries, err := fs.ReadDir(files, path.Join("sql", name))
	if err != nil {
		return Statement{}, fmt.Errorf("pick the SQL of %s: %w", name, err)
	}
	best := 0
	for _, e := range entries {
		n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".sql"))
		if err == nil && n <= major && n > best {
			best = n
		}
	}
	if best == 0 {
		text := fmt.Sprintf("PostgreSQL %d is too old for the query %s", major, name)
		return Statement{}, &model.Fail{Class: model.Missing, Text: text}
	}
	text, err := fs.ReadFile(files, path.Join("sql", name, strconv.Itoa(best)+".sql"))
	if err != nil {
		return Statement{}, fmt.Errorf("pick the SQL of %s: %w", name, err)
	}
	return Statement{name: name, text: marked(withoutComments(string(text)))}, nil
}

// marked is a text with our mark behind its first word.
func marked(text string) string {
	end := strings.IndexAny(text+" ", " \n")
	return text[:end] + " " + model.OwnMark + text[end:]
}

// withoutComments leaves the lines of a text that are more than a comment: the
// comments are for who reads the file, not for the wire or the server's memory.
func withoutComments(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(trimmed, "--") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// schemaMark stands in a text for the schema of an extension.
const schemaMark = "{schema}"

// In puts the name of a schema, quoted, where the text says {schema}.
func (s Statement) In(schema string) Statement {
	s.text = strings.ReplaceAll(s.text, schemaMark, pgx.Identifier{schema}.Sanitize())
	return s
}
