package ui

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// siteValues are what a project has at its provider besides its builds.
type siteValues struct {
	domains  *model.Domains
	firewall *model.Firewall
	timed    []Timed
}

type siteCells struct {
	domains  *store.Cell[model.Domains]
	firewall *store.Cell[model.Firewall]
}

func siteCellsOf(s *store.Store, from store.Source) siteCells {
	return siteCells{domains: store.NewCell(s, store.DomainsKey(), from), firewall: store.NewCell(s, store.FirewallKey(), from)}
}

func (c siteCells) put(v values, now time.Time) {
	write(c.domains, v.site.domains, v, now)
	write(c.firewall, v.site.firewall, v, now)
}

func domain(now time.Time, name string, left time.Duration) model.Domain {
	return model.Domain{Name: name, Verified: true, Lost: new(bool), Ends: now.Add(left), Left: &left, Renews: true}
}

func calmSite(now time.Time) siteValues {
	const day = 24 * time.Hour
	www := domain(now, "www.shop.example", 57*day)
	www.Redirect = "shop.example"
	own := model.Domain{Name: "shop.vercel.app", Own: true, Verified: true, Lost: new(bool)}
	return siteValues{
		domains: &model.Domains{
			Rows:    []model.Domain{domain(now, "shop.example", 57*day), www, own},
			Aliases: []model.DeployAlias{{Name: "shop-git-main.vercel.app", Deployment: "dpl_31"}, {Name: "shop.example", Deployment: "dpl_31"}, {Name: "shop-v29.vercel.app", Deployment: "dpl_29"}},
		},
		firewall: &model.Firewall{Project: "shop", On: true, Budget: model.Budget{Limit: 600, Left: 588}},
	}
}

// rolledBack is the time after a rollback, with builds that fail and wait, an
// attack that is held off, and promises, of which one was not kept.
func rolledBack(v *values, now time.Time, lasting time.Duration) {
	v.deploys.Rows[0].Live, v.deploys.Rows[0].Candidate = false, true
	v.deploys.Rows[1].Live, v.deploys.Rows[1].Candidate = true, false
	v.deploys.PromotionOff = true
	v.deploys.Switch = &model.Switched{At: now.Add(-lasting), By: "rollback", From: "dpl_31"}
	v.deploys.Rolled = &model.Rolled{By: "ben", Why: "checkout fails for every second customer"}
	v.deploys.Rows = append([]model.Deployment{
		{ID: "dpl_33", Name: "v33", State: "BUILDING", Author: "ana", Commit: "c0ffee123456", Message: "Fix the checkout", Created: now.Add(-2 * time.Minute), Building: now.Add(-80 * time.Second)},
		{ID: "dpl_32", Name: "v32", State: "ERROR", Author: "ana", Commit: "c0ffee123457", Message: "Fix the checkout", Error: "Cannot find module 'tax-client'", Created: now.Add(-6 * time.Minute), Building: now.Add(-5 * time.Minute)},
	}, v.deploys.Rows...)

	yes := true
	old := model.Domain{Name: "old-shop.example", Redirect: "shop.example", Verified: true, Lost: &yes}
	unknown := model.Domain{Name: "eu.shop.example", Verified: true, Why: "the certificates could not be read"}
	v.site.domains.Rows = append(v.site.domains.Rows, old, unknown, domain(now, "pay.shop.example", 60*time.Hour), domain(now, "api.shop.example", -3*time.Hour))
	v.site.domains.Hidden = "domain eu.shop.example: GET https://api.vercel.com/v6/domains/eu.shop.example/config: 403: Not authorized"

	f := v.site.firewall
	f.AttackMode, f.AttackUntil, f.Attacks = true, now.Add(43*time.Minute), []time.Time{now.Add(-8 * time.Minute)}
	f.Custom, f.Draft = 2, 1
	f.Rules = []model.IPRule{
		{ID: "ip_1", IP: "203.0.113.66", Host: "*", Action: "deny", Notes: "tocsin 01HOLD until 2000-01-01T02:00:00Z"},
		{ID: "ip_2", IP: "198.51.100.0/24", Host: "*", Action: "deny", Notes: "tocsin 01LATE until 2000-01-01T00:20:00Z"},
		{ID: "ip_3", IP: "192.0.2.7", Host: "shop.example", Action: "deny", Notes: "scraper, ticket 812"},
		{ID: "ip_4", IP: "192.0.2.200", Host: "*", Action: "bypass", Notes: "uptime monitor"},
	}
	f.Mitigations = []model.Mitigation{
		{IP: "203.0.113.66", Host: "shop.example", Action: "deny", Count: 48120, Active: true, Began: now.Add(-20 * time.Minute), Ended: now},
		{IP: "198.51.100.9", Host: "shop.example", Action: "challenge", Count: 310, Began: now.Add(-50 * time.Minute), Ended: now.Add(-9 * time.Minute)},
	}
	v.site.timed = []Timed{
		{ID: "01LATE", Action: "firewall.unblock", Args: map[string]string{"ip": "198.51.100.0/24"}, Target: "198.51.100.0/24", Due: now.Add(-7 * time.Minute), Late: true, By: "ben"},
		{ID: "01HOLD", Action: "firewall.unblock", Args: map[string]string{"ip": "203.0.113.66"}, Target: "203.0.113.66", Due: now.Add(95 * time.Minute), By: "ana"},
	}
}

// hostileSite puts what could harm into what a provider tells.
func hostileSite(v *values, evil string) {
	v.site.domains.Rows[0].Name, v.site.domains.Rows[1].Redirect, v.site.domains.Hidden = evil, evil, evil
	v.site.domains.Aliases[0].Name = evil
	v.site.firewall.Rules = []model.IPRule{{ID: evil, IP: evil, Host: evil, Action: evil, Notes: evil}}
	v.site.firewall.Mitigations = []model.Mitigation{{IP: evil, Host: evil, Action: evil, Count: -1}}
	v.site.timed = []Timed{{ID: evil, Action: evil, Target: evil, Late: true, By: evil}}
}
