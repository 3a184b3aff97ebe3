package actions_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/demo/provider"
	"tocsin/internal/supabase"
)

const supabaseRef = "abcdefghijklmnopqrst"

// hosted is a project at a pretended Supabase, and a client of it.
type hosted struct {
	*provider.Supabase
	client  *supabase.Client
	changes atomic.Int32  // that were sent
	drop    atomic.Bool   // the answer to a change is lost
	deaf    atomic.Bool   // a change is lost before it arrives
	refuse  error         // makes changes fail
	hold    chan struct{} // not nil: a change waits for it
}

func newHosted(t *testing.T) *hosted {
	t.Helper()
	h := &hosted{}
	h.Supabase = provider.NewSupabase(provider.SupabaseOptions{
		Ref: supabaseRef, Name: "shop", Token: "sbp_x", Database: backed{provider.Sound(), h}, Takes: 20 * time.Millisecond, PerMin: 10_000,
	})
	t.Cleanup(h.Close)
	server := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(server.Close)
	// A clock that runs fast lets the account of calls forget.
	at := time.Now()
	h.client = supabase.New(supabase.Options{Base: server.URL, Project: supabaseRef, Token: "sbp_x", Account: supabase.NewAccount(func() time.Time {
		at = at.Add(2 * time.Second)
		return at
	})})
	t.Cleanup(h.client.Close)
	return h
}

// serve counts the changes, and loses them or their answers when told to.
func (h *hosted) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "retrieve") {
		h.ServeHTTP(w, r)
		return
	}
	h.changes.Add(1)
	if !h.drop.Load() && !h.deaf.Load() {
		h.ServeHTTP(w, r)
		return
	}
	if !h.deaf.Load() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// backed is the database of a hosted project.
type backed struct {
	provider.ManagedDatabase
	of *hosted
}

// Resize and Restore fail, or wait, when told to.
func (b backed) Resize(ctx context.Context, _ int) error        { return b.of.change(ctx) }
func (b backed) Restore(ctx context.Context, _ time.Time) error { return b.of.change(ctx) }

