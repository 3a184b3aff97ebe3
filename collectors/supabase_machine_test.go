package collectors

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
	"tocsin/internal/testkit"
)

// metricsServer is a machine whose text the test sets.
type metricsServer struct {
	*testing.T
	text string
	src  *SupabaseMachine
	now  time.Time
}

func newMetricsServer(t *testing.T, ref string) *metricsServer {
	t.Helper()
	m := &metricsServer{T: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, m.text) }))
	t.Cleanup(server.Close)
	client := supabase.NewMetrics(supabase.MetricsOptions{URL: server.URL, Project: ref, Key: "k"})
	t.Cleanup(client.Close)
	m.src = &SupabaseMachine{Client: client, Ref: ref, Now: func() time.Time { return m.now }}
	return m
}

func (m *metricsServer) after(d time.Duration, text string) model.SupabaseMachine {
	m.Helper()
	m.now, m.text = m.now.Add(d), text
	got, err := m.src.Collect(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	return got
}

// machineText is what a machine of two processors says after so many seconds,
// of which each processor worked for the given share.
func machineText(seconds, busy float64) string {
	var b strings.Builder
	for cpu := range 2 {
		for mode, part := range map[string]float64{"user": busy, "iowait": 0.1, "idle": 1 - busy - 0.1} {
			fmt.Fprintf(&b, "node_cpu_seconds_total{cpu=\"%d\",mode=%q} %g\n", cpu, mode, 1000+part*seconds)
		}
	}
	fmt.Fprintf(&b, "node_disk_read_bytes_total{device=\"a\"} %g\nnode_disk_read_bytes_total{device=\"b\"} %g\n", 5e6+100*seconds, 3e6+20*seconds)
	fmt.Fprintf(&b, "node_disk_io_time_seconds_total{device=\"a\"} %g\nnode_disk_io_time_seconds_total{device=\"b\"} %g\n", 0.5*seconds, 0.2*seconds)
	fmt.Fprintf(&b, "node_network_receive_bytes_total{device=\"lo\"} %g\nnode_network_receive_bytes_total{device=\"ens5\"} %g\n", 9e9*seconds, 7*seconds)
	fmt.Fprintf(&b, "node_memory_MemTotal_bytes 1000\nnode_memory_MemAvailable_bytes 250\n# TYPE node_vmstat_oom_kill untyped\nnode_vmstat_oom_kill %g\n", math.Floor(seconds/50))
	b.WriteString("node_filesystem_size_bytes{mountpoint=\"/data\"} 1000\nnode_filesystem_free_bytes{mountpoint=\"/data\"} 300\nnode_filesystem_avail_bytes{mountpoint=\"/data\"} 200\n")
	b.WriteString("connection_stats_connection_count 30\nmax_connections_connection_count 60\npg_up 1\n")
	return b.String()
}

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 0.01 {
		t.Errorf("%s: got %v, want %v", what, deref(got), want)
	}
}

func deref(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

func TestSupabaseMachine(t *testing.T) {
	m := newMetricsServer(t, "abcdefghijklmnopqrst")
	first := m.after(0, machineText(0, 0.3))
	if first.CPU != nil || first.DiskRead != nil || first.OOMKills != nil {
		t.Errorf("rates after one reading: %+v", first)
	}
	if pct, ok := first.MemPct(); !ok || pct != 75 || first.CPUs != 2 || first.Up == nil || !*first.Up {
		t.Errorf("first reading: %+v", first)
	}
	if pct, ok := first.SlotsPct(); !ok || pct != 50 {
		t.Errorf("connections %v, %v", pct, ok)
	}
	if d := first.Disks[0]; d.Mount != "/data" || d.Used != 700 || d.Total != 900 {
		t.Errorf("disk %+v", d)
	}
	// 60 s of the machine's time, though we asked after 75.
	second := m.after(75*time.Second, machineText(60, 0.3))
	near(t, "cpu", second.CPU, 30)
	near(t, "waiting for the disk", second.IOWait, 10)
	near(t, "disk reads", second.DiskRead, 120)
	near(t, "busiest disk", second.DiskBusy, 50)
	near(t, "network without lo", second.NetIn, 7)
	if second.OOMKills == nil || *second.OOMKills != 1 {
		t.Errorf("processes ended for want of memory: %v", second.OOMKills)
	}
	// The same reading again is no minute without work.
	near(t, "cpu of the same reading", m.after(60*time.Second, machineText(60, 0.3)).CPU, 30)
	// A machine that started anew has counters that went back.
	if restarted := m.after(60*time.Second, machineText(5, 0.3)); restarted.CPU != nil || restarted.DiskRead != nil || restarted.NetIn != nil {
		t.Errorf("rates over a restart: %+v", restarted)
	}
	near(t, "cpu after it", m.after(60*time.Second, machineText(65, 0.3)).CPU, 30)
}

// The vendor's own sample has every family that is asked for.
func TestSupabaseSample(t *testing.T) {
	m := newMetricsServer(t, "abcdefghijkl")
	got := m.after(0, string(testkit.Contract(t, "supabase-metrics.prom.txt")))
	if len(got.Missing) > 0 {
		t.Errorf("not in the sample: %q", got.Missing)
	}
	if got.CPUs != 1 || got.Clients == nil || got.Slots == nil || got.Waiting == nil || got.MemTotal == nil || got.Load == nil {
		t.Errorf("got %+v", got)
	}
}

// A read replica tells its numbers beside the primary, under another name.
func TestSupabaseReplicaIsLeftOut(t *testing.T) {
	const text = "node_memory_MemTotal_bytes{supabase_identifier=\"abcdefghijklmnopqrst-rr-eu-1\"} 7\nnode_memory_MemTotal_bytes{supabase_identifier=\"abcdefghijklmnopqrst\"} 1000\n"
	m := newMetricsServer(t, "abcdefghijklmnopqrst")
	if got := m.after(0, text); got.MemTotal == nil || *got.MemTotal != 1000 {
		t.Errorf("memory %v, want that of the primary", got.MemTotal)
	}
}

func TestSupabaseMachineFailures(t *testing.T) {
	many := strings.Builder{}
	for i := range 40_000 {
		fmt.Fprintf(&many, "node_load1{n=\"%d\"} 1\n", i)
	}
	for name, tt := range map[string]struct {
		text  string
		class model.Class
		says  string
	}{
		"another page":    {"<html>\n", model.Missing, "nothing of a machine"},
		"broken lines":    {"node_load1{ 1\n", model.Protocol, "not Prometheus text"},
		"series no end":   {many.String(), model.Protocol, "more than a machine has"},
		"no word of ours": {"up 1\n", model.Missing, "nothing of a machine"},
	} {
		m := newMetricsServer(t, "abcdefghijklmnopqrst")
		m.text = tt.text
		_, err := m.src.Collect(t.Context())
		fail := model.FailOf(err)
		if fail == nil || fail.Class != tt.class || !strings.Contains(fail.Text, tt.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
