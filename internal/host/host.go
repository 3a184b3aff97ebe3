// Package host reads what Linux tells about the machine in files: the limits
// of the control group that this process runs in, pressure, and which disks
// are whole. It reads from any file tree, so that saved ones can stand in for
// the machine. On other systems the files are absent, and so are the answers.
// It must not know how a reading is used.
package host

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"tocsin/internal/model"
)

// Memory is the memory that a control group leaves to its processes, in bytes.
type Memory struct {
	Limit uint64
	Free  *uint64 // below the limit; pages of files count as free, they can be dropped; nil when it is not told
}

// MemoryLimit finds the tightest memory limit of the control groups that this
// process is in; not ok when none is below total, the memory of the machine.
// Source: /proc/self/cgroup and memory.* below /sys/fs/cgroup, both versions.
func MemoryLimit(root fs.FS, total uint64) (m Memory, ok bool) {
	for _, dir := range groups(root) {
		limit, limited := number(root, path.Join(dir.dir, dir.limit)) // "max" is no number
		if !limited || limit == 0 || limit >= total || ok && limit >= m.Limit {
			continue
		}
		m, ok = Memory{Limit: limit}, true
		if used, known := dir.used(root); known {
			free := limit - min(used, limit)
			m.Free = &free
		}
	}
	return m, ok
}

// group is the folder of one control group with the names of its files.
type group struct {
	dir                     string
	limit, usage, droppable string
}

// used is what the group cannot give back, in bytes.
func (g group) used(root fs.FS) (used uint64, ok bool) {
	all, ok := number(root, path.Join(g.dir, g.usage))
	return all - min(field(root, path.Join(g.dir, "memory.stat"), g.droppable), all), ok
}

// groups lists the memory groups of this process, from its own up to the root.
// Inside a container the path may be that of the machine, which is not to be
// seen there; then the root is the container's own group.
func groups(root fs.FS) []group {
	var out []group
	for line := range lines(root, "proc/self/cgroup") {
		parts := strings.SplitN(line, ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[0] == "0" && parts[1] == "":
			for _, dir := range upwards(parts[2]) {
				out = append(out, group{"sys/fs/cgroup" + dir, "memory.max", "memory.current", "inactive_file"})
			}
		case strings.Contains(","+parts[1]+",", ",memory,"):
			for _, dir := range upwards(parts[2]) {
				out = append(out, group{"sys/fs/cgroup/memory" + dir, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"})
			}
		}
	}
	return out
}

// upwards gives /a/b, /a and the empty path for /a/b.
func upwards(dir string) []string {
	dir = strings.TrimSuffix(path.Clean("/"+dir), "/")
	var out []string
	for dir != "" && dir != "/" {
		out = append(out, dir)
		dir = strings.TrimSuffix(path.Dir(dir), "/")
	}
	return append(out, "")
}

// Pressure reads the share of the last ten seconds in which some task had to
// wait; nil where the kernel does not tell. Source: /proc/pressure.
func Pressure(root fs.FS) *model.Pressure {
	cpu, ok1 := avg10(root, "cpu")
	memory, ok2 := avg10(root, "memory")
	io, ok3 := avg10(root, "io")
	if !ok1 || !ok2 || !ok3 {
		return nil
	}
	return &model.Pressure{CPU: cpu, Memory: memory, IO: io}
}

func avg10(root fs.FS, of string) (pct float64, ok bool) {
	for line := range lines(root, "proc/pressure/"+of) {
		rest, some := strings.CutPrefix(line, "some avg10=")
		if !some {
			continue
		}
		value, _, _ := strings.Cut(rest, " ")
		pct, err := strconv.ParseFloat(value, 64)
		return pct, err == nil
	}
	return 0, false
}

// WholeDisks tells which block devices are disks of their own, and not parts
// of others or made from them; nil where the kernel does not tell. Adding up
// all devices would count most bytes twice. Source: /sys/block.
func WholeDisks(root fs.FS) map[string]bool {
	entries, err := fs.ReadDir(root, "sys/block")
	if err != nil {
		return nil
	}
	out := map[string]bool{}
	for _, e := range entries {
		if !derived(e.Name()) {
			out[e.Name()] = true
		}
	}
	return out
}

// derived tells whether a block device keeps its bytes elsewhere.
func derived(name string) bool {
	for _, prefix := range []string{"loop", "ram", "zram", "dm-", "md", "sr"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// lines yields the lines of a file; none when it cannot be read.
func lines(root fs.FS, name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		raw, err := fs.ReadFile(root, name)
		if err != nil {
			return
		}
		for s := bufio.NewScanner(bytes.NewReader(raw)); s.Scan(); {
			if !yield(s.Text()) {
				return
			}
		}
	}
}

// number is the only word of a file as a number.
func number(root fs.FS, name string) (n uint64, ok bool) {
	for line := range lines(root, name) {
		n, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
		if err == nil {
			return n, true
		}
	}
	return 0, false
}

// field is the number behind a name in a file of such lines, 0 when there is none.
func field(root fs.FS, name, key string) uint64 {
	for line := range lines(root, name) {
		if value, ok := strings.CutPrefix(line, key+" "); ok {
			n, _ := strconv.ParseUint(value, 10, 64)
			return n
		}
	}
	return 0
}
