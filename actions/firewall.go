package actions

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/vercel"
)

// blockFor is how long an address is blocked unless something else is said.
const blockFor = 24 * time.Hour

// FirewallBlock declares that every request of an address or a network is
// refused for a while.
func FirewallBlock(v Vercel) Action {
	return Action{
		ID: "firewall.block", Title: "Block address", Verb: "block it", Danger: Disruptive,
		Params: []Param{
			{Name: "ip", Type: TypeNetwork, Help: "the address, or a prefix of /24 at most (/48 for IPv6)"},
			{Name: "for", Type: TypeSpan, Optional: true, Ask: true, Help: "how long: 90m; 24h unless given"},
		},
		Undo:    "firewall.unblock",
		Blocked: v.blocked, Plan: v.planBlock, Run: v.block,
	}
}

// FirewallUnblock declares that an address is let in again.
func FirewallUnblock(v Vercel) Action {
	return Action{
		ID: "firewall.unblock", Title: "Unblock address", Verb: "let it in", Danger: Disruptive,
		Params: []Param{
			{Name: "ip", Type: TypeNetwork, Help: "as it was blocked"},
			{Name: "id", Type: TypeString, Optional: true, Help: "only this rule"},
			{Name: callParam, Type: TypeString, Optional: true, Help: "only what this call of firewall.block made, by its id in the audit"},
		},
		Undo:    "firewall.block",
		Blocked: v.blocked, Plan: v.planUnblock, Run: v.unblock,
	}
}

// firewall reads the project and its firewall.
func (v Vercel) firewall(ctx context.Context) (p vercel.Project, f vercel.Firewall, err error) {
	if p, err = v.project(ctx); err != nil {
		return p, f, err
	}
	err = v.Use(ctx, func(c *vercel.Client) error {
		f, err = c.Firewall(ctx, p.ID)
		return err
	})
	if err != nil {
		return p, f, fmt.Errorf("read the firewall: %w", err)
	}
	return p, f, nil
}

// holdingUp are the rules that keep requests of exactly this network out.
func holdingUp(f vercel.Firewall, n netip.Prefix) []vercel.IPRule {
	var out []vercel.IPRule
	for _, r := range f.Rules {
		got, err := parseNetwork(r.IP)
		if err == nil && got == n && (r.Action == "deny" || r.Action == "challenge") {
			out = append(out, r)
		}
	}
	return out
}

func (v Vercel) planBlock(ctx context.Context, args Args) (Plan, error) {
	network, err := parseNetwork(args["ip"])
	if err != nil {
		return Plan{}, err
	}
	ip, span := networkText(network), spanOf(args, blockFor)
	p := Plan{Target: ip, Args: Args{"ip": ip, "for": spanText(span)}, Refuse: v.Protected.refusal(network)}
	if p.Refuse != "" {
		return p, nil
	}
	project, f, err := v.firewall(ctx)
	if err != nil {
		return Plan{}, err
	}
	if had := holdingUp(f, network); len(had) > 0 {
		p.Refuse = fmt.Sprintf("%s is kept out already (%s%s)", ip, had[0].Action, said(had[0].Notes))
		p.Moot = true
		return p, nil
	}
	p.Steps = []string{fmt.Sprintf("deny every request from %s to every host of %s", ip, project.Name)}
	p.Args["project"] = project.ID
	p.Preflight = map[string]any{"rules": len(f.Rules), "firewall_version": f.Version}
	p.Undo = Args{"ip": ip}
	p.Expires = &Expiry{Action: "firewall.unblock", Target: ip, After: span, Args: Args{"ip": ip, callParam: ""}}
	p.Notes = v.blockNotes(network, f, span)
	return p, nil
}

func (v Vercel) blockNotes(network netip.Prefix, f vercel.Firewall, span time.Duration) []Note {
	stops := "everybody behind that address: a carrier, an office or a proxy may be many people"
	if !network.IsSingleIP() {
		stops = fmt.Sprintf("everybody in 2^%d addresses", network.Addr().BitLen()-network.Bits())
	}
	notes := []Note{
		{"stops", stops},
		{"ends by itself", endText(span, time.Now()) + "; a process of this machine takes it back, and a dashboard offers it if that one is gone"},
		{"will not", "stop who comes from other addresses: for many of them there is attack.mode"},
		{"not checked", "this machine's own address as Vercel sees it, where it goes out through a gateway: keep it in vercel.protected"},
	}
	if len(v.Protected.Configured) == 0 {
		notes = append(notes, Note{"protected", "nothing: vercel.protected in the configuration is empty"})
	}
	return append(notes, draftNotes(f)...)
}

