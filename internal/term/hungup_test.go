package term

import (
	"os"
	"testing"
)

func TestHungUp(t *testing.T) {
	t.Parallel()
	ptmx, tty := openPty(t, 80, 24)
	defer func() { _ = tty.Close() }()
	if HungUp(tty) {
		t.Error("the other end is there")
	}
	if err := ptmx.Close(); err != nil {
		t.Fatal(err)
	}
	if !HungUp(tty) {
		t.Error("the other end is gone")
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if HungUp(file) {
		t.Error("a file is no terminal")
	}
}
