package vercel_test

import (
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
	"tocsin/internal/vercel"
	"tocsin/internal/web"
)

// trouble is a server that does not answer as it should.
type trouble struct {
	name   string
	serve  http.HandlerFunc
	class  model.Class // "" is for no failure
	says   string      // part of the text
	hint   string      // part of what to do about it
	after  time.Duration
	spares func(operation) bool // the operations that it does not hurt; nil for none
}

func answers(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func problem(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)
}

// wrong has every field that is read in a type that it never has.
const wrong = `{"deployments":"x","id":{},"uid":{},"name":[],"deployment":[],"envs":1,"key":{},"domains":5,"certs":"x","active":"no",
"anomalies":true,"actions":0,"aliases":"x","misconfigured":"x","message":7,"text":7,"payload":"x","created":"x"}`

// more has what the client reads, and things nobody has heard of.
const more = `{"deployments":[{"uid":"d","new":1}],"id":"p","name":"shop","deployment":{"id":"d","new":[]},"envs":[{"key":"K","new":{}}],
"domains":[{"name":"a","new":null}],"certs":[{"id":"c","new":1}],"active":{"firewallEnabled":true,"ips":[{"id":"i","new":1}],"new":{}},
"anomalies":[],"actions":[{"public_ip":"1.2.3.4","new":0}],"aliases":[{"alias":"a","deploymentId":null,"new":1}],"misconfigured":true,"readyState":"READY",
"message":"hello","text":"hello","created":1,"new":{"field":[{}]}}`

func troubles() []trouble {
	changes := func(o operation) bool { return !o.read && o.name != "redeploy" }
	page := strings.Repeat("x", 64<<10)
	return []trouble{
		{name: "slow", serve: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client has gone
			<-r.Context().Done()
		}, class: model.Down, says: "in time"},
		{name: "429", serve: answers(429, problem("rate_limited", "Too many requests."), "Retry-After", "17"), class: model.Limited,
			says: "429: Too many requests.", after: 17 * time.Second},
		{name: "401", serve: answers(401, problem("unauthorized", "no")), class: model.Denied, says: "401: no", hint: "access to project shop of team acme"},
		{name: "403", serve: answers(403, `{"err":{"code":"forbidden","message":"Not authorized"}}`), class: model.Denied,
			says: "403: Not authorized", hint: "access to project shop of team acme"},
		{name: "402", serve: answers(402, ``), class: model.Denied, says: "402", hint: "the plan does not include it"},
		{name: "500", serve: answers(500, "boom"), class: model.Protocol, says: "500: boom"},
		{name: "half a body", serve: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "400")
			answers(200, `{"id":"p`)(w, r)
		}, class: model.Down, says: "dropped"},
		{name: "wrong types", serve: answers(200, wrong), class: model.Protocol, says: "not the JSON expected", spares: changes},
		{name: "added fields", serve: answers(200, more)},
		{name: "10 MB of text", serve: func(w http.ResponseWriter, _ *http.Request) {
			for range web.MaxBody/len(page) + 1 {
				fmt.Fprint(w, page)
			}
		}, class: model.Protocol, says: ""},
	}
}

// TestTrouble brings every operation into every trouble: each ends in a stated
// error after one request and with bounded memory.
func TestTrouble(t *testing.T) {
	for _, tt := range troubles() {
		var requests atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			tt.serve(w, r)
		}))
		t.Cleanup(srv.Close)
		for _, o := range operations() {
			t.Run(tt.name+"/"+o.name, func(t *testing.T) {
				requests.Store(0)
				opts := vercel.Options{Base: srv.URL, Project: "shop", Team: "acme", Token: "tok_secret", Timeout: 20 * time.Second}
				if tt.name == "slow" {
					opts.Timeout = 50 * time.Millisecond
				}
				c := client(t, opts)
				grew := heap()
				_, err := o.call(t.Context(), c)
				tt.judge(t, o, err)
				if n := requests.Load(); n != 1 {
					t.Errorf("%d requests, want 1", n)
				}
				if most := heap() - grew; most > 4*web.MaxBody {
					t.Errorf("the heap grew by %d MB", most>>20)
				}
			})
		}
	}
}

func (tt trouble) judge(t *testing.T, o operation, err error) {
	t.Helper()
	fail := model.FailOf(err)
	if tt.class == "" || tt.spares != nil && tt.spares(o) {
		if err != nil {
			t.Errorf("failed: %v", err)
		}
		return
	}
	if fail == nil {
		t.Fatal("no failure")
	}
	if fail.Class != tt.class || !strings.Contains(fail.Text, tt.says) || !strings.Contains(fail.Hint, tt.hint) || fail.RetryAfter != tt.after {
		t.Errorf("got %+v", *fail)
	}
	if strings.Contains(err.Error(), "tok_secret") {
		t.Errorf("the token is in %v", err)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestPagesWithoutEnd reads lists that never end: some are new for ever, some
// are the same page again.
func TestPagesWithoutEnd(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fresh bool
		want  int32
	}{{"always new", true, 10}, {"the same again", false, 2}} {
		var requests atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n := requests.Add(1)
			if !tt.fresh {
				n = 1
			}
			fmt.Fprintf(w, `{"envs":[{"key":"K%[1]d"}],"domains":[{"name":"d%[1]d"}],"aliases":[{"alias":"a%[1]d"}],"certs":[{"id":"c%[1]d"}],"pagination":{"next":%[1]d}}`, n)
		}))
		t.Cleanup(srv.Close)
		c := client(t, vercel.Options{Base: srv.URL, Project: "shop"})
		for _, o := range operations() {
			if !o.pages {
				continue
			}
			requests.Store(0)
			if _, err := o.call(t.Context(), c); err != nil || requests.Load() != tt.want {
				t.Errorf("%s, %s: %d requests, %v; want %d", o.name, tt.name, requests.Load(), err, tt.want)
			}
		}
	}
}
