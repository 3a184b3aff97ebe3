package expire

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func promise(id string, due time.Time) Promise {
	return Promise{
		V: Version, ID: id, Server: "prod", Action: "firewall.unblock", Args: map[string]string{"ip": "203.0.113.7"}, Target: "203.0.113.7",
		Due: due, Made: due.Add(-time.Hour), By: "ana",
	}
}

func TestPromises(t *testing.T) {
	f := Folder{filepath.Join(t.TempDir(), "expire")}
	if got, err := f.List(); got != nil || err != nil {
		t.Errorf("without a folder: %v, %v", got, err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	late, soon := promise("LATE", at.Add(time.Hour)), promise("SOON", at)
	for _, p := range []Promise{late, soon} {
		if err := f.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(f.Dir, "SOON.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, want mode 0600", info, err)
	}
	got, err := f.List()
	if diff := cmp.Diff([]Promise{soon, late}, got); diff != "" || err != nil {
		t.Errorf("%v, list (-want +got):\n%s", err, diff)
	}
	if one, err := f.Get("LATE"); !cmp.Equal(one, late) || err != nil {
		t.Errorf("one: %+v, %v", one, err)
	}
	for range 2 {
		if err := f.Drop("SOON"); err != nil {
			t.Error(err)
		}
	}
	if _, err := f.Get("SOON"); !errors.Is(err, ErrGone) {
		t.Errorf("after it was dropped: %v", err)
	}
	if soon.Overdue(at.Add(time.Second)) || !soon.Overdue(at.Add(time.Minute)) {
		t.Error("overdue at the wrong time")
	}
}

// A name leads to no other file, and what cannot be read hides nothing.
func TestStrangeFiles(t *testing.T) {
	f := Folder{t.TempDir()}
	for _, id := range []string{"", "../X", "a/b", "x", "A.json"} {
		if _, err := f.Get(id); !errors.Is(err, ErrGone) {
			t.Errorf("get %q: %v", id, err)
		}
		if err := errors.Join(f.Put(Promise{ID: id}), f.Drop(id)); !errors.Is(err, ErrGone) {
			t.Errorf("put %q: %v", id, err)
		}
	}
	if err := f.Put(promise("GOOD", time.Now())); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"BAD.json": "{", "NEW.json": `{"v":2}`, "TORN.json.part": "{", "log": "x"} {
		if err := os.WriteFile(filepath.Join(f.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.List()
	if len(got) != 1 || err == nil || !strings.Contains(err.Error(), "BAD.json") || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("%v, %v", got, err)
	}
}

// Of many who want to carry a promise out, one does.
func TestOneCarriesItOut(t *testing.T) {
	f := Folder{t.TempDir()}
	if err := f.Put(promise("P", time.Now())); err != nil {
		t.Fatal(err)
	}
	var done, gone atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, release, err := f.Claim("P")
			if errors.Is(err, ErrGone) {
				gone.Add(1)
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			done.Add(1)
			if err := f.Drop("P"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 || gone.Load() != 7 {
		t.Errorf("%d carried it out, for %d it was gone", done.Load(), gone.Load())
	}
}
