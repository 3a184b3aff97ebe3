package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	wafPath    = "/v1/security/firewall/config"
	attackPath = "/v1/security/attack-mode"
	createPath = "/v13/deployments"
	cancelPath = "/v12/deployments/{id}/cancel"
	eventsPath = "/v3/deployments/{idOrUrl}/events"
	logsPath   = "/v1/projects/{projectId}/deployments/{deploymentId}/runtime-logs"
)

// verdicts says how the firewall judges a visitor from an address.
func (w *world) verdict(ip string, cleared bool) Verdict {
	return w.vercel.Judge(netip.MustParseAddr(ip), cleared)
}

func TestFirewallKeepsTheContract(t *testing.T) {
	w := newWorld(t, VercelOptions{})
	w.deploy(1)
	const here = wafPath + "?slug=acme&projectId=prj_shop"
	insert := func(ip string) map[string]any {
		return map[string]any{"action": "ip.insert", "id": nil, "value": map[string]string{"ip": ip, "hostname": "*", "action": "deny", "notes": "why"}}
	}
	w.send("PATCH", wafPath, here, insert("203.0.113.0/24"), 200, nil)
	w.send("PATCH", wafPath, here, insert("somebody"), 400, nil)
	w.send("PATCH", wafPath, wafPath+"?slug=acme&projectId=prj_other", insert("203.0.113.7"), 404, nil)
	var config struct {
		Active struct {
			IPs []struct{ ID, IP, Notes string }
		}
	}
	w.get(wafPath, here, &config)
	if ips := config.Active.IPs; len(ips) != 1 || ips[0].IP != "203.0.113.0/24" || ips[0].Notes != "why" {
		t.Fatalf("configuration %+v", config)
	}
	if got := fmt.Sprintln(w.verdict("203.0.113.7", true), w.verdict("203.0.114.7", false)); got != "deny pass\n" {
		t.Errorf("verdicts %q", got)
	}
	w.get("/v1/security/firewall/events", "/v1/security/firewall/events?slug=acme&projectId=prj_shop", nil)
	w.get("/v1/security/firewall/attack-status", "/v1/security/firewall/attack-status?slug=acme&projectId=prj_shop", nil)
	w.send("PATCH", wafPath, here, map[string]any{"action": "ip.remove", "id": config.Active.IPs[0].ID, "value": nil}, 200, nil)
	w.send("PATCH", wafPath, here, map[string]any{"action": "ip.remove", "id": "ip_1", "value": nil}, 404, nil)
	if got := w.verdict("203.0.113.7", false); got != Pass {
		t.Errorf("after the rule was removed: %s", got)
	}
}

func TestAttackModeEndsByItself(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, VercelOptions{Now: func() time.Time { return at }})
	mode := func(on bool, until time.Time, want int) {
		body := map[string]any{"projectId": "prj_shop", "attackModeEnabled": on}
		if on {
			body["attackModeActiveUntil"] = until.UnixMilli()
		}
		w.send("POST", attackPath, attackPath, body, want, nil)
	}
	var project projectBody
	shown := func() security { w.get(projectPath, "/v9/projects/shop", &project); return project.Security }
	mode(true, at, 400)
	mode(true, at.Add(time.Hour), 200)
	if s := shown(); !s.AttackModeEnabled || *s.AttackModeActiveUntil != at.Add(time.Hour).UnixMilli() || w.verdict("198.51.100.1", false) != Challenge || w.verdict("198.51.100.1", true) != Pass {
		t.Errorf("on: %+v", s)
	}
	at = at.Add(time.Hour)
	if s := shown(); s.AttackModeEnabled || w.verdict("198.51.100.1", false) != Pass {
		t.Errorf("after its time: %+v", s)
	}
	mode(true, at.Add(time.Hour), 200)
	mode(false, time.Time{}, 200)
	if w.verdict("198.51.100.1", false) != Pass {
		t.Error("it is on after it was turned off")
	}
}

