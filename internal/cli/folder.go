package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/config"
	"tocsin/internal/statedir"
)

// folder is the state of one target on disk, shared by all who watch it from
// this machine.
type folder struct {
	root string // the state folder of all targets: the audit is here
	dir  string // of this target
	own  bool   // root is the usual place below the person's home, not one that somebody named
}

// folderOf names the folder; [folder.begin] makes it.
func folderOf(valid config.Valid, target string) folder {
	root := valid.StateDir()
	return folder{root: root, dir: filepath.Join(root, target), own: valid.State == ""}
}

// begin makes the state folder and that of the target where they are missing,
// once in a run: what vanishes after that is told of, not made anew. What lies
// above is made for the usual place only, since a home may hold nothing yet.
func (f folder) begin() error {
	if f.own {
		if err := os.MkdirAll(filepath.Dir(f.root), 0o700); err != nil {
			return fmt.Errorf("state folder: %w", err)
		}
	}
	for _, dir := range []string{f.root, f.dir} {
		if err := statedir.Make(dir); err != nil {
			return fmt.Errorf("state folder: %w", err)
		}
	}
	return nil
}

// rulesFile keeps the state of the rules, so that `for:` counts across runs
// and a restart neither fires again nor forgets.
const rulesFile = "rules.json"

// recall gives the engine the state that the last run left. A file that cannot
// be read is told and does not stop anything: the rules begin anew.
func (f folder) recall(e *alert.Engine) error {
	if err := f.begin(); err != nil {
		return err
	}
	return f.locked(func() error { return f.read(e.Import) })
}

// keep writes the state of the engine for the next run, with what others have
// said of the alerts since.
func (f folder) keep(e *alert.Engine) error {
	return f.locked(func() error { return errors.Join(f.read(e.Merge), f.save(e)) })
}

// mark lets the engine be told something about an alert, and keeps it at once:
// the others who watch the target find it there.
func (f folder) mark(e *alert.Engine, tell func() error) error {
	return f.locked(func() error {
		if err := errors.Join(f.read(e.Merge), tell()); err != nil {
			return err
		}
		return f.save(e)
	})
}

// follow lets the engine take a step from where the last run left it, and keeps
// where that led, before any other run can. The step is taken in any case.
func (f folder) follow(e *alert.Engine, step func()) error {
	stepped := false
	err := f.begin()
	if err == nil {
		err = f.locked(func() error {
			lost := f.read(e.Import)
			step()
			stepped = true
			return errors.Join(lost, f.save(e))
		})
	}
	if !stepped {
		step()
	}
	return err
}

// read gives what was kept to take; nothing where nothing was.
func (f folder) read(take func([]byte) error) error {
	data, err := os.ReadFile(filepath.Join(f.dir, rulesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return take(data)
}

// written tells when the state of the rules was written last, by whomever.
func (f folder) written() (time.Time, error) {
	info, err := os.Stat(filepath.Join(f.dir, rulesFile))
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// save replaces the file as a whole, so that a crash leaves the old one.
func (f folder) save(e *alert.Engine) error {
	data, err := e.Export()
	if err != nil {
		return err
	}
	return statedir.Replace(filepath.Join(f.dir, rulesFile), data)
}

// locked runs do while no other process of this machine does.
func (f folder) locked(do func() error) error {
	file, err := statedir.Open(filepath.Join(f.dir, "lock"), os.O_CREATE|os.O_RDWR)
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	defer file.Close()
	if err := statedir.Lock(file, syscall.LOCK_EX); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	return do()
}
