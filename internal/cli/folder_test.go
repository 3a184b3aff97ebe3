package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/collectors"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/store"
	"tocsin/ui"
)

// The first start on a machine makes the usual place, whatever of it is missing;
// a place that somebody named is made in a folder that is there.
func TestTheStateFolderIsMadeAtTheStart(t *testing.T) {
	home := t.TempDir()
	tests := []struct {
		name string
		f    folder
		made bool
	}{
		{"the usual place in a new home", folder{root: filepath.Join(home, ".local/state/tocsin"), own: true}, true},
		{"a named folder", folder{root: filepath.Join(home, "state")}, true},
		{"a named folder in a world that is gone", folder{root: filepath.Join(home, "world/private/state")}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.f.dir = filepath.Join(tt.f.root, "prod")
			err := tt.f.begin()
			memory := counted{tt.f, "shop"}
			memory.Keep(collectors.AppPast{}) // as the first look of all does
			if _, kept := memory.Recall(); (err == nil) != tt.made || kept != tt.made {
				t.Errorf("begun: %v, kept: %t", err, kept)
			}
			if err := tt.f.recall(alert.New(alert.Defaults())); (err == nil) != tt.made {
				t.Errorf("recalled: %v", err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(home, "world")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the world that is gone: %v", err)
	}
}

// A dashboard that outlives its state folder says so and leaves it gone.
func TestAStateFolderThatVanishesIsNotMadeAnew(t *testing.T) {
	for name, gone := range map[string]string{"with all above it": "world", "alone": "world/private/state"} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			root := filepath.Join(top, "world/private/state")
			if err := os.MkdirAll(filepath.Dir(root), 0o700); err != nil {
				t.Fatal(err)
			}
			p := &program{state: folder{root: root, dir: filepath.Join(root, "demo")}, store: store.New(), engine: alert.New(alert.Defaults())}
			w := newWatch(p, func() {}, func() {})
			if err := p.state.recall(p.engine); err != nil {
				t.Fatal(err)
			}
			if w.keep(); len(w.past.events()) != 0 {
				t.Fatalf("while it is there: %v", w.past.events())
			}
			if err := os.RemoveAll(filepath.Join(top, gone)); err != nil {
				t.Fatal(err)
			}
			w.keep()
			w.keep()
			if _, err := (&record{dir: root}).Append(audit.Entry{Phase: audit.Intent, ID: "1"}); err == nil {
				t.Error("an action was recorded where nobody looks")
			}
			counted{p.state, "shop"}.Keep(collectors.AppPast{})
			if _, err := os.Stat(filepath.Join(top, gone)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it is there again: %v", err)
			}
			events := w.past.events()
			if len(events) != 1 || !strings.Contains(events[0].Text, "the state is not kept: state folder: "+root+" is not there") || events[0].Role != ui.Bad {
				t.Errorf("told %v", events)
			}
			if err := os.MkdirAll(root, 0o700); err != nil {
				t.Fatal(err)
			}
			if w.keep(); len(w.past.events()) != 2 {
				t.Errorf("told %v once it is there again", w.past.events())
			}
		})
	}
}
