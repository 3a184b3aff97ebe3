package demo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tocsin/internal/local"
)

// gone is a process that runs no more.
func gone() local.Identity { return local.Identity{PID: os.Getpid(), Started: 1, Command: "gone"} }

func TestSweepEndsAHangingServer(t *testing.T) {
	t.Parallel()
	folder, err := local.MkdirTemp(folderPrefix)
	if err != nil {
		t.Fatal(err)
	}
	binaries, err := local.FindPostgres()
	if err != nil {
		t.Fatal(err)
	}
	server, err := local.StartPostgres(t.Context(), local.PostgresOptions{Binaries: binaries, Dir: filepath.Join(folder, "pg")})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop(context.Background())
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	family := append(local.Children(server.PID()), server.PID())

	r := &registry{dir: t.TempDir()}
	id, err := local.Identify(server.PID(), folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.write(record{World: gone(), Folder: folder, Servers: []local.Identity{id}}); err != nil {
		t.Fatal(err)
	}
	swept, err := r.sweep(t.Context())
	if swept != 1 || err != nil {
		t.Errorf("swept %d, %v, want 1 without error", swept, err)
	}
	for _, pid := range family {
		if id, err := local.Identify(pid, "postgres"); err == nil && id.Running() {
			t.Errorf("server process %d still runs", pid)
		}
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", folder, err)
	}
	if left, _ := filepath.Glob(filepath.Join(r.dir, "*")); len(left) > 0 {
		t.Errorf("records are left: %v", left)
	}
}

func TestSweepSparesOthers(t *testing.T) {
	t.Parallel()
	self, err := local.Identify(os.Getpid(), filepath.Base(os.Args[0]))
	if err != nil {
		t.Fatal(err)
	}
	stranger := t.TempDir() // not a folder that a world made
	r := &registry{dir: t.TempDir()}
	// A record whose server's pid is used again by somebody else: by us.
	if err := r.write(record{World: gone(), Folder: stranger, Servers: []local.Identity{gone()}}); err != nil {
		t.Fatal(err)
	}
	if err := r.write(record{World: self}); err != nil { // a world that runs
		t.Fatal(err)
	}
	swept, err := r.sweep(t.Context())
	if swept != 1 || err != nil {
		t.Errorf("swept %d, %v, want 1 without error", swept, err)
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Errorf("a folder that no world made was removed: %v", err)
	}
	if _, err := os.Stat(r.path(self)); err != nil {
		t.Errorf("the record of a running world was removed: %v", err)
	}
}

func TestGroupTurnsAPanicIntoAnEnding(t *testing.T) {
	t.Parallel()
	ctx, fail := context.WithCancelCause(t.Context())
	g := &group{life: ctx, fail: fail}
	g.run("cron", func(context.Context) { panic("broken") })
	g.wait.Wait()
	if err := outcome(ctx, nil); !errors.Is(err, errPartFailed) {
		t.Errorf("got %v, want that a part failed", err)
	}
}
