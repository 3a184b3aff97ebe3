package alert

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// siteRules are the rules on what the applications are deployed to: builds,
// host names and the network before them.
func siteRules() []Rule {
	return []Rule{
		{
			ID: "deploy.promotion_off", Metric: "deploy.promotion_off", Fire: atLeast(1), Clear: below(1),
			Severity: P3, Group: "deploy", Runbook: "bad-deploy",
		},
		{
			ID: "deploy.newest_failed", Metric: "deploy.newest_failed", Fire: atLeast(1), Clear: below(1),
			Severity: P3, Group: "deploy", Runbook: "bad-deploy",
		},
		{
			ID: "domain.broken", Metric: "domain.broken", Fire: atLeast(1), For: 6 * time.Minute, Clear: below(1),
			Severity: P2, Group: "site", Runbook: "domain",
		},
		{
			ID: "domain.tls.hours", Metric: "domain.tls.hours", Fire: below(168, "h"), Clear: above(240, "h"),
			Severity: P2, Group: "site", Runbook: "domain",
		},
		{
			ID: "site.paused", Metric: "site.paused", Fire: atLeast(1), Clear: below(1),
			Severity: P0, Group: "site", Runbook: "complete-outage",
		},
		{
			ID: "firewall.attack", Metric: "firewall.attack", Fire: atLeast(1), Clear: below(1), ClearFor: 5 * time.Minute,
			Severity: P2, Group: "site", Runbook: "attack",
		},
	}
}

// siteSpecimens are the snapshots of what the applications are deployed to,
// with every part in place.
func siteSpecimens() []specimen {
	left := time.Hour
	return []specimen{
		{store.DomainsKey().Name, false, model.Domains{Rows: []model.Domain{{Name: "shop.example", Left: &left}}}},
		{store.FirewallKey().Name, false, model.Firewall{Budget: model.Budget{Limit: 1}}},
	}
}
