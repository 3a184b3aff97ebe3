package collectors

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"tocsin/internal/model"
)

// same tells whether a reading is the one before again: the endpoint makes a
// new one each minute, and two looks may fall into one.
func (r machineReading) same(before machineReading) bool {
	for _, name := range slices.Concat(machineCounters(), machineGauges()) {
		if !maps.EqualFunc(r.families[name], before.families[name], func(a, b series) bool { return a.value == b.value }) {
			return false
		}
	}
	return true
}

// sum adds up the series of a family; nil where there is none.
func (r machineReading) sum(name string) *float64 {
	if len(r.families[name]) == 0 {
		return nil
	}
	total := 0.0
	for _, s := range r.families[name] {
		total += s.value
	}
	return &total
}

// state is what needs no reading before.
func (r machineReading) state() model.SupabaseMachine {
	out := model.SupabaseMachine{
		CPUs: len(r.cpus()), MemTotal: unsigned(r.sum("node_memory_MemTotal_bytes")), MemFree: unsigned(r.sum("node_memory_MemAvailable_bytes")),
		Clients: integer(r.sum("connection_stats_connection_count")), Slots: integer(r.sum("max_connections_connection_count")),
		Waiting: integer(r.sum("pgbouncer_pools_client_waiting_connections")),
	}
	if one, five, fifteen := r.sum("node_load1"), r.sum("node_load5"), r.sum("node_load15"); one != nil && five != nil && fifteen != nil {
		out.Load = &[3]float64{*one, *five, *fifteen}
	}
	if total, free := r.sum("node_memory_SwapTotal_bytes"), r.sum("node_memory_SwapFree_bytes"); total != nil && free != nil {
		used := *total - *free
		out.SwapUsed = unsigned(&used)
	}
	if up := r.sum("pg_up"); up != nil {
		yes := *up >= 1
		out.Up = &yes
	}
	for _, name := range slices.Concat(machineCounters(), machineGauges()) {
		if len(r.families[name]) == 0 {
			out.Missing = append(out.Missing, name)
		}
	}
	return out
}

func (r machineReading) cpus() map[string]bool {
	out := map[string]bool{}
	for _, s := range r.families["node_cpu_seconds_total"] {
		out[s.labels["cpu"]] = true
	}
	return out
}

// disks are the file systems, by mount point. What is kept for root counts as
// gone, as df does it.
func (r machineReading) disks() []model.Disk {
	at := func(name, mount string) (float64, bool) {
		for _, s := range r.families[name] {
			if s.labels["mountpoint"] == mount {
				return s.value, true
			}
		}
		return 0, false
	}
	var out []model.Disk
	for _, s := range r.families["node_filesystem_size_bytes"] {
		mount := s.labels["mountpoint"]
		free, ok1 := at("node_filesystem_free_bytes", mount)
		avail, ok2 := at("node_filesystem_avail_bytes", mount)
		if !ok1 || !ok2 || s.value <= 0 || free > s.value {
			continue
		}
		d := model.Disk{Mount: mount, Used: uint64(s.value - free), Total: uint64(s.value - free + max(avail, 0))}
		files, ok1 := at("node_filesystem_files", mount)
		left, ok2 := at("node_filesystem_files_free", mount)
		if ok1 && ok2 && files > 0 {
			pct := 100 * (1 - left/files)
			d.InodesPct = &pct
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b model.Disk) int { return cmp.Compare(a.Mount, b.Mount) })
	return out
}

// growth is what each series of a family that match keeps has grown; not ok
// where there was none before or one went back, as after a restart.
func (r machineReading) growth(before machineReading, name string, match func(model.Labels) bool) (by []float64, ok bool) {
	for key, s := range r.families[name] {
		old, known := before.families[name][key]
		if !known || !match(s.labels) { // a disk or a processor may be new
			continue
		}
		if s.value < old.value {
			return nil, false
		}
		by = append(by, s.value-old.value)
	}
	return by, len(by) > 0
}

func total(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum
}

func all(model.Labels) bool { return true }

// rates fills in what happened since the reading before.
func (r machineReading) rates(before machineReading, out *model.SupabaseMachine) {
	if before.at.IsZero() {
		return
	}
	elapsed := r.at.Sub(before.at)
	if cpu, ok := r.growth(before, "node_cpu_seconds_total", all); ok && total(cpu) > 0 {
		// The counters of the processors tell how much time lies between the
		// machine's own readings, which are not made when we ask.
		elapsed = time.Duration(total(cpu) / float64(out.CPUs) * float64(time.Second))
		out.CPU, out.IOWait = r.cpuShare(before, total(cpu), "idle", "iowait"), r.cpuShare(before, total(cpu), "iowait")
		if out.CPU != nil {
			*out.CPU = 100 - *out.CPU
		}
	}
	perSecond := func(match func(model.Labels) bool, names ...string) *float64 {
		sum := 0.0
		for _, name := range names {
			by, ok := r.growth(before, name, match)
			if !ok || elapsed <= 0 {
				return nil
			}
			sum += total(by)
		}
		v := sum / elapsed.Seconds()
		return &v
	}
	outside := func(labels model.Labels) bool { return labels["device"] != "lo" }
	out.DiskRead, out.DiskWrite = perSecond(all, "node_disk_read_bytes_total"), perSecond(all, "node_disk_written_bytes_total")
	out.DiskOps = perSecond(all, "node_disk_reads_completed_total", "node_disk_writes_completed_total")
	out.NetIn, out.NetOut = perSecond(outside, "node_network_receive_bytes_total"), perSecond(outside, "node_network_transmit_bytes_total")
	if by, ok := r.growth(before, "node_disk_io_time_seconds_total", all); ok && elapsed > 0 {
		busy := min(100*slices.Max(by)/elapsed.Seconds(), 100)
		out.DiskBusy = &busy
	}
	if by, ok := r.growth(before, "node_vmstat_oom_kill", all); ok {
		kills := total(by)
		out.OOMKills = integer(&kills)
	}
}

// cpuShare is the share of some modes of all processor time, in percent.
func (r machineReading) cpuShare(before machineReading, of float64, modes ...string) *float64 {
	by, ok := r.growth(before, "node_cpu_seconds_total", func(labels model.Labels) bool { return slices.Contains(modes, labels["mode"]) })
	if !ok {
		return nil
	}
	pct := min(100*total(by)/of, 100)
	return &pct
}

func unsigned(v *float64) *uint64 {
	if v == nil || *v < 0 || math.IsNaN(*v) {
		return nil
	}
	n := uint64(*v)
	return &n
}

func integer(v *float64) *int64 {
	if v == nil || math.IsNaN(*v) {
		return nil
	}
	n := int64(*v)
	return &n
}
