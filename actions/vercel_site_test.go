package actions_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/actions"
	"tocsin/collectors"
	"tocsin/internal/demo/provider"
	"tocsin/internal/expire"
	"tocsin/internal/testkit"
	"tocsin/internal/vercel"
)

// promises keeps them in a folder, and notes which were to be carried out.
type promises struct {
	expire.Folder

	started []string
	fault   error // of Put
	stuck   error // of Start
}

func (p *promises) Put(one expire.Promise) error {
	if p.fault != nil {
		return p.fault
	}
	return p.Folder.Put(one)
}

func (p *promises) Start(id string) error {
	p.started = append(p.started, id)
	return p.stuck
}

// all are the promises that are kept.
func (p *promises) all(t *testing.T) []expire.Promise {
	t.Helper()
	list, err := p.List()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// site is a project at a pretended Vercel with everything around its builds.
type site struct {
	vercel   *provider.Vercel
	client   *vercel.Client
	promises *promises
	audit    *memory
	runner   *actions.Runner
	purged   []string
	changes  atomic.Int32
	// instead answers changes in place of Vercel; nil leaves them alone.
	instead func(w http.ResponseWriter, r *http.Request, vercel http.Handler)
}

func newSite(t *testing.T, opts provider.VercelOptions, protected ...string) *site {
	t.Helper()
	s := &site{promises: &promises{Folder: expire.Folder{Dir: t.TempDir()}}, audit: &memory{}}
	opts.Project, opts.Team, opts.Token = "shop", "acme", "secret"
	opts.Purge = func(tags []string, remove bool) { s.purged = append(s.purged, fmt.Sprint(tags, remove)) }
	s.vercel = provider.NewVercel(opts)
	t.Cleanup(s.vercel.Close)
	for n := range 2 {
		s.vercel.Deploy(provider.Build{Name: fmt.Sprintf("v%d", n+1), Commit: fmt.Sprintf("%040d", n+1), Message: "Change", Author: "ana",
			Created: time.Date(2026, 1, 1, n, 0, 0, 0, time.UTC)})
	}
	if err := s.vercel.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.client = vercel.New(vercel.Options{Base: server.URL, Project: "shop", Team: "acme", Token: "secret", Timeout: 2 * time.Second})
	t.Cleanup(s.client.Close)
	v := actions.Vercel{
		Use:    func(_ context.Context, do func(*vercel.Client) error) error { return do(s.client) },
		Builds: collectors.Deployments{Vercel: s.client}, Protected: actions.Protected{Own: []netip.Addr{netip.MustParseAddr("198.51.100.77")}},
	}
	for _, text := range protected {
		v.Protected.Configured = append(v.Protected.Configured, netip.MustParsePrefix(text))
	}
	deploys := actions.Deploys{Read: v.Builds, Switch: actions.VercelSwitch{Client: s.client}}
	s.runner = newRunner(t, actions.Options{Promises: s.promises, Audit: s.audit, By: "ana"}, actions.FirewallBlock(v), actions.FirewallUnblock(v), actions.AttackMode(v),
		actions.CDNPurge(v), actions.CDNDelete(v), actions.DeployRedeploy(v), actions.DeployCancel(v), actions.DeployRollback(deploys), actions.DeployPromote(deploys))
	return s
}

// serve counts the changes, and may answer them otherwise.
func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		s.vercel.ServeHTTP(w, r)
		return
	}
	s.changes.Add(1)
	if s.instead != nil {
		s.instead(w, r, s.vercel)
		return
	}
	s.vercel.ServeHTTP(w, r)
}

