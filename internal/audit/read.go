package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"tocsin/internal/statedir"
)

// List returns the entries in a folder, oldest first, and none where there is
// no record. Lines that are not entries are left out: [Verify] names them.
func List(dir string) ([]Entry, error) {
	var entries []Entry
	err := reading(dir, func(file *os.File) error {
		return eachLine(file, func(line []byte) bool {
			var e Entry
			if json.Unmarshal(line, &e) == nil {
				entries = append(entries, e)
			}
			return true
		})
	})
	return entries, err
}

// Orphans returns the calls that were begun and have no result, or were left
// running, oldest first.
func Orphans(dir string) ([]Call, error) {
	entries, err := List(dir)
	return slices.DeleteFunc(Calls(entries), func(c Call) bool { return c.Intent.Phase != Intent || c.Ended() }), err
}

func alive(pid int) bool {
	return pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// Report is what [Verify] found.
type Report struct {
	Lines  int64   // that fit the chain, up to the first break
	Hash   string  // of the last of them
	Broken *Break  // the first break; nil when the record is as it was written
	Repair []Entry // crashes that were put in order, as recorded
	Notes  []string
}

// Break is a place where the record is not what was written.
type Break struct {
	Line int64 // the line that was edited, or the first that is missing
	Why  string
}

// String names the line and what is wrong with it.
func (b Break) String() string { return fmt.Sprintf("line %d: %s", b.Line, b.Why) }

// Verify reads the whole record in a folder and checks every line against the
// next one, and the last against audit.head. It changes nothing.
func Verify(dir string) (Report, error) {
	report := Report{Hash: newChain().hash}
	if h, err := readHead(dir); err == nil && h.seq > 0 {
		report.Broken = &Break{Line: 1, Why: logName + " is missing"} // until it is read
	}
	err := reading(dir, func(file *os.File) error {
		v := verifier{end: newChain()}
		if err := eachLine(file, v.line); err != nil {
			return err
		}
		v.finish(dir, file)
		report = v.report
		report.Lines, report.Hash = v.end.seq, v.end.hash
		return nil
	})
	return report, err
}

// verifier follows the chain line by line.
type verifier struct {
	end    chain  // behind the last line that fits
	bad    []byte // the first line that does not fit; nil while all do
	after  []byte // the line behind bad
	report Report
}

// line takes one line; it says no when it has seen enough.
func (v *verifier) line(line []byte) bool {
	if v.bad != nil {
		v.after = line
		return false
	}
	if !v.end.fits(line) {
		v.bad = line
		return true
	}
	v.end.add(line)
	v.recorded(line)
	return true
}

// recorded looks for what earlier writers found.
func (v *verifier) recorded(line []byte) {
	var e Entry
	switch err := json.Unmarshal(line, &e); {
	case v.report.Broken != nil:
	case err != nil:
		v.broken(v.end.seq, "it is not an entry")
	case e.Phase == Repair:
		v.report.Repair = append(v.report.Repair, e)
	case e.Phase == Breach:
		v.broken(v.end.seq, "recorded there: "+e.Detail)
	}
}

func (v *verifier) broken(line int64, why string) {
	v.report.Broken = &Break{Line: line, Why: why}
}

// finish judges the place where the chain ends.
func (v *verifier) finish(dir string, file *os.File) {
	if v.report.Broken != nil {
		return
	}
	h, err := readHead(dir)
	if v.bad != nil {
		v.judge(h)
		return
	}
	switch {
	case errors.Is(err, os.ErrNotExist) && v.end.seq == 0:
	case errors.Is(err, os.ErrNotExist):
		v.broken(v.end.seq, headName+" is missing: nothing shows that the tail is whole")
	case err != nil:
		v.broken(v.end.seq, err.Error())
	case h.seq > v.end.seq:
		v.broken(v.end.seq+1, faultOf(h, v.end))
	case h.seq == v.end.seq && h.hash != v.end.hash:
		v.broken(v.end.seq, faultOf(h, v.end))
	case h.seq < v.end.seq:
		v.behind(file, h)
	}
	if info, err := file.Stat(); err == nil && info.Size() > v.end.offset {
		v.report.Notes = append(v.report.Notes, "the last line is torn: the next entry will set it aside and record it")
	}
}

// behind judges a head that names an earlier line than the last.
func (v *verifier) behind(file *os.File, h head) {
	at, err := hashAt(file, h.seq, v.end.offset)
	if err != nil || at != h.hash {
		v.broken(h.seq, "it is not the one that "+headName+" names")
		return
	}
	v.report.Notes = append(v.report.Notes, fmt.Sprintf("a writer ended early: %s is at line %d of %d; the next entry will record it", headName, h.seq, v.end.seq))
}

// judge names the fault at the first line that does not fit: the line itself
// or the one before it. What follows shows which: it holds the hash of a line
// that was not edited.
func (v *verifier) judge(h head) {
	n := v.end.seq + 1
	var e Entry
	if json.Unmarshal(v.bad, &e) != nil {
		v.broken(n, "it is not an entry: it was edited")
		return
	}
	hash := hashOf(v.bad)
	var next Entry
	_ = json.Unmarshal(v.after, &next) // an unreadable line vouches for nothing
	genuine := next.Prev == hash || v.after == nil && h.hash == hash
	switch {
	case genuine && e.Seq > n:
		v.broken(n, fmt.Sprintf("lines %d to %d were cut", n, e.Seq-1))
	case genuine && e.Seq == n && n > 1:
		v.broken(n-1, fmt.Sprintf("it was edited: its hash is not the one that line %d holds", n))
	default:
		v.broken(n, "it was edited, or does not belong there")
	}
}

// reading opens the record while nobody writes; where there is none, do is not called.
func reading(dir string, do func(*os.File) error) error {
	file, err := os.Open(filepath.Join(dir, logName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer file.Close()
	if err := statedir.Lock(file, syscall.LOCK_SH); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := do(file); err != nil {
		return fmt.Errorf("audit: read %s: %w", logName, err)
	}
	return nil
}
