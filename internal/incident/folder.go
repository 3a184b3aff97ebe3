package incident

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/internal/statedir"
)

// Folder holds the incidents of a state folder, one folder each.
type Folder struct {
	Dir    string
	Who    string // the person who writes
	Via    string // how the person is there: ssh, console
	Now    func() time.Time
	Redact func(string) string // takes secrets out of every text before it is written
}

const (
	timelineName = "timeline.jsonl"
	tornName     = "timeline.torn"
	stamp        = "20060102T150405Z"
	slugLimit    = 40
)

// ErrNone means that no incident is open.
var ErrNone = errors.New("no incident is open: tocsin incident open TITLE")

// Open begins an incident and gives its name. It is on the disk when it
// returns.
func (f Folder) Open(o Opened) (id string, err error) {
	id = f.Now().UTC().Format(stamp) + "-" + slug(o.Title)
	dir := filepath.Join(f.Dir, id)
	if err := statedir.Make(f.Dir); err != nil {
		return "", fmt.Errorf("open an incident: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("open an incident: %w", err)
	}
	if !o.Restricted {
		if err := shareAs(dir, f.Dir); err != nil {
			return "", fmt.Errorf("open an incident: %w", err)
		}
	}
	_, err = f.Append(id, o)
	return id, err
}

// shareAs opens a folder to the group to which the one above it is open.
func shareAs(dir, above string) error {
	info, err := os.Stat(above)
	if err != nil || info.Mode().Perm()&0o020 == 0 {
		return err
	}
	return os.Chmod(dir, info.Mode()&(os.ModePerm|os.ModeSetgid))
}

// slug is a title as part of a file name.
func slug(title string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			out.WriteRune(r)
		case out.Len() > 0 && !strings.HasSuffix(out.String(), "-"):
			out.WriteByte('-')
		}
		if out.Len() >= slugLimit {
			break
		}
	}
	return cmp.Or(strings.Trim(out.String(), "-"), "incident")
}

// IDs lists the names of all incidents, the newest first.
func (f Folder) IDs() ([]string, error) {
	entries, err := os.ReadDir(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the incidents: %w", err)
	}
	var out []string
	for _, entry := range slices.Backward(entries) {
		if entry.IsDir() {
			out = append(out, entry.Name())
		}
	}
	return out, nil
}

// List gives the state of every incident, the newest first. What cannot be read
// is in the error, beside those that can.
func (f Folder) List() ([]State, error) {
	ids, err := f.IDs()
	if err != nil {
		return nil, err
	}
	var out []State
	var failed []error
	for _, id := range ids {
		s, err := f.Get(id)
		switch {
		case errors.Is(err, fs.ErrPermission):
			out = append(out, hidden(id))
		case err != nil:
			failed = append(failed, err)
		default:
			out = append(out, s)
		}
	}
	return out, errors.Join(failed...)
}

// hidden is a restricted incident as those see it who may not read it: when it
// began, and nothing of its name.
func hidden(id string) State {
	at, _, _ := strings.Cut(id, "-")
	opened, _ := time.Parse(stamp, at) // the zero time where somebody else named the folder
	return State{ID: at, Hidden: true, Status: StatusOpen, At: opened}
}

// Current is the newest incident of a target that is not closed; ErrNone when
// there is none.
func (f Folder) Current(target string) (State, error) {
	all, err := f.List()
	for _, s := range all {
		if s.Live() && !s.Hidden && s.Opening.Target == target {
			return s, nil
		}
	}
	return State{}, cmp.Or(err, ErrNone)
}

// Get reads one incident.
func (f Folder) Get(id string) (State, error) {
	events, err := f.Events(id)
	if err != nil {
		return State{}, err
	}
	s := Fold(events)
	s.ID = id
	return s, nil
}

// Events reads the timeline of an incident. A last line that was not written to
// its end is left out: nothing was said to be done by it.
func (f Folder) Events(id string) ([]Event, error) {
	if id == "" || id != filepath.Base(id) {
		return nil, fmt.Errorf("incident %q: no name of an incident", id)
	}
	text, err := os.ReadFile(filepath.Join(f.Dir, id, timelineName))
	if err != nil {
		return nil, fmt.Errorf("incident %s: %w", id, err)
	}
	return parse(text), nil
}

// In is where the files of an incident are.
func (f Folder) In(id string) string { return filepath.Join(f.Dir, id) }

// Size is how long the timeline is, in bytes; 0 where it cannot be read. It
// grows with every event, so that whoever watches reads only what is new.
func (f Folder) Size(id string) int64 {
	info, err := os.Stat(filepath.Join(f.Dir, id, timelineName))
	if err != nil {
		return 0
	}
	return info.Size()
}

// Keep writes a file into the folder of an incident, whole or not at all, and
// never over another one.
func (f Folder) Keep(id, name string, text []byte) error {
	path := filepath.Join(f.Dir, id, name)
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	file, err := statedir.Open(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return fmt.Errorf("incident %s: keep %s: %w", id, name, err)
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return fmt.Errorf("incident %s: keep %s: %w", id, name, err)
	}
	return nil
}
