package provider

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Verdict is what the firewall does with a request.
type Verdict string

// The verdicts.
const (
	Pass      Verdict = "pass"
	Deny      Verdict = "deny"
	Challenge Verdict = "challenge" // the visitor has to show that it is a browser
)

// firewall is what protects a project. The project's lock guards it.
type firewall struct {
	version     int
	next        int // number of the next rule
	rules       []ipRule
	attackUntil time.Time // attack mode ends; zero while it is off
	events      map[eventKey]*event
}

// ipRule says what happens to requests of an address or a network.
type ipRule struct {
	ID       string `json:"id"`
	IP       string `json:"ip"`
	Hostname string `json:"hostname"`
	Action   string `json:"action"`
	Notes    string `json:"notes"`
	prefix   netip.Prefix
}

// eventKey tells apart what is counted together.
type eventKey struct {
	ip      netip.Addr
	verdict Verdict
}

// event is a series of requests that were not let through.
type event struct {
	began, last time.Time
	count       int64
}

func (f *firewall) begin() { f.version, f.events = 1, map[eventKey]*event{} }

// eventLife is how long after its last request a series goes on.
const eventLife = time.Minute

// maxEvents bounds the series that are remembered.
const maxEvents = 1000

// Judge says what to do with a request from an address, and counts it; cleared
// tells that the visitor has passed a challenge before.
func (v *Vercel) Judge(from netip.Addr, cleared bool) Verdict {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.opts.Now()
	i := slices.IndexFunc(v.firewall.rules, func(r ipRule) bool { return r.Action == string(Deny) && r.prefix.Contains(from) })
	var verdict Verdict
	switch {
	case i >= 0:
		verdict = Deny
	case now.Before(v.firewall.attackUntil) && !cleared:
		verdict = Challenge
	default:
		return Pass
	}
	key := eventKey{from, verdict}
	e := v.firewall.events[key]
	if e == nil {
		if len(v.firewall.events) >= maxEvents {
			clear(v.firewall.events)
		}
		e = &event{began: now}
		v.firewall.events[key] = e
	}
	e.last, e.count = now, e.count+1
	return verdict
}

// firewallConfig is one version of the configuration.
type firewallConfig struct {
	ID              string     `json:"id"`
	OwnerID         string     `json:"ownerId"`
	ProjectKey      string     `json:"projectKey"`
	Version         int        `json:"version"`
	UpdatedAt       string     `json:"updatedAt"`
	FirewallEnabled bool       `json:"firewallEnabled"`
	IPs             []ipRule   `json:"ips"`
	Rules           []struct{} `json:"rules"`
	Changes         []struct{} `json:"changes"`
	Conditions      *[]string  `json:"conditions"`
	CRS             *struct{}  `json:"crs"`
	ManagedRules    *struct{}  `json:"managedRules"`
	Rulesets        *struct{}  `json:"rulesets"`
	LogHeaders      *struct{}  `json:"logHeaders"`
	BotIDEnabled    *bool      `json:"botIdEnabled"`
}

func (v *Vercel) firewallShow(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r.URL.Query().Get("projectId") != v.projectID() {
		writeProblem(w, notFound("Project not found."))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"active": v.firewallConfig(), "versions": []string{}})
}

func (v *Vercel) firewallConfig() firewallConfig {
	f := &v.firewall
	return firewallConfig{
		ID: fmt.Sprintf("waf_%d", f.version), OwnerID: v.teamID(), ProjectKey: v.projectID(), Version: f.version,
		UpdatedAt: v.opts.Now().UTC().Format(time.RFC3339Nano), FirewallEnabled: true,
		IPs: append([]ipRule{}, f.rules...), Rules: []struct{}{}, Changes: []struct{}{},
	}
}

// firewallChange is what a change of the configuration asks for.
type firewallChange struct {
	Action string  `json:"action"`
	ID     string  `json:"id"`
	Value  *ipRule `json:"value"`
}

