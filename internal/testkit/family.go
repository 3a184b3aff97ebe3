package testkit

import (
	"syscall"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/process"

	"tocsin/internal/local"
)

// family is the processes that a program has started, and they in turn.
type family map[int]local.Identity

// meet adds the present descendants of pid. It is asked again and again while
// the program runs: once that has ended, nothing leads from it to them.
func (f family) meet(t testing.TB, pid int) {
	t.Helper()
	children, err := childrenByParent()
	if err != nil {
		t.Errorf("list processes: %v", err)
	}
	for wave := children[pid]; len(wave) > 0; {
		var next []int
		for _, child := range wave {
			if id, err := local.Identify(child, ""); err == nil { // else it has ended
				f[child] = id
			}
			next = append(next, children[child]...)
		}
		wave = next
	}
}

func childrenByParent() (map[int][]int, error) {
	all, err := process.Processes()
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, p := range all {
		if parent, err := p.Ppid(); err == nil { // else it has ended
			children[int(parent)] = append(children[int(parent)], int(p.Pid))
		}
	}
	return children, nil
}

// forgetEnded drops the processes that run no more.
func (f family) forgetEnded() {
	for pid, id := range f {
		if !id.Running() || isZombie(pid) {
			delete(f, pid)
		}
	}
}

// isZombie tells whether a process has ended but nobody has asked how: its
// command line is empty. Not every machine's first process asks.
func isZombie(pid int) bool {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return false
	}
	line, err := p.Cmdline()
	return err == nil && line == ""
}

// mustEnd gives the processes a moment to follow the program that started
// them; those that do not are reported and killed.
func (f family) mustEnd(t testing.TB) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(endWithin)
	defer limit.Stop()
	for len(f) > 0 {
		select {
		case <-tick.C:
			f.forgetEnded()
		case <-limit.C:
			for _, id := range f {
				t.Errorf("process %d outlives the program that started it", id.PID)
				_ = syscall.Kill(id.PID, syscall.SIGKILL) // it may end at this moment
			}
			return
		}
	}
}
