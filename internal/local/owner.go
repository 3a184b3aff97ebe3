package local

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Owner is the user that servers run as. PostgreSQL refuses to run as root,
// so for root it is somebody else.
type Owner struct {
	Name string
	UID  int
	GID  int
	// Switch tells that this process is root and has to become Owner to run a
	// server; false when servers simply run as the user we already are.
	Switch bool
}

// ServerOwner returns the user that servers run as: the present user, or for
// root the one who called sudo, or else nobody.
func ServerOwner() (Owner, error) {
	if os.Geteuid() != 0 {
		return Owner{UID: os.Geteuid(), GID: os.Getegid()}, nil
	}
	if uid := os.Getenv("SUDO_UID"); uid != "" && uid != "0" {
		if u, err := user.LookupId(uid); err == nil {
			return ownerFrom(u)
		}
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return Owner{}, fmt.Errorf("find a user other than root for the servers: %w", err)
	}
	return ownerFrom(u)
}

func ownerFrom(u *user.User) (Owner, error) {
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return Owner{}, fmt.Errorf("user %s: uid %q is not a number", u.Username, u.Uid)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return Owner{}, fmt.Errorf("user %s: gid %q is not a number", u.Username, u.Gid)
	}
	return Owner{Name: u.Username, UID: uid, GID: gid, Switch: true}, nil
}

// credential is what a child process is started with; nil means "as we are".
func (o Owner) credential() *syscall.Credential {
	if !o.Switch {
		return nil
	}
	// nobody is uid -2 on some systems; the conversion wraps as the system does.
	return &syscall.Credential{Uid: uint32(o.UID), Gid: uint32(o.GID)}
}

// MkdirTemp makes a folder in the system's folder for temporary files that
// other users may pass through but not read, so that a server which runs as
// [Owner] reaches its own private folder inside it.
func MkdirTemp(prefix string) (string, error) {
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// mkdir makes a private folder that belongs to the owner and checks that the
// owner can reach it.
func (o Owner) mkdir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if !o.Switch {
		return nil
	}
	if err := os.Chown(dir, o.UID, o.GID); err != nil {
		return err
	}
	return o.reaches(dir)
}

// reaches tells which folder on the way to dir keeps the owner out, if any:
// the server's own message about it is hard to read.
func (o Owner) reaches(dir string) error {
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		owned := ok && int(stat.Uid) == o.UID
		if info.Mode().Perm()&0o001 == 0 && !owned {
			return fmt.Errorf("user %s, who runs the server, may not enter %s: choose another folder", o.Name, parent)
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

// writeFile writes a private file that belongs to the owner.
func (o Owner) writeFile(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	if !o.Switch {
		return nil
	}
	return os.Chown(path, o.UID, o.GID)
}
