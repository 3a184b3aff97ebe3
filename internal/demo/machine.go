package demo

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	psload "github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
	psnet "github.com/shirou/gopsutil/v3/net"

	"tocsin/internal/demo/provider"
)

// Machine tells of this machine, and of what the server keeps on it. What a
// system does not tell is left at zero, as an exporter does.
func (m *managed) Machine(ctx context.Context) (provider.Machine, error) {
	out := provider.Machine{DataBytes: m.dataBytes(), Memory: machineMemory(ctx), Disks: machineDisks(ctx)}
	processors, err := cpu.TimesWithContext(ctx, true)
	if err != nil {
		return out, err
	}
	for _, t := range processors {
		out.CPU = append(out.CPU, map[string]float64{
			"user": t.User, "system": t.System, "idle": t.Idle, "nice": t.Nice,
			"iowait": t.Iowait, "irq": t.Irq, "softirq": t.Softirq, "steal": t.Steal,
		})
	}
	if avg, err := psload.AvgWithContext(ctx); err == nil {
		out.Load = [3]float64{avg.Load1, avg.Load5, avg.Load15}
	}
	nics, _ := psnet.IOCountersWithContext(ctx, true)
	for _, n := range nics {
		out.NICs = append(out.NICs, provider.MachineNIC{Device: n.Name, Received: n.BytesRecv, Out: n.BytesSent})
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err = m.world.database.admin.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
	  current_setting('max_connections')::int, pg_database_size(current_database()) / 1048576.0`).
		Scan(&out.Clients, &out.Slots, &out.SizeMB)
	out.Up = err == nil
	return out, nil
}

func machineMemory(ctx context.Context) provider.MachineMemory {
	var out provider.MachineMemory
	if v, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		out.Total, out.Free, out.Available, out.Cached, out.Buffers = v.Total, v.Free, v.Available, v.Cached, v.Buffers
	}
	if v, err := mem.SwapMemoryWithContext(ctx); err == nil {
		out.SwapTotal, out.SwapFree = v.Total, v.Free
	}
	return out
}

// machineDisks are the devices that have ever been read.
func machineDisks(ctx context.Context) []provider.MachineDisk {
	devices, _ := disk.IOCountersWithContext(ctx)
	var out []provider.MachineDisk
	for _, name := range slices.Sorted(maps.Keys(devices)) {
		d := devices[name]
		if d.ReadBytes == 0 {
			continue
		}
		out = append(out, provider.MachineDisk{
			Device: name, ReadBytes: d.ReadBytes, WrittenBytes: d.WriteBytes, Reads: d.ReadCount, Writes: d.WriteCount,
			BusySeconds: float64(d.IoTime) / 1000, ReadTimeSeconds: float64(d.ReadTime) / 1000, WriteTimeS: float64(d.WriteTime) / 1000,
		})
	}
	return out
}
