package cli

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

// A recording may be packed, each document by itself as a job would do it.
func TestAPackedRecording(t *testing.T) {
	var packed bytes.Buffer
	for _, text := range []string{"one", "two"} {
		w := gzip.NewWriter(&packed)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range []io.Reader{&packed, bytes.NewReader([]byte("onetwo"))} {
		r, err := unpacked(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); string(got) != "onetwo" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
}
