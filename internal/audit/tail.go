package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tocsin/internal/statedir"
)

// tail finds where the next line goes, moves a torn line aside, and returns
// what has to be recorded before anything else is.
func (l *Log) tail(file *os.File) (end chain, findings []Entry, err error) {
	last, end, torn, err := lastLine(file)
	if err != nil {
		return end, nil, err
	}
	if end.offset > 0 {
		if end.seq, err = seqOf(file, last, end.offset); err != nil {
			return end, nil, err
		}
	}
	note := func(phase Phase, text string) {
		findings = append(findings, l.complete(Entry{Phase: phase, Detail: text}))
	}
	if len(torn) > 0 {
		name, err := l.setAside(torn)
		if err != nil {
			return end, nil, fmt.Errorf("set a torn line aside: %w", err)
		}
		note(Repair, fmt.Sprintf("the last line was torn: its %d bytes are in %s", len(torn), name))
	}
	phase, text, err := l.compare(file, end)
	if text != "" {
		note(phase, text)
	}
	return end, findings, err
}

// compare checks the end of the chain against audit.head; text is "" when they agree.
func (l *Log) compare(file *os.File, end chain) (phase Phase, text string, err error) {
	h, err := readHead(l.dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return Breach, headName + " was missing", nil
	case err != nil:
		return Breach, err.Error(), nil
	case h.seq < end.seq:
		at, err := hashAt(file, h.seq, end.offset)
		if err != nil || at != h.hash {
			return Breach, fmt.Sprintf("line %d is not the one that %s names", h.seq, headName), err
		}
		return Repair, fmt.Sprintf("a writer ended early: %s was still at line %d", headName, h.seq), nil
	}
	return Breach, faultOf(h, end), nil
}

// faultOf is what a head that is not behind the chain shows; "" when it agrees.
func faultOf(h head, end chain) string {
	switch {
	case h.seq > end.seq:
		return fmt.Sprintf("the tail was cut: %s names line %d, the chain ends at line %d", headName, h.seq, end.seq)
	case h.hash != end.hash:
		return fmt.Sprintf("line %d was edited: it is not the one that %s names", end.seq, headName)
	}
	return ""
}

// lastLine reads the end of the file: the last whole line, the chain's end
// behind it (with the number still open), and what follows without a newline.
func lastLine(file *os.File) (line []byte, end chain, torn []byte, err error) {
	end = newChain()
	info, err := file.Stat()
	if err != nil {
		return nil, end, nil, err
	}
	const step = 64 << 10
	var tail []byte
	for from := info.Size(); from > 0 && bytes.Count(tail, []byte("\n")) < 2; {
		n := min(from, step)
		from -= n
		part := make([]byte, n)
		if _, err := file.ReadAt(part, from); err != nil {
			return nil, end, nil, err
		}
		tail = append(part, tail...)
	}
	at := bytes.LastIndexByte(tail, '\n') + 1
	whole, torn := tail[:at], tail[at:]
	end.offset = info.Size() - int64(len(torn))
	if len(whole) == 0 {
		return nil, end, torn, nil
	}
	whole = bytes.TrimSuffix(whole, []byte("\n"))
	line = whole[bytes.LastIndexByte(whole, '\n')+1:]
	end.hash = hashOf(line)
	return line, end, torn, nil
}

// seqOf is the number of the last line. Where the line itself does not tell,
// the lines are counted: the chain goes on behind a damaged line.
func seqOf(file *os.File, line []byte, size int64) (int64, error) {
	var e struct{ Seq int64 }
	if json.Unmarshal(line, &e) == nil && e.Seq > 0 {
		return e.Seq, nil
	}
	count := int64(0)
	err := eachLine(io.NewSectionReader(file, 0, size), func([]byte) bool { count++; return true })
	return count, err
}

// hashAt is the hash of one line; of line 0, what the first line holds as prev.
func hashAt(file *os.File, seq, size int64) (string, error) {
	at := newChain()
	err := eachLine(io.NewSectionReader(file, 0, size), func(line []byte) bool {
		if at.seq < seq {
			at.add(line)
		}
		return at.seq < seq
	})
	return at.hash, err
}

// eachLine calls do for every whole line, without its newline, until it says no.
func eachLine(from io.Reader, do func(line []byte) bool) error {
	reader := bufio.NewReader(from)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !do(line[:len(line)-1]) {
			return nil
		}
	}
}

// setAside keeps a torn line in a file of its own.
func (l *Log) setAside(torn []byte) (name string, err error) {
	name = "audit.torn-" + NewID(l.opts.Now())
	file, err := statedir.Open(filepath.Join(l.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err := file.Write(torn); err != nil {
		return "", err
	}
	return name, errors.Join(file.Sync(), syncDir(l.dir))
}
