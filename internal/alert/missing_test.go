package alert

import (
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func TestADiskThatCannotBeReadKeepsItsAlert(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	step := func(d model.Disk) Alert {
		w.now = w.now.Add(2 * time.Minute)
		put(w, store.HostKey(), model.Host{MemTotal: 10, MemFree: 9, Disks: []model.Disk{d}})
		return pick(t, e.Step(w), "host.disk.used{fs=/data}")
	}
	full := model.Disk{Mount: "/data", Total: 100, Used: 97}
	step(full)
	if got := step(full); got.State != Firing {
		t.Fatalf("full: got %s", got.State)
	}
	got := step(model.Disk{Mount: "/data", Why: "read /data: input/output error"})
	if got.State != Unknown || got.Former != Firing || got.Why != "read /data: input/output error" {
		t.Errorf("unreadable: got %s after %s: %s", got.State, got.Former, got.Why)
	}
}
