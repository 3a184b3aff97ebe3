package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
)

const token = "tok_secret"

// serve starts a server that counts its requests.
func serve(t *testing.T, h http.HandlerFunc) (base string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		h(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, requests
}

func client(t *testing.T, base string) *Client {
	t.Helper()
	c := New(Options{Base: base, Token: token, UserAgent: "tocsin/test", Timeout: 5 * time.Second, Scope: "the token needs read access"})
	t.Cleanup(c.Close)
	return c
}

func status(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func halfBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	fmt.Fprint(w, `{"name":"sh`)
}

func tooLarge(w http.ResponseWriter, _ *http.Request) {
	line := strings.Repeat("x", 64<<10)
	for range MaxBody/len(line) + 1 {
		fmt.Fprint(w, line)
	}
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func TestFailures(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		timeout time.Duration
		class   model.Class
		text    string // part of the text
		hint    string
		retry   time.Duration
	}{
		{name: "bad token", handler: status(401, `{"error":{"code":"unauthorized","message":"no such token"}}`),
			class: model.Denied, text: "401: no such token", hint: "the token needs read access"},
		{name: "no right", handler: status(403, `{"err":{"code":"forbidden","message":"Not authorized"}}`),
			class: model.Denied, text: "403: Not authorized", hint: "the token needs read access"},
		{name: "token echoed", handler: status(403, `{"detail":"bad token `+token+`"}`),
			class: model.Denied, text: "403: bad token ***", hint: "the token needs read access"},
		{name: "plan", handler: status(402, ``), class: model.Denied, text: "402: Payment Required", hint: "the plan does not include it"},
		{name: "not there", handler: status(404, `<html>lost</html>`), class: model.Missing, text: "404: Not Found"},
		{name: "limited", handler: status(429, `slow down`, "Retry-After", "17"),
			class: model.Limited, text: "429: slow down", retry: 17 * time.Second},
		{name: "server error", handler: status(500, "boom\nat line 3"), class: model.Protocol, text: "500: boom"},
		{name: "maintenance", handler: status(503, `{"error":"soon"}`, "Retry-After", "60"),
			class: model.Protocol, text: "503: soon", retry: time.Minute},
		{name: "not JSON", handler: status(200, `<html>`), class: model.Protocol, text: "not the JSON expected"},
		{name: "wrong type", handler: status(200, `{"name":7}`), class: model.Protocol, text: `number where string is expected in "name"`},
		{name: "half a body", handler: halfBody, class: model.Down, text: "dropped"},
		{name: "too large", handler: tooLarge, class: model.Protocol, text: "larger than 10 MB"},
		{name: "no answer", handler: hang, timeout: 50 * time.Millisecond, class: model.Down, text: "no answer in time"},
		{name: "redirects", handler: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) },
			class: model.Protocol, text: "more than 3 redirects"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, requests := serve(t, tt.handler)
			c := client(t, base)
			if tt.timeout > 0 {
				c.opts.Timeout = tt.timeout
			}
			var out struct {
				Name string `json:"name"`
			}
			err := c.GetJSON(context.Background(), "/v1/thing", url.Values{"secret": {"q"}}, &out)
			fail := model.FailOf(err)
			if fail == nil {
				t.Fatal("no error")
			}
			if fail.Class != tt.class || !strings.Contains(fail.Text, tt.text) || fail.Hint != tt.hint || fail.RetryAfter != tt.retry {
				t.Errorf("got %+v", *fail)
			}
			if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "secret") {
				t.Errorf("a secret is in %q", err)
			}
			if n := requests.Load(); tt.name != "redirects" && n != 1 || n > MaxRedirects+1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestConnectionFailures(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing.Close()
	dropping, _ := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	secure := httptest.NewUnstartedServer(status(200, "{}"))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is what is tested
	secure.StartTLS()
	t.Cleanup(secure.Close)
	clear, _ := serve(t, status(200, "{}"))
	tests := []struct {
		name, base string
		class      model.Class
		text       string
	}{
		{"refused", "http://" + refusing.Addr().String(), model.Down, "connection refused"},
		{"dropped", dropping, model.Down, "dropped"},
		{"unknown authority", secure.URL, model.Broken, "certificate not accepted"},
		{"no TLS", strings.Replace(clear, "http:", "https:", 1), model.Protocol, "HTTP response to HTTPS client"},
		{"user in the address", "http://u:pw@" + refusing.Addr().String(), model.Down, "GET http://127"},
		{"not an address", "http://[", model.Broken, "not an address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fail := model.FailOf(client(t, tt.base).GetJSON(context.Background(), "/", nil, nil))
			if fail.Class != tt.class || !strings.Contains(fail.Text, tt.text) {
				t.Errorf("got %+v", *fail)
			}
		})
	}
}

func TestCancelIsNotDown(t *testing.T) {
	base, _ := serve(t, hang)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := client(t, base).GetJSON(ctx, "/", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSend(t *testing.T) {
	type seen struct{ Method, URI, Token, Agent, Type, Body string }
	var got seen
	base, requests := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 100)
		n, _ := r.Body.Read(body)
		got = seen{r.Method, r.RequestURI, r.Header.Get("Authorization"), r.UserAgent(), r.Header.Get("Content-Type"), string(body[:n])}
		w.WriteHeader(http.StatusCreated)
	})
	code, err := client(t, base+"/base/").Send(context.Background(),
		Request{Method: "POST", Path: "/roll/back", Query: url.Values{"slug": {"a b"}}, Body: map[string]int{"n": 1}}, nil)
	if err != nil || code != http.StatusCreated {
		t.Fatalf("got %d, %v", code, err)
	}
	want := seen{"POST", "/base/roll/back?slug=a+b", "Bearer " + token, "tocsin/test", "application/json", `{"n":1}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests", requests.Load())
	}
}

func TestAChangeFollowsNoRedirect(t *testing.T) {
	base, requests := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	code, err := client(t, base).Send(context.Background(), Request{Method: "POST", Path: "/", Body: struct{}{}}, nil)
	if err == nil || code != http.StatusTemporaryRedirect || requests.Load() != 1 {
		t.Errorf("got %d, %v after %d requests", code, err, requests.Load())
	}
}

func TestStatusErrorKeepsTheAnswer(t *testing.T) {
	base, _ := serve(t, status(409, `{"error":{"code":"conflict","message":"under way"}}`))
	_, err := client(t, base).Send(context.Background(), Request{Method: "POST", Path: "/x"}, nil)
	refused, ok := errors.AsType[*StatusError](err)
	if !ok || refused.Status != 409 || refused.Code != "conflict" || refused.Message != "under way" {
		t.Errorf("got %#v", err)
	}
}

func TestTokenStaysWithItsHost(t *testing.T) {
	var leaked string
	other, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		leaked = r.Header.Get("Authorization")
		fmt.Fprint(w, "{}")
	})
	other = strings.Replace(other, "127.0.0.1", "localhost", 1)
	base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusFound) })
	if err := client(t, base).GetJSON(context.Background(), "/", nil, nil); err != nil {
		t.Fatal(err)
	}
	if leaked != "" {
		t.Errorf("the token went to another host: %q", leaked)
	}
}

func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := http.Header{"Retry-After": {now.Add(90 * time.Second).Format(http.TimeFormat)}}
	if got := RetryAfter(h, now); got != 90*time.Second {
		t.Errorf("got %v", got)
	}
}
