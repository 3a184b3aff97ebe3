package collectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
)

func newProbe(t *testing.T, opts ProbeOptions) *Probe {
	t.Helper()
	opts.Service = "web"
	p, err := NewProbe(opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryOnce(t *testing.T, p *Probe) model.Probe {
	t.Helper()
	got, err := p.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// answering starts a server that gives each of the statuses in turn, the last
// one for ever.
func answering(t *testing.T, statuses ...int) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[0])
		if len(statuses) > 1 {
			statuses = statuses[1:]
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestProbeTurnsWhenEnoughTriesAgree(t *testing.T) {
	tests := []struct {
		name      string
		agree, of int
		statuses  []int
		want      string // + up, - down, after each try
	}{
		{"three of three", 0, 0, []int{200, 500, 500, 500, 200, 500, 200, 200, 200}, "+++-----+"},
		{"flapping stays", 0, 0, []int{500, 500, 200, 500, 500, 200}, "++++++"},
		{"two of three", 2, 3, []int{500, 200, 500, 200, 200}, "++-++"},
		{"one of one", 1, 1, []int{500, 200, 404}, "-+-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newProbe(t, ProbeOptions{Address: answering(t, tt.statuses...), Agree: tt.agree, Of: tt.of})
			var got strings.Builder
			for range tt.statuses {
				if tryOnce(t, p).Up {
					got.WriteByte('+')
				} else {
					got.WriteByte('-')
				}
			}
			if got.String() != tt.want {
				t.Errorf("got %s, want %s", got.String(), tt.want)
			}
		})
	}
}

func TestProbeReading(t *testing.T) {
	p := newProbe(t, ProbeOptions{Address: answering(t, 500, 500, 204) + "/health?key=secret"})
	tryOnce(t, p)
	got := tryOnce(t, p)
	if got.Latency <= 0 {
		t.Errorf("latency %v", got.Latency)
	}
	want := model.Probe{Service: "web", Address: strings.TrimSuffix(p.opts.Address, "?key=secret"), Up: true,
		Status: 500, Why: "500 Internal Server Error", Latency: got.Latency, Failures: 2, Needed: 3, Tries: 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := tryOnce(t, p); !got.Passed || got.Failures != 0 || got.Status != 204 {
		t.Errorf("got %+v", got)
	}
}

func TestProbeWithoutAnswer(t *testing.T) {
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hanging.Close)
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		fmt.Fprint(w, "x")
	}))
	t.Cleanup(half.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	listener.Close()
	tests := []struct{ address, why string }{
		{"http://" + closed, "connection refused"},
		{"tcp://" + closed, "connection refused"},
		{"tls://" + closed, "connection refused"},
		{hanging.URL, "no answer in time"},
		{half.URL, "the connection was dropped before the answer was whole"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			got := tryOnce(t, newProbe(t, ProbeOptions{Address: tt.address, Timeout: 200 * time.Millisecond}))
			if got.Passed || got.Why != tt.why {
				t.Errorf("%s: got %+v", tt.address, got)
			}
		})
	}
}

func TestProbeTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what is tested
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ends := srv.Certificate().NotAfter
	now := func() time.Time { return ends.Add(-48 * time.Hour) }
	for _, address := range []string{srv.URL, strings.Replace(srv.URL, "https:", "tls:", 1)} {
		got := tryOnce(t, newProbe(t, ProbeOptions{Address: address, Now: now}))
		if got.Passed || !strings.Contains(got.Why, "certificate not accepted") {
			t.Errorf("%s: %+v", address, got)
		}
		if got.TLSDays == nil || *got.TLSDays != 2 {
			t.Errorf("%s: days %v, want 2", address, got.TLSDays)
		}
	}
	trusting := newProbe(t, ProbeOptions{Address: srv.URL, Now: now})
	trusting.http.Transport = srv.Client().Transport
	if got := tryOnce(t, trusting); got.Status != 404 || *got.TLSDays != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestProbeTCP(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	got := tryOnce(t, newProbe(t, ProbeOptions{Address: strings.Replace(srv.URL, "http:", "tcp:", 1)}))
	if !got.Passed || got.Status != 0 || got.TLSDays != nil {
		t.Errorf("got %+v", got)
	}
}

