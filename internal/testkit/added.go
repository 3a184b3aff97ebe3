package testkit

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

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
