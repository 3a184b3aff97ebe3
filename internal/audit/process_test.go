package audit

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child appends to the record in a process of its own. how is "COUNT DIR" for
// so many entries, "storm DIR" for entries until it is killed, or "full DIR"
// where files cannot grow any more.
func child(how string) int {
	what, dir, _ := strings.Cut(how, " ")
	log, err := Open(dir, Options{Host: "bastion"})
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	count := 1 << 30
	switch what {
	case "full":
		signal.Ignore(syscall.SIGXFSZ)
		info, _ := os.Stat(dir + "/" + logName)
		limit := syscall.Rlimit{Cur: uint64(info.Size()) + 50, Max: uint64(info.Size()) + 50}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			fmt.Fprintln(os.Stdout, err)
			return 1
		}
		count = 1
	case "storm":
	default:
		fmt.Sscan(what, &count)
	}
	for i := range count {
		if _, err := log.Append(Entry{Phase: Intent, ID: fmt.Sprint(os.Getpid(), "-", i)}); err != nil {
			fmt.Fprintln(os.Stdout, err)
			return 1
		}
	}
	return 0
}

func startChild(t *testing.T, how string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+how)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestManyProcesses(t *testing.T) {
	dir := t.TempDir()
	var children []*exec.Cmd
	for range 4 {
		children = append(children, startChild(t, "25 "+dir))
	}
	log := open(t, dir)
	for i := range 25 { // and two goroutines of one process
		done := make(chan error)
		go func() { _, err := log.Append(Entry{ID: fmt.Sprint("b", i)}); done <- err }()
		add(t, log, Entry{ID: fmt.Sprint("a", i)})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if report := mustHold(t, dir, 150); len(report.Repair) > 0 || len(report.Notes) > 0 {
		t.Errorf("without a crash: %+v", report)
	}
}

func TestKillStorm(t *testing.T) {
	dir := t.TempDir()
	begin := func() *exec.Cmd { return startChild(t, "storm "+dir) }
	a, b := begin(), begin()
	for i := range 12 {
		before := size(dir)
		for end := time.Now().Add(5 * time.Second); size(dir) == before && time.Now().Before(end); {
			<-time.After(time.Duration(1+i) * time.Millisecond)
		}
		if err := a.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = a.Wait() // killed
		a, b = b, begin()
	}
	for _, c := range []*exec.Cmd{a, b} {
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // killed
	}
	add(t, open(t, dir), Entry{ID: "after the storm"})
	report := verify(t, dir)
	if report.Broken != nil || report.Lines < 12 {
		t.Errorf("after the storm: %d lines, %v", report.Lines, report.Broken)
	}
}

func size(dir string) int64 {
	info, err := os.Stat(dir + "/" + logName)
	if err != nil {
		return 0
	}
	return info.Size()
}

func TestFullDisk(t *testing.T) {
	dir := filled(t, 2)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=full "+dir)
	out, err := cmd.Output()
	if err == nil || !strings.Contains(string(out), "file too large") {
		t.Fatalf("append on a full disk: %v, %s", err, out)
	}
	mustHold(t, dir, 4)
	add(t, open(t, dir), Entry{ID: "room again"})
	if report := mustHold(t, dir, 5); len(report.Repair) > 0 {
		t.Errorf("the failed append left something: %+v", report.Repair)
	}
}

func TestUnwritable(t *testing.T) {
	if _, err := Open("/dev/null/audit", Options{}); err == nil {
		t.Error("opened below a file")
	}
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/"+logName, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("opened a folder as the record")
	}
}
