package testkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/model"
)

// Unkind is one way in which a server may answer that no contract promises,
// and what a client has to make of it: an error that says so, from one request.
type Unkind struct {
	Name  string
	Class model.Class
	Says  string        // part of the error
	Retry time.Duration // the pause that the server asked for

	answer http.HandlerFunc
}

// UnkindWithin is what a client in these tests allows a call.
const UnkindWithin = 300 * time.Millisecond

// Unkindnesses lists them. A client gets UnkindWithin as its timeout.
func Unkindnesses() []Unkind {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
			fmt.Fprint(w, body)
		}
	}
	return []Unkind{
		{"slow", model.Down, "no answer in time", 0, hang},
		{"429", model.Limited, "429", 7 * time.Second, status(http.StatusTooManyRequests, `{"message":"slow down"}`)},
		{"429 in words", model.Limited, "429", 7 * time.Second, status(http.StatusTooManyRequests, "slow down")},
		{"401", model.Denied, "401", 7 * time.Second, status(http.StatusUnauthorized, `{"detail":"Invalid token"}`)},
		{"403", model.Denied, "403", 7 * time.Second, status(http.StatusForbidden, `{"detail":"You do not have permission"}`)},
		{"500", model.Protocol, "500", 7 * time.Second, status(http.StatusInternalServerError, "<html>oops</html>")},
		{"half a body", model.Down, "dropped before the answer was whole", 0, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"data":[{"id":"1`)
		}},
		{"wrong types", model.Protocol, "", 0, status(http.StatusOK, `"a text"`)},
		{"not JSON", model.Protocol, "", 0, status(http.StatusOK, "<html>ok</html>")},
		{"text without end", model.Protocol, "larger than 10 MB", 0, endless},
	}
}

// hang waits until the client has gone, which the server notices only once the
// request was read to its end.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// endless writes until the client has had enough.
func endless(w http.ResponseWriter, _ *http.Request) {
	line := []byte(strings.Repeat("x", 64<<10))
	for {
		if _, err := w.Write(line); err != nil {
			return
		}
	}
}

// Serve starts a server that answers so, and counts what it is asked.
func (u Unkind) Serve(t testing.TB) (base string, requests *atomic.Int32) {
	t.Helper()
	return Counted(t, u.answer)
}

// Check says what is wrong with what a client made of it.
func (u Unkind) Check(t testing.TB, err error) {
	t.Helper()
	fail := model.FailOf(err)
	if fail == nil || fail.Class != u.Class || !strings.Contains(err.Error(), u.Says) || fail.RetryAfter != u.Retry && u.Class == model.Limited {
		t.Errorf("%s: got %v (%+v), want %s with %q and a pause of %s", u.Name, err, fail, u.Class, u.Says, u.Retry)
	}
}

// Counted starts a server of the test's own that counts what it is asked.
func Counted(t testing.TB, answer http.HandlerFunc) (base string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, requests
}

// WithAddedFields starts a server before another one, whose JSON answers get a
// field in every object that no contract has. It ends with the test.
func WithAddedFields(t testing.TB, behind string) string {
	t.Helper()
	to, err := url.Parse(behind)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Header.Set("Accept-Encoding", "identity")
		},
		ModifyResponse: addFields,
	}
	srv := httptest.NewServer(proxy)
	t.Cleanup(srv.Close)
	return srv.URL
}

func addFields(resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var v any
	if json.Unmarshal(body, &v) == nil {
		if body, err = json.Marshal(added(v)); err != nil {
			return err
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Del("Content-Length")
	return nil
}

// added gives the value with a field more in every object; a text where all
// others are texts, as in a map of labels.
func added(v any) any {
	switch v := v.(type) {
	case map[string]any:
		var more any = "text"
		for name, value := range v {
			if _, text := value.(string); !text {
				more = map[string]any{"list": []any{1, nil, "text"}}
			}
			v[name] = added(value)
		}
		v["addedByVendor"] = more
	case []any:
		for i := range v {
			v[i] = added(v[i])
		}
	}
	return v
}
