package collectors

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/internal/demo/provider"
	"tocsin/internal/model"
	"tocsin/internal/vercel"
)

// vercelSite is a provider whose answers to some paths are replaced.
func vercelSite(t *testing.T, site provider.Site, instead map[string]int) *vercel.Client {
	t.Helper()
	p := provider.NewVercel(provider.VercelOptions{Project: "shop", Token: "good", Site: site})
	t.Cleanup(p.Close)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for path, code := range instead {
			if strings.HasPrefix(r.URL.Path, path) {
				w.WriteHeader(code)
				return
			}
		}
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	c := vercel.New(vercel.Options{Base: srv.URL, Project: "shop", Token: "good"})
	t.Cleanup(c.Close)
	return c
}

func TestDomains(t *testing.T) {
	soon := time.Now().Add(5 * 24 * time.Hour).Truncate(time.Millisecond).UTC()
	site := provider.Site{Domains: []provider.Domain{
		{Name: "shop.example", CertEnds: soon}, {Name: "old.example", Redirect: "shop.example", Lost: true}, {Name: "shop.vercel.app"},
	}, Variables: []provider.Variable{{Key: "RATES_URL", Updated: soon}}}
	yes, no := true, false
	tests := []struct {
		name    string
		instead map[string]int
		want    []model.Domain
		hidden  string
	}{
		{"all", nil, []model.Domain{
			{Name: "shop.example", Verified: true, Lost: &no, Ends: soon, Left: ptrTo(5 * 24 * time.Hour), Renews: true},
			{Name: "old.example", Redirect: "shop.example", Verified: true, Lost: &yes},
			{Name: "shop.vercel.app", Own: true, Verified: true, Lost: &no},
		}, ""},
		{"no certificates, no configuration", map[string]int{"/v8/certs": 403, "/v6/domains/old": 500}, []model.Domain{
			{Name: "shop.example", Verified: true, Lost: &no, Why: "the certificates could not be read"},
			{Name: "old.example", Redirect: "shop.example", Verified: true, Why: "the certificates could not be read"},
			{Name: "shop.vercel.app", Own: true, Verified: true, Lost: &no},
		}, "certificates: GET "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Domains{Vercel: vercelSite(t, site, tt.instead)}.Collect(t.Context())
			near := cmpopts.EquateApproxTime(time.Second)
			span := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < time.Minute })
			if diff := cmp.Diff(tt.want, got.Rows, near, span); diff != "" || err != nil || !strings.HasPrefix(got.Hidden, tt.hidden) {
				t.Errorf("%v, hidden %q, domains (-want +got):\n%s", err, got.Hidden, diff)
			}
			if diff := cmp.Diff([]model.Variable{{Name: "RATES_URL", Set: soon}}, got.Variables); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := (Domains{Vercel: vercelSite(t, site, map[string]int{"/v9/": 500})}).Collect(t.Context()); err == nil {
		t.Error("no list is no failure")
	}
}

func ptrTo[T any](v T) *T { return &v }

// The configuration of very many domains is not asked for.
func TestDomainsAsked(t *testing.T) {
	site, unknown := provider.Site{}, 0
	for i := range 50 {
		site.Domains = append(site.Domains, provider.Domain{Name: fmt.Sprintf("shop%d.example", i)})
	}
	got, err := Domains{Vercel: vercelSite(t, site, nil)}.Collect(t.Context())
	for _, d := range got.Rows {
		if d.Lost == nil {
			unknown++
		}
	}
	if err != nil || len(got.Rows) != 50 || unknown != 50-domainsAsked {
		t.Errorf("%v, %d domains of which %d are unknown", err, len(got.Rows), unknown)
	}
}

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		cn, name string
		want     bool
	}{
		{"shop.example", "shop.example", true}, {"Shop.example", "shop.Example", true}, {"*.shop.example", "www.shop.example", true},
		{"*.shop.example", "shop.example", false}, {"*.shop.example", "a.b.shop.example", false}, {"*.example", "example", false},
	} {
		if got := covers(tt.cn, tt.name); got != tt.want {
			t.Errorf("%s covers %s: %v", tt.cn, tt.name, got)
		}
	}
}

func TestFirewall(t *testing.T) {
	c := vercelSite(t, provider.Site{}, nil)
	x := context.Background()
	until := time.Now().Add(time.Hour).Truncate(time.Millisecond).UTC()
	for _, change := range []error{c.Block(x, "prj_shop", "203.0.113.7", "robots"), c.AttackMode(x, "prj_shop", until)} {
		if change != nil {
			t.Fatal(change)
		}
	}
	got, err := Firewall{Vercel: c}.Collect(x)
	want := model.Firewall{
		Project: "shop", On: true, AttackMode: true, AttackUntil: until,
		Rules: []model.IPRule{{ID: "ip_1", IP: "203.0.113.7", Host: "*", Action: "deny", Notes: "robots"}},
	}
	if got.Budget.Limit == 0 || got.Budget.Left == 0 {
		t.Errorf("budget %+v", got.Budget)
	}
	got.Budget = model.Budget{}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	got, err = Firewall{Vercel: vercelSite(t, provider.Site{}, map[string]int{"/v1/security/firewall/events": 402})}.Collect(x)
	if err != nil || !strings.Contains(got.Hidden, "the plan does not include it") {
		t.Errorf("without events: %+v, %v", got, err)
	}
	if _, err := (Firewall{Vercel: vercelSite(t, provider.Site{}, map[string]int{"/v1/security/firewall/config": 403})}).Collect(x); err == nil {
		t.Error("a refused firewall is no failure")
	}
}
