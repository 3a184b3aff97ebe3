package incident

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"tocsin/internal/statedir"
)

// Append writes one event to the timeline of an incident. It is on the disk
// when it returns; after an error nothing of it remains. Many processes may
// append at the same time.
func (f Folder) Append(id string, data Data) (Event, error) {
	file, err := statedir.Open(filepath.Join(f.Dir, id, timelineName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return Event{}, fmt.Errorf("incident %s: %w", id, err)
	}
	e, err := f.write(file, data)
	if err := errors.Join(err, file.Close()); err != nil {
		return Event{}, fmt.Errorf("incident %s: %w", id, err)
	}
	return e, nil
}

func (f Folder) write(file *os.File, data Data) (Event, error) {
	if err := statedir.Lock(file, syscall.LOCK_EX); err != nil {
		return Event{}, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return Event{}, err
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	events := parse(whole)
	n := 0
	if len(events) > 0 {
		n = events[len(events)-1].N
	}
	if torn := text[len(whole):]; len(torn) > 0 {
		if err := f.aside(file, torn, int64(len(whole))); err != nil {
			return Event{}, err
		}
		n++
		note := Noted{"a line that was not written to its end was moved to " + tornName}
		whole, _, err = f.put(file, whole, n, note)
		if err != nil {
			return Event{}, err
		}
	}
	_, e, err := f.put(file, whole, n+1, data)
	return e, err
}

// aside moves what a crash left of a line out of the timeline.
func (f Folder) aside(file *os.File, torn []byte, end int64) error {
	to, err := statedir.Open(filepath.Join(filepath.Dir(file.Name()), tornName), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = to.Write(append(bytes.Clone(torn), '\n'))
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return err
	}
	return file.Truncate(end)
}

// put writes one line after those that are there, or nothing.
func (f Folder) put(file *os.File, whole []byte, n int, data Data) ([]byte, Event, error) {
	e := Event{V: Version, N: n, At: f.Now().UTC().Truncate(time.Millisecond), Who: f.Who, Via: f.Via, Kind: data.kind()}
	raw, err := f.redacted(data)
	if err != nil {
		return whole, e, err
	}
	e.Data = raw
	line, err := json.Marshal(e)
	if err != nil {
		return whole, e, err
	}
	line = append(line, '\n')
	if _, err := file.WriteAt(line, int64(len(whole))); err != nil {
		return whole, e, errors.Join(err, file.Truncate(int64(len(whole))))
	}
	if err := file.Sync(); err != nil {
		return whole, e, errors.Join(err, file.Truncate(int64(len(whole))))
	}
	return append(whole, line...), e, nil
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
