package actions_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/actions"
	"tocsin/internal/audit"
	"tocsin/internal/model"
)

// memory is an audit in memory; full makes it refuse.
type memory struct {
	mu      sync.Mutex
	entries []audit.Entry
	full    error
}

func (m *memory) Append(e audit.Entry) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full != nil {
		return 0, m.full
	}
	m.entries = append(m.entries, e)
	return int64(len(m.entries)), nil
}

// words is what was recorded: phase and outcome.
func (m *memory) words() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, e := range m.entries {
		out = append(out, strings.TrimSpace(string(e.Phase)+" "+e.Outcome+e.Verdict))
	}
	return out
}

// gauges are facts that a test sets.
type gauges struct {
	mu     sync.Mutex
	values map[string]actions.Reading
}

// set says how a number is from now on, read anew whenever somebody looks.
func (g *gauges) set(metric string, v float64) { g.read(metric, v, time.Time{}) }

// read says what the newest reading of a number gave, and when that began.
func (g *gauges) read(metric string, v float64, began time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.values == nil {
		g.values = map[string]actions.Reading{}
	}
	g.values[metric] = actions.Reading{Value: v, Began: began}
}

func (g *gauges) Fact(metric string, _ model.Labels) (actions.Reading, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.values[metric]
	if r.Began.IsZero() {
		r.Began = time.Now()
	}
	return r, ok
}

// fake is an action whose plan and run a test decides; runs counts.
type fake struct {
	plan actions.Plan
	run  func(ctx context.Context, p actions.Plan, step func(actions.Progress)) (actions.Result, error)
	runs int
}

func (f *fake) action(danger actions.Danger) actions.Action {
	return actions.Action{
		ID: "test.fix", Title: "Fix", Verb: "fix it", Key: 'F', Danger: danger,
		Params: []actions.Param{{Name: "pid", Type: actions.TypePID}, {Name: "note", Type: actions.TypeString, Optional: true}},
		Plan: func(context.Context, actions.Args) (actions.Plan, error) {
			p := f.plan
			if p.Target == "" {
				p.Target = "4711"
			}
			p.Steps = []string{"fix 4711"}
			return p, nil
		},
		Run: func(ctx context.Context, p actions.Plan, step func(actions.Progress)) (actions.Result, error) {
			f.runs++
			if f.run != nil {
				return f.run(ctx, p, step)
			}
			return actions.Result{Done: p.Steps, Summary: "fixed in 40 ms"}, nil
		},
	}
}