func (v *Vercel) firewallChange(w http.ResponseWriter, r *http.Request) {
	var ask firewallChange
	if p := readBody(r, &ask); p != nil {
		writeProblem(w, p)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	p := notFound("Project not found.")
	if r.URL.Query().Get("projectId") == v.projectID() {
		p = v.firewall.change(ask)
	}
	if p != nil {
		writeProblem(w, p)
		return
	}
	v.firewall.version++
	writeJSON(w, http.StatusOK, v.firewallConfig())
}

func (f *firewall) change(ask firewallChange) *problem {
	switch {
	case ask.Action == "ip.insert" && ask.Value != nil:
		rule := *ask.Value
		var err error
		if rule.prefix, err = network(rule.IP); err != nil || rule.Hostname == "" || rule.Action == "" {
			return &problem{http.StatusBadRequest, "bad_request", "The IP rule is not valid."}
		}
		f.next++
		rule.ID = fmt.Sprintf("ip_%d", f.next)
		f.rules = append(f.rules, rule)
		return nil
	case ask.Action == "ip.remove":
		i := slices.IndexFunc(f.rules, func(r ipRule) bool { return r.ID == ask.ID })
		if i < 0 {
			return notFound("The IP rule was not found.")
		}
		f.rules = slices.Delete(f.rules, i, i+1)
		return nil
	}
	return &problem{http.StatusBadRequest, "bad_request", "The action is not known."}
}

// network reads an address or a prefix.
func network(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}

func (v *Vercel) attackMode(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		ProjectID string  `json:"projectId"`
		Enabled   bool    `json:"attackModeEnabled"`
		Until     float64 `json:"attackModeActiveUntil"`
	}
	if p := readBody(r, &ask); p != nil {
		writeProblem(w, p)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now, until := v.opts.Now(), time.Time{}
	if ask.Enabled {
		until = time.UnixMilli(int64(ask.Until))
	}
	switch {
	case ask.ProjectID != v.projectID():
		writeProblem(w, notFound("Project not found."))
		return
	case ask.Enabled && !until.After(now):
		writeProblem(w, &problem{http.StatusBadRequest, "bad_request", "attackModeActiveUntil should be in the future."})
		return
	}
	v.firewall.attackUntil = until
	writeJSON(w, http.StatusOK, map[string]any{"attackModeEnabled": ask.Enabled, "attackModeUpdatedAt": now.UnixMilli()})
}

// firewallEvent is a series of requests that were not let through.
type firewallEvent struct {
	Start  string `json:"startTime"`
	End    string `json:"endTime"`
	Active bool   `json:"isActive"`
	Action string `json:"action_type"`
	Host   string `json:"host"`
	IP     string `json:"public_ip"`
	Count  int64  `json:"count"`
}

func (v *Vercel) firewallEvents(w http.ResponseWriter, _ *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	events := []firewallEvent{}
	for key, e := range v.firewall.events {
		events = append(events, firewallEvent{
			Start: e.began.UTC().Format(time.RFC3339Nano), End: e.last.UTC().Format(time.RFC3339Nano),
			Active: v.opts.Now().Sub(e.last) < eventLife, Action: string(key.verdict), Host: v.opts.Project + ".example",
			IP: key.ip.String(), Count: e.count,
		})
	}
	slices.SortFunc(events, func(a, b firewallEvent) int { return int(b.Count - a.Count) })
	writeJSON(w, http.StatusOK, map[string]any{"actions": events[:min(len(events), 20)]})
}

// attackStatus knows of no attack: the demo has none of that size.
func (v *Vercel) attackStatus(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"anomalies": []string{}})
}

// security is the part of a project that tells how it is protected.
type security struct {
	AttackModeEnabled     bool   `json:"attackModeEnabled"`
	AttackModeActiveUntil *int64 `json:"attackModeActiveUntil"`
	FirewallEnabled       bool   `json:"firewallEnabled"`
	FirewallConfigVersion int    `json:"firewallConfigVersion"`
}

func (v *Vercel) security() security {
	s := security{FirewallEnabled: true, FirewallConfigVersion: v.firewall.version}
	if until := v.firewall.attackUntil; v.opts.Now().Before(until) {
		ms := until.UnixMilli()
		s.AttackModeEnabled, s.AttackModeActiveUntil = true, &ms
	}
	return s
}
