package term

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	xterm "golang.org/x/term"
)

// patience is how long a test waits for what should come at once.
const patience = 20 * time.Second

// console is a program on a pseudo-terminal, and what it has written.
type console struct {
	t      *testing.T
	ptmx   *os.File
	cmd    *exec.Cmd
	banner string // what was written up to the first frame

	mu   sync.Mutex
	more *sync.Cond
	out  bytes.Buffer
	eof  bool
}

// play starts the test binary in a role on a new terminal and waits for its
// first frame.
func play(t *testing.T, role string) (c *console, before *xterm.State) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperRole+"="+role, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "GORACE=atexit_sleep_ms=0")
	ptmx, tty := openPty(t, 80, 24)
	before = settings(t, ptmx)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = tty.Close()
	c = newConsole(t, ptmx)
	c.cmd = cmd
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // no more than an error when it has ended
		_ = cmd.Wait()
		_ = ptmx.Close()
	})
	c.banner = c.await("READY")
	return c, before
}

// openPty opens a pseudo-terminal. The pty package leaves the master blocking,
// so that Close would wait for a read under way; ours is a copy that does not.
func openPty(t *testing.T, w, h uint16) (ptmx, tty *os.File) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = master.Close() }()
	if err := pty.Setsize(master, &pty.Winsize{Cols: w, Rows: h}); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "ptmx"), tty
}

// newConsole reads what a program writes on the terminal behind ptmx.
func newConsole(t *testing.T, ptmx *os.File) *console {
	c := &console{t: t, ptmx: ptmx}
	c.more = sync.NewCond(&c.mu)
	go c.read()
	return c
}

// settings returns the settings of the terminal behind ptmx. It does not use Fd,
// which would make reads blocking, and Close wait for them.
func settings(t *testing.T, ptmx *os.File) *xterm.State {
	t.Helper()
	conn, err := ptmx.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var state *xterm.State
	var failed error
	err = conn.Control(func(fd uintptr) { state, failed = xterm.GetState(int(fd)) })
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return state
}

// read keeps what the program writes.
func (c *console) read() {
	b := make([]byte, 4096)
	for {
		n, err := c.ptmx.Read(b)
		c.mu.Lock()
		c.out.Write(b[:n])
		c.eof = err != nil
		c.more.Broadcast()
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// await waits until the program has written text, and forgets what came up to it.
func (c *console) await(text string) string {
	c.t.Helper()
	expired := time.AfterFunc(patience, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.eof = true
		c.more.Broadcast()
	})
	defer expired.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if i := strings.Index(c.out.String(), text); i >= 0 {
			return string(c.out.Next(i + len(text)))
		}
		if c.eof {
			c.t.Fatalf("waited for %q, got %q", text, c.out.String())
		}
		c.more.Wait()
	}
}

// press types keys.
func (c *console) press(keys string) {
	c.t.Helper()
	if _, err := c.ptmx.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// exit waits for the end of the program, which must come within a second, and
// returns its exit code.
func (c *console) exit() int {
	c.t.Helper()
	begin := time.Now()
	defer time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() }).Stop()
	err := c.cmd.Wait()
	if took := time.Since(begin); took > 2*time.Second { // one, and the machine's load
		c.t.Errorf("the end took %v", took)
	}
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		c.t.Fatal(err)
	}
	return c.cmd.ProcessState.ExitCode()
}

// left checks that the terminal was given back: settings, screen and modes.
func (c *console) left(before *xterm.State) {
	c.t.Helper()
	if got := settings(c.t, c.ptmx); !reflect.DeepEqual(got, before) {
		c.t.Errorf("settings of the terminal: got %+v, want %+v", got, before)
	}
}

func TestEndings(t *testing.T) {
	tests := []struct {
		name  string
		keys  string
		after string // what must be written before the signal
		sig   syscall.Signal
		want  int
		says  string
	}{
		{name: "quit", keys: "q", want: 0, says: "forced=false err=<nil>"},
		{name: "ctrl-c", keys: "\x03", want: 0, says: "forced=false"},
		{name: "ctrl-c in a paste without end", keys: "\x1b[200~abc\x03", want: 0, says: "forced=false"},
		{name: "ctrl-c after alt bracket", keys: "\x1b]\x03", want: 0, says: "forced=false"},
		{name: "ctrl-z where no shell could continue", keys: "\x1aq", want: 0, says: "forced=false err=<nil>"},
		{name: "terminate", sig: syscall.SIGTERM, want: 143, says: "forced=false"},
		{name: "interrupt", sig: syscall.SIGINT, want: 130, says: "forced=false"},
		{name: "quit signal", sig: syscall.SIGQUIT, want: 131, says: "forced=false"},
		{name: "hang-up", sig: syscall.SIGHUP, want: 129, says: "forced=false"},
		{name: "panic in a goroutine", keys: "g", want: 1, says: "forced=false err=panic in reader: runtime error"},
		{name: "panic in the event loop", keys: "l", want: 1, says: "forced=false err=panic in screen: runtime error"},
		{name: "a handler that never returns", keys: "b", after: "STUCK", sig: syscall.SIGTERM, want: 143, says: "forced=true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, before := play(t, "program")
			c.press(tt.keys)
			c.await(tt.after)
			if tt.sig != 0 {
				if err := c.cmd.Process.Signal(tt.sig); err != nil {
					t.Fatal(err)
				}
			}
			got := c.await("ENDED ")
			if !strings.Contains(got, "\x1b[?1049l") {
				t.Errorf("the alternate screen was not left: %q", got)
			}
			c.await(tt.says)
			if code := c.exit(); code != tt.want {
				t.Errorf("exit code: got %d, want %d", code, tt.want)
			}
			c.left(before)
		})
	}
}

// TestDrop closes the terminal, as a lost connection does.
func TestDrop(t *testing.T) {
	c, _ := play(t, "program")
	if err := c.ptmx.Close(); err != nil {
		t.Fatal(err)
	}
	if got := c.exit(); got != 129 {
		t.Errorf("exit code: got %d, want 129", got)
	}
}

// TestSuspend stops the program by key and by signal, and continues it.
func TestSuspend(t *testing.T) {
	c, before := play(t, "shell")
	pid, err := strconv.Atoi(regexp.MustCompile(`PID (\d+)`).FindStringSubmatch(c.banner)[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, stop := range []func(){
		func() { c.press("\x1a") },
		func() { _ = syscall.Kill(pid, syscall.SIGTSTP) },
		func() { c.press("\x1a") },
	} {
		stop()
		if got := c.await("STOPPED"); !strings.Contains(got, "\x1b[?1049l") {
			t.Errorf("the alternate screen was not left: %q", got)
		}
		c.left(before)
		c.press("fg\n")
		c.await("\x1b[?1049h")
		c.await("READY")
	}
	c.press("x")
	c.await("OUTSIDE")
	c.await("READY")
	c.press("q")
	c.await("ENDED ")
	if got := c.exit(); got != 0 {
		t.Errorf("exit code: got %d, want 0", got)
	}
	c.left(before)
}
