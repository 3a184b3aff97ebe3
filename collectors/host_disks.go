package collectors

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/disk"

	"tocsin/internal/model"
)

const (
	// trendOver is how far back the growth of a file system is looked at.
	trendOver = 20 * time.Minute
	// trendLeast is the shortest time that says anything about growth: one
	// file that is written and done is no trend.
	trendLeast = 10 * time.Minute
	// trendUsed is the share in use, of the whole, below which no forecast is
	// worth telling.
	trendUsed = 0.5
	// trendFarthest is the longest forecast worth telling.
	trendFarthest = 365 * 24 * time.Hour
)

// diskTrends keeps the readings of each file system by its mount point.
type diskTrends map[string][]diskReading

type diskReading struct {
	at   time.Time
	used uint64 // bytes
}

// read lists the file systems that can run full, by mount point.
func (t diskTrends) read(ctx context.Context, mounts []string, now time.Time) []model.Disk {
	var out []model.Disk
	seen := map[string]bool{}
	for _, mount := range mounts {
		usage, err := disk.UsageWithContext(ctx, mount)
		switch {
		case err != nil:
			// Left out, it would look like one that is no longer mounted.
			out = append(out, model.Disk{Mount: mount, Why: fmt.Sprintf("read %s: %v", mount, err)})
		case usage.Total == 0:
			continue
		default:
			out = append(out, t.disk(usage, now))
		}
		seen[mount] = true
	}
	for mount := range t {
		if !seen[mount] {
			delete(t, mount)
		}
	}
	return out
}

// mounts gives one mount point, the shortest, for each device. The root is
// always there: in a container its file system has no device.
func mounts(ctx context.Context) []string {
	parts, _ := disk.PartitionsWithContext(ctx, false) // an incomplete list is better than none
	slices.SortFunc(parts, func(a, b disk.PartitionStat) int { return len(a.Mountpoint) - len(b.Mountpoint) })
	out := []string{"/"}
	devices := map[string]bool{}
	for _, p := range parts {
		if fillable(p) && !devices[p.Device] && p.Mountpoint != "/" {
			out = append(out, p.Mountpoint)
		}
		devices[p.Device] = true
	}
	slices.SortFunc(out, strings.Compare)
	return out
}

// disk counts what is kept for root as gone, as df does: ordinary processes
// meet "no space left" there.
func (t diskTrends) disk(usage *disk.UsageStat, now time.Time) model.Disk {
	d := model.Disk{Mount: usage.Path, Total: usage.Used + usage.Free, Used: usage.Used}
	if usage.InodesTotal > 0 {
		pct := 100 * float64(usage.InodesUsed) / float64(usage.InodesTotal)
		d.InodesPct = &pct
	}
	t[d.Mount] = trimmed(append(t[d.Mount], diskReading{now, d.Used}))
	d.FullIn = fullIn(t[d.Mount], d.Total-d.Used)
	return d
}

// trimmed drops what is older than the trend looks back.
func trimmed(readings []diskReading) []diskReading {
	newest := readings[len(readings)-1].at
	return slices.DeleteFunc(readings, func(r diskReading) bool { return newest.Sub(r.at) > trendOver })
}

// fullIn is how long the free bytes last at the growth from the first reading
// to the last; nil when there is no growth, too little time, or much room.
func fullIn(readings []diskReading, free uint64) *time.Duration {
	first, last := readings[0], readings[len(readings)-1]
	elapsed := last.at.Sub(first.at)
	roomy := float64(last.used) < trendUsed*float64(last.used+free)
	if elapsed < trendLeast || last.used <= first.used || roomy {
		return nil
	}
	left := float64(free) / float64(last.used-first.used) * float64(elapsed)
	if left > float64(trendFarthest) {
		return nil
	}
	d := time.Duration(left)
	return &d
}
