package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tocsin/internal/statedir"
)

// chain is the end of the chain as it stands.
type chain struct {
	seq    int64  // lines so far
	hash   string // of the last line
	offset int64  // bytes so far
}

func newChain() chain { return chain{hash: strings.Repeat("0", 2*sha256.Size)} }

// head is what audit.head says of this end.
func (c chain) head() head { return head{seq: c.seq, hash: c.hash} }

// next makes e the next line, without its newline, and moves the end behind it.
func (c *chain) next(e Entry) ([]byte, error) {
	e.Seq, e.Prev = c.seq+1, c.hash
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return nil, fmt.Errorf("encode entry: %w", err)
	}
	line := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	c.add(line)
	return line, nil
}

// add moves the end behind a line.
func (c *chain) add(line []byte) {
	c.seq++
	c.hash = hashOf(line)
	c.offset += int64(len(line)) + 1
}

// fits tells whether line is the next one of the chain.
func (c chain) fits(line []byte) bool {
	return bytes.HasPrefix(line, fmt.Appendf(nil, `{"v":%d,"seq":%d,"prev":"%s","at":"`, Version, c.seq+1, c.hash))
}

func hashOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// head is the content of audit.head: the number and the hash of the last line.
type head struct {
	seq  int64
	hash string
}

// readHead wraps os.ErrNotExist when there is none.
func readHead(dir string) (head, error) {
	raw, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		return head{}, err
	}
	var h head
	if _, err := fmt.Sscanf(string(raw), "%d %64s", &h.seq, &h.hash); err != nil {
		return head{}, fmt.Errorf("%s cannot be read: %w", headName, err)
	}
	if string(raw) != h.text() {
		return head{}, fmt.Errorf("%s is not a number and a hash", headName)
	}
	return h, nil
}

func (h head) text() string { return fmt.Sprintf("%d %s\n", h.seq, h.hash) }

// writeHead replaces audit.head by rename. The caller holds the lock.
func (l *Log) writeHead(h head) error {
	temp := filepath.Join(l.dir, headName+".new")
	file, err := statedir.Open(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.WriteString(h.text()); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(l.dir, headName)); err != nil {
		return err
	}
	return syncDir(l.dir)
}
