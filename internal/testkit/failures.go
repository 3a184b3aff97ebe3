package testkit

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/model"
)

// Failure is one way in which a provider can answer badly, and what has to
// become of it.
type Failure struct {
	Name  string
	Serve http.HandlerFunc
	Class model.Class
	Text  string        // part of the text
	Wait  time.Duration // the pause that the failure asks for; 0 for none
	Reads bool          // is none for a call that throws the answer away

	Endless bool // the answer has no end
}

// Timeout is the time that a client under test has for one call.
func (f Failure) Timeout() time.Duration {
	if f.Name == "slow" {
		return 500 * time.Millisecond // a busy machine has sent its request by then
	}
	return 10 * time.Second
}

// failureBytes is the most that one failed call may allocate: an answer is
// read up to 10 MB, into a buffer that grows.
const failureBytes = 96 << 20

// Failures lists them. None may be answered with a second request.
func Failures() []Failure {
	return []Failure{
		{Name: "slow", Serve: never, Class: model.Down, Text: "in time"},
		{Name: "429 with Retry-After", Serve: answer(429, ``, "Retry-After", "17"), Class: model.Limited, Text: "429", Wait: 17 * time.Second},
		{Name: "401", Serve: answer(401, `{"message":"JWT could not be decoded"}`), Class: model.Denied, Text: "401: JWT could not be decoded"},
		{Name: "403", Serve: answer(403, `{"message":"Forbidden resource"}`), Class: model.Denied, Text: "403: Forbidden resource"},
		{Name: "500", Serve: answer(500, "boom\nat line 3"), Class: model.Protocol, Text: "500: boom"},
		{Name: "half a body", Serve: halfABody, Class: model.Down, Text: "dropped before the answer was whole"},
		{Name: "wrong types", Serve: answer(200, `7`), Class: model.Protocol, Text: "not the JSON expected", Reads: true},
		{Name: "no JSON", Serve: answer(200, `<html>hello</html>`), Class: model.Protocol, Text: "not the JSON expected", Reads: true},
		{Name: "a list without end", Serve: withoutEnd(`[{"a":1}`, `,{"a":1}`), Class: model.Protocol, Text: "larger than 10 MB", Endless: true},
		{Name: "10 MB of text", Serve: withoutEnd(`{"a":"`, strings.Repeat("x", 1000)), Class: model.Protocol, Text: "larger than 10 MB", Endless: true},
	}
}

// CheckFailure lets one call meet one failure: it has to end in what is stated
// after one request, with bounded memory.
func CheckFailure(t *testing.T, f Failure, call func(ctx context.Context, base string) error) *model.Fail {
	t.Helper()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		f.Serve(w, r)
	}))
	t.Cleanup(server.Close)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fail := model.FailOf(call(t.Context(), server.URL))
	runtime.ReadMemStats(&after)
	switch {
	case fail == nil:
		t.Errorf("%s: no error", f.Name)
		return &model.Fail{}
	case fail.Class != f.Class || !strings.Contains(fail.Text, f.Text) || f.Wait > 0 && fail.RetryAfter != f.Wait:
		t.Errorf("%s: got %+v, want %s, %q and a pause of %s", f.Name, *fail, f.Class, f.Text, f.Wait)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%s: %d requests, want one", f.Name, n)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > failureBytes {
		t.Errorf("%s: %d MB allocated", f.Name, n>>20)
	}
	return fail
}

// never answers. It reads the request, without which nobody would notice that
// the asker goes.
func never(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

func halfABody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = fmt.Fprint(w, `[{"name":"sh`)
}

// withoutEnd goes on until the reader has had enough, 16 MB at most.
func withoutEnd(head, again string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		block := strings.Repeat(again, 64<<10/len(again))
		_, err := fmt.Fprint(w, head)
		for sent := 0; err == nil && sent < 16<<20; sent += len(block) {
			_, err = fmt.Fprint(w, block)
		}
	}
}
