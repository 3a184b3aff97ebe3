package pg

import (
	"testing"
	"testing/fstest"
)

func TestPick(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"sql/checkpoints/14.sql":   {Data: []byte("old")},
		"sql/checkpoints/17.sql":   {Data: []byte("new")},
		"sql/checkpoints/notes.md": {Data: []byte("no")},
	}
	tests := []struct {
		name    string
		query   string
		major   int
		want    string
		wantErr bool
	}{
		{name: "first", query: "checkpoints", major: 14, want: "old /* tocsin */"},
		{name: "between", query: "checkpoints", major: 16, want: "old /* tocsin */"},
		{name: "newest", query: "checkpoints", major: 17, want: "new /* tocsin */"},
		{name: "future", query: "checkpoints", major: 25, want: "new /* tocsin */"},
		{name: "too old", query: "checkpoints", major: 13, wantErr: true},
		{name: "unknown", query: "nothing", major: 13, wantErr: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := pick(files, tt.query, tt.major)
			if got.text != tt.want || (err != nil) != tt.wantErr {
				t.Errorf("got %q, %v, want %q", got.text, err, tt.want)
			}
		})
	}
}

func TestStatementIn(t *testing.T) {
	t.Parallel()
	got := Statement{text: "SELECT {schema}.f(), {schema}.g()"}.In(`my "schema`)
	if want := `SELECT "my ""schema".f(), "my ""schema".g()`; got.text != want {
		t.Errorf("got %q, want %q", got.text, want)
	}
}

func TestPgssMajor(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{
		"": 0, "1.7": 0, "1.8": 13, "1.9": 14, "1.10": 15, "1.11": 17, "1.12": 18, "1.15": 18, "2.0": 0,
	} {
		if got := (Caps{PgssVer: version}).PgssMajor(); got != want {
			t.Errorf("%q: got %d, want %d", version, got, want)
		}
	}
}

func TestCommentsStayHere(t *testing.T) {
	const text = "-- Why it reads so.\n\nSELECT 1 -- kept: it may be inside a string\n  -- gone\n FROM t\n"
	if got, want := withoutComments(text), "SELECT 1 -- kept: it may be inside a string\n FROM t\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
