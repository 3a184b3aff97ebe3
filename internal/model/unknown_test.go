package model

import (
	"testing"
	"time"
)

func TestFactsKeepTheirOrder(t *testing.T) {
	h := Host{Pressure: &Pressure{CPU: 1, Memory: 2, IO: 3}}
	for range 20 {
		all := h.Facts()
		for i, f := range all[len(all)-3:] {
			if f.Value != float64(i+1) {
				t.Fatalf("got %v at %d", f, i)
			}
		}
	}
}

// TestWhatIsNotToldIsNotZero looks at snapshots of sources that tell little,
// and at one that tells a real zero.
func TestWhatIsNotToldIsNotZero(t *testing.T) {
	idle := App{Windows: []AppWindow{{Window: time.Minute, Elapsed: time.Minute}}}
	hidden := Activity{Hidden: "GRANT pg_monitor", Sessions: []Session{{PID: 1, Database: "shop", BlockedBy: []int{2}}, {PID: 2, Database: "shop"}}}
	broken := []Index{{Name: "broken"}}
	backup := Replication{Expected: []string{"a"}, Replicas: []Replica{{Name: "a", State: "backup"}}}
	tests := []struct {
		name  string
		facts []Fact
		known bool
		value float64
	}{
		{"host.load1", Host{}.Facts(), false, 0},
		{"host.memory", Host{MemTotal: 10, MemWhy: "not told"}.Facts(), false, 0},
		{"cache.clients", Redis{}.Facts(), false, 0},
		{"cache.memory", Redis{Max: 100}.Facts(), false, 0},
		{"http.rate", App{Windows: []AppWindow{{Window: time.Minute}}}.Facts(), false, 0},
		{"http.rate", idle.Facts(), true, 0},
		{"http.p95", idle.Facts(), false, 0},
		{"db.locks.waiting", hidden.Facts(), true, 1},
		{"db.query.longest", hidden.Facts(), false, 0},
		{"db.indexes.invalid", Indexes{Rows: broken}.Facts(), true, 1},
		{"db.indexes.invalid", Indexes{Rows: broken, Standby: true}.Facts(), false, 0}, // the primary may be building it
		{"db.indexes.invalid", Indexes{Standby: true}.Facts(), true, 0},
		{"db.replica.gone", backup.Facts(), true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, f := range tt.facts {
				if f.Name != tt.name {
					continue
				}
				if f.Known != tt.known || f.Value != tt.value || f.Known == (f.Why != "") {
					t.Errorf("got %+v", f)
				}
				return
			}
			t.Error("there is no such fact")
		})
	}
}

// A base backup is no standby: it has no lag, not even one that is not known.
func TestBaseBackupHasNoLag(t *testing.T) {
	for _, f := range (Replication{Replicas: []Replica{{Name: "pg_basebackup", State: "backup"}}}).Facts() {
		if f.Labels["replica"] != "" {
			t.Errorf("got %+v", f)
		}
	}
}
