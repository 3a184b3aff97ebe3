package config

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// leastGauge is the least time between two readings of a gauge.
	leastGauge = time.Minute
	gaugeEvery = 5 * time.Minute
)

// watchers counts the sources of this file that a target has.
func (t Target) watchers() int {
	n := len(t.Gauges)
	for _, there := range []bool{t.Prometheus != nil, t.Sentry != nil, t.Stripe != nil} {
		if there {
			n++
		}
	}
	return n
}

// watched checks them.
func (c *checker) watched(path []any, t Target) Target {
	t.Prometheus = c.prometheus(at(path, "prometheus"), t.Prometheus, t.Apps)
	t.Sentry = c.sentry(at(path, "sentry"), t.Sentry)
	t.Stripe = c.stripe(at(path, "stripe"), t.Stripe)
	if t.Notify != nil {
		t.Notify = each(c, at(path, "notify"), t.Notify, c.notify)
	}
	t.Gauges = each(c, at(path, "gauges"), t.Gauges, c.gauge)
	for i, g := range t.Gauges {
		if g.SQL != "" && t.Postgres == nil {
			c.refuse(at(path, "gauges", i, "sql"), "there is no postgres to ask")
		}
	}
	return t
}

func (c *checker) prometheus(path []any, p *Prometheus, apps []App) *Prometheus {
	if p == nil {
		return nil
	}
	own := *p
	c.address(at(path, "url"), p.URL, "http", "https")
	if p.User != "" && p.Token == nil {
		c.refuse(at(path, "user"), "token is missing: where the password of the user is")
	}
	own.Token = c.secret(at(path, "token"), p.Token)
	if len(p.Apps) == 0 && p.Hosts == nil {
		c.refuse(path, "nothing is to be read: add apps: [{name: ...}] or hosts: {}")
	}
	own.Apps = each(c, at(path, "apps"), p.Apps, func(here []any, a PromApp) (PromApp, string) {
		if slices.ContainsFunc(apps, func(other App) bool { return other.Name == a.Name && a.Name != "" }) {
			c.refuse(at(here, "name"), "the name %q is taken by one of apps", a.Name)
		}
		return a, a.Name
	})
	return &own
}

func (c *checker) sentry(path []any, s *Sentry) *Sentry {
	if s == nil {
		return nil
	}
	own := *s
	if s.Org == "" {
		c.refuse(path, "org is missing")
	}
	for i, name := range s.Projects {
		if name == "" || slices.Contains(s.Projects[:i], name) {
			c.refuse(at(path, "projects", i), "give each project once, by its slug")
		}
	}
	if s.Token == nil {
		c.refuse(path, "token is missing: {file: …}, {env: …} or {command: […]}")
	}
	if s.Quota < 0 {
		c.refuse(at(path, "quota"), "the quota is below zero")
	}
	orElse(&own.BaseURL, "https://us.sentry.io")
	c.address(at(path, "base_url"), own.BaseURL, "http", "https")
	own.Token = c.secret(at(path, "token"), s.Token)
	return &own
}

func (c *checker) stripe(path []any, s *Stripe) *Stripe {
	if s == nil {
		return nil
	}
	own := *s
	if s.Key == nil {
		c.refuse(path, "key is missing: {file: …}, {env: …} or {command: […]}")
	}
	orElse(&own.Zone, "UTC")
	if _, err := time.LoadLocation(own.Zone); err != nil || own.Zone == "Local" {
		c.refuse(at(path, "zone"), "no time zone %q is known here: Europe/Berlin is one, and UTC always is", own.Zone)
	}
	orElse(&own.BaseURL, "https://api.stripe.com")
	c.address(at(path, "base_url"), own.BaseURL, "http", "https")
	own.Key = c.secret(at(path, "key"), s.Key)
	return &own
}

func (c *checker) gauge(path []any, g Gauge) (Gauge, string) {
	if g.Every == 0 {
		g.Every = gaugeEvery
	}
	if g.Every < leastGauge {
		c.refuse(at(path, "every"), "a gauge is read once a minute at most")
	}
	if strings.TrimSpace(g.Definition) == "" {
		c.refuse(path, "definition is missing: what exactly the number is")
	}
	if g.MinBase < 0 {
		c.refuse(at(path, "min_base"), "the least whole is below zero")
	}
	switch {
	case (g.SQL == "") == (g.URL == ""):
		c.refuse(path, "give either sql or url")
	case g.SQL != "":
		c.gaugeSQL(path, g)
	default:
		c.gaugeURL(path, g)
	}
	g.Token = c.secret(at(path, "token"), g.Token)
	return g, g.Name
}

// gaugeSQL stops slips early; that nothing is changed is for the server to see to.
func (c *checker) gaugeSQL(path []any, g Gauge) {
	if !regexp.MustCompile(`(?is)^\s*(SELECT|WITH)\s`).MatchString(g.SQL) {
		c.refuse(at(path, "sql"), "begin with SELECT or WITH")
	}
	if g.JSON != "" || g.Of != "" || g.Token != nil {
		c.refuse(path, "json, of and token belong to url")
	}
}

func (c *checker) gaugeURL(path []any, g Gauge) {
	c.address(at(path, "url"), g.URL, "http", "https")
	if g.JSON == "" {
		c.refuse(path, "json is missing: the field of the answer with the number")
	}
}
