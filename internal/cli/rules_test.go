package cli

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// A recording may be packed, each document by itself as a job would do it.
func TestAPackedRecording(t *testing.T) {
	var packed bytes.Buffer
	for _, text := range []string{"one", "two"} {
		w := gzip.NewWriter(&packed)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range []io.Reader{&packed, bytes.NewReader([]byte("onetwo"))} {
		r, err := unpacked(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); string(got) != "onetwo" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// shipped is a configuration with the shipped rules, whatever this machine has.
func shipped(t *testing.T) (path string) {
	t.Helper()
	path, _ = configFile(t, "redis: {url: \"redis://127.0.0.1:1\"}")
	return path
}

// A recording that was cut off is replayed as far as it goes, and the page says so.
func TestACutOffRecording(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, `{"version":1,"target":"prod","at":"2026-11-23T02:00:00Z"}`+"\n")
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "prod.gz")
	if err := os.WriteFile(file, packed.Bytes()[:packed.Len()-6], 0o600); err != nil {
		t.Fatal(err)
	}
	out := &bytes.Buffer{}
	if err := (&command{config: shipped(t), out: out, err: out}).replayRules(file, tried{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"prod: 1 documents", "the recording is cut off: what is whole of it is replayed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// A file without tests does not pass as tested.
func TestNothingToTest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none.yaml")
	if err := os.WriteFile(file, []byte("version: 1\ntests: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := &bytes.Buffer{}
	err := (&command{config: shipped(t), out: out, err: out}).rulesTest([]string{file})
	if e := (*exit)(nil); !errors.As(err, &e) || e.code != exitFailed || !strings.Contains(err.Error(), "there is nothing to test: no tests in "+file) {
		t.Errorf("ended with %v, and said %q", err, out)
	}
}

// A rule that nobody has is refused, also where it is only to be looked at.
func TestAReplayRefusesUnknownRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	own := "version: 1\nrules:\n  - {id: own.p95, metric: http.p95, window: 1m, fire: \"> 1s\", severity: P3}\n"
	if err := os.WriteFile(file, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		try  tried
		want string // "" where it is known
	}{
		{tried{}, ""},
		{tried{rule: "db.connections"}, ""},
		{tried{rule: "db.conections"}, "there is no rule db.conections: did you mean db.connections?"},
		{tried{rule: "xxxxxxxx"}, "there is no rule xxxxxxxx"},
		{tried{rule: "db.conections", fire: "> 70%"}, "there is no rule db.conections: did you mean db.connections?"},
		{tried{rule: "own.p95", file: file}, ""},
		{tried{rule: "own.p96", file: file}, "there is no rule own.p96: did you mean own.p95?"},
	} {
		_, _, err := tt.try.set(alert.Defaults())
		if got := errText(err); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.try, got, tt.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
