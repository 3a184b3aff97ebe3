package actions_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/collectors"
	"tocsin/internal/demo/provider"
	"tocsin/internal/vercel"
)

// project is a pretended Vercel with builds v1, v2, ... an hour apart.
type project struct {
	vercel *provider.Vercel
	ids    []string
	client *vercel.Client
	posts  atomic.Int32
	refuse error         // makes switches fail
	drop   atomic.Bool   // the answer to a switch is lost
	hold   chan struct{} // not nil: a switch waits for it
}

func newProject(t *testing.T, opts provider.VercelOptions, builds int) *project {
	t.Helper()
	p := &project{}
	opts.Project, opts.Team, opts.Token = "shop", "acme", "secret"
	opts.Activate = func(ctx context.Context, _, _ string) error {
		if p.hold != nil {
			select {
			case <-p.hold:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return p.refuse
	}
	p.vercel = provider.NewVercel(opts)
	for i := range builds {
		p.deploy(i + 1)
	}
	if err := p.vercel.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(server.Close)
	p.client = vercel.New(vercel.Options{Base: server.URL, Project: "shop", Team: "acme", Token: "secret"})
	t.Cleanup(p.client.Close)
	return p
}

func (p *project) deploy(n int) {
	p.ids = append(p.ids, p.vercel.Deploy(provider.Build{
		Name: fmt.Sprintf("v%d", n), Commit: fmt.Sprintf("%040d", n), Message: fmt.Sprintf("Change %d\n\nMore", n), Author: "ana",
		Created: time.Date(2026, 1, 1, n, 0, 0, 0, time.UTC),
	}))
}

// serve counts the changes, and loses the answer to them when told to.
func (p *project) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		p.vercel.ServeHTTP(w, r)
		return
	}
	p.posts.Add(1)
	if p.drop.Load() {
		p.vercel.ServeHTTP(httptest.NewRecorder(), r)
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	}
	p.vercel.ServeHTTP(w, r)
}

func (p *project) live() string {
	_, name := p.vercel.Live()
	return name
}

func (p *project) deploys() actions.Deploys {
	return actions.Deploys{Read: collectors.Deployments{Vercel: p.client}, Switch: actions.VercelSwitch{Client: p.client}}
}

func (p *project) runner(t *testing.T) *actions.Runner {
	t.Helper()
	return newRunner(t, actions.Options{}, actions.DeployRollback(p.deploys()), actions.DeployPromote(p.deploys()))
}

func TestRollbackAndPromote(t *testing.T) {
	p := newProject(t, provider.VercelOptions{}, 3)
	r := p.runner(t)
	out, err := do(t, r, "deploy.rollback", nil) // to the newest that served before
	if err != nil || p.live() != "v2" {
		t.Fatalf("%v, %s live, %+v", err, p.live(), out)
	}
	wantText(t, out.Text, "production serves v2 after ")
	wantText(t, notesOf(out.Plan), "now live: v3 of 2026-01-01 03:00Z by ana: Change 3", "goes to: v2",
		"takes back: 1 build: v3 (Change 3)", "will not: roll the database schema", "new builds do not go live until one is promoted")
	if out.Plan.Target != p.ids[1] || p.posts.Load() != 1 {
		t.Errorf("target %s, %d changes sent", out.Plan.Target, p.posts.Load())
	}
	p.deploy(4)
	if err := p.vercel.Wait(t.Context()); err != nil || p.live() != "v2" {
		t.Fatalf("%v, %s live after a new build", err, p.live())
	}
	last, ok := r.Last()
	if !ok {
		t.Fatal("nothing to take back")
	}
	out, err = do(t, r, "deploy.promote", last.UndoArgs)
	if err != nil || p.live() != "v3" {
		t.Fatalf("%v, %s live, %+v", err, p.live(), out)
	}
	wantText(t, notesOf(out.Plan), "new builds go live by themselves again")
}

func TestRollbackPlan(t *testing.T) {
	p := newProject(t, provider.VercelOptions{}, 6)
	r := p.runner(t)
	near, err := r.Plan(t.Context(), "deploy.rollback", actions.Args{"deployment": p.ids[2]})
	if err != nil || near.Danger != actions.Disruptive {
		t.Errorf("three builds back: %v, %v", near.Danger, err)
	}
	far, err := r.Plan(t.Context(), "deploy.rollback", actions.Args{"deployment": p.ids[0]})
	if err != nil || far.Danger != actions.Destructive {
		t.Errorf("five builds back: %v, %v", far.Danger, err)
	}
	wantText(t, notesOf(far), "takes back: 5 builds: v6 (Change 6), v5 (Change 5), v4 (Change 4), v3 (Change 3), and 1 more")
	if p.live() != "v6" || p.posts.Load() > 0 {
		t.Error("a plan changed something")
	}
}