func (h *hosted) change(ctx context.Context) error {
	if h.hold != nil {
		select {
		case <-h.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return h.refuse
}

func (h *hosted) runner(t *testing.T) *actions.Runner {
	t.Helper()
	s := actions.Supabase{
		Use:  func(_ context.Context, f func(*supabase.Client) error) error { return f(h.client) },
		Pace: 5 * time.Millisecond,
	}
	return newRunner(t, actions.Options{}, actions.SupabasePooler(s), actions.SupabaseCompute(s), actions.SupabaseReplica(s),
		actions.SupabaseUnban(s), actions.SupabaseRestore(s))
}

// size is the compute size that the project has.
func (h *hosted) size(t *testing.T) string {
	t.Helper()
	addons, err := h.client.Addons(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return addons.Selected[0].Variant.ID
}

func TestComputeIsChanged(t *testing.T) {
	h := newHosted(t)
	r := h.runner(t)
	var steps []string
	out, err := r.Do(t.Context(), actions.Order{Action: "supabase.compute.set", Args: actions.Args{"size": "ci_small"}, Confirm: yes, Step: func(p actions.Progress) { steps = append(steps, p.Text) }})
	if err != nil || out.Ending != actions.Done || h.changes.Load() != 1 || h.size(t) != "ci_small" {
		t.Fatalf("%v, %+v, %d changes", err, out, h.changes.Load())
	}
	wantText(t, out.Text, "the project runs on ci_small after ")
	wantText(t, strings.Join(steps, "\n"), "the project is resizing")
	wantText(t, notesOf(out.Plan), "now: Micro (ci_micro), $0.01344/hour", "becomes: Small (ci_small), $0.0206/hour (~$15/month)",
		"costs: about $5 more a month", "goes down: the database restarts", "cannot: be stopped")
	last, ok := r.Last()
	if !ok || last.UndoArgs["size"] != "ci_micro" {
		t.Errorf("undo %v", last.UndoArgs)
	}
}

func TestReplicaIsAdded(t *testing.T) {
	h := newHosted(t)
	out, err := do(t, h.runner(t), "supabase.replica.add", actions.Args{"region": "eu-west-1"})
	if err != nil || out.Ending != actions.Done {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "replica "+supabaseRef+"-rr-eu-west-1-1 is there after ")
	wantText(t, notesOf(out.Plan), "costs: as much as the machine of the primary: $0.01344/hour", "will not: take any load by itself")
}

func TestPoolerIsSet(t *testing.T) {
	h := newHosted(t)
	r := h.runner(t)
	out, err := do(t, r, "supabase.pooler.set", actions.Args{"size": "25"})
	if err != nil || out.Plan.Undo != nil { // the default cannot be asked for again
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "the pooler has 25 connections, transaction")
	out, err = do(t, r, "supabase.pooler.set", actions.Args{"size": "55", "mode": "session"})
	if err != nil || out.Plan.Reason == "" {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, notesOf(out.Plan), "now: 25 connections, transaction", "becomes: 55 connections, session", "breaks: a client keeps a connection",
		"server: max_connections is 60")
	last, _ := r.Last()
	if out, err = do(t, r, "supabase.pooler.set", last.UndoArgs); err != nil {
		t.Fatalf("undo: %v, %+v", err, out)
	}
	wantText(t, out.Text, "the pooler has 25 connections, transaction")
}

func TestABanIsLifted(t *testing.T) {
	h := newHosted(t)
	if err := h.Supabase.Ban(t.Context(), netip.MustParseAddr("203.0.113.7")); err != nil {
		t.Fatal(err)
	}
	out, err := do(t, h.runner(t), "supabase.unban", actions.Args{"ip": "203.0.113.7"})
	if err != nil || len(h.Banned()) > 0 {
		t.Fatalf("%v, %+v, banned %q", err, out, h.Banned())
	}
	wantText(t, notesOf(out.Plan), "will not: keep it in", "cannot: be taken back")
}

func TestTheDatabaseIsRestored(t *testing.T) {
	h := newHosted(t)
	at := time.Now().Add(-2 * time.Hour).UTC().Truncate(time.Second)
	out, err := do(t, h.runner(t), "supabase.restore", actions.Args{"at": at.Format(time.RFC3339)})
	if err != nil || out.Plan.Danger != actions.Destructive || out.Plan.Target != supabaseRef || out.Plan.Reason == "" {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, out.Text, "the database is as of "+at.Format(time.RFC3339))
	wantText(t, notesOf(out.Plan), "loses: all that was written since "+at.Format("2006-01-02 15:04:05Z")+": 2h0m of every table",
		"goes down: the whole project", "cannot: be stopped, nor taken back")
}

func TestSupabaseRefusals(t *testing.T) {
	h := newHosted(t)
	r := h.runner(t)
	for _, tt := range []struct {
		action string
		args   actions.Args
		says   string
	}{
		{"supabase.compute.set", actions.Args{"size": "ci_huge"}, "ci_huge cannot be bought: there are ci_micro, ci_small"},
		{"supabase.compute.set", actions.Args{"size": "ci_micro"}, "has the size ci_micro already"},
		{"supabase.pooler.set", actions.Args{"size": "9999"}, "3000 connections at most"},
		{"supabase.pooler.set", actions.Args{"size": "0"}, "not a whole number above zero"},
		{"supabase.pooler.set", actions.Args{"size": "5", "mode": "statement"}, "transaction or session"},
		{"supabase.replica.add", actions.Args{"region": "the-moon"}, "not a region"},
		{"supabase.unban", actions.Args{"ip": "203.0.113.9"}, "is not shut out"},
		{"supabase.unban", actions.Args{"ip": "2001:db8::1"}, "not an IPv4 address"},
		{"supabase.restore", actions.Args{"at": "2020-01-01T00:00:00Z"}, "the oldest point is"},
		{"supabase.restore", actions.Args{"at": "2099-01-01T00:00:00Z"}, "the newest point is"},
	} {
		out, err := do(t, r, tt.action, tt.args)
		if err == nil || out.Ending != actions.Refused || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s %v: ended %s with %v", tt.action, tt.args, out.Ending, err)
		}
	}
	if n := h.changes.Load(); n > 0 {
		t.Errorf("%d changes were sent", n)
	}
	if none := newRunner(t, actions.Options{}, actions.SupabaseUnban(actions.Supabase{})); none.Blocked("supabase.unban") == "" {
		t.Error("without a project it is not blocked")
	}
}

// A project on its way to something else is left alone.
func TestABusyProjectIsLeftAlone(t *testing.T) {
	h := newHosted(t)
	h.hold = make(chan struct{})
	if err := h.client.SetCompute(t.Context(), "ci_small"); err != nil {
		t.Fatal(err)
	}
	out, err := do(t, h.runner(t), "supabase.compute.set", actions.Args{"size": "ci_medium"})
	if err == nil || !strings.Contains(err.Error(), "the project is resizing: wait for it to end") {
		t.Errorf("ended %s with %v", out.Ending, err)
	}
	close(h.hold)
	h.Wait()
}

// A restore that fails says so, and that something was begun.
func TestARestoreThatFails(t *testing.T) {
	h := newHosted(t)
	h.refuse = errors.New("the log has a hole")
	out, err := do(t, h.runner(t), "supabase.restore", actions.Args{"at": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)})
	if err == nil || out.Ending != actions.Failed || len(out.Result.Done) != 1 || !strings.Contains(err.Error(), "restore failed at Supabase") {
		t.Errorf("ended %s with %v, done %q", out.Ending, err, out.Result.Done)
	}
}

// A change whose answer is lost is looked for and never sent again.
func TestALostAnswer(t *testing.T) {
	h := newHosted(t)
	h.drop.Store(true)
	out, err := do(t, h.runner(t), "supabase.compute.set", actions.Args{"size": "ci_small"})
	if err != nil || h.changes.Load() != 1 || h.size(t) != "ci_small" {
		t.Errorf("%v, %+v, %d changes", err, out, h.changes.Load())
	}
}

// Who stops watching does not stop Supabase, and is told that the end is open.
func TestNoLongerWatched(t *testing.T) {
	h := newHosted(t)
	h.hold = make(chan struct{})
	r := h.runner(t)
	out, err := r.Do(t.Context(), actions.Order{
		Action: "supabase.restore", Args: actions.Args{"at": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}, Confirm: yes,
		Step: func(p actions.Progress) {
			if strings.Contains(p.Text, "restoring") {
				for _, c := range r.Running() {
					_ = r.Cancel(c.ID)
				}
			}
		},
	})
	if out.Ending != actions.LeftOpen || !strings.Contains(out.Text, "no longer watched, Supabase goes on with it: the project is restoring") {
		t.Errorf("ended %s with %v: %s", out.Ending, err, out.Text)
	}
	close(h.hold)
	h.Wait()
}

// What has moved since the card was opened is not changed.
func TestTheSizeHasMoved(t *testing.T) {
	h := newHosted(t)
	confirm := func(ctx context.Context, c actions.Card) (actions.Answer, error) {
		if err := h.client.SetCompute(ctx, "ci_large"); err != nil {
			t.Error(err)
		}
		h.Wait()
		return yes(ctx, c)
	}
	out, err := h.runner(t).Do(t.Context(), actions.Order{Action: "supabase.compute.set", Args: actions.Args{"size": "ci_small"}, Confirm: confirm})
	if err == nil || !strings.Contains(err.Error(), "the size has become ci_large since the card was opened: nothing was done") || h.size(t) != "ci_large" {
		t.Errorf("ended %s with %v", out.Ending, err)
	}
}