// draftNotes tell of changes that somebody else prepared.
func draftNotes(f vercel.Firewall) []Note {
	if f.Draft == 0 {
		return nil
	}
	return []Note{{"also there", count(int64(f.Draft), "change") + " in a draft that somebody has not published; this does not publish it"}}
}

// said puts words in quotes, where there are any.
func said(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf(": %q", text)
}

// notesOf is what a rule of ours says of itself: whose it is and until when.
func ruleNotes(call string, span time.Duration, now time.Time) string {
	return fmt.Sprintf("tocsin %s until %s", call, now.Add(span).UTC().Format(time.RFC3339))
}

func (v Vercel) block(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
	network, err := parseNetwork(p.Args["ip"])
	if err != nil {
		return Result{}, err
	}
	notes := ruleNotes(p.ID, spanOf(p.Args, blockFor), time.Now())
	ask := func(c *vercel.Client) error { return c.Block(ctx, p.Args["project"], p.Target, notes) }
	err = v.settle(ctx, ask, func(c *vercel.Client) (bool, error) {
		f, err := c.Firewall(ctx, p.Args["project"])
		return slices.ContainsFunc(holdingUp(f, network), func(r vercel.IPRule) bool { return strings.Contains(r.Notes, p.ID) }), err
	})
	return siteOutcome(p, fmt.Sprintf("kept out for %s, then let in again by itself", p.Args["for"]), err)
}

func (v Vercel) planUnblock(ctx context.Context, args Args) (Plan, error) {
	network, err := parseNetwork(args["ip"])
	if err != nil {
		return Plan{}, err
	}
	project, f, err := v.firewall(ctx)
	if err != nil {
		return Plan{}, err
	}
	ip := networkText(network)
	p := Plan{
		Target: ip, Args: Args{"ip": ip, "project": project.ID}, Only: args[callParam], Undo: Args{"ip": ip},
		Preflight: map[string]any{"firewall_version": f.Version},
	}
	if args["id"] != "" {
		p.Only = "rule " + args["id"]
	}
	var ids []string
	for _, r := range holdingUp(f, network) {
		if args["id"] != "" && r.ID != args["id"] || args[callParam] != "" && !strings.Contains(r.Notes, args[callParam]) {
			continue
		}
		ids = append(ids, r.ID)
		p.Steps = append(p.Steps, fmt.Sprintf("remove the rule %s of %s: %s %s%s", r.ID, project.Name, r.Action, r.IP, said(r.Notes)))
	}
	if len(ids) == 0 {
		p.Refuse, p.Moot = "no such rule keeps "+ip+" out", true
		return p, nil
	}
	p.Args["rules"] = strings.Join(ids, " ")
	p.Notes = append([]Note{
		{"lets in", "every request from " + ip + " again, at once"},
		{"will not", "touch rules that look at more than the address, nor attack mode"},
	}, draftNotes(f)...)
	return p, nil
}

func (v Vercel) unblock(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	result := Result{}
	for i, id := range strings.Fields(p.Args["rules"]) {
		step(Progress{Text: "removing " + id, Part: -1})
		gone := func(c *vercel.Client) (bool, error) {
			f, err := c.Firewall(ctx, p.Args["project"])
			return !slices.ContainsFunc(f.Rules, func(r vercel.IPRule) bool { return r.ID == id }), err
		}
		ask := func(c *vercel.Client) error { return c.Unblock(ctx, p.Args["project"], id) }
		one, err := siteOutcome(Plan{Steps: p.Steps[i : i+1]}, "", v.settle(ctx, ask, gone))
		result.Done, result.Unsure = append(result.Done, one.Done...), one.Unsure
		if err != nil || one.Unsure != "" {
			return result, err
		}
	}
	result.Summary = "let in again"
	return result, nil
}
