package demo

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/demo/provider"
)

// visit asks an edge for a page and says how it was answered.
func visit(e http.Handler, path string, headers ...string) string {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, r)
	return strings.TrimSpace(fmt.Sprint(rec.Code, " ", rec.Header().Get(headerCache), rec.Header().Get(headerMitigated), " ", rec.Body))
}

func TestEdgeKeepsPages(t *testing.T) {
	made, waiting := 0, []func(){}
	e := &edge{
		pages: map[string]*kept{},
		judge: func(netip.Addr, bool) provider.Verdict { return provider.Pass },
		again: func(_ string, work func()) { waiting = append(waiting, work) },
		shop: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			made++
			if r.URL.Path == "/offers" {
				w.Header().Set("Cache-Control", "public, s-maxage=600")
				w.Header().Set(headerTags, "offers,prices")
			}
			fmt.Fprint(w, made)
		}),
	}
	var got []string
	see := func(path string) { got = append(got, visit(e, path)) }
	see("/offers")
	see("/offers")
	see("/product/1")
	see("/product/1")
	e.purge([]string{"nothing"}, false)
	see("/offers")
	e.purge([]string{"prices"}, false)
	see("/offers") // stale, once more
	see("/offers") // still: it is being made
	for _, work := range waiting {
		work()
	}
	see("/offers")
	e.purge([]string{"_N_T_/offers"}, true)
	see("/offers")
	want := []string{"200 MISS 1", "200 HIT 1", "200  2", "200  3", "200 HIT 1", "200 STALE 1", "200 STALE 1", "200 HIT 4", "200 MISS 5"}
	if diff := cmp.Diff(want, got); diff != "" || len(waiting) != 1 {
		t.Errorf("%d made anew, answers (-want +got):\n%s", len(waiting), diff)
	}
}

func TestEdgeLetsIn(t *testing.T) {
	verdicts := map[string]provider.Verdict{"203.0.113.7": provider.Deny, "198.51.100.1": provider.Challenge}
	e := &edge{
		pages: map[string]*kept{},
		shop:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "in") }),
		judge: func(from netip.Addr, cleared bool) provider.Verdict {
			if v := verdicts[from.String()]; v == provider.Deny || v == provider.Challenge && !cleared {
				return v
			}
			return provider.Pass
		},
	}
	for _, tt := range []struct{ path, from, cookie, want string }{
		{"/", "203.0.113.7", "", "403 deny"},
		{"/", "203.0.113.7, 10.0.0.1", clearance + "=x", "403 deny"},
		{"/", "198.51.100.1", "", "403 challenge"},
		{"/", "198.51.100.1", clearance + "=x", "200  in"},
		{"/health", "198.51.100.1", "", "200  in"},
		{"/", "", "", "200  in"},
		{"/", "no address", "", "200  in"},
	} {
		if got := visit(e, tt.path, "X-Forwarded-For", tt.from, "Cookie", tt.cookie); got != tt.want {
			t.Errorf("%s from %q with %q: %s, want %s", tt.path, tt.from, tt.cookie, got, tt.want)
		}
	}
}
