package runbook

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// The books that a rule leads to, by itself or by the verdict, look at what it fired on, and as long as
// that is not over: a condition holds, and a check does not pass, until the rule
// clears, not only until it would no longer fire.
func TestBooksFollowTheirRulesUntilTheyClear(t *testing.T) {
	byVerdict := map[string]string{"http.error_rate": "bad-deploy", "http.p95": "bad-deploy", "db.dead_tuples.pct": "old-snapshot"}
	for _, r := range alert.Defaults().Rules {
		followsRule(t, shippedBook(t, r.Runbook), r)
		if book, ok := byVerdict[r.ID]; ok {
			followsRule(t, shippedBook(t, book), r)
		}
	}
}

func followsRule(t *testing.T, b Book, r alert.Rule) {
	t.Helper()
	unit, looks := newVocabulary()[r.Metric].metric.Unit, false
	for _, s := range b.Steps() {
		for _, e := range []Expr{s.Block.When, s.Block.Check} {
			for _, term := range slices.Concat(e.cases...) {
				if term.metric.Name != r.Metric {
					continue
				}
				looks = true
				beyond := in(t, term.limit, unit) - in(t, r.Clear, unit)
				if r.Fire.Op[0] == '<' {
					beyond = -beyond
				}
				if beyond > 0 {
					t.Errorf("%s:%d: %q, but rule %s clears at %s", b.ID, s.Line, e.Text, r.ID, r.Clear)
				}
			}
		}
	}
	if !looks {
		t.Errorf("%s looks nowhere at %s, on which rule %s fires", b.ID, r.Metric, r.ID)
	}
}

// A check is done once the trouble is over, whoever looked before: it has the
// time of its phase for that, and no shorter one of its own.
func TestWatchedStepsHaveTheTimeOfTheirPhase(t *testing.T) {
	books, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range books {
		for _, s := range b.Steps() {
			if !s.Block.Check.Absent() && s.Block.Within > 0 && s.Block.From == "" {
				t.Errorf("%s:%d: late after %v while %s does not hold", b.ID, s.Line, s.Block.Within, s.Block.Check.Text)
			}
		}
	}
}

// standingIn is how a step of a shipped book stands while readings are these.
func standingIn(t *testing.T, book, step string, facts ...model.Fact) Standing {
	t.Helper()
	s := store.New()
	for _, source := range []string{"pg.slots", "host"} { // both are well
		store.NewCell(s, store.Key[numbers]{Name: source}, store.Source{Every: time.Hour}).Put(nil, time.Now(), 0)
	}
	store.NewCell(s, store.Key[numbers]{Name: "test"}, store.Source{Every: time.Hour}).Put(facts, time.Now(), 0)
	all := shippedBook(t, book).Play(Situation{View: s.View(), Began: time.Now()})
	i := slices.IndexFunc(all, func(s Standing) bool { return s.Step.Name() == step })
	if i < 0 {
		t.Fatalf("%s has no step %s", book, step)
	}
	return all[i]
}

// A slot that nobody reads is found whatever it keeps so far; one that is read
// when it keeps much.
func TestForgottenSlotsAreFound(t *testing.T) {
	slot := func(idle, gib float64) []model.Fact {
		return []model.Fact{model.Known("db.slots.inactive", idle, model.None, nil), model.Known("db.slots.retained", gib*(1<<30), model.Bytes, model.Labels{"slot": "r0"})}
	}
	for _, tt := range []struct {
		name  string
		facts []model.Fact
		want  Course
	}{
		{"nobody reads it", slot(1, 0.25), CourseWatching},
		{"it is read, and behind", slot(0, 9), CourseWatching},
		{"it is read", slot(0, 0.25), CourseOff},
		{"there is none", []model.Fact{model.Known("db.slots.inactive", 0, model.None, nil)}, CourseOff},
	} {
		if got := standingIn(t, "disk-filling", "slots", tt.facts...); got.Course != tt.want || got.Ticks != "" {
			t.Errorf("%s: %s %s (%s), want %s", tt.name, got.Course, got.Ticks, got.Says(""), tt.want)
		}
	}
}

