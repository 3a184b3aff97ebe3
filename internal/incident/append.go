package incident

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"tocsin/internal/statedir"
)

// Append writes one event to the timeline of an incident. It is on the disk
// when it returns; after an error nothing of it remains. Many processes may
// append at the same time.
func (f Folder) Append(id string, data Data) (Event, error) {
	written, err := f.Extend(id, func(State) []Data { return []Data{data} })
	if err != nil {
		return Event{}, err
	}
	return written[len(written)-1], nil
}

// Extend appends what is missing from a timeline, as a function of its state:
// no other process appends between the look and the write, so that what several
// of them see is written once.
func (f Folder) Extend(id string, missing func(State) []Data) ([]Event, error) {
	file, err := statedir.Open(filepath.Join(f.Dir, id, timelineName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("incident %s: %w", id, err)
	}
	written, err := f.extend(file, missing)
	if err := errors.Join(err, file.Close()); err != nil {
		return written, fmt.Errorf("incident %s: %w", id, err)
	}
	return written, nil
}

func (f Folder) extend(file *os.File, missing func(State) []Data) ([]Event, error) {
	if err := statedir.Lock(file, syscall.LOCK_EX); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	t := tail{file: file, end: int64(bytes.LastIndexByte(text, '\n') + 1)}
	events := parse(text[:t.end])
	if len(events) > 0 {
		t.n = events[len(events)-1].N
	}
	now := Fold(events)
	more := named(now, missing(now))
	if !now.Live() && slices.ContainsFunc(more, func(d Data) bool { return !fitsClosed(d) }) {
		return nil, ErrClosed
	}
	if torn := text[t.end:]; len(torn) > 0 {
		if err := t.aside(torn); err != nil {
			return nil, err
		}
		more = append([]Data{Noted{"a line that was not written to its end was moved to " + tornName}}, more...)
	}
	var out []Event
	for _, data := range more {
		e, err := f.event(t.n+1, data)
		if err == nil {
			err = t.put(e)
		}
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

// ErrClosed means that an incident is closed, and that nothing was written.
var ErrClosed = errors.New("it is closed: nothing was written (tocsin incident status open opens it again)")

// fitsClosed tells what may still be written once an incident is closed: that it
// is open again, the work that remained, what bears it out, and what was done
// while it was open.
func fitsClosed(data Data) bool {
	switch d := data.(type) {
	case FollowUp, EvidenceKept, ActionRun, EffectSeen:
		return true
	case StatusSet:
		return d.Status == StatusOpen
	default:
		return false
	}
}

// named gives follow-ups that have no name yet the next one.
func named(s State, list []Data) []Data {
	n := len(s.FollowUps)
	for i, data := range list {
		if f, ok := data.(FollowUp); ok && f.ID == "" {
			n++
			f.ID = fmt.Sprintf("f%d", n)
			list[i] = f
		}
	}
	return list
}

// event is one line, with its secrets taken out.
func (f Folder) event(n int, data Data) (Event, error) {
	raw, err := f.redacted(data)
	return Event{V: Version, N: n, At: f.Now().UTC().Truncate(time.Millisecond), Who: f.Who, Via: f.Via, Kind: data.kind(), Data: raw}, err
}

// tail is the end of a timeline that is locked.
type tail struct {
	file *os.File
	end  int64 // of the last whole line
	n    int   // the number of that line
}

// aside moves what a crash left of a line out of the timeline.
func (t *tail) aside(torn []byte) error {
	to, err := statedir.Open(filepath.Join(filepath.Dir(t.file.Name()), tornName), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = to.Write(append(bytes.Clone(torn), '\n'))
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return err
	}
	return t.file.Truncate(t.end)
}

// put writes one line behind those that are there, or nothing.
func (t *tail) put(e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err := t.file.WriteAt(line, t.end); err != nil {
		return errors.Join(err, t.file.Truncate(t.end))
	}
	if err := t.file.Sync(); err != nil {
		return errors.Join(err, t.file.Truncate(t.end))
	}
	t.end, t.n = t.end+int64(len(line)), e.N
	return nil
}

// redacted is the data as JSON without secrets in its texts.
func (f Folder) redacted(data Data) (json.RawMessage, error) {
	raw, err := json.Marshal(data)
	if err != nil || f.Redact == nil {
		return raw, err
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, err
	}
	return json.Marshal(f.clean(value))
}

func (f Folder) clean(value any) any {
	switch v := value.(type) {
	case string:
		return f.Redact(v)
	case map[string]any:
		for key, one := range v {
			v[key] = f.clean(one)
		}
	case []any:
		for i, one := range v {
			v[i] = f.clean(one)
		}
	}
	return value
}

// parse reads the whole lines of a timeline. One that is no event is kept as a
// note of what it is, so that nothing vanishes.
func parse(text []byte) []Event {
	var out []Event
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil || e.Kind == "" {
			e = Event{V: Version, N: len(out) + 1, Kind: "unreadable"}
			e.Data, _ = json.Marshal(Noted{string(bytes.TrimSpace(line))}) //nolint:errchkjson // a string is always JSON
			if len(out) > 0 {
				e.At = out[len(out)-1].At
			}
		}
		out = append(out, e)
	}
	return out
}
