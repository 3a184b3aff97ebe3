package collectors

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// machineTextMax bounds the lines that are looked at, in bytes: a real machine
// tells a tenth of it.
const machineTextMax = 256 << 10

// SupabaseMachine reads what the machine of a project's database tells, and
// remembers the counters of the reading before.
// Source: the metrics endpoint of the project, one request.
type SupabaseMachine struct {
	Client *supabase.Metrics
	Ref    string           // of the project: read replicas tell under names of their own
	Now    func() time.Time // nil is time.Now

	last  machineReading
	out   model.SupabaseMachine // of the last reading
	disks diskTrends
}

// Collect reads the machine once.
func (s *SupabaseMachine) Collect(ctx context.Context) (model.SupabaseMachine, error) {
	text, err := s.Client.Text(ctx)
	if err != nil {
		return model.SupabaseMachine{}, fmt.Errorf("metrics of the project: %w", err)
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	cur, err := readMachine(text, s.Ref, s.Now())
	if err != nil {
		return model.SupabaseMachine{}, err
	}
	if s.last.at.IsZero() || !cur.same(s.last) {
		s.out = cur.state()
		cur.rates(s.last, &s.out)
		s.out.Disks = s.disksOf(cur)
		s.last = cur
	}
	return s.out, nil
}

// disksOf lists the file systems with their trend.
func (s *SupabaseMachine) disksOf(cur machineReading) []model.Disk {
	if s.disks == nil {
		s.disks = diskTrends{}
	}
	out := cur.disks()
	for i := range out {
		d := &out[i]
		s.disks[d.Mount] = trimmed(append(s.disks[d.Mount], diskReading{cur.at, d.Used}))
		d.FullIn = fullIn(s.disks[d.Mount], d.Total-d.Used)
	}
	return out
}

// The families that are looked at, by what they are for.
func machineCounters() []string {
	return []string{
		"node_cpu_seconds_total", "node_disk_read_bytes_total", "node_disk_written_bytes_total",
		"node_disk_reads_completed_total", "node_disk_writes_completed_total", "node_disk_io_time_seconds_total",
		"node_network_receive_bytes_total", "node_network_transmit_bytes_total", "node_vmstat_oom_kill",
	}
}

func machineGauges() []string {
	return []string{
		"node_load1", "node_load5", "node_load15", "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes",
		"node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes", "node_filesystem_size_bytes", "node_filesystem_free_bytes",
		"node_filesystem_avail_bytes", "node_filesystem_files", "node_filesystem_files_free", "pg_up",
		"connection_stats_connection_count", "max_connections_connection_count", "pgbouncer_pools_client_waiting_connections",
	}
}

// machineReading is one reading of a machine, by family and then by the
// labels of a series.
type machineReading struct {
	at       time.Time
	families map[string]map[string]series
}

// readMachine takes the wanted families out of Prometheus text.
func readMachine(text []byte, ref string, at time.Time) (machineReading, error) {
	wanted := slices.Concat(machineCounters(), machineGauges())
	lines := only(text, wanted...)
	if len(lines) > machineTextMax {
		return machineReading{}, &model.Fail{Class: model.Protocol, Text: fmt.Sprintf("metrics of the project: %d kB of the families wanted, more than a machine has", len(lines)>>10)}
	}
	families, err := parseSeries(lines)
	if err != nil {
		return machineReading{}, &model.Fail{Class: model.Protocol, Text: fmt.Sprintf("metrics of the project: not Prometheus text: %v", err)}
	}
	if len(families) == 0 {
		return machineReading{}, &model.Fail{Class: model.Missing, Text: "metrics of the project: nothing of a machine in them"}
	}
	r := machineReading{at: at, families: map[string]map[string]series{}}
	own := identifierOf(families, ref)
	for _, name := range wanted {
		r.families[name] = map[string]series{}
		for _, s := range families[name] {
			if own == "" || s.labels[identifierLabel] == own {
				r.families[name][s.labels.String()] = s
			}
		}
	}
	return r, nil
}

// identifierLabel tells the database that a series is of.
const identifierLabel = "supabase_identifier"

// identifierOf is the primary's: the reference of the project, else the first
// one; "" where the series have none.
func identifierOf(families map[string][]series, ref string) string {
	seen := map[string]bool{}
	for _, f := range families {
		for _, s := range f {
			seen[s.labels[identifierLabel]] = true
		}
	}
	if seen[ref] {
		return ref
	}
	delete(seen, "")
	if all := slices.Sorted(maps.Keys(seen)); len(all) > 0 {
		return all[0]
	}
	return ""
}
