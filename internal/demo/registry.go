package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/adrg/xdg"

	"tocsin/internal/local"
)

// folderPrefix begins the name of every folder that a world makes for its
// servers; nothing else is ever removed.
const folderPrefix = "tocsin-demo-"

// registry notes the running worlds of this user, so that what a killed one
// left behind can be found and ended by the next.
type registry struct{ dir string }

// record is what the registry knows of one world.
type record struct {
	World   local.Identity   `json:"world"`
	Folder  string           `json:"folder"` // of its servers
	Servers []local.Identity `json:"servers"`
}

func openRegistry(dir string) (*registry, error) {
	if dir == "" {
		dir = filepath.Join(xdg.StateHome, "tocsin", "worlds")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the registry of worlds: %w", err)
	}
	return &registry{dir: dir}, nil
}

func (r *registry) path(world local.Identity) string {
	return filepath.Join(r.dir, fmt.Sprintf("%d-%d.json", world.PID, world.Started))
}

// write replaces the record of a world, whole or not at all.
func (r *registry) write(rec record) error {
	text, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	path := r.path(rec.World)
	if err := os.WriteFile(path+".part", text, 0o600); err != nil {
		return fmt.Errorf("note the world: %w", err)
	}
	return os.Rename(path+".part", path)
}

func (r *registry) remove(rec record) error { return os.Remove(r.path(rec.World)) }

// sweep ends what worlds that run no more have left behind, and returns how
// many there were. A record that cannot be read is left for a person to see.
func (r *registry) sweep(ctx context.Context) (int, error) {
	paths, err := filepath.Glob(filepath.Join(r.dir, "*.json"))
	if err != nil {
		return 0, err
	}
	swept := 0
	var errs []error
	for _, path := range paths {
		text, err := os.ReadFile(path)
		var rec record
		if err != nil || json.Unmarshal(text, &rec) != nil || rec.World.Running() {
			continue
		}
		swept++
		errs = append(errs, r.clean(ctx, rec))
	}
	return swept, errors.Join(errs...)
}

// clean ends the servers of a world and removes its folder and its record.
func (r *registry) clean(ctx context.Context, rec record) error {
	for _, server := range rec.Servers {
		if err := endServer(ctx, server); err != nil {
			return fmt.Errorf("clean up a killed world: %w", err)
		}
	}
	if isWorldFolder(rec.Folder) {
		if err := os.RemoveAll(rec.Folder); err != nil {
			return fmt.Errorf("clean up a killed world: %w", err)
		}
	}
	return r.remove(rec)
}

// isWorldFolder guards the removal against a record that says anything else.
func isWorldFolder(dir string) bool {
	return filepath.Dir(dir) == filepath.Clean(os.TempDir()) && strings.HasPrefix(filepath.Base(dir), folderPrefix)
}

// endServer ends a server that is still the one that was recorded: it is woken
// if it hangs, then gets the signal on which PostgreSQL tidies up at once, then
// is ended by force. Its children get the same, as they may hang as well.
func endServer(ctx context.Context, server local.Identity) error {
	for _, sig := range []syscall.Signal{syscall.SIGCONT, syscall.SIGQUIT, syscall.SIGKILL} {
		if !server.Running() {
			return nil
		}
		for _, pid := range append(local.Children(server.PID), server.PID) {
			if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("end process %d: %w", pid, err)
			}
		}
		if sig != syscall.SIGCONT {
			awaitEnd(ctx, server, 3*time.Second)
		}
	}
	if server.Running() {
		return fmt.Errorf("process %d does not end", server.PID)
	}
	return nil
}

func awaitEnd(ctx context.Context, server local.Identity, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for server.Running() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
