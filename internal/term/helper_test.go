package term

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"golang.org/x/sys/unix"
)

// helperRole makes the test binary play a part in a test instead of testing: a
// program on a terminal, or a shell with job control that runs it.
const helperRole = "TERM_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(helperRole) {
	case "program":
		os.Exit(playProgram())
	case "shell":
		os.Exit(playShell())
	}
	os.Exit(m.Run())
}

// playProgram shows a frame and does what keys say. It exits with the code of
// its ending.
func playProgram() int {
	t, err := Open(Options{})
	if err != nil {
		fmt.Println("error:", err)
		return 99
	}
	view := tview.NewTextView()
	var s *Session
	keys := map[rune]func(){
		'q': func() { s.Quit() },
		'g': func() { s.Go("reader", func() { fail("in a goroutine") }) },
		'l': func() { fail("in the event loop") },
		'b': func() { fmt.Print("STUCK"); <-make(chan struct{}) },
		'x': func() { s.Suspend(func() { fmt.Print("OUTSIDE ") }) },
	}
	typed := ""
	s = t.NewSession(Program{
		Root:   view,
		Update: func(bool) { view.SetText("READY " + typed) },
		Keys: func(ev *tcell.EventKey) *tcell.EventKey {
			if f := keys[ev.Rune()]; f != nil && ev.Key() == tcell.KeyRune {
				f()
				return nil
			}
			if ev.Key() == tcell.KeyRune {
				typed += string(ev.Rune())
				view.SetText("READY " + typed)
			}
			return ev
		},
	})
	ending := s.Run(context.Background())
	fmt.Printf("ENDED forced=%v err=%v\r\n", ending.Forced, ending.Err)
	return ending.ExitCode()
}

// fail panics as a bug would.
func fail(where string) {
	var table []string
	_ = table[len(where)]
}

// playShell runs the program as the foreground job of a shell, says when it has
// been stopped, and continues it on a line of input.
func playShell() int {
	signal.Ignore(syscall.SIGTTOU, syscall.SIGTTIN, syscall.SIGTSTP)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperRole+"=program")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: true}
	if err := cmd.Start(); err != nil {
		fmt.Println("error:", err)
		return 99
	}
	pid := cmd.Process.Pid
	fmt.Printf("PID %d\r\n", pid)
	for {
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, unix.WUNTRACED, nil); err != nil {
			fmt.Println("error:", err)
			return 99
		}
		if !status.Stopped() {
			return status.ExitStatus()
		}
		foreground(unix.Getpgrp())
		fmt.Print("STOPPED\r\n")
		if line := readStdin(); !strings.HasPrefix(line, "fg") {
			fmt.Printf("error: read %q\r\n", line)
		}
		foreground(pid)
		_ = unix.Kill(-pid, unix.SIGCONT)
	}
}

func foreground(group int) {
	_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, group)
}

func readStdin() string {
	b := make([]byte, 100)
	n, _ := os.Stdin.Read(b)
	return string(b[:n])
}
