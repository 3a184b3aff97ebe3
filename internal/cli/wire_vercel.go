package cli

import (
	"context"
	"net/netip"
	"os"
	"strings"
	"time"

	"tocsin/actions"
	"tocsin/collectors"
	"tocsin/internal/model"
	"tocsin/internal/sched"
	"tocsin/internal/store"
	"tocsin/internal/vercel"
)

// viaVercel is a source that reads Vercel through a client that is made when it
// is first needed.
type viaVercel[T store.Snapshot] struct {
	client *once[*vercel.Client]
	source func(*vercel.Client) sched.Source[T]
}

// Collect implements sched.Source.
func (v viaVercel[T]) Collect(ctx context.Context) (T, error) {
	return use(ctx, v.client, func(c *vercel.Client) (T, error) { return v.source(c).Collect(ctx) })
}

// addVercelSite adds what a project has besides its deployments. It changes
// slowly, and the calls count against a limit.
func (p *program) addVercelSite() {
	firewall := viaVercel[model.Firewall]{p.vercel, func(c *vercel.Client) sched.Source[model.Firewall] { return collectors.Firewall{Vercel: c} }}
	add(p, store.FirewallKey(), firewall, sched.Timing{Every: time.Minute, Timeout: 20 * time.Second, MaxWait: 5 * time.Minute})
	domains := viaVercel[model.Domains]{p.vercel, func(c *vercel.Client) sched.Source[model.Domains] { return collectors.Domains{Vercel: c} }}
	add(p, store.DomainsKey(), domains, sched.Timing{Every: 5 * time.Minute, Timeout: 30 * time.Second, MaxWait: 15 * time.Minute})
}

// vercelSite is what the actions at Vercel work with.
func (p *program) vercelSite(deploys actions.Deploys) actions.Vercel {
	v := actions.Vercel{Facts: storeFacts{p.store}, Builds: deploys.Read, Deployed: deploys.Measures, Fresh: p.taggedMeasures()}
	if p.vercel == nil {
		return v
	}
	v.Use = func(ctx context.Context, do func(*vercel.Client) error) error {
		_, err := use(ctx, p.vercel, func(c *vercel.Client) (struct{}, error) { return struct{}{}, do(c) })
		return err
	}
	v.Protected = protected(p.target.Vercel.Protected)
	return v
}

// taggedMeasures are, by tag at the CDN, the ages of what it keeps.
func (p *program) taggedMeasures() map[string][]actions.Measure {
	out := map[string][]actions.Measure{}
	for _, c := range p.target.Probes {
		if c.Fresh != nil && c.Fresh.Tag != "" {
			out[c.Fresh.Tag] = append(out[c.Fresh.Tag], ageMeasure(c.Name))
		}
	}
	return out
}

// ageMeasure is the age of the content that a probe finds.
func ageMeasure(probe string) actions.Measure {
	return actions.Measure{
		Name: "age of " + probe, Metric: "cache.age", Labels: model.Labels{"service": probe},
		Better: actions.Lower, Within: effectWithin,
	}
}

// declaredAtVercel lists every action on a project at Vercel beside the
// switches of its deployments.
func declaredAtVercel(v actions.Vercel) []actions.Action {
	return []actions.Action{
		actions.DeployRedeploy(v), actions.DeployCancel(v), actions.CDNPurge(v), actions.CDNDelete(v),
		actions.FirewallBlock(v), actions.FirewallUnblock(v), actions.AttackMode(v),
	}
}

// protected are the addresses that must not be shut out: those of the
// configuration, and where the operator is logged in from.
func protected(configured []string) actions.Protected {
	out := actions.Protected{}
	for _, text := range configured {
		if address, err := netip.ParseAddr(text); err == nil {
			out.Configured = append(out.Configured, netip.PrefixFrom(address, address.BitLen()))
		} else if prefix, err := netip.ParsePrefix(text); err == nil {
			out.Configured = append(out.Configured, prefix.Masked())
		}
	}
	for _, name := range []string{"SSH_CLIENT", "SSH_CONNECTION"} {
		from, _, _ := strings.Cut(os.Getenv(name), " ")
		if address, err := netip.ParseAddr(from); err == nil {
			out.Own = append(out.Own, address.WithZone(""))
		}
	}
	return out
}
