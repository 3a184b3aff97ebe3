package web

import (
	"io"
	"net/http"
	"testing"

	"tocsin/internal/model"
)

func TestBounded(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answer  http.HandlerFunc
		status  int
		wantErr bool
	}{
		{"usual", status(200, `{"name":"shop"}`), 200, false},
		{"too large", tooLarge, 200, true},
		{"elsewhere", status(302, "", "Location", "http://127.0.0.1:1/"), 302, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, requests := serve(t, tt.answer)
			c := Bounded()
			t.Cleanup(c.CloseIdleConnections)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != tt.status || (err != nil) != tt.wantErr || n > MaxBody {
				t.Errorf("status %d, %d bytes, %v", resp.StatusCode, n, err)
			}
			if requests.Load() != 1 {
				t.Errorf("%d requests", requests.Load())
			}
		})
	}
}

// What a call needs beyond the client's own: another right, another header,
// and a look at the header of the answer.
func TestOneCallInFull(t *testing.T) {
	base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", r.Header.Get("X-Scope-OrgID"))
		w.WriteHeader(http.StatusForbidden)
	})
	c := New(Options{Base: base, Token: token, Scope: "the token needs read access", Header: http.Header{"X-Scope-Orgid": {"acme"}}})
	t.Cleanup(c.Close)
	seen := ""
	_, err := c.Send(t.Context(), Request{
		Method: http.MethodPut, Path: "/x", Scope: "the token needs event:write", Seen: func(h http.Header) { seen = h.Get("Link") },
	}, nil)
	if got := model.FailOf(err); got == nil || got.Hint != "the token needs event:write" || seen != "acme" {
		t.Errorf("got %v, header %q", err, seen)
	}
}
