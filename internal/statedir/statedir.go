// Package statedir opens the files of the state folder so that all who share
// the folder can use them, whatever the umask of the one who made them, and
// locks them without waiting for ever. It must not know what is in the files.
package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	private = 0o600
	shared  = 0o660 // in a folder that a group writes to

	groupWrites = 0o020
)

// Make makes a folder where it is missing: as open to the group as the one it
// is in. That one has to be there: where it has gone, all that was kept went
// with it, and nobody looks for what would begin anew in its place.
func Make(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	above, err := os.Stat(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not there: %w", parent, fs.ErrNotExist)
	}
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if above.Mode().Perm()&groupWrites == 0 {
		return nil
	}
	return os.Chmod(dir, above.Mode()&(os.ModePerm|os.ModeSetgid))
}

// Open is os.OpenFile for a file of the state folder: one that it makes is
// private, but the group's in a folder that the group writes to. The folder is
// made where it is missing.
func Open(path string, flag int) (*os.File, error) {
	if flag&os.O_EXCL == 0 {
		file, err := os.OpenFile(path, flag&^os.O_CREATE, 0)
		if !errors.Is(err, fs.ErrNotExist) || flag&os.O_CREATE == 0 {
			return file, err
		}
	}
	dir := filepath.Dir(path)
	if err := Make(dir); err != nil {
		return nil, err
	}
	mode := os.FileMode(private)
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&groupWrites != 0 {
		mode = shared
	}
	file, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.Mode().Perm()&mode != mode {
		// The umask has taken bits. Another who made the file meanwhile adds them too.
		_ = file.Chmod(mode)
	}
	return file, nil
}

// TryLock is Lock without waiting: not ok while another process has the file.
func TryLock(file *os.File, how int) (ok bool, err error) {
	switch err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB); {
	case err == nil:
		return true, nil
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
		return false, nil
	default:
		return false, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
}

// Replace writes a file as a whole, so that a crash leaves the old one, and two
// who write at once leave one of both.
func Replace(path string, data []byte) error {
	part := path + "." + strconv.Itoa(os.Getpid()) + ".part"
	file, err := Open(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part)) // on a full disk it would take what room there is
	}
	return nil
}

const (
	lockWait = 5 * time.Second
	lockPoll = 5 * time.Millisecond
)

// Lock waits for a file, 5 s at most: syscall.LOCK_EX to write, LOCK_SH to read
// a whole state. It is given back by closing the file.
func Lock(file *os.File, how int) error {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for end := time.Now().Add(lockWait); ; <-tick.C {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock %s: %w", file.Name(), err)
		case time.Now().After(end):
			return fmt.Errorf("lock %s: another process has held it for %v", file.Name(), lockWait)
		}
	}
}