func TestDeployRefusals(t *testing.T) {
	p := newProject(t, provider.VercelOptions{}, 2)
	one := newProject(t, provider.VercelOptions{}, 1)
	tests := []struct {
		name, action string
		project      *project
		args         actions.Args
		want         string
	}{
		{"live already", "deploy.rollback", p, actions.Args{"deployment": p.ids[1]}, "v2 serves production already"},
		{"promote of live", "deploy.promote", p, actions.Args{"deployment": p.ids[1]}, "v2 serves production already"},
		{"unknown", "deploy.rollback", p, actions.Args{"deployment": "dpl_none"}, "no production build dpl_none"},
		{"nothing older", "deploy.rollback", one, nil, "no older build"},
		{"not an id", "deploy.rollback", p, actions.Args{"deployment": "--yes please"}, "not a deployment id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := do(t, tt.project.runner(t), tt.action, tt.args)
			if err == nil || out.Ending != actions.Refused || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ended %s with %v, want %s", out.Ending, err, tt.want)
			}
			if tt.project.posts.Load() > 0 {
				t.Error("a change was sent")
			}
		})
	}
}

func TestRollbackWhileSwitching(t *testing.T) {
	p := newProject(t, provider.VercelOptions{}, 3)
	p.hold = make(chan struct{})
	if err := p.client.Rollback(t.Context(), p.ids[0]); err != nil {
		t.Fatal(err)
	}
	out, err := do(t, p.runner(t), "deploy.rollback", nil)
	if err == nil || !strings.Contains(err.Error(), "a rollback to "+p.ids[0]) {
		t.Errorf("%s, %v", out.Ending, err)
	}
	close(p.hold)
}

func TestRollbackFailures(t *testing.T) {
	t.Run("switch fails", func(t *testing.T) {
		p := newProject(t, provider.VercelOptions{}, 2)
		p.refuse = errors.New("no machine to run it")
		out, err := do(t, p.runner(t), "deploy.rollback", nil)
		if out.Ending != actions.Failed || len(out.Result.Done) > 0 || p.live() != "v2" {
			t.Errorf("ended %s with %v, %s live", out.Ending, err, p.live())
		}
	})
	t.Run("plan does not include it", func(t *testing.T) {
		p := newProject(t, provider.VercelOptions{Plan: "hobby"}, 3)
		out, err := do(t, p.runner(t), "deploy.rollback", actions.Args{"deployment": p.ids[0]})
		if err == nil || len(out.Result.Done) > 0 || p.live() != "v3" {
			t.Errorf("ended %s with %v, %s live", out.Ending, err, p.live())
		}
	})
	t.Run("answer is lost", func(t *testing.T) {
		p := newProject(t, provider.VercelOptions{}, 2)
		p.drop.Store(true)
		out, err := do(t, p.runner(t), "deploy.rollback", nil)
		if err != nil || p.live() != "v1" || p.posts.Load() != 1 {
			t.Errorf("ended %s with %v, %s live after %d requests", out.Ending, err, p.live(), p.posts.Load())
		}
	})
	t.Run("production moved under the card", func(t *testing.T) {
		p := newProject(t, provider.VercelOptions{}, 2)
		out, err := p.runner(t).Do(t.Context(), actions.Order{Action: "deploy.rollback", Confirm: func(ctx context.Context, c actions.Card) (actions.Answer, error) {
			p.deploy(3)
			if err := p.vercel.Wait(ctx); err != nil {
				t.Error(err)
			}
			return yes(ctx, c)
		}})
		if out.Ending != actions.Failed || p.live() != "v3" || p.posts.Load() > 0 {
			t.Errorf("ended %s with %v, %s live", out.Ending, err, p.live())
		}
	})
	t.Run("no longer watched", func(t *testing.T) {
		p := newProject(t, provider.VercelOptions{}, 2)
		p.hold = make(chan struct{})
		defer close(p.hold)
		r := p.runner(t)
		out, err := r.Do(t.Context(), actions.Order{Action: "deploy.rollback", Confirm: yes, Step: func(actions.Progress) {
			if err := r.Cancel(r.Running()[0].ID); err != nil {
				t.Error(err)
			}
		}})
		if out.Ending != actions.LeftOpen || err == nil {
			t.Errorf("ended %s with %v", out.Ending, err)
		}
	})
}

