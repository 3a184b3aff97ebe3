package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
)

// pieces answers with these texts, each sent on its own.
func pieces(texts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, text := range texts {
			fmt.Fprint(w, text)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	pieces(`{"n":1}`+"\n")(w, r)
	<-r.Context().Done()
}

func TestStreamValues(t *testing.T) {
	long := `{"text":"` + strings.Repeat("x", 2*MaxValue) + `"}`
	tests := []struct {
		name string
		send []string
		want []string
	}{
		{"lines", []string{"{\"n\":1}\n{\"n\":2}\r\n\n{\"n\":3}"}, []string{`{"n":1}`, `{"n":2}`, `{"n":3}`}},
		{"an array", []string{`[{"n":1},`, ` {"n":{"m":[2]}} ]`}, []string{`{"n":1}`, `{"n":{"m":[2]}}`}},
		{"brackets and quotes in a text", []string{`{"t":"}]\"{"}{"t":"\\"}`}, []string{`{"t":"}]\"{"}`, `{"t":"\\"}`}},
		{"over two pieces", []string{`{"t":"a`, `b"}`}, []string{`{"t":"ab"}`}},
		{"one that is too long", []string{long, "\n{}"}, []string{"cut " + long[:MaxValue], "{}"}},
		{"an empty array", []string{"[]"}, nil},
		{"nothing", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, _ := serve(t, pieces(tt.send...))
			var got []string
			err := client(t, base).Stream(t.Context(), "/logs", nil, func(value []byte, cut bool) error {
				text := string(value)
				if cut {
					text = "cut " + text
				}
				got = append(got, text)
				return nil
			})
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v, values (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestStreamEnds(t *testing.T) {
	enough := errors.New("enough")
	tests := []struct {
		name    string
		handler http.HandlerFunc
		class   model.Class
		text    string
	}{
		{"refused", status(403, `{"error":{"code":"forbidden","message":"Not authorized"}}`), model.Denied, "403: Not authorized"},
		{"limited", status(429, ``, "Retry-After", "9"), model.Limited, "429"},
		{"inside of a value", pieces(`{"n":1}{"n"`), model.Down, "dropped"},
		{"dropped", func(w http.ResponseWriter, r *http.Request) { pieces(`{"n":1}`)(w, r); panic(http.ErrAbortHandler) }, model.Down, "dropped"},
		{"a page", pieces("<html>lost</html>"), model.Protocol, "not the JSON expected"},
		{"text without an end", tooLarge, model.Protocol, "not the JSON expected"},
		{"no header", hang, model.Down, "nothing came in time"},
		{"silent", endless, model.Down, "nothing came in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, requests := serve(t, tt.handler)
			c := New(Options{Base: base, Token: token, Timeout: time.Second, Idle: 100 * time.Millisecond})
			t.Cleanup(c.Close)
			fail := model.FailOf(c.Stream(t.Context(), "/logs", nil, func([]byte, bool) error { return nil }))
			if fail == nil || fail.Class != tt.class || !strings.Contains(fail.Text, tt.text) || requests.Load() != 1 {
				t.Errorf("got %+v after %d requests", fail, requests.Load())
			}
		})
	}
	base, _ := serve(t, endless)
	if err := client(t, base).Stream(t.Context(), "/", nil, func([]byte, bool) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("take had enough: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := client(t, base).Stream(ctx, "/", nil, func([]byte, bool) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A stream is as long as it likes; what is kept of it is not.
func TestStreamMemory(t *testing.T) {
	line := strings.Repeat("x", 1<<20)
	base, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 64 {
			fmt.Fprintf(w, "{\"text\":\"%s\"}\n", line)
		}
	})
	n, most := 0, uint64(0)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	err := client(t, base).Stream(t.Context(), "/", nil, func([]byte, bool) error {
		n++
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
		return nil
	})
	if err != nil || n != 64 || most > before+8<<20 {
		t.Errorf("%v after %d values; the heap grew from %d to %d", err, n, before, most)
	}
}
