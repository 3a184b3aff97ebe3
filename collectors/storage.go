package collectors

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v3/disk"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Storage reads how full the file systems are that hold the files of a server
// of this machine. It remembers what was used before: one goroutine at a time
// may collect.
type Storage struct {
	Server *pg.Server
	Now    func() time.Time
	trends diskTrends
}

type storageRow struct {
	Tablespace string
	Folder     string // "" where the role may not see the data directory
	pg.Home
}

// ordinary is the tablespace in the data directory.
const ordinary = "pg_default"

type storageReading struct {
	rows []storageRow // the ordinary tablespace first
	from string       // the address we read from
	caps pg.Caps
}

// Collect reads on the slow lane.
func (c *Storage) Collect(ctx context.Context) (model.Storage, error) {
	got, err := pg.Read(ctx, c.Server.Slow(), func(ctx context.Context, s *pg.Session) (storageReading, error) {
		rows, err := list[storageRow](ctx, s, "storage")
		return storageReading{rows, s.Address(), s.Caps()}, err
	})
	switch {
	case err != nil:
		return model.Storage{}, err
	case len(got.rows) == 0 || got.rows[0].Data == "":
		return model.Storage{Hidden: fmt.Sprintf("role %s may not see where the server keeps its data: %s", got.caps.Role, got.caps.GrantMonitor())}, nil
	case !got.rows[0].Here(got.from):
		return model.Storage{Away: "the server keeps its data on another machine, or where it cannot be seen from here"}, nil
	}
	if c.trends == nil {
		c.trends = diskTrends{}
	}
	return model.Storage{Volumes: c.volumes(ctx, got.rows)}, nil
}

// volumes gathers the folders by file system.
func (c *Storage) volumes(ctx context.Context, rows []storageRow) []model.Volume {
	var out []model.Volume
	for _, row := range rows {
		holds := "tablespace " + row.Tablespace
		if row.Tablespace == ordinary {
			holds = "data directory"
		}
		mount, err := mountOf(row.Folder)
		at := slices.IndexFunc(out, func(v model.Volume) bool { return v.Mount == mount })
		if at < 0 {
			out = append(out, model.Volume{Disk: c.disk(ctx, mount, err)})
			at = len(out) - 1
		}
		out[at].Holds = append(out[at].Holds, holds)
	}
	slices.SortStableFunc(out, func(a, b model.Volume) int {
		x, _ := a.UsedPct()
		y, _ := b.UsedPct()
		return cmp.Compare(y, x)
	})
	return out
}

// disk reads one file system; failed is why its mount point is not known.
func (c *Storage) disk(ctx context.Context, mount string, failed error) model.Disk {
	usage, err := disk.UsageWithContext(ctx, mount)
	if err := cmp.Or(failed, err); err != nil {
		return model.Disk{Mount: mount, Why: fmt.Sprintf("read the file system of %s: %v", mount, err)}
	}
	return c.trends.disk(usage, c.Now())
}

// mountOf is the topmost folder on the file system of a folder; with an error
// the folder itself.
func mountOf(folder string) (string, error) {
	resolved, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return folder, err
	}
	folder = resolved
	device, err := deviceOf(folder)
	if err != nil {
		return folder, err
	}
	for folder != "/" {
		above, err := deviceOf(filepath.Dir(folder))
		if err != nil || above != device {
			break
		}
		folder = filepath.Dir(folder)
	}
	return folder, nil
}

func deviceOf(folder string) (uint64, error) {
	info, err := os.Stat(folder)
	if err != nil {
		return 0, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("%s: this system does not tell devices apart", folder)
	}
	return uint64(stat.Dev), nil //nolint:unconvert // int32 on macOS
}
