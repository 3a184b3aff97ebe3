package provider

import (
	"encoding/json"
	"sync"
)

// feedSlack is how many rows a slow reader may be behind; it misses the others.
const feedSlack = 1000

// feed is a log that several readers follow.
type feed struct {
	keep int // rows that a late reader still gets

	mu      sync.Mutex
	rows    [][]byte
	readers map[chan []byte]bool
	ended   bool
}

func newFeed(keep int) *feed { return &feed{keep: keep, readers: map[chan []byte]bool{}} }

// put adds one row, written as JSON.
func (f *feed) put(row any) {
	text, err := json.Marshal(row)
	if err != nil {
		return // a row of ours can always be written
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.rows) < f.keep {
		f.rows = append(f.rows, text)
	}
	for reader := range f.readers {
		select {
		case reader <- text:
		default:
		}
	}
}

// end tells the readers that there will be no more.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for reader := range f.readers {
		close(reader)
	}
	f.readers, f.ended = map[chan []byte]bool{}, true
}

// follow gives the rows that were kept, and those that come; leave ends it.
func (f *feed) follow() (past [][]byte, next <-chan []byte, leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	reader := make(chan []byte, feedSlack)
	if f.ended {
		close(reader)
	} else {
		f.readers[reader] = true
	}
	return f.rows, reader, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.readers, reader)
	}
}
