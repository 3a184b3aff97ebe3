package term

import (
	"testing"
	"time"
)

func TestKeyFilter(t *testing.T) {
	tests := []struct {
		name   string
		chunks []string
		want   string
	}{
		{name: "plain", chunks: []string{"abc\r"}, want: "abc\r"},
		{name: "arrow", chunks: []string{"\x1b[A"}, want: "\x1b[A"},
		{name: "arrow in pieces", chunks: []string{"\x1b", "[", "A"}, want: "\x1b[A"},
		{name: "function key", chunks: []string{"\x1bOP"}, want: "\x1bOP"},
		{name: "escape", chunks: []string{"\x1b"}, want: "\x1b"},
		{name: "alt letter", chunks: []string{"\x1bx"}, want: "\x1bx"},
		{name: "alt bracket", chunks: []string{"\x1b]", "abc"}, want: "abc"},
		{name: "alt shift x", chunks: []string{"\x1bX", "\x03"}, want: "\x03"},
		{name: "alt caret", chunks: []string{"\x1b^", "q"}, want: "q"},
		{name: "alt underscore after a key", chunks: []string{"j\x1b_", "q"}, want: "jq"},
		{name: "alt bracket in pieces", chunks: []string{"\x1b", "]", "q"}, want: "\x1bq"},
		{name: "alt p", chunks: []string{"\x1bP", "q"}, want: "\x1bPq"},
		{name: "device reply", chunks: []string{"a\x1bP1+r544e=787465726d\x1b\\b"}, want: "ab"},
		{name: "device reply in pieces", chunks: []string{"a\x1bP1+r5", "44e=78", "7465\x1b", "\\b"}, want: "ab"},
		{name: "clipboard reply", chunks: []string{"\x1b]52;c;ZXZpbA==\x07q"}, want: "q"},
		{name: "interrupt in a string", chunks: []string{"\x1b]52;c;ZX", "\x03q"}, want: "\x03q"},
		{name: "interrupt after an escape in a string", chunks: []string{"\x1b]52;c;ZX\x1b", "\x03q"}, want: "\x03q"},
		{name: "end of a paste in a string", chunks: []string{"\x1b[200~\x1b]x", "yz\x1b[201~q"}, want: "\x1b[200~\x1b[201~q"},
		{name: "end of a paste in pieces", chunks: []string{"\x1b]x\x1b", "[201~q"}, want: "\x1b[201~q"},
		{name: "two escapes", chunks: []string{"\x1b\x1b[A"}, want: "\x1b\x1b[A"},
		{name: "characters", chunks: []string{"é漢"}, want: "é漢"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var k keyFilter
			if got := typeInto(&k, tt.chunks, 10*time.Millisecond); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestKeyFilterForgets types after a string that was never ended: a pause makes
// keys keys again.
func TestKeyFilterForgets(t *testing.T) {
	var k keyFilter
	if got := typeInto(&k, []string{"\x1b]52;c;ZX", "q"}, time.Second); got != "q" {
		t.Errorf("got %q, want q", got)
	}
}

// TestKeyFilterEndsEscape writes the escapes at the end of a read as keys.
func TestKeyFilterEndsEscape(t *testing.T) {
	tests := []struct{ name, typed, want string }{
		{name: "alone", typed: "\x1b", want: "\x1b[27u"},
		{name: "after a key", typed: "j\x1b", want: "j\x1b[27u"},
		{name: "twice", typed: "\x1b\x1b", want: "\x1b[27u\x1b[27u"},
		{name: "many", typed: "\x1b\x1b\x1b\x1b\x1b", want: "\x1b\x1b\x1b[27u\x1b[27u\x1b[27u"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var k keyFilter
			b := make([]byte, len(tt.typed)+keyRoom)
			n := k.endEscape(b, k.filter(b, copy(b, tt.typed), time.Now()))
			if got := string(b[:n]); got != tt.want || k.state != keyPlain {
				t.Errorf("got %q in state %d, want %q in plain", got, k.state, tt.want)
			}
		})
	}
}

// typeInto passes chunks through the filter, gap apart, and returns what is left.
func typeInto(k *keyFilter, chunks []string, gap time.Duration) string {
	now := time.Unix(1000, 0)
	got := ""
	for _, c := range chunks {
		b := make([]byte, 128)
		n := k.filter(b, copy(b, c), now)
		got += string(b[:n])
		now = now.Add(gap)
	}
	return got
}
