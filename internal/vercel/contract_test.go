package vercel_test

import (
	"context"
	"os"
	"testing"
	"time"

	"tocsin/internal/testkit"
	"tocsin/internal/vercel"
)

// servers are started by the first test that asks for one.
var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

// operation is one call of the client, and what of the answer's example has to
// arrive; empty for a change.
type operation struct {
	name   string
	read   bool // it changes nothing
	pages  bool // it reads page by page
	stream bool
	call   func(ctx context.Context, c *vercel.Client) (arrived bool, err error)
}

// does is an operation whose answer has nothing to tell.
func does(name string, call func(context.Context, *vercel.Client) error) operation {
	return operation{name: name, call: func(ctx context.Context, c *vercel.Client) (bool, error) { return true, call(ctx, c) }}
}

// reads is an operation whose answer is looked at.
func reads[T any](name string, call func(context.Context, *vercel.Client) (T, error), arrived func(T) bool) operation {
	return operation{name: name, read: true, call: func(ctx context.Context, c *vercel.Client) (bool, error) {
		got, err := call(ctx, c)
		return arrived(got), err
	}}
}

func paged(o operation) operation { o.pages = true; return o }

// streams is an operation whose answer has no end; one entry will do.
func streams(name string, call func(context.Context, *vercel.Client, func(vercel.Log) error) error) operation {
	return operation{name: name, read: true, stream: true, call: func(ctx context.Context, c *vercel.Client) (arrived bool, err error) {
		err = call(ctx, c, func(l vercel.Log) error {
			arrived = l.Text != ""
			return nil
		})
		return arrived || name == "build log", err // whose example is a sign of life
	}}
}

// some tells whether a list has anything in it.
func some[T any](list []T) bool { return len(list) > 0 }

// operations are all that the client can ask.
func operations() []operation {
	until := time.Now().Add(time.Hour)
	since := time.Now().Add(-time.Hour)
	tags, images := vercel.Purge{Tags: []string{"offers", "_N_T_/offers"}}, vercel.Purge{Images: []string{"/hero.png"}}
	type ctx = context.Context
	type client = vercel.Client
	return []operation{
		reads("list deployments", func(x ctx, c *client) ([]vercel.Deployment, error) { return c.Deployments(x, 20) }, some),
		reads("deployment", func(x ctx, c *client) (vercel.Deployment, error) { return c.Deployment(x, "dpl_a") },
			func(d vercel.Deployment) bool { return d.ID != "" && d.State != "" }),
		reads("project", func(x ctx, c *client) (vercel.Project, error) { return c.Project(x) },
			func(p vercel.Project) bool { return p.ID != "" && p.Name != "" }),
		reads("live", func(x ctx, c *client) (string, error) { id, _, err := c.Live(x); return id, err }, func(id string) bool { return id != "" }),
		does("rollback", func(x ctx, c *client) error { return c.Rollback(x, "dpl_a") }),
		does("promote", func(x ctx, c *client) error { return c.Promote(x, "dpl_a") }),
		reads("failed aliases of a rollback", func(x ctx, c *client) ([]string, error) { return c.FailedAliases(x, "rollback") }, func([]string) bool { return true }),
		reads("failed aliases of a promote", func(x ctx, c *client) ([]string, error) { return c.FailedAliases(x, "promote") }, func([]string) bool { return true }),
		{name: "redeploy", call: func(x ctx, c *client) (bool, error) {
			id, err := c.Redeploy(x, "dpl_a", "shop")
			return id != "", err
		}},
		does("cancel a build", func(x ctx, c *client) error { return c.CancelBuild(x, "dpl_a") }),
		paged(reads("environment", func(x ctx, c *client) ([]vercel.Variable, error) { return c.Environment(x) }, some)),
		paged(reads("domains", func(x ctx, c *client) ([]vercel.Domain, error) { return c.Domains(x) }, some)),
		paged(reads("aliases", func(x ctx, c *client) ([]vercel.Alias, error) { return c.Aliases(x, "prj_a") }, some)),
		reads("misconfigured", func(x ctx, c *client) (bool, error) { return c.Misconfigured(x, "shop.example") }, func(yes bool) bool { return yes }),
		paged(reads("certificates", func(x ctx, c *client) ([]vercel.Certificate, error) { return c.Certificates(x) }, some)),
		reads("firewall", func(x ctx, c *client) (vercel.Firewall, error) { return c.Firewall(x, "prj_a") },
			func(f vercel.Firewall) bool { return f.On && some(f.Rules) }),
		does("block", func(x ctx, c *client) error { return c.Block(x, "prj_a", "203.0.113.7", "why") }),
		does("unblock", func(x ctx, c *client) error { return c.Unblock(x, "prj_a", "ip_1") }),
		does("attack mode on", func(x ctx, c *client) error { return c.AttackMode(x, "prj_a", until) }),
		does("attack mode off", func(x ctx, c *client) error { return c.AttackMode(x, "prj_a", time.Time{}) }),
		reads("mitigations", func(x ctx, c *client) ([]vercel.Mitigation, error) { return c.Mitigations(x, "prj_a", since) }, some),
		reads("attacks", func(x ctx, c *client) ([]time.Time, error) { return c.Attacks(x, "prj_a") }, func([]time.Time) bool { return true }),
		does("invalidate tags", func(x ctx, c *client) error { return c.Invalidate(x, tags) }),
		does("delete tags", func(x ctx, c *client) error { return c.Delete(x, tags) }),
		does("invalidate images", func(x ctx, c *client) error { return c.Invalidate(x, images) }),
		does("delete images", func(x ctx, c *client) error { return c.Delete(x, images) }),
		streams("build log", func(x ctx, c *client, take func(vercel.Log) error) error { return c.BuildLog(x, "dpl_a", true, take) }),
		streams("runtime log", func(x ctx, c *client, take func(vercel.Log) error) error { return c.RuntimeLog(x, "dpl_a", take) }),
	}
}

// TestContract sends every request to a server that knows the contract and
// refuses what that forbids, and looks whether its answer arrives.
func TestContract(t *testing.T) {
	base := servers.Mock(t, "vercel")
	for _, team := range []string{"", "acme", "team_1a2b"} {
		c := client(t, vercel.Options{Base: base, Project: "shop", Team: team, Token: "any", Timeout: 20 * time.Second})
		for _, o := range operations() {
			t.Run(o.name+" of team "+team, func(t *testing.T) {
				arrived, err := o.call(t.Context(), c)
				if err != nil || !arrived {
					t.Errorf("arrived: %v, error: %v", arrived, err)
				}
			})
		}
	}
}