func TestProbeFreshness(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, body string
		status     int
		age        time.Duration
		why        string
	}{
		{"RFC 3339", `{"data":{"at":"2026-01-01T11:59:00Z"}}`, 200, time.Minute, ""},
		{"with an answer that says no", `{"data":{"at":"2026-01-01T11:58:00.5Z"}}`, 503, 119*time.Second + 500*time.Millisecond, ""},
		{"epoch seconds", `{"data":{"at":1767268790}}`, 200, 10 * time.Second, ""},
		{"epoch milliseconds", `{"data":{"at":1767268790500}}`, 200, 9500 * time.Millisecond, ""},
		{"a little ahead", `{"data":{"at":"2026-01-01T12:00:01Z"}}`, 200, 0, ""},
		{"future", `{"data":{"at":"2026-01-01T13:00:00Z"}}`, 200, 0, "data.at lies in the future: the clocks differ"},
		{"absent", `{"data":7}`, 200, 0, "the answer has no data.at"},
		{"wrong type", `{"data":{"at":true}}`, 200, 0, "the answer has no data.at"},
		{"no time", `{"data":{"at":"now"}}`, 200, 0, "data.at is not a time in RFC 3339"},
		{"no JSON", `<html>`, 200, 0, "the answer is not JSON"},
		{"too large", strings.Repeat("x", 10<<20), 200, 0, "the answer is larger than 1 MB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			t.Cleanup(srv.Close)
			p := newProbe(t, ProbeOptions{Address: srv.URL, Now: func() time.Time { return now },
				Fresh: &FreshOptions{JSON: "data.at", Max: time.Minute, Purge: "page:"}})
			want := &model.Freshness{Age: tt.age, Max: time.Minute, Why: tt.why, Purge: "page:"}
			if diff := cmp.Diff(want, tryOnce(t, p).Fresh); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	down := newProbe(t, ProbeOptions{Address: "http://127.0.0.1:1", Fresh: &FreshOptions{JSON: "at"}})
	if got := tryOnce(t, down); got.Fresh.Why != "no answer: connection refused" {
		t.Errorf("got %+v", got.Fresh)
	}
}

func TestProbeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := newProbe(t, ProbeOptions{Address: answering(t, 200)})
	if _, err := p.Collect(ctx); !errors.Is(err, context.Canceled) || p.tries != 0 {
		t.Errorf("got %v after %d tries", err, p.tries)
	}
}

func TestProbeAddresses(t *testing.T) {
	for _, address := range []string{"", "shop.example", "ftp://shop.example", "tcp://shop.example", "http://[", "https://"} {
		if _, err := NewProbe(ProbeOptions{Service: "web", Address: address}); err == nil {
			t.Errorf("%q was accepted", address)
		}
	}
}

func TestProbeTellsNothingOfFirstFailures(t *testing.T) {
	tests := []struct {
		name     string
		statuses []int
		want     []string // of service.down after each try; why where it is unknown
	}{
		{"started during an outage", []int{500, 500, 500}, []string{"1 of 3 tries failed", "2 of 3 tries failed", "1"}},
		{"started in good order", []int{200, 500, 500, 500}, []string{"0", "1 of 3 tries failed", "0", "1"}},
		{"one bad answer", []int{500, 200, 200, 500}, []string{"1 of 3 tries failed", "0", "0", "0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newProbe(t, ProbeOptions{Address: answering(t, tt.statuses...)})
			var got []string
			for range tt.statuses {
				down := tryOnce(t, p).Facts()[0]
				if down.Known {
					got = append(got, fmt.Sprint(down.Value))
				} else {
					got = append(got, down.Why)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