// loses carries a change out and drops the answer.
func loses(w http.ResponseWriter, r *http.Request, vercel http.Handler) {
	vercel.ServeHTTP(httptest.NewRecorder(), r)
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

func refuses(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.WriteHeader(http.StatusForbidden)
}

// in tells whether a visitor from an address is let in.
func (s *site) in(ip string) bool {
	return s.vercel.Judge(netip.MustParseAddr(ip), false) == provider.Pass
}

func TestBlockAndUnblock(t *testing.T) {
	s := newSite(t, provider.VercelOptions{}, "203.0.113.128/25")
	out, err := do(t, s.runner, "firewall.block", actions.Args{"ip": "203.0.113.7", "for": "90m"})
	if err != nil || s.in("203.0.113.7") || !s.in("203.0.113.8") || s.changes.Load() != 1 {
		t.Fatalf("%v, %+v, %d changes", err, out, s.changes.Load())
	}
	wantText(t, out.Text, "kept out for 1h30m, then let in again by itself")
	wantText(t, notesOf(out.Plan), "stops: everybody behind that address", "ends by itself: after 1h30m", "this machine's own address as Vercel sees it")
	kept := s.promises.all(t)
	if len(kept) != 1 || kept[0].ID != out.ID || kept[0].Action != "firewall.unblock" || kept[0].Target != "203.0.113.7" || kept[0].By != "ana" {
		t.Fatalf("promises %+v", kept)
	}
	if left := time.Until(kept[0].Due); left < 89*time.Minute || left > 90*time.Minute {
		t.Errorf("due in %v", left)
	}
	if diff := cmp.Diff([]string{out.ID}, s.promises.started); diff != "" {
		t.Errorf("started (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"ip": "203.0.113.7", "call": out.ID}, kept[0].Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	again, err := s.runner.Plan(t.Context(), "firewall.block", actions.Args{"ip": "203.0.113.7"})
	if err != nil || !again.Moot || !strings.Contains(again.Refuse, "is kept out already") {
		t.Errorf("once more: %+v, %v", again, err)
	}
	if _, err := do(t, s.runner, "firewall.unblock", kept[0].Args); err != nil || !s.in("203.0.113.7") {
		t.Errorf("unblock: %v", err)
	}
	if left := s.promises.all(t); len(left) > 0 {
		t.Errorf("promises that are left: %+v", left)
	}
	moot, err := s.runner.Plan(t.Context(), "firewall.unblock", actions.Args{"ip": "203.0.113.7"})
	if err != nil || !moot.Moot || moot.Refuse == "" {
		t.Errorf("unblock once more: %+v, %v", moot, err)
	}
}

// What takes back one call leaves alone what others did to the same address.
func TestUnblockOnlyWhatOneCallMade(t *testing.T) {
	s := newSite(t, provider.VercelOptions{})
	out, err := do(t, s.runner, "firewall.block", actions.Args{"ip": "203.0.113.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.client.Block(t.Context(), "prj_shop", "203.0.113.0/24", "by hand"); err != nil {
		t.Fatal(err)
	}
	args := s.promises.all(t)[0].Args
	if _, err := do(t, s.runner, "firewall.unblock", args); err != nil || s.in("203.0.113.7") {
		t.Errorf("%v: the other rule is gone as well", err)
	}
	f, err := s.client.Firewall(t.Context(), "prj_shop")
	if err != nil || len(f.Rules) != 1 || f.Rules[0].Notes != "by hand" {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := do(t, s.runner, "firewall.unblock", actions.Args{"ip": "203.0.113.0/24", "id": f.Rules[0].ID}); err != nil || !s.in("203.0.113.7") {
		t.Errorf("by its id: %v, %v", err, out)
	}
}

// What one call promised stays promised when what another one did is gone.
func TestPromisesOfOneAddress(t *testing.T) {
	s := newSite(t, provider.VercelOptions{})
	block := func() string {
		out, err := do(t, s.runner, "firewall.block", actions.Args{"ip": "203.0.113.7"})
		if err != nil {
			t.Fatal(err)
		}
		return out.ID
	}
	first := block()
	f, err := s.client.Firewall(t.Context(), "prj_shop")
	if err != nil || s.client.Unblock(t.Context(), "prj_shop", f.Rules[0].ID) != nil { // by hand, past us
		t.Fatal(err)
	}
	second := block()
	for _, p := range s.promises.all(t) {
		if p.ID == first {
			_, _ = do(t, s.runner, p.Action, p.Args) // is refused: there is nothing to do
		}
	}
	kept := s.promises.all(t)
	if len(kept) != 1 || kept[0].ID != second || s.in("203.0.113.7") {
		t.Errorf("%+v are left, want the one of %s", kept, second)
	}
}

func TestBlockRefusals(t *testing.T) {
	s := newSite(t, provider.VercelOptions{}, "192.0.2.0/24", "2001:db8:1::/48")
	for ip, want := range map[string]string{
		"10.0.0.7": "not an address of the internet", "127.0.0.1": "not an address of the internet", "169.254.1.1": "not an address of the internet",
		"100.64.1.1": "not an address of the internet", "224.0.0.1": "not an address of the internet", "::1": "not an address of the internet", "fd00::/48": "not an address of the internet",
		"203.0.112.0/23": "too wide", "0.0.0.0/0": "too wide", "2001:db8::/32": "too wide", "::/0": "too wide",
		"198.51.100.77": "where you are logged in from", "198.51.100.0/24": "where you are logged in from",
		"192.0.2.9": "protected by the configuration (192.0.2.0/24)", "192.0.2.0/30": "protected by the configuration", "2001:db8:1:2::/64": "protected by the configuration",
	} {
		p, err := s.runner.Plan(t.Context(), "firewall.block", actions.Args{"ip": ip})
		if err != nil || !strings.Contains(p.Refuse, want) {
			t.Errorf("%s: %q, %v", ip, p.Refuse, err)
		}
	}
	for _, ip := range []string{"", "shop.example", "203.0.113.7/33", "203.0.113.7/24", "1.2.3", "fe80::1%eth0", "::ffff:203.0.113.0/120", "203.0.113.7,8.8.8.8"} {
		if _, err := s.runner.Plan(t.Context(), "firewall.block", actions.Args{"ip": ip}); !errors.Is(err, actions.ErrUsage) {
			t.Errorf("%q: %v, want wrong usage", ip, err)
		}
	}
	for _, span := range []string{"0s", "-1h", "25h", "soon"} {
		if _, err := s.runner.Plan(t.Context(), "firewall.block", actions.Args{"ip": "203.0.113.7", "for": span}); !errors.Is(err, actions.ErrUsage) {
			t.Errorf("for %q: %v, want wrong usage", span, err)
		}
	}
	if mapped, err := s.runner.Plan(t.Context(), "firewall.block", actions.Args{"ip": "::ffff:203.0.113.7"}); err != nil || mapped.Target != "203.0.113.7" {
		t.Errorf("mapped: %+v, %v", mapped, err)
	}
	if s.changes.Load() > 0 {
		t.Errorf("%d changes were sent", s.changes.Load())
	}
}

// TestBlockInTrouble: without a promise on disk nothing is changed, and a
// change that was not made leaves none behind.
func TestBlockInTrouble(t *testing.T) {
	tests := []struct {
		name            string
		prepare         func(s *site)
		ending          actions.Ending
		in              bool // the address is let in afterwards
		kept, sent      int
		text            string
		phases          []string
		noPromises      bool
		startedPromises int
	}{
		{name: "disk full", prepare: func(s *site) { s.promises.fault = errors.New("no space left on device") }, ending: actions.Refused, in: true,
			text: "nothing was run: no space left", phases: []string{"intent", "result failed"}},
		{name: "refused by Vercel", prepare: func(s *site) { s.instead = refuses }, ending: actions.Failed, in: true, sent: 1, text: "403",
			phases: []string{"intent", "result failed"}},
		{name: "answer lost", prepare: func(s *site) { s.instead = loses }, ending: actions.Done, kept: 1, sent: 1, startedPromises: 1,
			text: "kept out for 24h", phases: []string{"intent", "result ok"}},
		{name: "nobody to carry it out", prepare: func(s *site) { s.promises.stuck = errors.New("fork: resource unavailable") }, ending: actions.Done,
			kept: 1, sent: 1, startedPromises: 1, text: "nobody waits to take it back: fork: resource unavailable: run tocsin expire 0", phases: []string{"intent", "result ok"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, provider.VercelOptions{})
			tt.prepare(s)
			out, err := do(t, s.runner, "firewall.block", actions.Args{"ip": "203.0.113.7"})
			text := out.Text
			if err != nil {
				text += err.Error()
			}
			if out.Ending != tt.ending || !strings.Contains(text, tt.text) {
				t.Errorf("ending %s: %s", out.Ending, text)
			}
			if got := s.in("203.0.113.7"); got != tt.in || int(s.changes.Load()) != tt.sent {
				t.Errorf("let in: %v after %d changes", got, s.changes.Load())
			}
			if n := len(s.promises.all(t)); n != tt.kept || len(s.promises.started) != tt.startedPromises {
				t.Errorf("%d promises, %d started", n, len(s.promises.started))
			}
			if diff := cmp.Diff(tt.phases, s.audit.words()); diff != "" {
				t.Errorf("audit (-want +got):\n%s", diff)
			}
		})
	}
}

// A change that must end is refused where nobody could end it.
func TestNoPromisesNoBlock(t *testing.T) {
	s := newSite(t, provider.VercelOptions{})
	v := actions.Vercel{Use: func(_ context.Context, do func(*vercel.Client) error) error { return do(s.client) }}
	r := newRunner(t, actions.Options{}, actions.FirewallBlock(v), actions.FirewallUnblock(v))
	_, err := do(t, r, "firewall.block", actions.Args{"ip": "203.0.113.7"})
	if err == nil || !strings.Contains(err.Error(), "nobody would take it back") || !s.in("203.0.113.7") {
		t.Errorf("got %v", err)
	}
}

func TestAttackMode(t *testing.T) {
	s := newSite(t, provider.VercelOptions{})
	out, err := do(t, s.runner, "attack.mode", actions.Args{"mode": "on", "for": "30m"})
	if err != nil || s.in("203.0.113.7") || len(s.promises.all(t)) > 0 {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "every visitor is challenged until ")
	wantText(t, notesOf(out.Plan), "challenges: every visitor", "breaks: what is no browser", "ends by itself: after 30m", "at Vercel")
	project, err := s.client.Project(t.Context())
	if left := time.Until(project.Security.AttackUntil); err != nil || left < 29*time.Minute || left > 30*time.Minute {
		t.Errorf("until %v, %v", project.Security.AttackUntil, err)
	}
	longer, err := s.runner.Plan(t.Context(), "attack.mode", actions.Args{"mode": "on"})
	if err != nil || longer.Refuse != "" {
		t.Errorf("longer: %+v, %v", longer, err)
	}
	wantText(t, notesOf(longer), "now: it is on, until ", "after 1h")
	last, _ := s.runner.Last()
	if _, err := do(t, s.runner, "attack.mode", last.UndoArgs); err != nil || !s.in("203.0.113.7") {
		t.Errorf("off: %v", err)
	}
	moot, err := s.runner.Plan(t.Context(), "attack.mode", actions.Args{"mode": "off"})
	if err != nil || !moot.Moot {
		t.Errorf("off once more: %+v, %v", moot, err)
	}
	if _, err := s.runner.Plan(t.Context(), "attack.mode", actions.Args{"mode": "perhaps"}); !errors.Is(err, actions.ErrUsage) {
		t.Errorf("perhaps: %v", err)
	}
	s.instead = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusInternalServerError)
	}
	out, err = do(t, s.runner, "attack.mode", actions.Args{"mode": "on"})
	if err == nil || out.Ending != actions.LeftOpen || !s.in("203.0.113.7") {
		t.Errorf("without an answer: %s, %v", out.Ending, err)
	}
}

func TestCDN(t *testing.T) {
	s := newSite(t, provider.VercelOptions{})
	for _, tt := range []struct {
		action string
		args   actions.Args
		danger actions.Danger
		target string
		says   []string
	}{
		{"cdn.purge", actions.Args{"tag": "offers"}, actions.Disruptive, "offers", []string{"once more while it is made anew", "recall what browsers keep", "origin: "}},
		{"cdn.purge", actions.Args{"tag": "/product/1"}, actions.Disruptive, "/product/1", []string{"_N_T_/product/1 is the tag that Next.js gives"}},
		{"cdn.delete", actions.Args{"tag": "offers"}, actions.Destructive, "offers", []string{"all wait until each page is made anew", "mark it as stale (cdn.purge)"}},
	} {
		out, err := do(t, s.runner, tt.action, tt.args)
		if err != nil || out.Plan.Danger != tt.danger || out.Plan.Target != tt.target {
			t.Errorf("%s %v: %v, %+v", tt.action, tt.args, err, out.Plan)
		}
		wantText(t, notesOf(out.Plan), tt.says...)
	}
	if diff := cmp.Diff([]string{"[offers] false", "[_N_T_/product/1] false", "[offers] true"}, s.purged); diff != "" {
		t.Errorf("purged (-want +got):\n%s", diff)
	}
	image, err := s.runner.Plan(t.Context(), "cdn.purge", actions.Args{"tag": "/hero.PNG"})
	if err != nil || !strings.Contains(image.Steps[0], "the source image /hero.PNG") {
		t.Errorf("image: %+v, %v", image, err)
	}
	for _, args := range []actions.Args{{}, {"tag": ""}, {"tag": "a,b"}, {"tag": "*"}, {"tag": "a b"}, {"tag": "/b?c"}, {"tag": strings.Repeat("x", 257)}} {
		if _, err := s.runner.Plan(t.Context(), "cdn.purge", args); !errors.Is(err, actions.ErrUsage) {
			t.Errorf("%v: %v, want wrong usage", args, err)
		}
	}
	s.instead = loses
	if out, err := do(t, s.runner, "cdn.purge", actions.Args{"tag": "offers"}); err == nil || out.Ending != actions.LeftOpen {
		t.Errorf("without an answer: %s, %v", out.Ending, err)
	}
}

func TestRedeploy(t *testing.T) {
	s := newSite(t, provider.VercelOptions{Rebuild: func(name string) (provider.Build, error) {
		return provider.Build{Name: name + " again"}, nil
	}})
	deployments, err := s.client.Deployments(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	v2, v1 := deployments[0].ID, deployments[1].ID
	live := func() string { _, name := s.vercel.Live(); return name }
	out, err := do(t, s.runner, "deploy.redeploy", actions.Args{"deployment": v1})
	if err != nil || live() != "v1 again" || s.changes.Load() != 1 {
		t.Fatalf("%v, %s live after %d changes: %+v", err, live(), s.changes.Load(), out)
	}
	wantText(t, out.Text, "v1 again is built after ", " and live")
	wantText(t, notesOf(out.Plan), "git and the working tree stay as they are", "environment: that of today", "goes live by itself")
	last, _ := s.runner.Last()
	if out, err = do(t, s.runner, "deploy.rollback", last.UndoArgs); err != nil || live() != "v2" {
		t.Fatalf("undo: %v, %s live: %+v", err, live(), out)
	}
	s.instead = loses
	out, err = do(t, s.runner, "deploy.redeploy", actions.Args{"deployment": v2})
	if err != nil || live() != "v2" {
		t.Errorf("with promotion off and the answer lost: %v, %s live: %+v", err, live(), out)
	}
	wantText(t, out.Text, "v2 again is built", "promotion is off, so it waits")
	wantText(t, notesOf(out.Plan), "promotion is off since a rollback")
	s.instead = refuses
	if out, err := do(t, s.runner, "deploy.redeploy", actions.Args{"deployment": v2}); err == nil || out.Ending != actions.Failed {
		t.Errorf("refused: %s, %v", out.Ending, err)
	}
}

func TestRedeployRefusals(t *testing.T) {
	s := newSite(t, provider.VercelOptions{})
	broken := s.vercel.Start(provider.Build{Name: "v3"}, provider.Pace{}, "no such module")
	waits := s.vercel.Start(provider.Build{Name: "v4"}, provider.Pace{Queue: time.Hour}, "")
	s.waitFor(t, broken, "ERROR")
	for id, want := range map[string]string{"dpl_x": "there is no production build", broken: "v3 is no good build: ERROR", waits: "v4 is no good build: QUEUED"} {
		p, err := s.runner.Plan(t.Context(), "deploy.redeploy", actions.Args{"deployment": id})
		if err != nil || !strings.Contains(p.Refuse, want) {
			t.Errorf("%s: %q, %v", id, p.Refuse, err)
		}
	}
}

// waitFor waits until a build is in a state.
func (s *site) waitFor(t *testing.T, id, state string) {
	t.Helper()
	testkit.Until(t, 10*time.Second, id+" to be "+state, func(ctx context.Context) bool {
		d, err := s.client.Deployment(ctx, id)
		return err == nil && d.State == state
	})
}

func TestCancelBuild(t *testing.T) {
	s := newSite(t, provider.VercelOptions{})
	waits := s.vercel.Start(provider.Build{Name: "v3", Commit: fmt.Sprintf("%040d", 3), Message: "Draw it anew", Author: "ben"}, provider.Pace{Queue: time.Hour}, "")
	out, err := do(t, s.runner, "deploy.cancel", actions.Args{"deployment": waits})
	if err != nil {
		t.Fatalf("%v: %+v", err, out)
	}
	s.waitFor(t, waits, "CANCELED")
	wantText(t, notesOf(out.Plan), "by ben: Draw it anew", "will not: change what production serves")
	for id, want := range map[string]string{waits: "is not under way: CANCELED", "dpl_x": "there is no production build"} {
		p, err := s.runner.Plan(t.Context(), "deploy.cancel", actions.Args{"deployment": id})
		if err != nil || !strings.Contains(p.Refuse, want) {
			t.Errorf("%s: %q, %v", id, p.Refuse, err)
		}
	}
}

// The card of a rollback says what changes beside the code of this project.
func TestRollbackTellsWhatChangesBesides(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 1, 1, hour, 30, 0, 0, time.UTC) }
	s := newSite(t, provider.VercelOptions{Plan: "hobby", Site: provider.Site{
		Variables: []provider.Variable{{Key: "OLD_URL", Updated: at(-5)}, {Key: "TAX_URL", Updated: at(0)}, {Key: "PAY_URL", Updated: at(2)}},
		Crons:     []provider.Cron{{Path: "/api/reprice", Schedule: "*/5 * * * *"}},
	}})
	p, err := s.runner.Plan(t.Context(), "deploy.rollback", nil)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, notesOf(p), "environment: that of the build: without what was changed since in PAY_URL, TAX_URL (",
		"cron jobs: become those of that build; today's: /api/reprice (*/5 * * * *)", "plan: hobby: only the build")
}

func TestNothingAtVercel(t *testing.T) {
	v := actions.Vercel{}
	r := newRunner(t, actions.Options{}, actions.FirewallBlock(v), actions.FirewallUnblock(v), actions.AttackMode(v), actions.CDNPurge(v),
		actions.CDNDelete(v), actions.DeployCancel(v))
	for _, a := range r.List() {
		if why := r.Blocked(a.ID); !strings.Contains(why, "no project at Vercel is configured") {
			t.Errorf("%s: %q", a.ID, why)
		}
	}
}
