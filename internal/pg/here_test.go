package pg

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestHere(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_750_000_000, 0)
	lock := func(port int, at time.Time) string {
		return fmt.Sprintf("4711\n/data\n%d\n%d\n/tmp\nlocalhost\n  5432001    163840\nready   \n", at.Unix(), port)
	}
	for name, c := range map[string]struct {
		lock string
		want bool
	}{
		"its own":       {lock(5432, began.Add(-time.Second)), true},
		"another port":  {lock(5433, began), false},
		"another start": {lock(5432, began.Add(-24*time.Hour)), false},
		"cut":           {"4711\n/data\n", false},
		"no number":     {"4711\n/data\nsoon\n5432\n", false},
		"no file":       {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if c.lock != "" {
				if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(c.lock), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			home := Home{Data: dir, Socket: true, Port: 5432, Started: began}
			if got := home.Here("/var/run/postgresql (port 5432)"); got != c.want {
				t.Errorf("here is %v, want %v", got, c.want)
			}
		})
	}
}
