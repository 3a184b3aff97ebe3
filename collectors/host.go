package collectors

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	gohost "github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/net"

	"tocsin/internal/host"
	"tocsin/internal/model"
)

// Host reads the machine tocsin runs on. The zero value is ready for use.
// Source: gopsutil, /proc and /sys.
type Host struct {
	root  fs.FS            // nil is the machine's own
	now   func() time.Time // nil is time.Now
	disks diskTrends
	last  hostCounters // zero before the first reading
}

// hostCounters is what only ever grows; nil where it could not be read.
type hostCounters struct {
	at         time.Time
	cpu        *cpu.TimesStat
	net, block *traffic
}

// traffic is bytes in both directions since the start of the machine.
type traffic struct{ in, out int64 }

func (h *Host) prepare() {
	if h.root == nil {
		h.root = os.DirFS("/")
	}
	if h.now == nil {
		h.now = time.Now
	}
	if h.disks == nil {
		h.disks = diskTrends{}
	}
}

// Collect reads the machine once. What a system does not tell is unknown, not
// an error; without memory and processor there is nothing to show.
func (h *Host) Collect(ctx context.Context) (model.Host, error) {
	h.prepare()
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return model.Host{}, fmt.Errorf("memory of this machine: %w", err)
	}
	cpus, err := cpu.CountsWithContext(ctx, true)
	if err != nil {
		return model.Host{}, fmt.Errorf("processors of this machine: %w", err)
	}
	name, _ := os.Hostname() // without a name the rest is still of use
	out := model.Host{Name: name, CPUs: cpus, MemTotal: memory.Total, MemFree: memory.Available, Pressure: host.Pressure(h.root)}
	if limit, ok := host.MemoryLimit(h.root, memory.Total); ok {
		out.MemTotal, out.MemLimited = limit.Limit, true
		if limit.Free == nil {
			out.MemFree, out.MemWhy = 0, "the control group does not tell how much is in use"
		} else {
			out.MemFree = min(*limit.Free, memory.Available)
		}
	}
	if swap, err := mem.SwapMemoryWithContext(ctx); err == nil {
		out.SwapUsed = &swap.Used
	}
	if avg, err := load.AvgWithContext(ctx); err == nil {
		out.Load = &[3]float64{avg.Load1, avg.Load5, avg.Load15}
	}
	if boot, err := gohost.BootTimeWithContext(ctx); err == nil {
		out.BootedSince = time.Unix(int64(boot), 0).UTC()
	}
	now := h.now()
	out.Disks = h.disks.read(ctx, mounts(ctx), now)
	cur := h.counters(ctx, now)
	h.last.rates(cur, &out)
	h.last = cur
	return out, nil
}

func (h *Host) counters(ctx context.Context, now time.Time) hostCounters {
	out := hostCounters{at: now}
	if all, err := cpu.TimesWithContext(ctx, false); err == nil && len(all) == 1 {
		out.cpu = &all[0]
	}
	if nics, err := net.IOCountersWithContext(ctx, true); err == nil {
		out.net = netTraffic(nics)
	}
	if devices, err := disk.IOCountersWithContext(ctx); err == nil {
		out.block = blockTraffic(devices, host.WholeDisks(h.root))
	}
	return out
}

func netTraffic(nics []net.IOCountersStat) *traffic {
	t := &traffic{}
	for _, nic := range nics {
		if nic.Name != "lo" && nic.Name != "lo0" {
			t.in += int64(nic.BytesRecv)
			t.out += int64(nic.BytesSent)
		}
	}
	return t
}

// blockTraffic adds up the whole disks; all devices where it is not known
// which are whole.
func blockTraffic(devices map[string]disk.IOCountersStat, whole map[string]bool) *traffic {
	t := &traffic{}
	for name, d := range devices {
		if whole == nil || whole[name] {
			t.in += int64(d.ReadBytes)
			t.out += int64(d.WriteBytes)
		}
	}
	return t
}

// rates fills in what happened between two readings.
func (prev hostCounters) rates(cur hostCounters, out *model.Host) {
	if prev.cpu != nil && cur.cpu != nil {
		out.CPU = busy(*prev.cpu, *cur.cpu)
	}
	elapsed := cur.at.Sub(prev.at)
	if prev.net != nil && cur.net != nil {
		out.NetIn = perSecond(prev.net.in, cur.net.in, elapsed)
		out.NetOut = perSecond(prev.net.out, cur.net.out, elapsed)
	}
	if prev.block != nil && cur.block != nil {
		out.DiskRead = perSecond(prev.block.in, cur.block.in, elapsed)
		out.DiskWrite = perSecond(prev.block.out, cur.block.out, elapsed)
	}
}

// busy is the share of the time in which a processor worked, in percent of all
// of them. Waiting for a disk is idle. Guests are counted in user already.
func busy(prev, cur cpu.TimesStat) *float64 {
	all := func(t cpu.TimesStat) float64 {
		return t.User + t.System + t.Idle + t.Nice + t.Iowait + t.Irq + t.Softirq + t.Steal
	}
	elapsed := all(cur) - all(prev)
	idle := cur.Idle + cur.Iowait - prev.Idle - prev.Iowait
	if elapsed <= 0 {
		return nil
	}
	pct := min(max(100*(1-idle/elapsed), 0), 100)
	return &pct
}

// fillable tells whether a file system can run full: images that are read only
// are full from the start.
func fillable(p disk.PartitionStat) bool {
	switch p.Fstype {
	case "squashfs", "iso9660", "erofs", "cramfs":
		return false
	}
	return !strings.HasPrefix(p.Mountpoint, "/proc/") && !strings.HasPrefix(p.Mountpoint, "/sys/")
}
