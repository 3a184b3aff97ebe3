// Package expire keeps the promises to take changes back after a while: one
// file each in the state folder, on disk before the change is made, so that no
// crash, hang-up or restart forgets one. It must not know how anything is
// changed, nor decide when to act.
package expire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"tocsin/internal/statedir"
)

// Version is the format of a file.
const Version = 1

// Promise is one change that is to be taken back.
type Promise struct {
	V      int               `json:"v"`
	ID     string            `json:"id"`     // of the call that made the change, in the audit
	Server string            `json:"server"` // the configured target: prod
	Action string            `json:"action"` // what takes it back
	Args   map[string]string `json:"args"`   // of that action
	Target string            `json:"target"` // what that action's card names
	Due    time.Time         `json:"due"`
	Made   time.Time         `json:"made"`
	By     string            `json:"by"` // who made the change
}

// Overdue tells whether it should have been carried out by then.
func (p Promise) Overdue(now time.Time) bool { return now.After(p.Due.Add(grace)) }

// grace is how long after its time a promise may well be under way.
const grace = 30 * time.Second

// ErrGone is the refusal of a promise that is not there: it was carried out,
// or the change was taken back before.
var ErrGone = errors.New("there is nothing to take back under this name")

// Folder holds the promises of one target.
type Folder struct{ Dir string }

const suffix = ".json"

// path is the file of a promise; an error for a name that is none.
func (f Folder) path(id string) (string, error) {
	if !regexp.MustCompile(`^[0-9A-Z]{1,40}$`).MatchString(id) {
		return "", fmt.Errorf("%q: %w", id, ErrGone)
	}
	return filepath.Join(f.Dir, id+suffix), nil
}

// Put writes a promise. It is on the disk when it returns.
func (f Folder) Put(p Promise) error {
	path, err := f.path(p.ID)
	if err != nil {
		return err
	}
	p.V = Version
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	part := path + ".part"
	file, err := statedir.Open(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("promise: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("promise: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("promise: %w", err)
	}
	return syncDir(f.Dir)
}

// syncDir makes new names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get reads one promise.
func (f Folder) Get(id string) (Promise, error) {
	path, err := f.path(id)
	if err != nil {
		return Promise{}, err
	}
	return read(path)
}

func read(path string) (p Promise, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, ErrGone
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	if p.V != Version {
		return p, fmt.Errorf("%s: it has version %d, this program knows %d", path, p.V, Version)
	}
	return p, nil
}

// List gives all promises, the first that is due first. What cannot be read is
// in the error, beside those that can.
func (f Folder) List() ([]Promise, error) {
	entries, err := os.ReadDir(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Promise
	var errs []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		switch p, err := read(filepath.Join(f.Dir, e.Name())); {
		case errors.Is(err, ErrGone): // between the listing and the reading
		case err != nil:
			errs = append(errs, err)
		default:
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Promise) int { return a.Due.Compare(b.Due) })
	return out, errors.Join(errs...)
}

// Drop removes a promise that was kept, or is not needed any more. One that is
// gone is no failure.
func (f Folder) Drop(id string) error {
	path, err := f.path(id)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Claim gives a promise to one process alone until release, so that it is not
// carried out twice at a time. [ErrGone] when it was carried out meanwhile.
func (f Folder) Claim(id string) (p Promise, release func(), err error) {
	path, err := f.path(id)
	if err != nil {
		return p, nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil, ErrGone
	}
	if err != nil {
		return p, nil, err
	}
	if err := statedir.Lock(file, syscall.LOCK_EX); err != nil {
		return p, nil, errors.Join(err, file.Close())
	}
	if p, err = read(path); err != nil { // the one who held it may have carried it out
		return p, nil, errors.Join(err, file.Close())
	}
	return p, func() { _ = file.Close() }, nil
}
