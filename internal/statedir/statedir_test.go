package statedir

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// What one operator makes in a shared folder another can use, although the
// usual umask takes the group's right to write.
func TestModes(t *testing.T) {
	tests := []struct {
		name               string
		folder, file, made os.FileMode
	}{
		{name: "private", folder: 0o700, made: 0o700, file: 0o600},
		{name: "shared", folder: 0o770 | os.ModeSetgid, made: 0o770 | os.ModeSetgid, file: 0o660},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Chmod(root, tt.folder); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(root, "demo", "lock")
			file, err := Open(path, os.O_RDWR|os.O_CREATE)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			for path, want := range map[string]os.FileMode{path: tt.file, filepath.Dir(path): tt.made} {
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if got := info.Mode() &^ os.ModeDir; got != want {
					t.Errorf("%s has %v, want %v", path, got, want)
				}
			}
		})
	}
}

func TestLockIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		file, err := Open(path, os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	holder, waiter := open(), open()
	synctest.Test(t, func(t *testing.T) {
		if err := Lock(holder, syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err := Lock(waiter, syscall.LOCK_EX)
		if err == nil || !strings.Contains(err.Error(), "another process") || time.Since(began) > lockWait+time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

func TestWhatIsAboveHasToBeThere(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	for _, path := range []string{filepath.Join(gone, "state", "lock"), filepath.Join(gone, "state", "demo", "lock")} {
		if err := Replace(path, nil); err == nil || !strings.Contains(err.Error(), "is not there") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Stat(gone); err == nil {
		t.Error("it was made anew")
	}
}

// What could not take its place leaves nothing behind.
func TestReplaceLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rules.json")
	if err := os.Mkdir(path, 0o700); err != nil { // no file can take its place
		t.Fatal(err)
	}
	if err := Replace(path, []byte("{}")); err == nil {
		t.Error("a folder was replaced")
	}
	if there, err := os.ReadDir(dir); err != nil || len(there) != 1 {
		t.Errorf("left behind: %v, %v", there, err)
	}
}
