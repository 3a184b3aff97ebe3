package runbook

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tocsin/internal/alert"
)

// own is a book that a team may write.
const own = "---\nrunbook: NAME\ntitle: Own\nreviewed: 2026-11-01\n---\n## Look\n### Ask\n"

func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[team] books")
	put := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder.md"), 0o755); err != nil {
		t.Fatal(err)
	}
	put("bloat.md", strings.Replace(own, "NAME", "bloat", 1), 0o644)
	put("ours.md", strings.ReplaceAll(strings.Replace(own, "NAME", "ours", 1), "\n", "\r\n"), 0o644)
	put("open.md", strings.Replace(own, "NAME", "open", 1), 0o666)
	put("memory.md", strings.Replace(own, "NAME", "memory", 1)+"### Ask\n", 0o644)
	put("Big One.md", strings.Replace(own, "NAME", "Big One", 1), 0o644)
	put("huge.md", strings.Repeat(" ", bookMax+1), 0o644)
	put("notes.txt", "not a book", 0o644)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.md"), 0o600); err != nil {
		t.Fatal(err)
	}
	lib, err := Open(dir, Known{Rules: alert.Defaults()})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"folder.md": "it is no file", "pipe.md": "it is no file", "open.md": "anybody may write it", "huge.md": "larger than 1024 KiB",
		"memory.md": "memory.md:8: a step ask stands above", "Big One.md": "small letters, digits and -",
	} {
		if err := lib.Broken[filepath.Join(dir, name)]; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want in it %q", name, err, want)
		}
	}
	if len(lib.Broken) != 6 {
		t.Errorf("broken: %v", lib.Broken)
	}
	for id, want := range map[string]string{"bloat": "Own", "ours": "Own", "memory": "Memory runs out"} {
		if b, ok := lib.Find(id); !ok || b.Title != want {
			t.Errorf("%s: %q, want %q", id, b.Title, want)
		}
	}
	if lib, err := Open(filepath.Join(dir, "nowhere"), Known{}); err != nil || len(lib.Books) == 0 {
		t.Errorf("without a folder: %v, %d books", err, len(lib.Books))
	}
	if _, err := Open(filepath.Join(dir, "notes.txt"), Known{}); err == nil {
		t.Error("a folder that is none was read")
	}
}
