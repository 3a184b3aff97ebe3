package audit

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// NewID makes a name for one call: 26 characters that sort by time, to the
// millisecond, and end in 80 random bits (the form of a ULID).
func NewID(now time.Time) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford: nothing that looks like something else
	var raw [20]byte
	binary.BigEndian.PutUint64(raw[2:10], uint64(now.UnixMilli()))
	_, _ = rand.Read(raw[10:]) // never fails
	// 128 bits are 25.6 characters of 5 bits: with 32 zero bits in front there
	// are 160 bits in 32 characters, of which the first 6 are always 0.
	return base32.NewEncoding(alphabet).EncodeToString(raw[:])[6:]
}