// releases is a deployment by files: the live build is what a link names.
func releases(t *testing.T) (c commands, live func() string) {
	t.Helper()
	dir := t.TempDir()
	script := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\ncd "+dir+"\n"+body), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list := script("list", `live=$(cat live); for b in v2 v1; do l=false; [ "$b" = "$live" ] && l=true
t=2026-01-0${b#v}T00:00:00Z; printf '%s{"id":"%s","state":"READY","created":"%s","live":%s,"candidate":true}' "$sep" "$b" "$t" "$l"; sep=,; done | sed 's/^/[/; s/$/]/'`)
	roll := script("roll", `echo "to $1"; [ -e broken ] && exit 3; [ -e slow ] && sleep 60; printf %s "$1" > live`)
	if err := os.WriteFile(filepath.Join(dir, "live"), []byte("v2"), 0o644); err != nil {
		t.Fatal(err)
	}
	live = func() string {
		raw, err := os.ReadFile(filepath.Join(dir, "live"))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	return commands{
		Commands: actions.Commands{Rollback: []string{roll, "{id}", dir}, Output: t.TempDir()},
		list:     collectors.CommandDeployments{Name: "shop", Argv: []string{list}},
	}, live
}

// commands is a deployment by programs, as it is configured.
type commands struct {
	actions.Commands
	list collectors.CommandDeployments
}

func commandRunner(t *testing.T, c commands) *actions.Runner {
	t.Helper()
	d := actions.Deploys{Read: c.list, Switch: c.Commands}
	return newRunner(t, actions.Options{}, actions.DeployRollback(d), actions.DeployPromote(d))
}

func TestCommands(t *testing.T) {
	c, live := releases(t)
	r := commandRunner(t, c)
	out, err := do(t, r, "deploy.rollback", nil)
	if err != nil || live() != "v1" {
		t.Fatalf("%v, %s live, %+v", err, live(), out)
	}
	if _, err := do(t, r, "deploy.promote", out.Plan.Undo); err != nil || live() != "v2" {
		t.Errorf("promote: %v, %s live", err, live())
	}
	if raw, err := os.ReadFile(filepath.Join(c.Output, "rollback-"+out.ID+".log")); err != nil || string(raw) != "to v1\n" {
		t.Errorf("output %q, %v", raw, err)
	}
}

// What a command prints lies in a folder that colleagues share: each call has
// a file of its own, which all of them may read.
func TestCommandOutputIsShared(t *testing.T) {
	c, _ := releases(t)
	if err := os.Chmod(c.Output, 0o770); err != nil {
		t.Fatal(err)
	}
	r := commandRunner(t, c)
	out, err := do(t, r, "deploy.rollback", nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(c.Output, "rollback-"+out.ID+".log"))
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info, err)
	}
}

// A command is not Vercel: its card promises only what is known of it.
func TestCommandCardNamesTheCommand(t *testing.T) {
	c, _ := releases(t)
	plan, err := commandRunner(t, c).Plan(t.Context(), "deploy.rollback", nil)
	if err != nil {
		t.Fatal(err)
	}
	notes := notesOf(plan)
	wantText(t, notes, c.Rollback[0]+" v1")
	if strings.Contains(notes, "cron") || strings.Contains(notes, "promoted") {
		t.Errorf("it promises what Vercel does:\n%s", notes)
	}
}

func TestCommandFailures(t *testing.T) {
	touch := func(t *testing.T, c commands, name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(c.Rollback[2], name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("fails", func(t *testing.T) {
		c, live := releases(t)
		touch(t, c, "broken")
		out, err := do(t, commandRunner(t, c), "deploy.rollback", nil)
		if out.Ending != actions.LeftOpen || live() != "v2" || !strings.Contains(err.Error(), "exit status 3") {
			t.Errorf("ended %s with %v", out.Ending, err)
		}
	})
	t.Run("not a program", func(t *testing.T) {
		c, _ := releases(t)
		c.Rollback = []string{"/nowhere/roll", "{id}"}
		if out, err := do(t, commandRunner(t, c), "deploy.rollback", nil); out.Ending != actions.Failed {
			t.Errorf("ended %s with %v", out.Ending, err)
		}
	})
	t.Run("list is not JSON", func(t *testing.T) {
		c, _ := releases(t)
		c.list.Argv = []string{"echo", "v1 v2"}
		if out, err := do(t, commandRunner(t, c), "deploy.rollback", nil); out.Ending != actions.Failed || !strings.Contains(err.Error(), "printed no list of builds") {
			t.Errorf("ended %s with %v", out.Ending, err)
		}
	})
	t.Run("cancelled with its children", func(t *testing.T) {
		c, live := releases(t)
		touch(t, c, "slow")
		r := commandRunner(t, c)
		began := time.Now()
		out, err := r.Do(t.Context(), actions.Order{Action: "deploy.rollback", Confirm: yes, Step: func(actions.Progress) {
			if err := r.Cancel(r.Running()[0].ID); err != nil {
				t.Error(err)
			}
		}})
		if out.Ending != actions.LeftOpen || live() != "v2" || time.Since(began) > 10*time.Second {
			t.Errorf("ended %s with %v after %v", out.Ending, err, time.Since(began))
		}
	})
	t.Run("no shell reads the id", func(t *testing.T) {
		c, _ := releases(t)
		if err := c.Switch(t.Context(), actions.SwitchOrder{Kind: actions.Rollback, ID: "v1;touch${IFS}pwned", Tell: func(string) {}}); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(c.Rollback[2], "pwned")); err == nil {
			t.Error("a shell read the id")
		}
	})
}
