package incident

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
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
	lockName     = ".lock"
	stamp        = "20060102T150405Z"
	slugLimit    = 40
)

// ErrNone means that no incident is open.
var ErrNone = errors.New("no incident is open: tocsin incident open TITLE begins one, --incident NAME means an older one (tocsin incident list)")

// Open begins an incident and gives its name. It is on the disk when it
// returns. While another one of the target is open it is refused: of several
// who open one at the same time, one does.
func (f Folder) Open(o Opened) (id string, err error) {
	lock, err := statedir.Open(filepath.Join(f.Dir, lockName), os.O_CREATE|os.O_RDWR)
	if err != nil {
		return "", fmt.Errorf("open an incident: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := statedir.Lock(lock, syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("open an incident: %w", err)
	}
	if s, err := f.Current(o.Target); err == nil {
		return "", fmt.Errorf("%s is open already (%s): write into it, or close it first", s.ID, s.Title())
	}
	id = f.Now().UTC().Format(stamp) + "-" + slug(o.Title)
	if err := f.make(filepath.Join(f.Dir, id), o.Restricted); err != nil {
		return "", fmt.Errorf("open an incident: %w", err)
	}
	if _, err = f.Append(id, o); err != nil { // one that has no beginning is none
		return "", errors.Join(err, os.RemoveAll(filepath.Join(f.Dir, id)))
	}
	return id, nil
}

// make makes the folder of an incident.
func (f Folder) make(dir string, restricted bool) error {
	if err := os.Mkdir(dir, 0o700); err != nil || restricted {
		return err
	}
	if err := shareAs(dir, f.Dir); err != nil {
		return errors.Join(err, os.Remove(dir))
	}
	return nil
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
		case errors.Is(err, fs.ErrNotExist): // who opened it was killed before its first event
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
	if len(events) == 0 {
		return State{}, fmt.Errorf("incident %s: its timeline is empty: %w", id, fs.ErrNotExist)
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

// Keep writes a file into the folder of an incident, as a whole.
func (f Folder) Keep(id, name string, text []byte) error {
	if err := statedir.Replace(filepath.Join(f.Dir, id, name), text); err != nil {
		return fmt.Errorf("incident %s: keep %s: %w", id, name, err)
	}
	return nil
}

// evidenceDir is the folder of evidence in that of an incident.
const evidenceDir = "evidence"

// KeepEvidence keeps a file as evidence, under a name that no other piece has,
// and says so in the timeline. The manifest is locked meanwhile: of several who
// keep some at once, one comes after the other.
func (f Folder) KeepEvidence(id, name, what string, text []byte) (Event, error) {
	if _, err := f.Get(id); err != nil {
		return Event{}, err
	}
	dir := filepath.Join(f.Dir, id, evidenceDir)
	manifest, err := statedir.Open(filepath.Join(dir, "MANIFEST.sha256"), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return Event{}, fmt.Errorf("incident %s: %w", id, err)
	}
	kept, err := f.keepNext(manifest, id, filepath.Base(name), text)
	if err := errors.Join(err, manifest.Close()); err != nil {
		return Event{}, fmt.Errorf("incident %s: %w", id, err)
	}
	kept.What = what
	return f.Append(id, kept)
}

// keepNext keeps a file under the next number and writes it into the manifest.
func (f Folder) keepNext(manifest *os.File, id, name string, text []byte) (EvidenceKept, error) {
	if err := statedir.Lock(manifest, syscall.LOCK_EX); err != nil {
		return EvidenceKept{}, err
	}
	there, err := os.ReadDir(filepath.Dir(manifest.Name()))
	if err != nil {
		return EvidenceKept{}, err
	}
	last := 0
	for _, file := range there {
		number, _, _ := strings.Cut(file.Name(), "-")
		if n, err := strconv.Atoi(number); err == nil {
			last = max(last, n)
		}
	}
	kept := EvidenceKept{File: fmt.Sprintf("%s/%03d-%s", evidenceDir, last+1, name), Sum: fmt.Sprintf("%x", sha256.Sum256(text))}
	if err := f.Keep(id, kept.File, text); err != nil {
		return kept, err
	}
	_, err = fmt.Fprintf(manifest, "%s  %s\n", kept.Sum, filepath.Base(kept.File))
	return kept, errors.Join(err, manifest.Sync())
}