// The verdict leads to old-snapshot while rows die under a young transaction as
// well: the step that ends it is there then, and nothing says that it is over.
func TestYoungSnapshotsCanBeEnded(t *testing.T) {
	for _, tt := range []struct {
		name      string
		open      time.Duration
		dead      float64
		end, look Course
		over      bool // the first check is done
	}{
		{"rows die under a young one", 40 * time.Second, 50, CourseTodo, CourseWatching, false},
		{"an old one", 6 * time.Minute, 3, CourseTodo, CourseWatching, false},
		{"neither", 40 * time.Second, 3, CourseOff, CourseReady, true},
	} {
		open, dead := model.Known("db.tx.longest", tt.open.Seconds(), model.Seconds, nil), model.Known("db.dead_tuples.pct", tt.dead, model.Percent, model.Labels{"table": "public.events"})
		look, end := standingIn(t, "old-snapshot", "still-open", open, dead), standingIn(t, "old-snapshot", "end-session", open, dead)
		if look.Course != tt.look || (look.Ticks == CourseDone) != tt.over || end.Course != tt.end {
			t.Errorf("%s: still open is %s %s (%s), want %s; to end it is %s (%s), want %s", tt.name, look.Course, look.Ticks, look.Says(""), tt.look, end.Course, end.Says(""), tt.end)
		}
	}
}

// Rows die under a transaction of three minutes as well: that it is not five
// minutes old does not say that it was ended.
func TestYoungSnapshotsAreNotEndedAlready(t *testing.T) {
	s := store.New()
	store.NewCell(s, store.Key[numbers]{Name: "test"}, store.Source{Every: time.Hour}).Put(numbers{model.Known("db.tx.longest", 180, model.Seconds, nil)}, time.Now(), 0)
	step, ok := shippedBook(t, "old-snapshot").Step("end-session")
	if !ok {
		t.Fatal("there is no such step")
	}
	if got, reading := step.Block.Verify.Holds(s.View(), nil); got != Fail {
		t.Errorf("%s: %s (%s), want %s", step.Block.Verify.Text, got, reading, Fail)
	}
}

// The step takes one limit for both windows, though the rules have two: it says so.
func TestBudgetSaysItsLimit(t *testing.T) {
	burn := model.Known("slo.burn", 8, model.None, model.Labels{"app": "shop", "window": "1h"})
	burn.Count = 1000
	got := standingIn(t, "error-spike", "budget", burn)
	if prose := strings.Join(strings.Fields(got.Step.Prose), " "); got.Course != CourseWatching || !strings.Contains(prose, "wants at most 6 over either") || !strings.Contains(prose, "whether or not an alert fires") {
		t.Errorf("8 over an hour, at which no rule fires, is %s, and the step says %q", got.Course, prose)
	}
}

// A rule that fires on the pace alone, or on many hours, does not find its book
// saying at once that it is over.
func TestPaceAndBudgetAreLookedAt(t *testing.T) {
	burn := model.Known("slo.burn", 7, model.None, model.Labels{"app": "shop", "window": "6h"})
	burn.Count = 1000
	for _, tt := range []struct {
		book, step string
		facts      []model.Fact
		want       string
	}{
		{"disk-filling", "pace", []model.Fact{model.Known("host.disk.full_in", 3, model.Hours, model.Labels{"fs": "/"})}, "watching: 3 h, 63 % below 8 h: host.disk.full_in fs=/; wants host.disk.full_in > 8h"},
		{"disk-filling", "pace", nil, "off: host.disk.full_in: there is none here"},
		{"error-spike", "budget", []model.Fact{burn}, "watching: 7 of 6, 1 over: slo.burn app=shop,window=6h; wants slo.burn <= 6"},
		{"incident-response", "told", []model.Fact{model.Known("notify.failing", 1, model.None, nil)}, "watching: 1: notify.failing; wants notify.failing < 1"},
		{"incident-response", "told", nil, "off: notify.failing: not configured here"},
	} {
		if got := standingIn(t, tt.book, tt.step, tt.facts...); string(got.Course)+": "+got.Says("") != tt.want {
			t.Errorf("%s of %s is %s: %s, want %s", tt.step, tt.book, got.Course, got.Says(""), tt.want)
		}
	}
}
