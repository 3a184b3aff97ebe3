package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/testkit"
)

// visit asks the provider's network before the shop for a page, as a visitor
// from an address; how is what the network did: HIT, deny.
func (w *world) visit(path, from string) (code int, how, body string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.shopURL()+path, nil)
	must(w.t, err)
	request.Header.Set("X-Forwarded-For", from)
	code, header, text := answerOf(w.t, request)
	how = header.Get("X-Vercel-Cache")
	if mitigated := header.Get("X-Vercel-Mitigated"); mitigated != "" {
		how = mitigated
	}
	return code, how, text
}

// does runs an action, which has to end as it should.
func (w *world) does(yes string, args ...string) string {
	w.t.Helper()
	// It waits until the effect is measured; 4 tells that nothing measures it.
	text, code := w.commandWithin(6*limit, append(append([]string{"do"}, args...), "--yes="+yes, "--reason", "a test")...)
	if code != 0 && code != 4 {
		w.t.Fatalf("do %q: code %d: %s", args, code, text)
	}
	return text
}

// TestFirewallBlockEnds keeps an address out of the shop for a while: a process
// of its own lets it in again, through the audit like everybody.
func TestFirewallBlockEnds(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	const from, other = "203.0.113.7", "198.51.100.9"
	if code, how, _ := w.visit("/", from); code != http.StatusOK {
		t.Fatalf("before: %d %s", code, how)
	}
	w.does(from, "firewall.block", "ip="+from, "for=20s")
	if code, how, _ := w.visit("/", from); code != http.StatusForbidden || how != "deny" {
		t.Errorf("from a blocked address: %d %s", code, how)
	}
	if code, how, _ := w.visit("/", other); code != http.StatusOK {
		t.Errorf("from another address: %d %s", code, how)
	}
	if list, code := w.command("expire"); code != 0 || !strings.Contains(list, from) {
		t.Errorf("what is to be taken back: code %d: %s", code, list)
	}
	testkit.Until(t, 2*limit, "the address to be let in", func(context.Context) bool {
		code, _, _ := w.visit("/", from)
		return code == http.StatusOK
	})
	testkit.Until(t, limit, "the record of it", func(context.Context) bool {
		return strings.Contains(w.audit(), "firewall.unblock result ok")
	})
	if got := w.audit(); !strings.HasPrefix(got, "firewall.block intent,firewall.block result ok") {
		t.Errorf("audit %q", got)
	}
}

// TestAttackMode challenges every visitor, but not what watches the shop.
func TestAttackMode(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	const from = "198.51.100.9"
	w.does("shop", "attack.mode", "mode=on", "for=10m")
	if code, how, _ := w.visit("/", from); code != http.StatusForbidden || how != "challenge" {
		t.Errorf("while it is on: %d %s", code, how)
	}
	if code, how, _ := w.visit("/health", from); code != http.StatusOK {
		t.Errorf("what is watched, while it is on: %d %s", code, how)
	}
	w.does("shop", "attack.mode", "mode=off")
	if code, how, _ := w.visit("/", from); code != http.StatusOK {
		t.Errorf("after it: %d %s", code, how)
	}
}

// TestPurgeAtTheEdge: a page that the network keeps is made anew once its tag
// was purged, and not before.
func TestPurgeAtTheEdge(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	const from = "198.51.100.9"
	testkit.Until(t, limit, "the page to be kept", func(context.Context) bool {
		_, how, _ := w.visit("/offers", from)
		return how == "HIT"
	})
	_, _, before := w.visit("/offers", from)
	w.does("offers", "cdn.purge", "tag=offers")
	testkit.Until(t, limit, "the page to be made anew", func(context.Context) bool {
		_, _, now := w.visit("/offers", from)
		return updatedAt(t, now) != updatedAt(t, before)
	})
}

// updatedAt is when a page says that it was made.
func updatedAt(t *testing.T, page string) string {
	t.Helper()
	var p struct {
		UpdatedAt string `json:"updated_at"`
	}
	must(t, json.Unmarshal([]byte(page), &p))
	return p.UpdatedAt
}

// TestRedeploy builds a good build again: it goes live as one of its own.
func TestRedeploy(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	was := w.state()
	text := w.does(was.Deployment, "deploy.redeploy", "deployment="+was.Deployment)
	now := w.state()
	if now.Build == was.Build || now.Deployment == was.Deployment || now.Deployment != w.liveAtProvider() {
		t.Errorf("the shop serves %s (%s), was %s (%s): %s", now.Build, now.Deployment, was.Build, was.Deployment, text)
	}
	if code, how, _ := w.visit("/", "198.51.100.9"); code != http.StatusOK {
		t.Errorf("the new build: %d %s", code, how)
	}
}
