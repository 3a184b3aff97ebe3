package model

import "time"

// Domains are the host names of a project's production, the certificates for
// them, and what else is set for it. Source: Vercel, /v9/projects/{id}/domains,
// /v6/domains/{name}/config, /v8/certs, /v4/aliases, /v10/projects/{id}/env.
type Domains struct {
	Rows      []Domain
	Aliases   []DeployAlias // the names of all builds that have one
	Variables []Variable    // of the environment of production
	Hidden    string        // what could not be read, and why; "" when all was
}

// Variable is an environment variable; its value is never read.
type Variable struct {
	Name string
	Set  time.Time // when it was last made or changed; zero when that is not told
}

// DeployAlias is a name under which a build answers.
type DeployAlias struct {
	Name       string
	Deployment string // id
}

// AliasesOf are the names of one build, in the order of the provider.
func (d Domains) AliasesOf(id string) []string {
	var names []string
	for _, a := range d.Aliases {
		if a.Deployment == id && id != "" {
			names = append(names, a.Name)
		}
	}
	return names
}

// Domain is one host name.
type Domain struct {
	Name     string
	Redirect string         // where it sends visitors; "" where it serves them
	Own      bool           // it is a name of the provider, which looks after it
	Verified bool           // the provider knows that it belongs to the project
	Lost     *bool          // it does not point to the provider; nil when that is not known
	Ends     time.Time      // when its certificate ends; zero where there is none or it is not known
	Left     *time.Duration // until then, when it was read; below zero when it is over; nil with Ends
	Renews   bool           // the provider renews the certificate by itself
	Why      string         // why Ends is not known; ""
}

// Facts implements the snapshot of the store.
func (d Domains) Facts() []Fact {
	var facts []Fact
	for _, row := range d.Rows {
		facts = append(facts, row.facts()...)
	}
	return facts
}

func (d Domain) facts() []Fact {
	labels := Labels{"domain": d.Name}
	broken := Known("domain.broken", 0, None, labels)
	switch {
	case !d.Verified:
		broken = Known("domain.broken", 1, None, labels).Saying("unverified: the provider does not know whose it is")
	case d.Lost == nil:
		broken = Unknown("domain.broken", None, labels, "its configuration could not be read")
	case *d.Lost:
		broken = Known("domain.broken", 1, None, labels).Saying("lost: it does not point to the provider")
	}
	if d.Own || d.Lost != nil && *d.Lost && d.Left == nil { // nobody else can renew it, or it is no use
		return []Fact{broken}
	}
	if d.Left == nil {
		why := d.Why
		if why == "" {
			why = "there is no certificate for it"
		}
		return []Fact{broken, Unknown("domain.tls.hours", Hours, labels, why)}
	}
	return []Fact{broken, Known("domain.tls.hours", d.Left.Hours(), Hours, labels)}
}

// Firewall is how a project is protected, and what its firewall does.
// Source: Vercel, /v9/projects/{id}, /v1/security/firewall/config, events and attack-status.
type Firewall struct {
	Project     string
	On          bool
	Paused      bool      // nothing of the project is served
	AttackMode  bool      // every visitor is challenged
	AttackUntil time.Time // when that ends; zero when it is off or no end is told
	Rules       []IPRule
	Custom      int // rules that look at more than an address
	Draft       int // changes that somebody prepared and did not publish
	Mitigations []Mitigation
	Attacks     []time.Time // when those began that the provider sees under way
	Hidden      string      // what could not be read, and why; "" when all was
	Budget      Budget      // of the API's calls
}

// IPRule is what happens to requests of one address or network.
type IPRule struct {
	ID     string
	IP     string // an address or a prefix
	Host   string // "*" is every host
	Action string // deny, challenge, log, bypass
	Notes  string
}

// Blocks tells whether requests are refused or held up by it.
func (r IPRule) Blocks() bool { return r.Action == "deny" || r.Action == "challenge" }

// Mitigation is a series of requests that the firewall acted on.
type Mitigation struct {
	IP     string
	Host   string
	Action string // deny, challenge, ...
	Count  int64
	Active bool // it goes on
	Began  time.Time
	Ended  time.Time
}

// Facts implements the snapshot of the store.
func (f Firewall) Facts() []Fact {
	blocked := 0
	for _, r := range f.Rules {
		if r.Blocks() {
			blocked++
		}
	}
	return append([]Fact{
		Known("firewall.blocked", float64(blocked), None, nil),
		flag("firewall.attack_mode", f.AttackMode, "on: every visitor is challenged"),
		flag("firewall.attack", len(f.Attacks) > 0, "attack: the provider sees one under way"),
		flag("site.paused", f.Paused, "paused: nothing of the project is served"),
	}, f.Budget.Facts("vercel")...)
}

// flag is 1 with its meaning, or 0.
func flag(name string, up bool, says string) Fact {
	if up {
		return Known(name, 1, None, nil).Saying(says)
	}
	return Known(name, 0, None, nil)
}
