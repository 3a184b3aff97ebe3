package collectors

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/net"

	"tocsin/internal/model"
)

func TestHostOfThisMachine(t *testing.T) {
	h := new(Host)
	start := time.Now()
	h.now = func() time.Time { return start }
	ctx := context.Background()
	first, err := h.Collect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if first.CPU != nil || first.NetIn != nil || first.DiskRead != nil {
		t.Errorf("rates after one reading: %+v", first)
	}
	if first.CPUs < 1 || first.MemTotal == 0 || first.MemFree == 0 || first.MemFree > first.MemTotal {
		t.Errorf("got %+v", first)
	}
	if len(first.Disks) == 0 || first.Disks[0].Mount != "/" || first.Disks[0].Used == 0 {
		t.Errorf("disks: %+v", first.Disks)
	}
	for _, d := range first.Disks {
		if pct, ok := d.UsedPct(); !ok || pct < 0 || pct > 100 || d.FullIn != nil {
			t.Errorf("disk %+v", d)
		}
	}
	h.now = func() time.Time { return start.Add(10 * time.Second) }
	second, err := h.Collect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if second.NetIn == nil || *second.NetIn < 0 {
		t.Errorf("network after two readings: %v", second.NetIn)
	}
}

func TestHostWithALimit(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"proc/self/cgroup":             "0::/\n",
		"sys/fs/cgroup/memory.max":     "1048576\n",
		"sys/fs/cgroup/memory.current": "262144\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h := new(Host)
	h.root = os.DirFS(root)
	got, err := h.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if pct, ok := got.MemPct(); !ok || pct != 25 || !got.MemLimited || got.Pressure != nil {
		t.Errorf("%v %% of %d bytes, limited %v, pressure %v", pct, got.MemTotal, got.MemLimited, got.Pressure)
	}
	if err := os.Remove(filepath.Join(root, "sys/fs/cgroup/memory.current")); err != nil {
		t.Fatal(err)
	}
	got, err = h.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if pct, ok := got.MemPct(); ok || got.MemWhy == "" {
		t.Errorf("%v %% in use though nothing says so", pct)
	}
}

func TestBusy(t *testing.T) {
	prev := cpu.TimesStat{User: 100, Guest: 90, System: 50, Idle: 1000, Iowait: 10}
	tests := []struct {
		name string
		cur  cpu.TimesStat
		want *float64
	}{
		{"half", cpu.TimesStat{User: 104, Guest: 94, System: 51, Idle: 1004, Iowait: 11}, ptr(50.0)},
		{"idle", cpu.TimesStat{User: 100, Guest: 90, System: 50, Idle: 1010, Iowait: 10}, ptr(0.0)},
		{"no time", prev, nil},
		{"went back", cpu.TimesStat{User: 1}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, busy(prev, tt.cur)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestHostRates(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	prev := hostCounters{at: at, net: &traffic{100, 200}, block: &traffic{50, 60}}
	var got model.Host
	prev.rates(hostCounters{at: at.Add(2 * time.Second), net: &traffic{300, 100}, block: nil}, &got)
	want := model.Host{NetIn: ptr(100.0)} // NetOut went back: an interface is gone
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTraffic(t *testing.T) {
	nics := []net.IOCountersStat{{Name: "lo", BytesRecv: 9}, {Name: "eth0", BytesRecv: 1, BytesSent: 2}, {Name: "wg0", BytesRecv: 10, BytesSent: 20}}
	if got := *netTraffic(nics); got != (traffic{11, 22}) {
		t.Errorf("network: %+v", got)
	}
	devices := map[string]disk.IOCountersStat{"sda": {ReadBytes: 5, WriteBytes: 6}, "sda1": {ReadBytes: 5, WriteBytes: 6}}
	if got := *blockTraffic(devices, map[string]bool{"sda": true}); got != (traffic{5, 6}) {
		t.Errorf("disks: %+v", got)
	}
	if got := *blockTraffic(devices, nil); got != (traffic{10, 12}) {
		t.Errorf("disks without /sys/block: %+v", got)
	}
}

func TestFullIn(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		after time.Duration
		used  uint64
		free  uint64
		want  *time.Duration
	}{
		{"fills", 10 * time.Minute, 1100, 900, ptr(90 * time.Minute)},
		{"stays", 10 * time.Minute, 1000, 900, nil},
		{"empties", 10 * time.Minute, 900, 800, nil},
		{"too soon", 590 * time.Second, 1100, 900, nil},
		{"has room", 10 * time.Minute, 1100, 1101, nil},
		{"full", 10 * time.Minute, 1100, 0, ptr(time.Duration(0))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fullIn([]diskReading{{at, 1000}, {at.Add(tt.after), tt.used}}, tt.free)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFarForecastIsNotTold(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := fullIn([]diskReading{{at, 1 << 40}, {at.Add(10 * time.Minute), 1<<40 + 1}}, 1<<39); got != nil {
		t.Errorf("got %s", got)
	}
}

func TestDiskReadings(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	trends := diskTrends{}
	var got model.Disk
	for i := range 600 { // a minute apart, 1 MB each
		used := uint64(i) << 20
		got = trends.disk(&disk.UsageStat{Path: "/", Used: used, Free: 1<<30 - used, Total: 2 << 30}, at.Add(time.Duration(i)*time.Minute))
	}
	if n := len(trends["/"]); n != 21 {
		t.Errorf("%d readings are kept, want 21", n)
	}
	if got.FullIn == nil || got.FullIn.Round(time.Minute) != (1024-599)*time.Minute || got.Total != 1<<30 || got.InodesPct != nil {
		t.Errorf("got %+v, full in %v", got, got.FullIn)
	}
}

func TestADiskThatCannotBeReadIsNotGone(t *testing.T) {
	trends := diskTrends{}
	got := trends.read(t.Context(), []string{"/", "/dev/null/data"}, time.Now())
	if len(got) != 2 || got[0].Why != "" || got[1].Mount != "/dev/null/data" || got[1].Why == "" {
		t.Fatalf("got %+v", got)
	}
	if pct, ok := got[1].UsedPct(); ok {
		t.Errorf("a disk that was not read is %v %% full", pct)
	}
}

func TestFillable(t *testing.T) {
	for fstype, want := range map[string]bool{"ext4": true, "squashfs": false, "apfs": true, "iso9660": false} {
		if got := fillable(disk.PartitionStat{Fstype: fstype, Mountpoint: "/x"}); got != want {
			t.Errorf("%s: %v", fstype, got)
		}
	}
}
