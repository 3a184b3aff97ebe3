package provider

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Machine is what the machine of a database tells: counters since it started,
// and how things are.
type Machine struct {
	CPU       []map[string]float64 // seconds by mode, for each processor
	Load      [3]float64
	Memory    MachineMemory
	Disks     []MachineDisk
	NICs      []MachineNIC
	DataBytes uint64 // used on the disk of the database
	Clients   int    // connections to the database
	Slots     int    // max_connections
	Up        bool   // the database answers
	SizeMB    float64
	OOMKills  float64
}

// MachineMemory is the memory of a machine, in bytes.
type MachineMemory struct{ Total, Free, Available, Cached, Buffers, SwapTotal, SwapFree uint64 }

// MachineDisk are the counters of one disk.
type MachineDisk struct {
	Device                      string
	ReadBytes, WrittenBytes     uint64
	Reads, Writes               uint64
	BusySeconds                 float64
	ReadTimeSeconds, WriteTimeS float64
}

// MachineNIC are the counters of one network device.
type MachineNIC struct {
	Device        string
	Received, Out uint64 // bytes
}

// Metrics answers what the machine of the project tells, to service_role.
func (s *Supabase) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok || user != "service_role" || subtle.ConstantTimeCompare([]byte(password), []byte(s.opts.Key)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		m, err := s.machine(r)
		if err != nil { // the machine is there without its database
			s.mu.Lock()
			m = s.last
			s.mu.Unlock()
			m.Up = false
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write(s.metricsText(m)) // the reader may have gone
	})
}

// exposition writes the families of the project's endpoint.
type exposition struct {
	bytes.Buffer
	labels string
}

// family begins a family of a type.
func (e *exposition) family(name, kind string) {
	_, _ = fmt.Fprintf(e, "# HELP %s %s.\n# TYPE %s %s\n", name, name, name, kind)
}

// value writes one series; more are labels beside the usual ones.
func (e *exposition) value(name string, v float64, more string) {
	if more != "" {
		more = "," + more
	}
	_, _ = fmt.Fprintf(e, "%s{%s%s} %g\n", name, e.labels, more, v)
}

// gauge writes a family of one series.
func (e *exposition) gauge(name string, v float64) {
	e.family(name, "gauge")
	e.value(name, v, "")
}

func (s *Supabase) metricsText(m Machine) []byte {
	e := &exposition{labels: fmt.Sprintf("supabase_project_ref=%q,supabase_identifier=%q,service_type=\"db\"", s.opts.Ref, s.opts.Ref)}
	e.processors(m)
	e.memory(m.Memory)
	e.storage(m)
	e.network(m.NICs)
	e.database(m)
	return e.Bytes()
}

func (e *exposition) processors(m Machine) {
	e.family("node_cpu_seconds_total", "counter")
	for i, modes := range m.CPU {
		for _, mode := range slices.Sorted(maps.Keys(modes)) {
			e.value("node_cpu_seconds_total", modes[mode], fmt.Sprintf("cpu=\"%d\",mode=%q", i, mode))
		}
	}
	e.family("node_cpu_online", "gauge")
	for i := range m.CPU {
		e.value("node_cpu_online", 1, fmt.Sprintf("cpu=\"%d\"", i))
	}
	for i, name := range []string{"node_load1", "node_load5", "node_load15"} {
		e.gauge(name, m.Load[i])
	}
	e.family("node_vmstat_oom_kill", "untyped")
	e.value("node_vmstat_oom_kill", m.OOMKills, "")
}

func (e *exposition) memory(m MachineMemory) {
	for _, g := range []struct {
		name string
		v    uint64
	}{
		{"MemTotal", m.Total}, {"MemFree", m.Free}, {"MemAvailable", m.Available}, {"Cached", m.Cached},
		{"Buffers", m.Buffers}, {"SwapTotal", m.SwapTotal}, {"SwapFree", m.SwapFree},
	} {
		e.gauge("node_memory_"+g.name+"_bytes", float64(g.v))
	}
}

// storage tells of the disk that goes with the project, with what the database
// really keeps on it, and of what this machine really reads and writes.
func (e *exposition) storage(m Machine) {
	const where = `device="/dev/nvme1n1",device_error="",fstype="ext4",mountpoint="/data"`
	free := float64(diskGB<<30) - float64(m.DataBytes)
	for _, g := range []struct {
		name string
		v    float64
	}{{"size_bytes", diskGB << 30}, {"free_bytes", free}, {"avail_bytes", free}, {"files", 524288}, {"files_free", 520000}} {
		e.family("node_filesystem_"+g.name, "gauge")
		e.value("node_filesystem_"+g.name, g.v, where)
	}
	for name, of := range map[string]func(MachineDisk) float64{
		"read_bytes_total":         func(d MachineDisk) float64 { return float64(d.ReadBytes) },
		"written_bytes_total":      func(d MachineDisk) float64 { return float64(d.WrittenBytes) },
		"reads_completed_total":    func(d MachineDisk) float64 { return float64(d.Reads) },
		"writes_completed_total":   func(d MachineDisk) float64 { return float64(d.Writes) },
		"io_time_seconds_total":    func(d MachineDisk) float64 { return d.BusySeconds },
		"read_time_seconds_total":  func(d MachineDisk) float64 { return d.ReadTimeSeconds },
		"write_time_seconds_total": func(d MachineDisk) float64 { return d.WriteTimeS },
	} {
		e.family("node_disk_"+name, "counter")
		for _, d := range m.Disks {
			e.value("node_disk_"+name, of(d), fmt.Sprintf("device=%q", d.Device))
		}
	}
}

func (e *exposition) network(nics []MachineNIC) {
	e.family("node_network_receive_bytes_total", "counter")
	for _, n := range nics {
		e.value("node_network_receive_bytes_total", float64(n.Received), fmt.Sprintf("device=%q", n.Device))
	}
	e.family("node_network_transmit_bytes_total", "counter")
	for _, n := range nics {
		e.value("node_network_transmit_bytes_total", float64(n.Out), fmt.Sprintf("device=%q", n.Device))
	}
}

func (e *exposition) database(m Machine) {
	up := 0.0
	if m.Up {
		up = 1
	}
	e.gauge("pg_up", up)
	e.gauge("connection_stats_connection_count", float64(m.Clients))
	e.gauge("max_connections_connection_count", float64(m.Slots))
	e.gauge("pg_database_size_mb", m.SizeMB)
	e.family("pgbouncer_pools_client_waiting_connections", "gauge")
	e.value("pgbouncer_pools_client_waiting_connections", 0, `database="pgbouncer",user="pgbouncer"`)
}
