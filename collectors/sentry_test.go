package collectors

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/demo/provider"
	"tocsin/internal/model"
	"tocsin/internal/sentry"
)

// sentryOf starts an organization and counts what it is asked.
func sentryOf(t *testing.T) (*provider.Sentry, *sentry.Client, *atomic.Int32) {
	t.Helper()
	p := provider.NewSentry(provider.SentryOptions{Org: "acme", Project: "shop", Token: "good"})
	requests := new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	c := sentry.New(sentry.Options{Base: srv.URL, Org: "acme", Projects: []string{"shop"}, Token: "good"})
	t.Cleanup(c.Close)
	return p, c, requests
}

func sentryFault(p *provider.Sentry, at time.Time, kind, message string) {
	p.Fault(provider.SentryFault{At: at, Type: kind, Message: message, Culprit: "/checkout", Release: "v3", Tags: map[string]string{
		"cache.key": "promo:active", "user.email": "ana@shop.example", "route": "/checkout",
	}})
}

func TestSentryIssues(t *testing.T) {
	p, c, requests := sentryOf(t)
	now := time.Now()
	for n := range 5 { // five causes, the last one the loudest
		for range n + 1 {
			sentryFault(p, now.Add(-2*time.Minute), fmt.Sprintf("Kind%c", 'A'+n), "no user ana@shop.example with 'a card'")
		}
	}
	source := NewSentryIssues(c)
	got, err := source.Collect(t.Context())
	if err != nil || len(got.Rows) != 5 || got.Hidden != "" || got.Calls == nil {
		t.Fatalf("%v: %+v", err, got)
	}
	first := got.Rows[0]
	if *first.Count != 5 || !strings.HasPrefix(first.Title, "KindE: no user … with …") {
		t.Errorf("the loudest is %q with %d events", first.Title, *first.Count)
	}
	if n, ok := first.PerMinute(now.Add(-3*time.Minute-time.Second), now); !ok || n < 1 {
		t.Errorf("%v events a minute, %t: %v", n, ok, first.Minutes)
	}
	if n := requests.Load(); n != 2+2*detailsAtOnce {
		t.Errorf("%d requests, want a list, the minutes, and two for each of %d issues", n, detailsAtOnce)
	}
	requests.Store(0)
	got, err = source.Collect(t.Context())
	if err != nil || requests.Load() != 2+2*2 {
		t.Errorf("%d requests for the other two, %v", requests.Load(), err)
	}
	for _, i := range got.Rows {
		if i.FirstRelease == nil || *i.FirstRelease != "v3" || i.Latest == nil {
			t.Fatalf("nothing is known of %s: %+v", i.ShortID, i)
		}
		text := fmt.Sprint(i.Title, i.Latest)
		if strings.Contains(text, "ana@") || strings.Contains(text, "a card") || i.Tag("user.email") != "" || i.Tag(model.CacheTag) != "promo:active" {
			t.Errorf("%s tells %s, tags %v", i.ShortID, text, i.Latest.Tags)
		}
		if !strings.Contains(i.Latest.Frames[0], "checkout") {
			t.Errorf("the stack begins with %q", i.Latest.Frames[0])
		}
	}
	requests.Store(0)
	sentryFault(p, now.Add(time.Minute), "KindA", "again")
	if _, err := source.Collect(t.Context()); err != nil || requests.Load() != 2+2 {
		t.Errorf("%d requests after one new issue, %v", requests.Load(), err)
	}
}

// TestSentryIssuesInPart: the list alone is enough.
func TestSentryIssuesInPart(t *testing.T) {
	p := provider.NewSentry(provider.SentryOptions{Org: "acme", Project: "shop", Token: "good"})
	sentryFault(p, time.Now(), "KindA", "x")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/acme/issues/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	c := sentry.New(sentry.Options{Base: srv.URL, Org: "acme", Token: "good"})
	t.Cleanup(c.Close)
	got, err := NewSentryIssues(c).Collect(t.Context())
	if err != nil || len(got.Rows) != 1 || got.Rows[0].Minutes != nil || got.Rows[0].FirstRelease != nil {
		t.Errorf("%v: %+v", err, got)
	}
	for _, scope := range []string{"org:read", "event:read"} {
		if !strings.Contains(got.Hidden, scope) {
			t.Errorf("%q does not name the scope %s", got.Hidden, scope)
		}
	}
}

func TestSentryNumbers(t *testing.T) {
	p, c, _ := sentryOf(t)
	now := time.Now()
	for n := range 100 {
		p.Request(now, time.Duration(n+1)*time.Millisecond, n < 4)
	}
	sentryFault(p, now.Add(-time.Minute), "KindA", "x")
	p.Sessions(now.Add(-time.Hour), 1000, 5)
	p.CheckIn("reprice", now.Add(-time.Hour), false)
	p.CheckIn("settle", now, true)
	traffic, err := SentryTraffic{Client: c}.Collect(t.Context())
	if err != nil || traffic.Hidden != "" || *traffic.Requests != 100 || *traffic.Failed != 4 || *traffic.P95 != 95*time.Millisecond {
		t.Errorf("%v: %+v", err, traffic)
	}
	if last, ok := traffic.Last(); !ok || !last.At.Before(now.Truncate(time.Minute)) {
		t.Errorf("the newest minute is %v: one that still grows does not count", last)
	}
	sessions, err := SentrySessions{Client: c}.Collect(t.Context())
	if err != nil || *sessions.CrashFree != 99.5 || *sessions.Sessions != 1000 {
		t.Errorf("%v: %+v", err, sessions)
	}
	crons, err := SentryCrons{Client: c}.Collect(t.Context())
	if err != nil || len(crons.Rows) != 2 || crons.Facts()[0].Value != 2 {
		t.Errorf("%v: %+v", err, crons)
	}
	quota, err := SentryQuota{Client: c, Limit: 100}.Collect(t.Context())
	if pct, ok := quota.UsedPct(); err != nil || !ok || pct != 1 {
		t.Errorf("%v: %v %%, %+v", err, pct, quota)
	}
}

// TestSentryWithoutTransactions: the errors are told all the same.
func TestSentryWithoutTransactions(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events/") {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"detail":"spans are not enabled"}`)
			return
		}
		fmt.Fprint(w, `{"timeSeries":[{"values":[{"timestamp":1767225600000,"value":3,"incomplete":false},{"timestamp":1767225660000,"value":9,"incomplete":true}],"meta":{}}]}`)
	}))
	t.Cleanup(srv.Close)
	c := sentry.New(sentry.Options{Base: srv.URL, Org: "acme", Token: "good"})
	t.Cleanup(c.Close)
	got, err := SentryTraffic{Client: c}.Collect(context.Background())
	if last, ok := got.Last(); err != nil || !ok || last.N != 3 || !strings.Contains(got.Hidden, "spans are not enabled") {
		t.Errorf("%v: %+v", err, got)
	}
	for _, f := range got.Facts() {
		if f.Known != (f.Name == "sentry.errors") {
			t.Errorf("%s is known: %t, %s", f.Name, f.Known, f.Why)
		}
	}
}