func TestBuilds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace := Pace{Queue: time.Second, Build: 2 * time.Second}
		w := newWorld(t, VercelOptions{
			Pace: pace, Rebuild: func(name string) (Build, error) { return Build{Name: name + " again"}, nil },
			Now: func() time.Time { return time.Now().AddDate(30, 0, 0) }, // after what was deployed before
		})
		ids := w.deploy(2)
		ask := map[string]any{"deploymentId": ids[0], "name": "shop", "target": "production", "meta": map[string]string{"action": "redeploy"}}
		var made struct{ ID, ReadyState string }
		w.send("POST", createPath, createPath+"?forceNew=1&slug=acme", ask, 200, &made)
		states := made.ReadyState
		for range 3 {
			<-time.After(1100 * time.Millisecond)
			synctest.Wait()
			w.get(showPath, "/v13/deployments/"+made.ID, &made)
			states += " " + made.ReadyState
		}
		w.wait()
		if states != "QUEUED BUILDING BUILDING READY" || w.live() != "v1 again" {
			t.Errorf("states %s, live %s", states, w.live())
		}
		w.do("PATCH", cancelPath, "/v12/deployments/"+made.ID+"/cancel", 400, nil)

		broken := w.vercel.Start(Build{Name: "v3"}, pace, "Cannot find module 'tax'")
		doomed := w.vercel.Start(Build{Name: "v4"}, Pace{Queue: time.Hour}, "")
		<-time.After(4 * time.Second)
		synctest.Wait()
		w.do("PATCH", cancelPath, "/v12/deployments/"+doomed+"/cancel", 200, nil)
		var page deploymentPage
		w.get(listPath, "/v7/deployments", &page)
		var got []string
		for _, d := range page.Deployments {
			got = append(got, strings.TrimSpace(d.Meta["build"]+" "+d.State+" "+d.ErrorMessage))
		}
		want := []string{"v4 CANCELED", "v3 ERROR Cannot find module 'tax'", "v1 again READY", "v2 READY", "v1 READY"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("deployments (-want +got):\n%s", diff)
		}
		w.do("POST", promotePath, "/v10/projects/shop/promote/"+broken, 409, nil)
	})
}

// body is the whole answer of a log that ends.
func (w *world) body(target string) []string {
	w.Helper()
	r := httptest.NewRequest(http.MethodGet, target+"?slug=acme&follow=1", nil)
	r.Header.Set("Authorization", "Bearer secret")
	rec := httptest.NewRecorder()
	w.vercel.ServeHTTP(rec, r)
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "application/stream+json" {
		w.Fatalf("%s: %d %s", target, rec.Code, rec.Header())
	}
	return strings.Split(strings.TrimSpace(rec.Body.String()), "\n")
}

func TestLogsKeepTheContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, VercelOptions{LogLife: time.Second})
		id := w.deploy(1)[0]
		for _, line := range w.body("/v3/deployments/" + id + "/events") {
			for _, fault := range w.contract.checkAs("GET", eventsPath, "application/stream+json", []byte(line)) {
				t.Errorf("%s in %s", fault, line)
			}
		}
		go func() {
			<-time.After(500 * time.Millisecond)
			w.vercel.Log(RuntimeRow{"POST", "/checkout", 500, "division by zero"})
		}()
		lines := w.body("/v1/projects/shop/deployments/" + id + "/runtime-logs")
		for _, line := range lines {
			for _, fault := range w.contract.checkAs("GET", logsPath, "application/stream+json", []byte(line)) {
				t.Errorf("%s in %s", fault, line)
			}
		}
		if len(lines) != 2 || !strings.Contains(lines[0], "division by zero") || !strings.Contains(lines[1], `"source":"delimiter"`) {
			t.Errorf("runtime log %q", lines)
		}
	})
}

func TestSiteKeepsTheContract(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var purged []string
	w := newWorld(t, VercelOptions{
		Site: Site{
			Domains:   []Domain{{Name: "shop.example", CertEnds: day}, {Name: "www.shop.example", Redirect: "shop.example", CertEnds: day, Lost: true}},
			Variables: []Variable{{"TAX_URL", day}}, Crons: []Cron{{"/api/reprice", "*/5 * * * *"}},
		},
		Purge: func(tags []string, remove bool) { purged = append(purged, fmt.Sprint(tags, remove)) },
	})
	w.deploy(1)
	w.get("/v9/projects/{idOrName}/domains", "/v9/projects/shop/domains", nil)
	w.get("/v6/domains/{domain}/config", "/v6/domains/www.shop.example/config", nil)
	w.get("/v8/certs", "/v8/certs", nil)
	w.get("/v4/aliases", "/v4/aliases?slug=acme&projectId=prj_shop", nil)
	w.get("/v10/projects/{idOrName}/env", "/v10/projects/shop/env", nil)
	w.get("/v9/projects/{projectId}/rollback/aliases", "/v9/projects/shop/rollback/aliases", nil)
	w.get("/v1/projects/{projectId}/promote/aliases", "/v1/projects/shop/promote/aliases", nil)
	w.get(projectPath, "/v9/projects/shop", nil)
	for _, how := range []string{"invalidate", "dangerously-delete"} {
		path := "/v1/edge-cache/" + how + "-by-tags"
		w.send("POST", path, path+"?slug=acme&projectIdOrName=shop", map[string]any{"tags": []string{"offers"}}, 200, nil)
		w.send("POST", path, path+"?slug=acme&projectIdOrName=shop", map[string]any{"tags": []string{}}, 400, nil)
		w.send("POST", path, path+"?slug=acme&projectIdOrName=shop", map[string]any{"tags": []string{"a"}, "all": true}, 400, nil)
	}
	if diff := cmp.Diff([]string{"[offers] false", "[offers] true"}, purged); diff != "" {
		t.Errorf("purged (-want +got):\n%s", diff)
	}
}
