package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/demo/provider"
	"tocsin/internal/sentry"
)

// sentryWith starts a Sentry with one unresolved issue and gives its id.
func sentryWith(t *testing.T) (p *provider.Sentry, c *sentry.Client, id string) {
	t.Helper()
	p = provider.NewSentry(provider.SentryOptions{Org: "acme", Project: "shop", Token: "good"})
	p.Fault(provider.SentryFault{At: time.Now(), Type: "CacheError", Message: "x", Culprit: "/checkout", Release: "v3"})
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	c = sentry.New(sentry.Options{Base: srv.URL, Org: "acme", Projects: []string{"shop"}, Token: "good"})
	t.Cleanup(c.Close)
	all, _, err := c.Unresolved(t.Context(), time.Hour, 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v: %+v", err, all)
	}
	return p, c, all[0].ID
}

// stands is how the issue is now.
func issueIs(t *testing.T, c *sentry.Client, id string) string {
	t.Helper()
	i, err := c.Issue(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(i.Status + " " + i.Assignee.Actor())
}

// carry plans and runs an action.
func carry(t *testing.T, a Action, args Args) (Plan, Result, error) {
	t.Helper()
	if err := checkArgs(a, args); err != nil {
		t.Fatal(err)
	}
	p, err := a.Plan(t.Context(), args)
	if err != nil || p.Refuse != "" {
		t.Fatalf("%s: %v %s", a.ID, err, p.Refuse)
	}
	r, err := a.Run(t.Context(), p, func(Progress) {})
	return p, r, err
}

func TestTriageAndBack(t *testing.T) {
	_, c, id := sentryWith(t)
	for _, tt := range []struct {
		do, undo Action
		args     Args
		step     string
		stands   string
	}{
		{ErrorResolve(c), ErrorUnresolve(c), Args{"issue": id}, `{"status":"resolved"}`, "resolved"},
		{ErrorIgnore(c), ErrorUnresolve(c), Args{"issue": id, "for": "90m"}, `"ignoreDuration":90`, "ignored"},
		{ErrorAssign(c), ErrorAssign(c), Args{"issue": id, "to": "user:7"}, `{"assignedTo":"user:7"}`, "unresolved user:7"},
	} {
		t.Run(tt.do.ID, func(t *testing.T) {
			p, r, err := carry(t, tt.do, tt.args)
			if err != nil || r.Unsure != "" || issueIs(t, c, id) != tt.stands {
				t.Errorf("%v, %s: it is %s", err, r.Unsure, issueIs(t, c, id))
			}
			if p.Target != "SHOP-1" || !strings.Contains(p.Steps[0], "PUT issues/"+id+"/ ") || !strings.Contains(p.Steps[0], tt.step) {
				t.Errorf("target %s, steps %v", p.Target, p.Steps)
			}
			if tt.do.Undo != tt.undo.ID {
				t.Errorf("undone by %q", tt.do.Undo)
			}
			if _, r, err := carry(t, tt.undo, p.Undo); err != nil || r.Unsure != "" || issueIs(t, c, id) != "unresolved" {
				t.Errorf("back: %v, %s: it is %s", err, r.Unsure, issueIs(t, c, id))
			}
		})
	}
}

func TestTriageRefusals(t *testing.T) {
	_, c, id := sentryWith(t)
	resolve := ErrorResolve(c)
	p, err := resolve.Plan(t.Context(), Args{"issue": id})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Ignore(t.Context(), id, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := resolve.Run(t.Context(), p, func(Progress) {}); err == nil || !strings.Contains(err.Error(), "it is ignored since the card was opened") || issueIs(t, c, id) != "ignored" {
		t.Errorf("after somebody else changed it: %v, it is %s", err, issueIs(t, c, id))
	}
	for _, tt := range []struct {
		action Action
		args   Args
		want   string
	}{
		{ErrorResolve(c), Args{"issue": id}, "it is ignored"},
		{ErrorIgnore(c), Args{"issue": id}, "it is ignored already"},
		{ErrorAssign(c), Args{"issue": id, "to": "nobody"}, "it belongs to nobody already"},
	} {
		if p, err := tt.action.Plan(t.Context(), tt.args); err != nil || p.Refuse != tt.want {
			t.Errorf("%s: %v, refuses because %q, want %q", tt.action.ID, err, p.Refuse, tt.want)
		}
	}
	if _, err := resolve.Plan(t.Context(), Args{"issue": "1"}); err == nil {
		t.Error("an issue that does not exist has a plan")
	}
	for _, bad := range []string{"", "SHOP-1", "1&id=2", "-1"} {
		if err := checkArgs(resolve, Args{"issue": bad}); err == nil {
			t.Errorf("issue=%q was taken", bad)
		}
	}
	if why := ErrorResolve(nil).Blocked(); !strings.Contains(why, "no Sentry is configured") {
		t.Errorf("without a Sentry: %q", why)
	}
}

// forgetful takes every change and makes none.
type forgetful struct{ Issues }

func (f forgetful) Resolve(context.Context, string) error        { return nil }
func (f forgetful) Assign(context.Context, string, string) error { return nil }

// refusing refuses every change.
type refusing struct{ Issues }

func (r refusing) Resolve(context.Context, string) error { return errors.New("403") }

// TestTriageUnsure: what was taken and did not happen is not called done.
func TestTriageUnsure(t *testing.T) {
	_, c, id := sentryWith(t)
	for _, a := range []Action{ErrorResolve(forgetful{c}), ErrorAssign(forgetful{c})} {
		args := Args{"issue": id}
		if a.ID == "error.assign" {
			args["to"] = "user:7"
		}
		if _, r, err := carry(t, a, args); err != nil || !strings.Contains(r.Unsure, "the change was taken, but") {
			t.Errorf("%s: %v, %+v", a.ID, err, r)
		}
	}
	if _, r, err := carry(t, ErrorResolve(refusing{c}), Args{"issue": id}); err == nil || len(r.Done) > 0 {
		t.Errorf("a refusal: %v, %s", err, fmt.Sprint(r.Done))
	}
}