func newRunner(t *testing.T, opts actions.Options, list ...actions.Action) *actions.Runner {
	t.Helper()
	opts.Server = "prod"
	if opts.Audit == nil {
		opts.Audit = &memory{}
	}
	r, err := actions.NewRunner(opts, list...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// yes answers every card as it asks.
func yes(_ context.Context, c actions.Card) (actions.Answer, error) {
	a := actions.Answer{Yes: true, Typed: c.Phrase, Reason: "blocks checkout"}
	if c.Arm {
		a.Armed = c.Server
	}
	return a, nil
}

func order(confirm actions.Confirm) actions.Order {
	return actions.Order{Action: "test.fix", Args: actions.Args{"pid": "4711"}, Confirm: confirm}
}

func TestDeclarations(t *testing.T) {
	good := (&fake{}).action(actions.Read)
	change := func(f func(*actions.Action)) actions.Action {
		a := good
		f(&a)
		return a
	}
	tests := []struct {
		name string
		list []actions.Action
		want string
	}{
		{"good", []actions.Action{good}, ""},
		{"undo that is declared", []actions.Action{change(func(a *actions.Action) { a.Undo = a.ID })}, ""},
		{"twice", []actions.Action{good, change(func(a *actions.Action) { a.Key = 'G' })}, "twice"},
		{"key clash", []actions.Action{good, change(func(a *actions.Action) { a.ID = "test.other" })}, "same key F"},
		{"no keys", []actions.Action{change(func(a *actions.Action) { a.Key = 0 }), change(func(a *actions.Action) { a.ID, a.Key = "b", 0 })}, ""},
		{"no title", []actions.Action{change(func(a *actions.Action) { a.Title = "" })}, "no id, title or verb"},
		{"no run", []actions.Action{change(func(a *actions.Action) { a.Run = nil })}, "nothing to run"},
		{"unknown undo", []actions.Action{change(func(a *actions.Action) { a.Undo = "none" })}, "undo none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := actions.NewRunner(actions.Options{Server: "prod", Audit: &memory{}}, tt.list...)
			if got := fmt.Sprint(err); tt.want == "" && err != nil || !strings.Contains(got, tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestProductDeclarations(t *testing.T) {
	list := []actions.Action{
		actions.DeployRollback(actions.Deploys{}), actions.DeployPromote(actions.Deploys{}),
		actions.CachePurge(actions.Cache{}), actions.Vacuum(nil), actions.Cancel(nil), actions.Terminate(nil),
	}
	r := newRunner(t, actions.Options{}, list...)
	for _, a := range r.List() {
		if why := r.Blocked(a.ID); !strings.Contains(why, "configured") {
			t.Errorf("%s without its server: blocked by %q", a.ID, why)
		}
		args := actions.Args{}
		for _, p := range a.Params {
			args[p.Name] = map[actions.Type]string{actions.TypePID: "1", actions.TypeTime: "2026-01-01T00:00:00Z"}[p.Type]
			if args[p.Name] == "" {
				args[p.Name] = "x"
			}
		}
		if _, err := r.Plan(t.Context(), a.ID, args); err == nil || !strings.Contains(err.Error(), "configured") {
			t.Errorf("%s was planned without its server: %v", a.ID, err)
		}
	}
}

func TestArguments(t *testing.T) {
	tests := []struct {
		name string
		args actions.Args
		ok   bool
	}{
		{"fits", actions.Args{"pid": "4711"}, true},
		{"optional", actions.Args{"pid": "4711", "note": "x"}, true},
		{"missing", actions.Args{}, false},
		{"unknown", actions.Args{"pid": "1", "host": "x"}, false},
		{"empty", actions.Args{"pid": ""}, false},
		{"not a number", actions.Args{"pid": "1; DROP"}, false},
		{"negative", actions.Args{"pid": "-1"}, false},
		{"control characters", actions.Args{"pid": "1", "note": "\x1b[2J"}, false},
		{"too long", actions.Args{"pid": "1", "note": strings.Repeat("x", 2000)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{}
			o := order(yes)
			o.Args = tt.args
			out, err := newRunner(t, actions.Options{}, f.action(actions.Reversible)).Do(t.Context(), o)
			if (err == nil) != tt.ok || (f.runs > 0) != tt.ok {
				t.Errorf("got %v, %d runs, %+v", err, f.runs, out)
			}
			if !tt.ok && !errors.Is(err, actions.ErrUsage) {
				t.Errorf("%v is not wrong usage", err)
			}
		})
	}
}

// Whatever the answer to a card, an action runs only after the one it asks for.
func TestConfirmation(t *testing.T) {
	answer := func(a actions.Answer) actions.Confirm {
		return func(context.Context, actions.Card) (actions.Answer, error) { return a, nil }
	}
	armed := actions.Answer{Yes: true, Armed: "prod"}
	phrase := armed
	phrase.Typed = "4711"
	tests := []struct {
		name    string
		danger  actions.Danger
		plan    actions.Plan
		confirm actions.Confirm
		want    actions.Ending
		audit   []string
	}{
		{"read needs none", actions.Read, actions.Plan{}, nil, actions.Done, nil},
		{"nobody to ask", actions.Reversible, actions.Plan{}, nil, actions.Refused, nil},
		{"no", actions.Reversible, actions.Plan{}, answer(actions.Answer{}), actions.Cancelled, nil},
		{"yes", actions.Disruptive, actions.Plan{}, answer(armed), actions.Done, []string{"intent", "result ok"}},
		{"not armed", actions.Reversible, actions.Plan{}, answer(actions.Answer{Yes: true}), actions.Refused, []string{"result refused"}},
		{"other server", actions.Reversible, actions.Plan{}, answer(actions.Answer{Yes: true, Armed: "Prod"}), actions.Refused, []string{"result refused"}},
		{"destructive without phrase", actions.Destructive, actions.Plan{}, answer(armed), actions.Refused, []string{"result refused"}},
		{"destructive with phrase", actions.Destructive, actions.Plan{}, answer(phrase), actions.Done, []string{"intent", "result ok"}},
		{"raised by the plan", actions.Read, actions.Plan{Danger: actions.Destructive}, answer(armed), actions.Refused, []string{"result refused"}},
		{"never lowered by the plan", actions.Destructive, actions.Plan{Danger: actions.Reversible}, answer(armed), actions.Refused, []string{"result refused"}},
		{"predicted harm", actions.Reversible, actions.Plan{Refuse: "it would do nothing"}, yes, actions.Refused, []string{"result refused"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, log := &fake{plan: tt.plan}, &memory{}
			out, err := newRunner(t, actions.Options{Audit: log}, f.action(tt.danger)).Do(t.Context(), order(tt.confirm))
			if out.Ending != tt.want || (err == nil) != (tt.want == actions.Done) {
				t.Errorf("ended %s with %v, want %s", out.Ending, err, tt.want)
			}
			if ran := f.runs > 0; ran != (tt.want == actions.Done) {
				t.Errorf("ran %d times", f.runs)
			}
			if diff := cmp.Diff(tt.audit, log.words()); diff != "" {
				t.Errorf("audit (-want +got):\n%s", diff)
			}
			if out.Text == "" {
				t.Error("nothing is told")
			}
		})
	}
}

func TestNobodyToAskSaysSo(t *testing.T) {
	f := &fake{}
	_, err := newRunner(t, actions.Options{}, f.action(actions.Disruptive)).Do(t.Context(), order(nil))
	if !errors.Is(err, actions.ErrNeedsConfirmation) {
		t.Errorf("got %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	f, log := &fake{}, &memory{}
	r := newRunner(t, actions.Options{ReadOnly: true, Audit: log}, f.action(actions.Reversible))
	if err := r.Arm("prod"); err == nil {
		t.Error("armed")
	}
	out, err := r.Do(t.Context(), order(yes))
	if err == nil || out.Ending != actions.Refused || f.runs > 0 {
		t.Errorf("ended %s with %v after %d runs", out.Ending, err, f.runs)
	}
	if _, err := r.Plan(t.Context(), "test.fix", actions.Args{"pid": "1"}); err != nil {
		t.Errorf("a plan changes nothing, but: %v", err)
	}
	if r.Blocked("test.fix") == "" {
		t.Error("not blocked")
	}
}

func TestRecordOfACall(t *testing.T) {
	f, log := &fake{plan: actions.Plan{Args: actions.Args{"pid": "4711", "backend_start": "t"}, Preflight: map[string]any{"state": "idle"}}}, &memory{}
	r := newRunner(t, actions.Options{Audit: log, Incident: func() string { return "20260301-slow" }}, f.action(actions.Disruptive))
	out, err := r.Do(t.Context(), order(yes))
	if err != nil {
		t.Fatal(err)
	}
	intent, result := log.entries[0], log.entries[1]
	want := audit.Entry{
		Phase: audit.Intent, ID: out.ID, PID: intent.PID, Target: "prod", Action: "test.fix", Danger: "disruptive",
		Params: map[string]any{"pid": 4711, "backend_start": "t"}, Steps: []string{"fix 4711"}, Reason: "blocks checkout",
		Incident: "20260301-slow", Preflight: map[string]any{"state": "idle"},
	}
	if diff := cmp.Diff(want, intent); diff != "" {
		t.Errorf("intent (-want +got):\n%s", diff)
	}
	if result.ID != out.ID || result.Outcome != "ok" || result.Detail != "fixed in 40 ms" || result.TookMS == nil {
		t.Errorf("result %+v", result)
	}
	last, ok := r.Last()
	if !ok || last.ID != out.ID || last.Action != "test.fix" {
		t.Errorf("last %+v", last)
	}
}

func TestNoAuditNoAct(t *testing.T) {
	f := &fake{}
	log := &memory{full: errors.New("no space left on device")}
	out, err := newRunner(t, actions.Options{Audit: log}, f.action(actions.Disruptive)).Do(t.Context(), order(yes))
	if f.runs > 0 || err == nil || !strings.Contains(err.Error(), "nothing was run: no space left") || out.Ending != actions.Refused {
		t.Errorf("ran %d times, ended %s: %v", f.runs, out.Ending, err)
	}
}

func TestLostResultIsToldOf(t *testing.T) {
	log := &memory{}
	f := &fake{run: func(context.Context, actions.Plan, func(actions.Progress)) (actions.Result, error) {
		log.full = errors.New("no space left on device")
		return actions.Result{Done: []string{"fix"}}, nil
	}}
	out, err := newRunner(t, actions.Options{Audit: log}, f.action(actions.Disruptive)).Do(t.Context(), order(yes))
	if out.Ending != actions.Done || err == nil {
		t.Errorf("ended %s with %v, want ok with what was not recorded", out.Ending, err)
	}
}

func TestEndings(t *testing.T) {
	tests := []struct {
		name   string
		result actions.Result
		err    error
		want   actions.Ending
	}{
		{"ok", actions.Result{Done: []string{"a"}}, nil, actions.Done},
		{"failed", actions.Result{}, errors.New("permission denied"), actions.Failed},
		{"part way", actions.Result{Done: []string{"a"}}, errors.New("connection lost"), actions.Failed},
		{"unsure", actions.Result{Unsure: "no answer"}, nil, actions.LeftOpen},
		{"unsure with error", actions.Result{Unsure: "no answer"}, errors.New("x"), actions.LeftOpen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, log := &fake{}, &memory{}
			f.run = func(context.Context, actions.Plan, func(actions.Progress)) (actions.Result, error) {
				return tt.result, tt.err
			}
			out, err := newRunner(t, actions.Options{Audit: log}, f.action(actions.Reversible)).Do(t.Context(), order(yes))
			if out.Ending != tt.want || (err == nil) != (tt.want == actions.Done) {
				t.Errorf("ended %s with %v", out.Ending, err)
			}
			if got := log.words(); got[1] != "result "+string(tt.want) {
				t.Errorf("audit %v", got)
			}
		})
	}
}

func TestFaultOfOursIsUnsure(t *testing.T) {
	f, log := &fake{}, &memory{}
	f.run = func(context.Context, actions.Plan, func(actions.Progress)) (actions.Result, error) {
		none := []string{}
		return actions.Result{Summary: none[len(none)]}, nil
	}
	out, err := newRunner(t, actions.Options{Audit: log}, f.action(actions.Reversible)).Do(t.Context(), order(yes))
	if out.Ending != actions.LeftOpen || err == nil || log.words()[1] != "result unknown" {
		t.Errorf("ended %s with %v, audit %v", out.Ending, err, log.words())
	}
}

func TestArmingExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r := newRunner(t, actions.Options{}, f.action(actions.Reversible))
		if _, ok := r.Armed(); ok {
			t.Error("armed from the start")
		}
		if _, err := r.Do(t.Context(), order(yes)); err != nil {
			t.Fatal(err)
		}
		until, ok := r.Armed()
		if !ok || time.Until(until) != actions.ArmedFor {
			t.Errorf("armed %t until %v", ok, until)
		}
		noName := func(ctx context.Context, c actions.Card) (actions.Answer, error) {
			if c.Arm {
				t.Error("an armed session was asked for the name")
			}
			return actions.Answer{Yes: true}, nil
		}
		if _, err := r.Do(t.Context(), order(noName)); err != nil {
			t.Error(err)
		}
		slow := func(context.Context, actions.Card) (actions.Answer, error) {
			r.Disarm()
			return actions.Answer{Yes: true}, nil
		}
		if _, err := r.Do(t.Context(), order(slow)); err == nil {
			t.Error("ran after it was disarmed under the card")
		}
		if err := r.Arm("prod"); err != nil {
			t.Error(err)
		}
		<-time.After(actions.ArmedFor)
		if _, ok := r.Armed(); ok {
			t.Error("armed for longer than said")
		}
	})
}

func TestOldCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, log := &fake{}, &memory{}
		r := newRunner(t, actions.Options{Audit: log}, f.action(actions.Reversible))
		late := func(ctx context.Context, c actions.Card) (actions.Answer, error) {
			<-time.After(actions.CardLife + time.Second)
			return yes(ctx, c)
		}
		if out, err := r.Do(t.Context(), order(late)); err == nil || out.Ending != actions.Refused || f.runs > 0 {
			t.Errorf("ended %s with %v", out.Ending, err)
		}
	})
}

func TestPlanHasATimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := (&fake{}).action(actions.Reversible)
		a.Plan = func(ctx context.Context, _ actions.Args) (actions.Plan, error) {
			<-ctx.Done()
			return actions.Plan{}, ctx.Err()
		}
		began := time.Now()
		out, err := newRunner(t, actions.Options{}, a).Do(t.Context(), order(yes))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != actions.PlanLimit || out.Ending != actions.Failed {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// waits is a run that goes on until it is cancelled.
func waits(ctx context.Context, p actions.Plan, step func(actions.Progress)) (actions.Result, error) {
	step(actions.Progress{Text: "half way", Part: 0.5})
	<-ctx.Done()
	return actions.Result{Done: p.Steps[:0]}, ctx.Err()
}

func TestCancelAndHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, log := &fake{run: waits}, &memory{}
		r := newRunner(t, actions.Options{Audit: log}, f.action(actions.Disruptive))
		screen, hangUp := context.WithCancel(t.Context())
		ended := make(chan actions.Outcome)
		go func() { out, _ := r.Do(screen, order(yes)); ended <- out }()
		synctest.Wait()
		hangUp()
		synctest.Wait()
		running := r.Running()
		if len(running) != 1 || running[0].Progress.Part != 0.5 || running[0].Target != "4711" {
			t.Fatalf("after the screen has gone, running: %+v", running)
		}
		if out, err := r.Do(t.Context(), order(yes)); err == nil || out.Ending != actions.Refused {
			t.Errorf("a second one on the same target: %s, %v", out.Ending, err)
		}
		if err := r.Abandon(); err != nil {
			t.Error(err)
		}
		if err := r.Cancel("nothing"); err == nil {
			t.Error("cancelled what does not run")
		}
		if err := r.Cancel(running[0].ID); err != nil {
			t.Error(err)
		}
		if out := <-ended; out.Ending != actions.Cancelled {
			t.Errorf("ended %s", out.Ending)
		}
		if diff := cmp.Diff([]string{"intent", "result unknown", "result cancelled"}, log.words()); diff != "" {
			t.Errorf("audit (-want +got):\n%s", diff)
		}
		if _, err := r.Do(t.Context(), order(yes)); err == nil || f.runs != 1 {
			t.Errorf("began after the session was left: %v", err)
		}
	})
}
