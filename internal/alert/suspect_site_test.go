package alert

import (
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

// ofTheSite are about what the applications are deployed to.
func ofTheSite() []situation {
	yes, no := true, false
	return []situation{
		{
			name: "promotion off", change: func(w *world) { rolledBack(w, false) },
			rule: "deploy.promotion_off", summary: "new builds do not go live until one is promoted: rolled back to v31 12m0s ago",
		},
		{
			name: "promotion off and errors that began later", book: "bad-deploy", change: func(w *world) { rolledBack(w, false); errorsSince(w, 12, time.Minute) },
			rule: "http.error_rate.high", summary: "since the rollback to v31",
			action: "deploy.rollback",
		},
		{
			name: "a failed build", change: func(w *world) { rolledBack(w, true) },
			rule: "deploy.newest_failed", summary: "the newest build, v32 by ben, failed: no module tax; production serves v31",
		},
		{
			name: "a certificate that ends", change: func(w *world) {
				domains(w, model.Domain{Name: "shop.example", Verified: true, Lost: &no}, 70*time.Hour)
			},
			rule: "domain.tls.hours", summary: "the certificate for shop.example ends in 2 d",
		},
		{
			name: "a certificate that is over", change: func(w *world) { domains(w, model.Domain{Name: "shop.example", Verified: true, Lost: &no}, -time.Hour) },
			rule: "domain.tls.hours", summary: "the certificate for shop.example is over",
		},
		{
			name: "a domain that points elsewhere", change: func(w *world) {
				domains(w, model.Domain{Name: "shop.example", Verified: true, Lost: &yes}, 999*time.Hour)
			},
			rule: "domain.broken", summary: "shop.example: it does not point to the provider",
		},
		{
			name: "a domain that cannot be read", change: func(w *world) { domains(w, model.Domain{Name: "shop.example", Verified: true}, 999*time.Hour) },
			summary: "no suspect: no reading is over its threshold",
		},
		{
			name: "an attack", change: func(w *world) {
				put(w, store.FirewallKey(), model.Firewall{Attacks: []time.Time{w.now}})
				slowSince(w, 4*time.Second, time.Minute)
			},
			rule: "firewall.attack", summary: "the provider sees an attack under way",
			action: "attack.mode",
		},
		{
			name: "an attack that is answered", change: func(w *world) {
				put(w, store.FirewallKey(), model.Firewall{Attacks: []time.Time{w.now}, AttackMode: true})
			},
			rule: "firewall.attack", summary: "the provider sees an attack under way, and every visitor is challenged",
		},
		{
			name: "a paused project", change: func(w *world) {
				put(w, store.FirewallKey(), model.Firewall{Paused: true})
				put(w, store.ProbeKey("web"), model.Probe{Service: "web", Needed: 3, Failures: 3})
			},
			rule: "site.paused", summary: "the project is paused at the provider",
		},
	}
}
