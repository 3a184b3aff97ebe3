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

func TestARestartDuringAnOutageClearsNothing(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	try := func(tries int, up, passed bool) Alert {
		w.now = w.now.Add(5 * time.Second)
		put(w, store.ProbeKey("web"), model.Probe{Service: "web", Up: up, Passed: passed, Failures: tries, Needed: 3, Tries: tries})
		return pick(t, e.Step(w), "service.down{service=web}")
	}
	began := try(3, false, false).Since
	data, err := e.Export()
	if err != nil {
		t.Fatal(err)
	}
	e = New(Defaults())
	if err := e.Import(data); err != nil {
		t.Fatal(err)
	}
	for tries := 1; tries < 3; tries++ {
		if got := try(tries, true, false); got.State != Unknown || got.Standing() != Firing {
			t.Errorf("try %d: got %s after %s", tries, got.State, got.Former)
		}
	}
	if got := try(3, false, false); got.State != Firing || !got.Since.Equal(began) {
		t.Errorf("got %s since %s, want firing since %s", got.State, got.Since, began)
	}
	if got := try(1, true, true); got.State != OK {
		t.Errorf("answers again: got %s", got.State)
	}
}
