package alert

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// rolledBack is production after a rollback; broken also has a newer build that
// failed.
func rolledBack(w *world, broken bool) {
	switched(w, "rollback", 12*time.Minute)
	sample, _ := store.Get(w, store.DeploymentsKey())
	sample.Value.PromotionOff = true
	if broken {
		sample.Value.Rows = append([]model.Deployment{{ID: "dpl_32", Name: "v32", Author: "ben", State: "ERROR", Error: "no module tax", Created: w.now.Add(-time.Minute)}},
			sample.Value.Rows...)
	}
	put(w, store.DeploymentsKey(), sample.Value)
}

func domains(w *world, d model.Domain, left time.Duration) {
	d.Left, d.Ends = &left, w.now.Add(left)
	put(w, store.DomainsKey(), model.Domains{Rows: []model.Domain{d}})
}

func TestSuspectsAroundTheSite(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name    string
		change  func(w *world)
		rule    string
		summary string
		action  string
	}{
		{"promotion off", func(w *world) { rolledBack(w, false) }, "deploy.promotion_off",
			"new builds do not go live until one is promoted: rolled back to v31 12m0s ago", ""},
		{"promotion off and errors that began later", func(w *world) { rolledBack(w, false); errorsSince(w, 12, time.Minute) }, "http.error_rate.high",
			"since the rollback to v31", "deploy.rollback"},
		{"a failed build", func(w *world) { rolledBack(w, true) }, "deploy.newest_failed",
			"the newest build, v32 by ben, failed: no module tax; production serves v31", ""},
		{"a certificate that ends", func(w *world) {
			domains(w, model.Domain{Name: "shop.example", Verified: true, Lost: &no}, 70*time.Hour)
		}, "domain.tls.hours",
			"the certificate for shop.example ends in 2 d", ""},
		{"a certificate that is over", func(w *world) { domains(w, model.Domain{Name: "shop.example", Verified: true, Lost: &no}, -time.Hour) }, "domain.tls.hours",
			"the certificate for shop.example is over", ""},
		{"a domain that points elsewhere", func(w *world) {
			domains(w, model.Domain{Name: "shop.example", Verified: true, Lost: &yes}, 999*time.Hour)
		}, "domain.broken",
			"shop.example: it does not point to the provider", ""},
		{"a domain that cannot be read", func(w *world) { domains(w, model.Domain{Name: "shop.example", Verified: true}, 999*time.Hour) }, "",
			"no suspect: no reading is over its threshold", ""},
		{"an attack", func(w *world) {
			put(w, store.FirewallKey(), model.Firewall{Attacks: []time.Time{w.now}})
			slowSince(w, 4*time.Second, time.Minute)
		}, "firewall.attack", "the provider sees an attack under way", "attack.mode"},
		{"an attack that is answered", func(w *world) {
			put(w, store.FirewallKey(), model.Firewall{Attacks: []time.Time{w.now}, AttackMode: true})
		}, "firewall.attack", "the provider sees an attack under way, and every visitor is challenged", ""},
		{"a paused project", func(w *world) {
			put(w, store.FirewallKey(), model.Firewall{Paused: true})
			put(w, store.ProbeKey("web"), model.Probe{Service: "web", Needed: 3, Failures: 3})
		}, "site.paused", "the project is paused at the provider", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			calm(w)
			tt.change(w)
			got := Diagnose(w, New(Defaults()).Step(w))
			if got.Rule != tt.rule || !strings.Contains(got.Summary, tt.summary) || got.Action != tt.action {
				t.Errorf("got %s: %q (%s)", got.Rule, got.Summary, got.Action)
			}
		})
	}
}
