package local

import (
	"fmt"
	"strings"

	gops "github.com/shirou/gopsutil/v3/process"
)

// Identity names a process beyond doubt: pids are used again.
type Identity struct {
	PID     int    `json:"pid"`
	Started int64  `json:"started"` // Unix milliseconds, as the system reports it
	Command string `json:"command"` // part of its command line, such as its data folder
}

// Identify reads the identity of a running process. command is what its
// command line must contain to be recognised later.
func Identify(pid int, command string) (Identity, error) {
	p, err := gops.NewProcess(int32(pid))
	if err != nil {
		return Identity{}, fmt.Errorf("process %d: %w", pid, err)
	}
	started, err := p.CreateTime()
	if err != nil {
		return Identity{}, fmt.Errorf("process %d: start time: %w", pid, err)
	}
	return Identity{PID: pid, Started: started, Command: command}, nil
}

// Running tells whether that very process still runs.
func (id Identity) Running() bool {
	if id.PID <= 1 {
		return false
	}
	p, err := gops.NewProcess(int32(id.PID))
	if err != nil {
		return false
	}
	started, err := p.CreateTime()
	if err != nil || !near(started, id.Started) {
		return false
	}
	line, err := p.Cmdline()
	return err == nil && strings.Contains(line, id.Command)
}

// near allows for the start time being computed from a boot time that moves
// a little when the clock is set.
func near(a, b int64) bool {
	const toleranceMS = 2000
	return a-b <= toleranceMS && b-a <= toleranceMS
}

// Children lists the direct children of a process.
func Children(pid int) []int {
	all, err := gops.Processes()
	if err != nil {
		return nil
	}
	var children []int
	for _, p := range all {
		if parent, err := p.Ppid(); err == nil && int(parent) == pid {
			children = append(children, int(p.Pid))
		}
	}
	return children
}
