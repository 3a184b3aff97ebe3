package vercel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"tocsin/internal/model"
	"tocsin/internal/testkit"
	"tocsin/internal/vercel"
)

// wrong has every field that is read in a type that it never has.
const wrong = `{"deployments":"x","id":{},"uid":{},"name":[],"deployment":[],"envs":1,"key":{},"domains":5,"certs":"x","active":"no",
"anomalies":true,"actions":0,"aliases":"x","misconfigured":"x","message":7,"text":7,"payload":"x","created":"x"}`

// more has what the client reads, and things nobody has heard of.
const more = `{"deployments":[{"uid":"d","new":1}],"id":"p","name":"shop","deployment":{"id":"d","new":[]},"envs":[{"key":"K","new":{}}],
"domains":[{"name":"a","new":null}],"certs":[{"id":"c","new":1}],"active":{"firewallEnabled":true,"ips":[{"id":"i","new":1}],"new":{}},
"anomalies":[],"actions":[{"public_ip":"1.2.3.4","new":0}],"aliases":[{"alias":"a","deploymentId":null,"new":1}],"misconfigured":true,"readyState":"READY",
"message":"hello","text":"hello","created":1,"new":{"field":[{}]}}`

// harmless tells whether an operation throws the answer away.
func harmless(o operation) bool { return !o.read && o.name != "redeploy" }

// failures are those of every provider, and those that only this one has.
func failures() []testkit.Failure {
	own := func(name string, status int, body string, f testkit.Failure) testkit.Failure {
		f.Name, f.Serve = name, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
		return f
	}
	return append(testkit.Failures(),
		own("403 in its older form", 403, `{"err":{"code":"forbidden","message":"Not authorized"}}`, testkit.Failure{Class: model.Denied, Text: "403: Not authorized"}),
		own("wrong types in every field", 200, wrong, testkit.Failure{Class: model.Protocol, Text: "not the JSON expected", Reads: true}))
}

// TestFailures brings every operation into every trouble: each ends in a stated
// error after one request and with bounded memory.
func TestFailures(t *testing.T) {
	for _, f := range failures() {
		for _, o := range operations() {
			if f.Reads && harmless(o) || f.Endless && o.stream {
				continue // a log has no end either: each of its lines is bounded
			}
			t.Run(f.Name+"/"+o.name, func(t *testing.T) {
				fail := testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
					_, err := o.call(ctx, client(t, vercel.Options{Base: base, Project: "shop", Team: "acme", Token: "tok_secret", Timeout: f.Timeout()}))
					return err
				})
				if f.Class == model.Denied && !strings.Contains(fail.Hint, "access to project shop of team acme") {
					t.Errorf("hint %q does not name what the token needs", fail.Hint)
				}
				if strings.Contains(fail.Error(), "tok_secret") {
					t.Errorf("the token is in %q", fail)
				}
			})
		}
	}
}

// answered lets every operation meet one answer.
func answered(t *testing.T, status int, body string, judge func(o operation, err error)) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	c := client(t, vercel.Options{Base: srv.URL, Project: "shop", Team: "acme"})
	for _, o := range operations() {
		_, err := o.call(t.Context(), c)
		judge(o, err)
	}
}

// A newer API may say more than we know.
func TestAddedFields(t *testing.T) {
	answered(t, http.StatusOK, more, func(o operation, err error) {
		if err != nil {
			t.Errorf("%s: %v", o.name, err)
		}
	})
}

// What a plan has not is denied, and nothing that a token could give.
func TestPlanWithoutIt(t *testing.T) {
	answered(t, http.StatusPaymentRequired, "", func(o operation, err error) {
		if fail := model.FailOf(err); fail == nil || fail.Class != model.Denied || fail.Hint != "the plan does not include it" {
			t.Errorf("%s: %v", o.name, err)
		}
	})
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
