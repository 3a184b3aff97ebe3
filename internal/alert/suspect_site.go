package alert

import (
	"fmt"
	"strings"

	"tocsin/internal/store"
)

// site names what is wrong with what the applications are deployed to: a
// project that is paused, an attack, host names, builds.
func (s *scene) site() []candidate {
	var out []candidate
	for _, h := range s.all("site.paused", "firewall.attack", "domain.broken", "domain.tls.hours", "deploy.newest_failed", "deploy.promotion_off") {
		weight := map[string]int{
			"site.paused": weightPaused, "firewall.attack": weightAttack, "domain.broken": weightDomain, "domain.tls.hours": weightCertificate,
			"deploy.newest_failed": weightBuild, "deploy.promotion_off": weightPromotion,
		}[h.Rule]
		c := explain(weight, h)
		c.Summary = s.siteText(h)
		if h.Rule == "firewall.attack" {
			c.Evidence = s.symptomTexts()
			s.answerAttack(&c)
		}
		c.Against = lines(s.providerLine(), s.deployLine(), s.loadLine())
		out = append(out, c)
	}
	return out
}

// answerAttack offers to challenge the visitors, where that is not done already.
func (s *scene) answerAttack(c *candidate) {
	if f, ok := known(s, store.FirewallKey()); ok && f.AttackMode {
		c.Summary += ", and every visitor is challenged"
		return
	}
	c.Summary += ": attack mode challenges every visitor"
	c.act("attack.mode", map[string]string{"mode": "on"})
}

// siteText is the cause in a sentence.
func (s *scene) siteText(h hot) string {
	switch h.Rule {
	case "site.paused":
		return "the project is paused at the provider: nothing of it is served"
	case "firewall.attack":
		return "the provider sees an attack under way"
	case "domain.broken":
		_, text, _ := strings.Cut(h.Says, ": ")
		return h.Labels["domain"] + ": " + text
	case "domain.tls.hours":
		if h.value <= 0 {
			return "the certificate for " + h.Labels["domain"] + " is over"
		}
		return fmt.Sprintf("the certificate for %s ends in %s", h.Labels["domain"], number(h.value, h.Unit))
	case "deploy.newest_failed":
		return s.failedBuild()
	}
	return s.promotionOff()
}

// failedBuild tells of the newest build, which failed.
func (s *scene) failedBuild() string {
	all, _ := known(s, store.DeploymentsKey())
	newest, ok := all.Newest()
	if !ok {
		return "the newest build failed"
	}
	text := "the newest build, " + newest.Name
	if newest.Author != "" {
		text += " by " + newest.Author
	}
	text += ", failed"
	if newest.Error != "" {
		text += ": " + newest.Error
	}
	if live, ok := all.Live(); ok {
		text += "; production serves " + live.Name
	}
	return text
}

// promotionOff tells what stays of a rollback.
func (s *scene) promotionOff() string {
	all, _ := known(s, store.DeploymentsKey())
	live, _ := all.Live()
	since, by, ok := all.LiveSince()
	if !ok || by != "rollback" {
		return "new builds do not go live until one is promoted: there was a rollback"
	}
	return fmt.Sprintf("new builds do not go live until one is promoted: rolled back to %s %s ago", live.Name, ago(s.now.Sub(since)))
}
