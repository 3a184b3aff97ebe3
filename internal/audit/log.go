// Package audit is the append-only record of what was done: one JSON line per
// event, each holding the SHA-256 of the line before it, so that an edited
// byte or a cut line shows, with no more than a shell to check it. It must not
// know the actions it records, nor decide what may run.
package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"tocsin/internal/statedir"
)

const (
	logName  = "audit.jsonl"
	headName = "audit.head"
)

// Options says what every entry of a [Log] carries.
type Options struct {
	Host    string          // this machine
	Target  string          // the configured target: prod
	Who     Who             // see [Me]
	Secrets func() []string // values that must never be written; nil: none are known
	Now     func() time.Time
}

// Log appends to the record in one folder. It is safe for use by many
// goroutines, and by many processes at the same time.
type Log struct {
	dir      string
	opts     Options
	patterns patterns
	mu       sync.Mutex
}

// Open makes the file in a folder that is there, and tells early when it cannot
// be written.
func Open(dir string, opts Options) (*Log, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Secrets == nil {
		opts.Secrets = func() []string { return nil }
	}
	l := &Log{dir: dir, opts: opts, patterns: newPatterns()}
	if err := l.begin(); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return l, nil
}

// begin makes an empty chain with its head, so that a chain without a head is
// never the trace of a crash.
func (l *Log) begin() error {
	file, err := l.open()
	if err != nil {
		return err
	}
	defer file.Close()
	if err := statedir.Lock(file, syscall.LOCK_EX); err != nil {
		return err
	}
	if info, err := file.Stat(); err != nil || info.Size() > 0 {
		return err
	}
	if _, err := readHead(l.dir); !errors.Is(err, os.ErrNotExist) {
		return nil // an unreadable head is recorded by the next append
	}
	return l.writeHead(newChain().head())
}

// Dir is the folder of the record, for [List], [Verify] and [Orphans].
func (l *Log) Dir() string { return l.dir }

// Append writes one entry and returns its number once it is on the disk. What
// a crash, a full disk or a stranger left behind is put in order and recorded
// first. After an error nothing of the entry remains.
func (l *Log) Append(e Entry) (seq int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, err := l.open()
	if err != nil {
		return 0, fmt.Errorf("audit: %w", err)
	}
	defer file.Close() // lets the lock go; the data are synced
	if err := statedir.Lock(file, syscall.LOCK_EX); err != nil {
		return 0, fmt.Errorf("audit: %w", err)
	}
	seq, err = l.append(file, l.complete(e))
	if err != nil {
		return 0, fmt.Errorf("audit: %w", err)
	}
	return seq, nil
}

// append writes what has to be recorded of the past, and e, in one piece.
func (l *Log) append(file *os.File, e Entry) (int64, error) {
	end, findings, err := l.tail(file)
	if err != nil {
		return 0, err
	}
	start := end.offset
	var lines []byte
	for _, entry := range append(findings, e) {
		line, err := end.next(entry)
		if err != nil {
			return 0, err
		}
		lines = append(append(lines, line...), '\n')
	}
	if err := writeAt(file, start, lines); err != nil {
		return 0, err
	}
	// The entry is durable and the chain whole: a head that lags behind is
	// found and recorded by the next append, so it is no reason to refuse.
	_ = l.writeHead(end.head())
	return end.seq, nil
}

// complete adds what every entry carries, and takes out what none may.
func (l *Log) complete(e Entry) Entry {
	e.V, e.At = Version, Time{l.opts.Now()}
	if e.Who == nil {
		who := l.opts.Who
		e.Who = &who
	}
	if e.Host == "" {
		e.Host = l.opts.Host
	}
	if e.Target == "" {
		e.Target = l.opts.Target
	}
	return l.patterns.redactor(l.opts.Secrets()).entry(e)
}

// open opens the log for writing, and makes it when it is not there.
func (l *Log) open() (*os.File, error) {
	path := filepath.Join(l.dir, logName)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if !errors.Is(err, os.ErrNotExist) {
		return file, err
	}
	if _, err := os.Stat(l.dir); err != nil {
		return nil, err // where it has gone, a new chain would pass for the whole record
	}
	file, err = statedir.Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	return file, syncDir(l.dir)
}

// writeAt writes and syncs, or leaves the file as long as it was.
func writeAt(file *os.File, offset int64, data []byte) error {
	_, err := file.WriteAt(data, offset)
	if err == nil {
		// What is left of a torn line may be longer than what replaced it.
		err = file.Truncate(offset + int64(len(data)))
	}
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		return errors.Join(err, file.Truncate(offset))
	}
	return nil
}

// syncDir makes new names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
